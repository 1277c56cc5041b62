#!/bin/sh
# check_symbols.sh liboctet.so: every symbol the library exports starts with octet_
# SPDX-License-Identifier: Apache-2.0
set -eu

exported=$(nm -D --defined-only "$1" | awk '{ print $NF }')
if ! printf '%s\n' "$exported" | grep -q '^octet_version$'; then
    echo "octet_version is not exported: the list cannot be trusted" >&2
    exit 1
fi
if strangers=$(printf '%s\n' "$exported" | grep -v '^octet_'); then
    printf 'exported, but not named octet_*:\n%s\n' "$strangers" >&2
    exit 1
fi
printf '%s symbols exported\n' "$(printf '%s\n' "$exported" | wc -l)"
