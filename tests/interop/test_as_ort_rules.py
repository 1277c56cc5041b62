"""The integer operators that octet makes of small QDQ graphs are those that ONNX Runtime's optimizer makes.

Each graph is one operator between DequantizeLinear and QuantizeLinear, on the edge of a rule.

SPDX-License-Identifier: Apache-2.0
"""
import collections
import re

import pytest

onnx = pytest.importorskip("onnx")
ort = pytest.importorskip("onnxruntime")

from as_ort import OCTET, octet, session  # noqa: E402

pytestmark = pytest.mark.skipif(not OCTET.exists(), reason="no octet")

CONSTANTS = """<float s = {0.5}, float t = {0.25}, uint8 u3 = {3}, uint8 u0 = {0}, uint8 u128 = {128}, int8 i0 = {0}, int8 im = {-128}, int8 i5 = {-5},
 int8[2,3,1,1] w = {1, -2, 3, 4, 5, 6}, uint8[2,3,1,1] uw = {1, 2, 3, 4, 5, 6}, float[2] ws = {0.25, 0.5}, int8[2] wz = {0, 0},
 float[2,3,1,1] fw = {1.0, -2.0, 3.0, 4.0, 5.0, 6.0}, float[2] fb = {1.0, 2.0}, int32[2] b = {1, 2}, float[2] bs = {0.125, 0.25},
 int8[4,3] m = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, float[3] ms = {0.25, 0.5, 1.0}, int8[3] mz = {0, 0, 0}, float[4] rs = {0.25, 0.5, 1.0, 1.0}, int8[4] rz = {0, 0, 0, 0},
 float[3] mb = {1.0, 2.0, 3.0}, int32[3] mi = {1, 2, 3}, float[3] mbs = {0.125, 0.25, 0.5}, float zero = {0.0}, float six = {6.0}, float big = {1000.0}, float low = {-1000.0},
 int64[2] shape = {1, -1}, int64[1] one = {1}, int64[1] two = {2}, float[4] scales = {1.0, 1.0, 2.0, 2.0}, int64[1] a1 = {1}, int64[4] reps = {1, 2, 1, 1}, int64[4] wide = {2, 3, 4, 4}, int64[8] pads = {0, 0, 1, 1, 0, 0, 1, 1},
 float half = {0.5}, bool[1,3,4,4] c>"""
X, V = "uint8[1,3,4,4] x", "uint8[2,4] x"
DX, DXS = "d = DequantizeLinear(x, s, u3)", "d = DequantizeLinear(x, s, i5)"
DW = "dw = DequantizeLinear<axis = 0>(w, ws, wz)"
DB = "db = DequantizeLinear<axis = 0>(b, bs)"
DM = "dm = DequantizeLinear<axis = 1>(m, ms, mz)"
Q = "y = QuantizeLinear({}, t, u0)"
SAME = "y = QuantizeLinear({}, s, u3)"


def moved(op, rest="", q=SAME, attributes=""):
    return X, f"{DX} n = {op}{attributes}(d{rest}) {q.format('n')}"


def unary(op, attributes="", q=Q):
    return X, f"{DX} n = {op}{attributes}(d) {q.format('n')}"


# name -> (inputs, nodes); the output is y. opset 13 unless the name ends in @N.
GRAPHS = {
    "conv": (X, f"{DX} {DW} n = Conv(d, dw) {Q.format('n')}"),
    "conv bias int32": (X, f"{DX} {DW} {DB} n = Conv(d, dw, db) {Q.format('n')}"),
    "conv bias float": (X, f"{DX} {DW} n = Conv(d, dw, fb) {Q.format('n')}"),
    "conv weight uint8": (X, f"{DX} dw = DequantizeLinear(uw, t, u3) n = Conv(d, dw) {Q.format('n')}"),
    "conv no q": (X, f"{DX} {DW} y = Conv(d, dw)"),
    "conv relu": (X, f"{DX} {DW} c1 = Conv(d, dw) n = Relu(c1) {Q.format('n')}"),
    "conv relu stays": (X, f"{DX} {DW} c1 = Conv(d, dw) n = Relu(c1) y = QuantizeLinear(n, t, u128)"),
    "conv clip": (X, f"{DX} {DW} c1 = Conv(d, dw) n = Clip(c1, zero, big) {Q.format('n')}"),
    "conv clip stays": (X, f"{DX} {DW} c1 = Conv(d, dw) n = Clip(c1, zero, six) {Q.format('n')}"),
    "conv clip low only": (X, f"{DX} {DW} c1 = Conv(d, dw) n = Clip(c1, zero) {Q.format('n')}"),
    "conv clip below": (X, f"{DX} {DW} c1 = Conv(d, dw) n = Clip(c1, low, big) y = QuantizeLinear(n, t, u128)"),
    "conv to int8": (X, f"{DX} {DW} n = Conv(d, dw) y = QuantizeLinear(n, t, i5)"),
    "conv int8": ("int8[1,3,4,4] x", f"{DXS} {DW} n = Conv(d, dw) y = QuantizeLinear(n, t, i5)"),
    "conv int8 between": ("float[1,3,4,4] x", f"q = QuantizeLinear(x, s, i5) d = DequantizeLinear(q, s, i5) {DW} n = Conv(d, dw) r = QuantizeLinear(n, t, i5) y = DequantizeLinear(r, t, i5)"),
    "conv int8 relu": ("float[1,3,4,4] x", f"q = QuantizeLinear(x, s, i5) d = DequantizeLinear(q, s, i5) {DW} c1 = Conv(d, dw) n = Relu(c1) r = QuantizeLinear(n, t, im) y = DequantizeLinear(r, t, im)"),
    "conv other reader": (X, f"{DX} {DW} n = Conv(d, dw) q = QuantizeLinear(n, t, u0) e = DequantizeLinear(q, t, u0) y = Add(e, n)"),
    "conv transpose": (X, f"{DX} dw = DequantizeLinear(w, t, i0) k = Transpose<perm = [1, 0, 2, 3]>(dw) n = ConvTranspose(d, k) {Q.format('n')}"),
    "conv hardswish@14": (X, f"{DX} {DW} n = Conv(d, dw) h = HardSwish(n) {Q.format('h')}"),
    "matmul": (V, f"{DX} {DM} n = MatMul(d, dm) {Q.format('n')}"),
    "matmul no q": (V, f"{DX} {DM} y = MatMul(d, dm)"),
    "matmul relu": (V, f"{DX} {DM} n = MatMul(d, dm) y = Relu(n)"),
    "matmul relu clip": (V, f"{DX} {DM} n = MatMul(d, dm) r = Clip(n, zero, six) y = Neg(r)"),
    "matmul two activations": ("uint8[2,4] x, uint8[4,2] z", f"{DX} e = DequantizeLinear(z, t, u0) n = MatMul(d, e) {Q.format('n')}"),
    "matmul add": (V, f"{DX} {DM} n = MatMul(d, dm) a = Add(n, mb) {Q.format('a')}"),
    "matmul add no q": (V, f"{DX} {DM} n = MatMul(d, dm) y = Add(n, mb)"),
    "matmul add int32": (V, f"{DX} {DM} dbi = DequantizeLinear<axis = 0>(mi, mbs) n = MatMul(d, dm) y = Add(n, dbi)"),
    "matmul add rank 3": ("uint8[1,2,4] x", f"{DX} {DM} n = MatMul(d, dm) a = Add(n, mb) {Q.format('a')}"),
    "matmul add unknown size": ("uint8[N,2,4] x", f"{DX} {DM} n = MatMul(d, dm) a = Add(n, mb) {Q.format('a')}"),
    "matmul q add": (V, f"{DX} {DM} n = MatMul(d, dm) q = QuantizeLinear(n, s, u3) e = DequantizeLinear(q, s, u3) a = Add(e, mb) {Q.format('a')}"),
    "matmul float weight": (V, f"{DX} k = DequantizeLinear<axis = 1>(m, ms, mz) n = MatMul(d, k) {Q.format('n')}"),
    "matmul int8": ("float[2,4] x", f"q = QuantizeLinear(x, s, i5) d = DequantizeLinear(q, s, i5) {DM} y = MatMul(d, dm)"),
    "gemm": (V, f"{DX} {DM} n = Gemm(d, dm) {Q.format('n')}"),
    "gemm no q": (V, f"{DX} {DM} y = Gemm(d, dm)"),
    "gemm float bias": (V, f"{DX} {DM} n = Gemm(d, dm, mb) {Q.format('n')}"),
    "gemm float bias no q": (V, f"{DX} {DM} y = Gemm(d, dm, mb)"),
    "gemm int32 bias no q": (V, f"{DX} {DM} dbi = DequantizeLinear<axis = 0>(mi, mbs) y = Gemm(d, dm, dbi)"),
    "gemm alpha": (V, f"{DX} {DM} n = Gemm<alpha = 0.5>(d, dm) {Q.format('n')}"),
    "gemm beta": (V, f"{DX} {DM} n = Gemm<beta = 0.5>(d, dm, mb) {Q.format('n')}"),
    "gemm relu no q": (V, f"{DX} {DM} dbi = DequantizeLinear<axis = 0>(mi, mbs) n = Gemm(d, dm, dbi) y = Relu(n)"),
    "gemm relu": (V, f"{DX} {DM} n = Gemm(d, dm, mb) r = Relu(n) {Q.format('r')}"),
    "gemm transposed": ("uint8[2,3] x", f"{DX} dm = DequantizeLinear<axis = 0>(m, rs, rz) n = Gemm<transB = 1>(d, dm) {Q.format('n')}"),
    "add": (X + ", uint8[1,3,4,4] z", f"{DX} e = DequantizeLinear(z, t, u0) n = Add(d, e) {Q.format('n')}"),
    "add to itself": (X, f"{DX} n = Add(d, d) {Q.format('n')}"),
    "add relu": (X + ", uint8[1,3,4,4] z", f"{DX} e = DequantizeLinear(z, t, u0) a = Add(d, e) n = Relu(a) {Q.format('n')}"),
    "add relu stays": (X + ", uint8[1,3,4,4] z", f"{DX} e = DequantizeLinear(z, t, u0) a = Add(d, e) n = Relu(a) y = QuantizeLinear(n, t, u128)"),
    "add float": (X, f"{DX} n = Add(d, half) {Q.format('n')}"),
    "add constant": (X, f"{DX} e = DequantizeLinear(u128, t, u0) n = Add(d, e) {Q.format('n')}"),
    "add no q": (X, f"{DX} e = DequantizeLinear(u128, t, u0) y = Add(d, e)"),
    "add int8": ("int8[1,3,4,4] x, int8[1,3,4,4] z", f"{DXS} e = DequantizeLinear(z, t, i0) n = Add(d, e) y = QuantizeLinear(n, t, i5)"),
    "add mixed": ("int8[1,3,4,4] x, uint8[1,3,4,4] z", f"{DXS} e = DequantizeLinear(z, t, u0) n = Add(d, e) y = QuantizeLinear(n, t, i5)"),
    "mul": (X + ", uint8[1,3,1,1] z", f"{DX} e = DequantizeLinear(z, t, u0) n = Mul(d, e) {Q.format('n')}"),
    "sub": (X + ", uint8[1,3,4,4] z", f"{DX} e = DequantizeLinear(z, t, u0) n = Sub(d, e) {Q.format('n')}"),
    "div": (X + ", uint8[1,3,4,4] z", f"{DX} e = DequantizeLinear(z, t, u0) n = Div(d, e) {Q.format('n')}"),
    "max": (X + ", uint8[1,3,4,4] z", f"{DX} e = DequantizeLinear(z, t, u0) n = Max(d, e) {Q.format('n')}"),
    "concat": (X + ", uint8[1,3,4,4] z", f"{DX} e = DequantizeLinear(z, t, u0) n = Concat<axis = 1>(d, e) {Q.format('n')}"),
    "where": (X + ", uint8[1,3,4,4] z, bool[1,3,4,4] k", f"{DX} e = DequantizeLinear(z, t, u0) n = Where(k, d, e) {Q.format('n')}"),
    **{op: unary(op) for op in ("Sigmoid", "LeakyRelu", "Softmax", "GlobalAveragePool", "Tanh", "Relu", "HardSigmoid", "Erf", "Exp", "Sqrt",
                                "Elu", "Neg", "Abs", "GlobalMaxPool")},
    "AveragePool": unary("AveragePool", "<kernel_shape = [2, 2]>"),
    "MaxPool": moved("MaxPool", attributes="<kernel_shape = [2, 2]>"),
    "MaxPool other": moved("MaxPool", attributes="<kernel_shape = [2, 2]>", q=Q),
    "LpPool": unary("LpPool", "<kernel_shape = [2, 2]>"),
    "Reshape": moved("Reshape", ", shape"), "Reshape other": moved("Reshape", ", shape", Q),
    "Transpose": moved("Transpose", attributes="<perm = [0, 2, 3, 1]>"), "Flatten": moved("Flatten"),
    "Slice": moved("Slice", ", one, two, a1"), "Unsqueeze": moved("Unsqueeze", ", a1"),
    "Gather": moved("Gather", ", one", attributes="<axis = 1>"), "Tile": moved("Tile", ", reps"), "Expand": moved("Expand", ", wide"),
    "DepthToSpace": ("uint8[1,4,4,4] x", f"{DX} n = DepthToSpace<blocksize = 2>(d) {SAME.format('n')}"),
    "SpaceToDepth": moved("SpaceToDepth", attributes="<blocksize = 2>"),
    "Pad": moved("Pad", ", pads"), "Pad edge": moved("Pad", ", pads", attributes='<mode = "edge">'),
    "Resize nearest": moved("Resize", ", , scales"),
    "Resize linear": moved("Resize", ", , scales", attributes='<mode = "linear">'),
    "Resize cubic": moved("Resize", ", , scales", attributes='<mode = "cubic">'),
    "ReduceMean": moved("ReduceMean", attributes="<axes = [1]>"), "ReduceMax": moved("ReduceMax", attributes="<axes = [1]>"),
    "ReduceSum": moved("ReduceSum", ", a1"), "ReduceMin": moved("ReduceMin", attributes="<axes = [1]>"),
    "ArgMax": (X, f"{DX} y = ArgMax<axis = 1>(d)"), "ArgMin": (X, f"{DX} y = ArgMin<axis = 1>(d)"),
    "Split": ("uint8[1,4,4,4] x", f"{DX} n, k = Split<axis = 1>(d) y = QuantizeLinear(n, s, u3) y2 = QuantizeLinear(k, s, u3)"),
    "Split other": ("uint8[1,4,4,4] x", f"{DX} n, k = Split<axis = 1>(d) y = QuantizeLinear(n, s, u3) y2 = QuantizeLinear(k, t, u3)"),
    "conv reshape": (X, f"{DX} {DW} n = Conv(d, dw) r = Reshape(n, shape) {Q.format('r')}"),
    "transpose conv": ("uint8[1,4,4,3] x", f"{DX} k = Transpose<perm = [0, 3, 1, 2]>(d) {DW} n = Conv(k, dw) {Q.format('n')}"),
    "maxpool before q": (X, f"{DX} {DW} n = Conv(d, dw) p = MaxPool<kernel_shape = [2, 2]>(n) {Q.format('p')}"),
    "no zero point": (X, f"d = DequantizeLinear(x, s) {DW} n = Conv(d, dw) y = QuantizeLinear(n, t)"),
    "reshape no zero point": (X, "d = DequantizeLinear(x, s) n = Reshape(d, shape) y = QuantizeLinear(n, s)"),
    "sigmoid no zero point": (X, "d = DequantizeLinear(x, s) n = Sigmoid(d) y = QuantizeLinear(n, s)"),
}
COUNTED = re.compile(r"(QLinear\w+|QGemm|MatMulIntegerToFloat|Conv|ConvTranspose|Gemm|MatMul|QuantizeLinear|DequantizeLinear)")
SAME_AS = {"FusedConv": "Conv", "FusedGemm": "Gemm", "FusedMatMul": "MatMul"}


def parse(name):
    inputs, nodes = GRAPHS[name]
    opset = name.partition("@")[2] or 13
    constants = CONSTANTS.replace(", bool[1,3,4,4] c>", ">")
    text = f'<ir_version: 8, opset_import: ["" : {opset}]>\ng ({inputs}) => (y) {constants} {{ {nodes} }}'
    if "y2 =" in nodes:
        text = text.replace("=> (y)", "=> (y, y2)")
    text = text.replace("(y)", "(float y)", 1).replace("(y, y2)", "(float y, float y2)", 1)
    model = onnx.parser.parse_model(text)
    for output in model.graph.output:
        output.ClearField("type")
    used = {i for n in model.graph.node for i in n.input}
    kept = [i for i in model.graph.initializer if i.name in used]
    del model.graph.initializer[:]
    model.graph.initializer.extend(kept)
    return onnx.shape_inference.infer_shapes(model)


def counted(ops):
    return collections.Counter(SAME_AS.get(o, o) for o in ops if COUNTED.fullmatch(SAME_AS.get(o, o)))


@pytest.mark.parametrize("name", GRAPHS)
def test_graph(name, tmp_path):
    path = tmp_path / "m.onnx"
    path.write_bytes(parse(name).SerializeToString())
    session(path, ort.GraphOptimizationLevel.ORT_ENABLE_EXTENDED, tmp_path / "o.onnx")
    theirs = counted(n.op_type for n in onnx.load(tmp_path / "o.onnx").graph.node)
    done = octet("inspect", path, "--as", "ort-vnni", "--text")
    assert done.returncode == 0, done.stderr
    ours = counted(re.findall(r" = (?:com\.microsoft\.)?(\w+) (?:<[^>]*> )?\(", done.stdout))
    assert ours == theirs
