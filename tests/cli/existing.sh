# An existing file is kept unless -f is given, and replaced as a whole then.
. "$CLI_LIB"

echo precious >out.onnx
small -o out.onnx
cat out.onnx
small -o out.onnx -f
octet run out.onnx --data $calib -n 1 -q && echo runs
# A failure on the way leaves what was there.
echo precious >kept.onnx
(
    ulimit -f 8
    small -o kept.onnx -f
)
cat kept.onnx
try quantize $model --data in -o kept.onnx -f
cat kept.onnx
