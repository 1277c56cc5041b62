#!/bin/sh
# pkg_config.sh: builds and runs the consumer with what octet.pc says
# SPDX-License-Identifier: Apache-2.0
set -eu
cc=$1 prefix=$2 libdir=$3 out=$4

PKG_CONFIG_PATH=$prefix/$libdir/pkgconfig
export PKG_CONFIG_PATH
# Unquoted: the flags are words.
# shellcheck disable=SC2046
"$cc" "$(dirname "$0")/project/main.c" -o "$out" $(pkg-config --cflags --libs octet)
LD_LIBRARY_PATH=$prefix/$libdir "$out"
