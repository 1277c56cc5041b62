# octet overflow: what can saturate, its exit codes, and --avoid-saturation.
. "$CLI_LIB"

small -o in/q.onnx
try overflow in/q.onnx | sed -n -e 1,3p -e '$p'
try overflow in/q.onnx --json | grep -c '"pair_overflows": true'
small -o in/safe.onnx --avoid-saturation
try overflow in/safe.onnx
try overflow in/safe.onnx --json | grep -e certified -e '"overflowing"'
try overflow "$model"
try overflow in/none.onnx
