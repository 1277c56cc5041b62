# lib.sh: what the cases share; they begin with: . "$CLI_LIB"
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh

model=models/digits_cnn.onnx
calib=models/digits/calib

# try WORDS...: runs octet with standard error after standard output, then tells its exit code
try() {
    echo "\$ octet $*"
    octet "$@" 2>&1
    echo "exit $?"
}

# small ARGS...: the quickest quantization there is
small() {
    try quantize "$model" --data "$calib" -n 2 -q "$@"
}

# npy DTYPE SHAPE: makes a .npy file of the payload on standard input
npy() {
    printf '\223NUMPY\001\000\166\000'
    printf '%-117s\n' "{'descr': '$1', 'fortran_order': False, 'shape': ($2), }"
    cat
}

# zeros N: so many bytes
zeros() {
    head -c "$1" /dev/zero
}
