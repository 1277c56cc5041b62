# Without data nothing is made up; --random does it with a warning.
. "$CLI_LIB"

try quantize $model -o out.onnx
try quantize $model --random 2 -o out.onnx
rm out.onnx
