# What is no model, or none that can be worked on, is refused by name.
. "$CLI_LIB"

q() {
    try quantize "$1" --data "$calib" -o out.onnx
}

: >in/empty.onnx
echo 'a text that is no model' >in/text.onnx
head -c 20000 $model >in/cut.onnx
mkdir in/folder.onnx

q in/missing.onnx
q in/empty.onnx
q in/text.onnx
q in/cut.onnx
q in/folder.onnx
q models/README.md
octet quantize $model --data $calib -n 2 -q -o in/twice.onnx
q in/twice.onnx
