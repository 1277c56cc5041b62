#!/bin/sh
# check_format.sh: every C file is as clang-format 14 leaves it; exit code 77 without clang-format 14
# SPDX-License-Identifier: Apache-2.0
set -eu
cd "$(dirname "$0")/../.."

for tool in clang-format-14 clang-format; do
    if "$tool" --version 2>/dev/null | grep -q 'version 14\.'; then
        # Other versions lay out the same code differently.
        find bench examples include kernels passes src tests tools -name '*.[ch]' -type f \
            -exec "$tool" --dry-run -Werror {} +
        exit
    fi
done
echo "clang-format 14 is not installed"
exit 77
