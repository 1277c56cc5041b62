# aarch64-linux-gnu.cmake: toolchain file for 64-bit ARM with the cross compiler of Debian and Ubuntu
# SPDX-License-Identifier: Apache-2.0
#
# Packages: ./tools/setup arm. Tests run in qemu's user mode, once per processor of OCTET_EMULATED_CPUS.

set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64 -L /usr/aarch64-linux-gnu)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)

# The plainest first, and how many tables of kernels each can run: with neither dot products nor usdot,
# with sdot and udot, with all of them.
set(OCTET_EMULATED_CPUS cortex-a57 neoverse-n1 max)
set(OCTET_EMULATED_cortex-a57_tables 1)
set(OCTET_EMULATED_neoverse-n1_tables 2)
set(OCTET_EMULATED_max_tables 3)
