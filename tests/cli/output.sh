# An output that cannot be written: exit code 5, and neither it nor a temporary file is left.
. "$CLI_LIB"

mkdir in/folder
small -o in/nowhere/out.onnx
small -o in/folder
small -o $model/out.onnx -f
small -o /dev/full
echo '$ octet quantize ... >/dev/full'
octet quantize $model --data $calib -n 2 -q -o - 2>&1 >/dev/full
echo "exit $?"

# A limit on the size of files stands for a disk that is full.
(
    ulimit -f 8
    small -o small.onnx
    small -o small.onnx --external-data
    ulimit -f 0
    try run $model --data $calib -n 1 -q -o in/results
) | cat
ls -A in/folder in/results
