# A sample that cannot be used ends the work with exit code 6 and a message that names it.
. "$CLI_LIB"

q() {
    try quantize "$model" --data "$1" -o out.onnx
}

mkdir in/nan in/inf in/shape in/rank in/dtype in/short in/empty in/names in/wide
{ zeros 252; printf '\000\000\300\177'; } | npy '<f4' '1, 1, 8, 8' >in/nan/bad.npy
{ zeros 252; printf '\000\000\200\177'; } | npy '<f4' '1, 1, 8, 8' >in/inf/bad.npy
zeros 288 | npy '<f4' '1, 1, 9, 8' >in/shape/bad.npy
zeros 32 | npy '<f4' '8,' >in/rank/bad.npy
zeros 512 | npy '<i8' '1, 1, 8, 8' >in/dtype/bad.npy
zeros 100 | npy '<f4' '1, 1, 8, 8' >in/short/bad.npy
echo '{"kind": "stacked", "samples": 1, "inputs": [{"file": "x.npy", "input": "picture"}]}' >in/names/samples.json
zeros 256 | npy '<f4' '1, 1, 8, 8' >in/names/x.npy
echo 'not an image' >in/wide/a.png

for folder in in/nan in/inf in/shape in/rank in/dtype in/short in/empty in/names in/wide in/missing; do
    q $folder
done
try quantize $model --data in/wide --mean 64 -o out.onnx
try quantize $model --data - -o out.onnx
