#!/bin/sh
# run_case.sh CASE.sh: runs a case in an empty folder and compares what it says, returns and leaves
# SPDX-License-Identifier: Apache-2.0
#
# Beside CASE.sh stand
#   CASE.sh.stdout.exact  what it prints (standard error comes along where the case says 2>&1), or
#   CASE.sh.stdout.glob   the same with shell patterns, one a line, or CASE.sh.stdout.ignore
#   CASE.sh.exit          its exit code; without the file 0
#   CASE.sh.left          names of the files it leaves; without the file none
# UPDATE_EXPECTED=1 writes the first and the last anew. In the folder, 'models' leads to models/ of the
# source and 'in' is a folder for what the case makes up; neither counts as left.
set -u
: "${OCTET_BIN:?names the program}"

case=$1
name=$(basename "$case" .sh)
here=$(cd "$(dirname "$case")" && pwd)
source=${OCTET_SOURCE:-$here/../..}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

PATH=$(dirname "$OCTET_BIN"):$PATH
CLI_LIB=$here/lib.sh
LC_ALL=C
export PATH CLI_LIB LC_ALL
mkdir -p "$work/cwd/in"
ln -s "$(cd "$source/models" && pwd)" "$work/cwd/models"

cd "$work/cwd" || exit 1
sh "$here/$name.sh" >"$work/stdout" 2>"$work/stderr" </dev/null
code=$?
rm -rf in models
ls -A >"$work/left"

expected=$here/$name.sh
if [ -n "${UPDATE_EXPECTED:-}" ]; then
    [ -f "$expected.stdout.glob" ] || [ -f "$expected.stdout.ignore" ] ||
        cp "$work/stdout" "$expected.stdout.exact"
    rm -f "$expected.left"
    [ ! -s "$work/left" ] || cp "$work/left" "$expected.left"
fi

# matches PATTERNS TEXT: line by line
matches() {
    exec 3<"$1" 4<"$2"
    while IFS= read -r pattern <&3; do
        IFS= read -r line <&4 || return 1
        # shellcheck disable=SC2254
        case $line in $pattern) ;; *) return 1 ;; esac
    done
    ! IFS= read -r line <&4
}

status=0
if [ -f "$expected.stdout.glob" ]; then
    matches "$expected.stdout.glob" "$work/stdout" || {
        echo "$name: standard output does not fit $name.sh.stdout.glob:"
        cat "$work/stdout"
        status=1
    }
elif [ ! -f "$expected.stdout.ignore" ]; then
    diff -u "$expected.stdout.exact" "$work/stdout" || status=1
fi
if [ "$code" != "$(cat "$expected.exit" 2>/dev/null || echo 0)" ]; then
    echo "$name: exit code $code"
    status=1
fi
[ -f "$expected.left" ] || expected=/dev/null
[ "$expected" = /dev/null ] || expected=$expected.left
diff -u "$expected" "$work/left" || {
    echo "$name: other files are left than expected"
    status=1
}
if [ -s "$work/stderr" ]; then
    echo "$name: standard error:"
    cat "$work/stderr"
    status=1
fi
exit $status
