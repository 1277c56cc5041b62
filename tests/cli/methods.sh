# Every method on the bundled model; the same samples in other orders and threads give the same bytes.
. "$CLI_LIB"

for method in minmax percentile entropy mse; do
    small --method $method -o $method.onnx --threads 1
    small --method $method -o again.onnx --threads 2
    cmp $method.onnx again.onnx && echo same
    rm again.onnx
done
small --method percentile --percentile 99 -o 99.onnx
cmp -s percentile.onnx 99.onnx || echo another
rm ./*.onnx
