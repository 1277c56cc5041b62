# dependencies.cmake: the libraries octet links to; the installed package reads this file too
# SPDX-License-Identifier: Apache-2.0

find_package(PkgConfig REQUIRED)
pkg_check_modules(OCTET_PROTOBUF_C REQUIRED IMPORTED_TARGET libprotobuf-c)
pkg_check_modules(OCTET_JANSSON REQUIRED IMPORTED_TARGET jansson)
pkg_check_modules(OCTET_ZIP REQUIRED IMPORTED_TARGET libzip)
pkg_check_modules(OCTET_JPEG REQUIRED IMPORTED_TARGET libjpeg)
pkg_check_modules(OCTET_PNG REQUIRED IMPORTED_TARGET libpng)

# Without OpenMP octet runs on one thread.
find_package(OpenMP COMPONENTS C)

set(octet_dependencies
  PkgConfig::OCTET_PROTOBUF_C PkgConfig::OCTET_JANSSON PkgConfig::OCTET_ZIP
  PkgConfig::OCTET_JPEG PkgConfig::OCTET_PNG m)
if(TARGET OpenMP::OpenMP_C)
  list(APPEND octet_dependencies OpenMP::OpenMP_C)
endif()
