# '-' is standard input or standard output.
. "$CLI_LIB"

octet quantize $model --data $calib -n 3 -o file.onnx -q
octet quantize - --data $calib -n 3 -o - -q <$model >stream.onnx
cmp file.onnx stream.onnx && echo equal

# The summary goes to standard error when the model goes to standard output.
octet quantize $model --data $calib -n 3 -o - 2>in/summary >in/model && cmp file.onnx in/model
grep -c '^calibration   3 samples' in/summary

# A stream of arrays as samples.
for byte in 101 102 103; do
    zeros 256 | tr '\000' "\\$byte" | npy '<f4' '1, 1, 8, 8'
done >in/three
octet run $model --data - -q -o in/results <in/three
ls in/results
head -c 700 in/three >in/cut
try run $model --data - -q <in/cut
octet inspect --text - <$model >in/text && octet inspect --text $model | cmp - in/text && echo equal
try quantize - --data - -o out.onnx
rm file.onnx stream.onnx
