# octet run --as: profiles, values between, what cannot be had.
. "$CLI_LIB"

small -o in/int8.onnx
test="--data models/digits/test -n 5"
head -n 5 models/digits/test/labels.txt >in/five
for profile in onnx ort-vnni ort-avx2 onnx2c fixed-point; do
    try run in/int8.onnx $test --labels in/five --as $profile
done
try run in/int8.onnx $test -q --as ort-vnn
try run in/int8.onnx $test -q --as tensorrt
try run in/int8.onnx $test -q --as ort-vnni --tap quantized --tap image -o in/taps
ls in/taps
try run in/int8.onnx $test -q --tap nothing
try inspect in/int8.onnx --as ort-vnn
octet inspect in/int8.onnx --as ort-vnni --text | grep -c 'QLinear\|QGemm'
