# Wrong usage: exit code 2, and a suggestion where there is one near.
. "$CLI_LIB"

try
try qantize
try frobnicate
try quantize --dta x
try quantize --frobnicate
try quantize -Z
try quantize
try quantize $model
try quantize $model -o out.onnx
try quantize $model --data $calib
try quantize $model $model -o out.onnx
try quantize $model -o
try quantize $model --force=yes -o out.onnx
try quantize $model --samples many --data $calib -o out.onnx
try quantize $model --samples -1 --data $calib -o out.onnx
try quantize $model --samples 99999999999999999999 --data $calib -o out.onnx
try quantize $model --threads 1000000000000 --data $calib -o out.onnx
try quantize $model --resize 1e30 --data $calib -o out.onnx
try quantize $model --resize nan --data $calib -o out.onnx
try quantize $model --mean a,b --data $calib -o out.onnx
small --cpu z80 -o out.onnx
small --method minmx -o out.onnx
small --method entrpy -o out.onnx
small --method mse --percentile 99.9 -o out.onnx
small --method percentile --percentile 101 -o out.onnx
small --method percentile --percentile 99,98 -o out.onnx
small --backend ort-cpuu -o out.onnx
small --io-dtype int8 -o out.onnx
try quantize $model --resize 8,8,8 --data $calib -o out.onnx
try run $model
try run $model --data $calib --labels in/none
try backends sho
try backends show
try backends show nope
try help nope
try help quantize extra
try inspect
try version extra
