"""Writes tests/fuzz/corpus/run: small quantized models, sound and odd, one byte of options before each.

SPDX-License-Identifier: Apache-2.0
"""
import pathlib

import make_quantize_corpus as plain
import numpy as np
from onnx import TensorProto, helper, numpy_helper

FOLDER = pathlib.Path(__file__).resolve().parent / "corpus" / "run"
EVERY_PROFILE, QUANTIZE_FIRST = 0x1f, 0x40
MS = "com.microsoft"
IMAGE = {"x": [1, 2, 5, 5]}


class Net(plain.Net):
    """Adds Q and DQ with parameters that need not make sense."""

    def params(self, scale, zero, dtype):
        inputs = [self.constant(np.asarray(scale, np.float32), "scale")]
        return inputs if zero is None else inputs + [self.constant(np.asarray(zero, dtype), "zero")]

    def q(self, x, scale=0.1, zero=3, dtype=np.uint8, **more):
        return self.op("QuantizeLinear", x, *self.params(scale, zero, dtype), **more)

    def dq(self, x, scale=0.1, zero=3, dtype=np.uint8, **more):
        return self.op("DequantizeLinear", x, *self.params(scale, zero, dtype), **more)

    def qdq(self, x, scale=0.1, zero=3, dtype=np.uint8, outputs=None):
        more = {"outputs": outputs} if outputs else {}
        return self.dq(self.q(x, scale, zero, dtype), scale, zero, dtype, **more)

    def qweight(self, *shape, scale=0.02, zero=0, dtype=np.int8, axis=None):
        low, high = np.iinfo(dtype).min, np.iinfo(dtype).max
        data = self.constant(self.rng.integers(low, high, shape, dtype, endpoint=True), "qw")
        return self.dq(data, scale, zero, dtype, **({} if axis is None else {"axis": axis}))

    def qbias(self, n, scale=0.002):
        return self.dq(self.constant(self.rng.integers(-900, 900, n).astype(np.int32), "qb"), scale, None)

    def qconv(self, x, channels_in, channels_out, bias=True, size=3, **attributes):
        b = [self.qbias(channels_out)] if bias else []
        return self.op("Conv", x, self.qweight(channels_out, channels_in, size, size), *b, **attributes)


def chain():
    n = Net()
    a = n.qdq(n.op("Relu", n.qconv(n.qdq("x"), 2, 4, pads=[1] * 4)), 0.3, 0)
    scales = [0.01, 0.02, 0.03, 0.04]
    b = n.op("Conv", a, n.qweight(4, 1, 3, 3, scale=scales, zero=[0] * 4, axis=0), n.weight(4), group=4, pads=[1] * 4)
    c = n.qdq(n.op("Add", n.qdq(b, 0.5, 100), a), 0.6, 90)
    d = n.qdq(n.op("Mul", c, n.qdq(n.op("Sigmoid", c), 1 / 256, 0)), 0.5, 20)
    e = n.qdq(n.op("Concat", c, d, axis=1), 0.6, 90)
    p = n.qdq(n.op("AveragePool", e, kernel_shape=[2, 2]), 0.6, 90)
    m = n.qdq(n.op("MaxPool", n.qdq(n.op("LeakyRelu", p, alpha=0.1), 0.6, 90), kernel_shape=[2, 2]), 0.6, 90)
    f = n.qdq(n.op("Flatten", n.qdq(n.op("GlobalAveragePool", m), 0.5, 80)), 0.5, 80)
    g = n.qdq(n.op("Gemm", f, n.qweight(3, 8, axis=0, scale=[0.1, 0.2, 0.3], zero=[0] * 3), n.weight(3), transB=1), 1, 0)
    n.qdq(n.op("Softmax", g, axis=-1), 1 / 256, 0, outputs=["y"])
    return n.model(IMAGE, {"y": [1, 3]})


def attention():
    n = Net()
    x = n.qdq("x", 0.05, 0, np.int8)
    project = lambda v, wide=4: n.op("Add", n.op("MatMul", v, n.qweight(4, wide, axis=1, scale=[0.01] * wide, zero=[0] * wide)),
                                     n.weight(wide))
    q, k, v = [n.qdq(project(x), 0.1, 0, np.int8) for _ in range(3)]
    s = n.qdq(n.op("MatMul", q, n.qdq(n.op("Transpose", k, perm=[0, 2, 1]), 0.1, 0, np.int8)), 0.2, 0, np.int8)
    mixed = n.qdq(n.op("MatMul", n.qdq(n.op("Softmax", s), 1 / 256, -128, np.int8), v), 0.1, 0, np.int8)
    n.op("Add", project(mixed), x, outputs=["y"])
    n.op("MatMul", n.qdq("x", 0.1, 7), n.qweight(4, 2, zero=3), outputs=["float"])
    return n.model({"x": [1, 3, 4]}, {"y": [1, 3, 4], "float": [1, 3, 2]})


def moves():
    n = Net()
    a = n.qconv(n.qdq("x"), 2, 4, pads=[1] * 4)
    b = n.op("Transpose", n.op("Reshape", a, n.constant(np.array([4, 5, 5]))), perm=[2, 0, 1])
    parts = n.op("Split", n.qdq(b), n.constant(np.array([2, 3])), outputs=["left", "right"])
    left, right = [n.qdq(p) for p in parts]
    w = n.qdq(n.op("Where", n.constant(np.array([True, False, True, False, False])), right, right))
    n.op("ArgMax", n.qdq(n.op("Slice", w, n.constant(np.array([0])), n.constant(np.array([2])))), outputs=["index"], axis=1)
    r = n.op("Resize", n.qdq(n.op("Unsqueeze", left, n.constant(np.array([0])))), "",
             n.constant(np.array([1, 1, 2, 2], np.float32)), mode="nearest")
    n.qdq(n.op("Clip", n.qdq(r), n.constant(np.float32(-0.3)), n.constant(np.float32(26))), outputs=["y"])
    model = n.model(IMAGE, {"y": ["a", "b", "c", "d"]})
    model.graph.output.append(helper.make_tensor_value_info("index", TensorProto.INT64, None))
    return model


def branch(name, captured):
    """Dequantizes what the graph around it quantized."""
    nodes = [helper.make_node("DequantizeLinear", [captured, "s", "z"], [f"{name}_f"]),
             helper.make_node("DequantizeLinear", ["w", "s"], [f"{name}_w"]),
             helper.make_node("MatMul", [f"{name}_f", f"{name}_w"], [f"{name}_m"]),
             helper.make_node("QuantizeLinear", [f"{name}_m", "s", "z"], [f"{name}_q"]),
             helper.make_node("Relu" if name == "then" else "Neg", ["kept"], [f"{name}_k"])]
    outputs = [helper.make_tensor_value_info(f"{name}_q", TensorProto.UINT8, ["m", "n"]),
               helper.make_tensor_value_info(f"{name}_k", TensorProto.FLOAT, ["m", "n"])]
    return helper.make_graph(nodes, name, [], outputs)


def captured():
    n = Net()
    n.initializers += [numpy_helper.from_array(np.float32(0.1), "s"), numpy_helper.from_array(np.uint8(3), "z"),
                       numpy_helper.from_array(np.arange(-4, 5, dtype=np.int8).reshape(3, 3), "w")]
    q = n.op("QuantizeLinear", "x", "s", "z", outputs=["q"])
    n.op("Identity", n.op("DequantizeLinear", q, "s", "z"), outputs=["kept"])
    condition = n.op("Greater", n.op("ReduceSum", "x", keepdims=0), n.constant(np.float32(0)))
    integers, kept = n.op("If", condition, outputs=["iq", "ik"], then_branch=branch("then", "q"), else_branch=branch("else", "q"))
    n.op("Add", n.op("DequantizeLinear", integers, "s", "z"), kept, outputs=["y"])
    return n.model({"x": [2, 3]}, {"y": ["m", "n"]})


def shared():
    """One weight for a product that packs it, an Add that reads it and the outputs of the graph."""
    n = Net()
    w = n.constant(n.rng.integers(-9, 9, (3, 3)).astype(np.int8), "w")
    f = n.dq(w, 0.1, 0, np.int8)
    a = n.op("MatMul", n.qdq("x"), f)
    b = n.op("Gemm", n.qdq(a), f, transB=1)
    n.op("Add", b, f, outputs=["y"])
    n.op("MatMulInteger", n.q("x"), w, outputs=["i"])
    v = n.weight(3, 3)
    n.op("MatMul", "x", v, outputs=["m"])
    n.op("Add", n.op("MatMul", "m", n.op("Relu", v)), v, outputs=["t"])
    model = n.model({"x": [3, 3]}, {"y": [3, 3], "m": [3, 3], "t": [3, 3]})
    model.graph.output.append(helper.make_tensor_value_info("i", TensorProto.INT32, [3, 3]))
    model.graph.output.append(helper.make_tensor_value_info(w, TensorProto.INT8, [3, 3]))
    model.graph.output.append(helper.make_tensor_value_info(v, TensorProto.FLOAT, [3, 3]))
    return model


def odd_scale(scale):
    def make():
        n = Net()
        a = n.qdq(n.qconv(n.qdq("x", scale), 2, 4, pads=[1] * 4), scale)
        b = n.qdq(n.op("Add", a, n.qdq(n.op("Sigmoid", a))), 0.2)
        c = n.qdq(n.op("Conv", b, n.qweight(4, 4, 1, 1, scale=[scale] * 4, zero=[0] * 4, axis=0), n.weight(4)))
        d = n.qdq(n.op("Relu", n.op("AveragePool", n.qdq(n.op("LeakyRelu", c), scale), kernel_shape=[3, 3])), scale, 0)
        e = n.qdq(n.op("Concat", n.qdq(n.op("MaxPool", d, kernel_shape=[1, 1])), d, axis=1))
        g = n.op("Gemm", n.op("Flatten", e), n.qweight(72, 2, scale=scale), n.weight(2))
        n.qdq(n.op("Softmax", n.qdq(g, scale)), 1 / 256, 0, outputs=["y"])
        return n.model(IMAGE, {"y": [1, 2]})
    return make


def odd_lengths():
    """Parameters by channel that are too many, too few, none, of another rank or on another axis."""
    n = Net()
    x = n.qdq("x")
    for i, (scale, axis) in enumerate([([0.1] * 3, 0), ([0.1] * 4, 1), ([], 0), ([[0.1] * 4], 0), ([0.1] * 4, -4),
                                       ([0.1] * 4, 7)]):
        w = n.qweight(4, 2, 3, 3, scale=scale, zero=np.zeros_like(scale), axis=axis)
        n.qdq(n.op("Conv", x, w, n.weight(4)), outputs=[f"y{i}"])
    return n.model(IMAGE, {f"y{i}": ["a", "b", "c", "d"] for i in range(6)})


def integer_op(kind, shapes, domain="", dtype=np.uint8, out=TensorProto.UINT8, **attributes):
    """shapes: of each input; (): a scalar; None: left out; "x": the graph's input, quantized."""
    def make():
        n = Net()
        q = n.q("x")
        floats = {1, 4, 6} if kind not in ("MatMulInteger", "ConvInteger") else set()
        inputs = ["" if s is None else q if s == "x" else
                  n.constant((np.ones(s) * 0.1).astype(np.float32) if i in floats else np.full(s, 200).astype(dtype))
                  for i, s in enumerate(shapes)]
        n.op(kind, *inputs, outputs=["y"], domain=domain, **attributes)
        model = n.model(IMAGE, {})
        model.graph.output.append(helper.make_tensor_value_info("y", out, None))
        return model
    make.__name__ = f"{kind}_{'_'.join('x'.join(map(str, s)) if s is not None else 'none' for s in shapes)}"[:60]
    return make


def computed_weights():
    n = Net()
    x = n.qdq("x")
    w = n.qdq(n.op("Reshape", n.op("Slice", "x", n.constant(np.array([0])), n.constant(np.array([4])), n.constant(np.array([2]))),
                   n.constant(np.array([2, 2, 2, 5]))), 0.1, 0, np.int8)
    n.qdq(n.op("Conv", x, w), outputs=["y"])
    scale = n.op("ReduceMax", n.op("Abs", "x"), keepdims=0)
    d = n.op("DequantizeLinear", n.op("QuantizeLinear", "x", scale, n.constant(np.uint8(3))), scale, n.constant(np.uint8(3)))
    n.qdq(n.op("Conv", d, n.qweight(4, 2, 3, 3), n.qbias(4)), outputs=["s"])
    return n.model(IMAGE, {"y": ["a", "b", "c", "d"], "s": ["a", "b", "c", "d"]})


def no_zero_points():
    n = Net()
    a = n.qdq(n.qconv(n.qdq("x", 0.1, None), 2, 4), 0.1, None)
    n.qdq(n.op("Add", n.qdq(n.op("Relu", a), 0.1, None), a), 0.1, None, outputs=["y"])
    return n.model(IMAGE, {"y": ["a", "b", "c", "d"]})


def other_types():
    """16 bits, mixed signs, an int8 input with uint8 weights, a bias of another scale."""
    n = Net()
    n.qdq(n.op("Conv", n.qdq("x", 0.001, 3, np.int16), n.qweight(4, 2, 3, 3)), 0.001, 0, np.int16, outputs=["a"])
    n.qdq(n.op("Conv", n.qdq("x", 0.1, 3, np.int8), n.qweight(4, 2, 3, 3, dtype=np.uint8)), outputs=["b"])
    n.qdq(n.op("Conv", n.qdq("x"), n.qweight(4, 2, 3, 3, dtype=np.uint8, zero=200), n.qbias(4, 1e30)), 0.1, 0, np.int8, outputs=["c"])
    n.qdq(n.op("Add", n.qdq("x"), n.qdq("x", 0.1, 0, np.int8)), outputs=["d"])
    n.qdq(n.op("Concat", n.qdq("x"), n.qdq("x", 0.1, 0, np.int8), axis=0), outputs=["e"])
    return n.model(IMAGE, {k: ["a", "b", "c", "d"] for k in "abcde"}, opset=21)


def wide():
    """16-bit activations with 8-bit weights: what fixed-point targets multiply."""
    n = Net()
    q = lambda v, scale: n.qdq(v, scale, 0, np.int16)
    a = q(n.op("Conv", q("x", 1e-4), n.qweight(4, 2, 3, 3), n.qbias(4, 2e-6), pads=[1] * 4), 1e-3)
    b = q(n.op("Conv", a, n.qweight(8, 1, 3, 3, axis=0, scale=[0.01] * 8, zero=[0] * 8), group=4, strides=[2, 2]), 1e-3)
    g = q(n.op("Gemm", n.op("Flatten", b), n.qweight(3, 32), n.qbias(3, 2e-5), transB=1), 1e-2)
    q(n.op("MatMul", q(n.op("Relu", g), 1e-2), n.qweight(3, 5, zero=2)), 1e-2)
    n.op("Identity", g, outputs=["y"])
    n.op("MatMul", q("x", 1e-4), n.qweight(5, 3), outputs=["f"])
    return n.model(IMAGE, {"y": [1, 3], "f": [1, 2, 5, 3]}, opset=21)


def empty():
    n = Net()
    x = n.qdq("x")
    a = n.qdq(n.op("Conv", x, n.qweight(3, 0, 1, 1), n.qbias(3)), outputs=["a"])
    n.qdq(n.op("Add", a, a), outputs=["b"])
    n.qdq(n.op("Concat", x, x, axis=1), outputs=["c"])
    z = n.qdq("z")
    n.qdq(n.op("MatMul", z, n.qweight(0, 2)), outputs=["d"])
    n.qdq(n.op("Gemm", z, n.qweight(0, 2), n.weight(2)), outputs=["e"])
    n.qdq(n.op("Softmax", z), outputs=["f"])
    n.qdq(n.op("GlobalAveragePool", x), outputs=["g"])
    n.op("ArgMax", n.qdq(n.op("Relu", a), 0.1, 0), outputs=["h"])
    return n.model({"x": [1, 0, 3, 3], "z": [2, 0]}, {k: None for k in "abcdefg"})


QUANTIZED = (chain, attention, moves, captured, shared, odd_lengths, computed_weights, no_zero_points, other_types, wide, empty)
SCALES = {"zero": 0.0, "negative": -0.1, "nan": np.nan, "infinite": np.inf, "denormal": 1e-42, "huge": 3e38}
SCALAR = ()
INTEGER_OPS = (
    integer_op("QLinearConv", ["x", SCALAR, SCALAR, (3, 2, 3, 3), SCALAR, SCALAR, SCALAR, SCALAR]),
    integer_op("QLinearConv", ["x", SCALAR, SCALAR, (3, 2, 3, 3), (3,), (3,), SCALAR, SCALAR]),
    integer_op("QLinearConv", ["x", (1,), (1,), (4, 1, 3, 3), (4,), (1,), (1,), (1,)], group=2),
    integer_op("QLinearConv", ["x", SCALAR, SCALAR, (3, 1, 3, 3), SCALAR, SCALAR, SCALAR, SCALAR], group=2),
    integer_op("QLinearConv", ["x", (2,), (2,), (3, 2, 3, 3), (2,), (5,), SCALAR, SCALAR]),
    integer_op("ConvInteger", ["x", (2, 2, 5, 5), None, (2,)], out=TensorProto.INT32),
    integer_op("QLinearMatMul", ["x", SCALAR, SCALAR, (5, 3), (3,), (3,), SCALAR, SCALAR]),
    integer_op("QLinearMatMul", ["x", (5,), (5,), (2, 5, 3), (2, 1, 3), (2, 1, 3), SCALAR, SCALAR]),
    integer_op("MatMulInteger", ["x", (5,), SCALAR, SCALAR], out=TensorProto.INT32),
    integer_op("MatMulInteger", ["x", (5, 0)], out=TensorProto.INT32),
    integer_op("QLinearAdd", ["x", SCALAR, SCALAR, (5, 1), SCALAR, SCALAR, SCALAR, SCALAR], MS),
    integer_op("QLinearMul", ["x", SCALAR, None, (2, 5, 1), SCALAR, None, SCALAR], MS),
    integer_op("QLinearSigmoid", ["x", SCALAR, SCALAR, None, SCALAR], MS),
    integer_op("QLinearLeakyRelu", ["x", SCALAR, SCALAR, None, SCALAR, SCALAR], MS, alpha=float("nan")),
    integer_op("QLinearGlobalAveragePool", ["x", SCALAR, SCALAR, None, SCALAR, SCALAR], MS, channels_last=1),
)

if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    models = {make.__name__: make() for make in QUANTIZED}
    models |= {f"scale_{name}": odd_scale(scale)() for name, scale in SCALES.items()}
    models |= {f"{i:02}_{make.__name__}": make() for i, make in enumerate(INTEGER_OPS)}
    for name, model in models.items():
        data = model if isinstance(model, bytes) else model.SerializeToString(deterministic=True)
        (FOLDER / f"{name}.bin").write_bytes(bytes([EVERY_PROFILE]) + data)
    for make in plain.CORPUS:
        data = make().SerializeToString(deterministic=True)
        (FOLDER / f"float_{make.__name__}.bin").write_bytes(bytes([EVERY_PROFILE | QUANTIZE_FIRST]) + data)
