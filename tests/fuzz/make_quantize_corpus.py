"""Writes tests/fuzz/corpus/quantize: small models of every shape the quantizer knows, one byte of options before each.

SPDX-License-Identifier: Apache-2.0
"""
import pathlib

import numpy as np
from onnx import TensorProto, helper, numpy_helper

FOLDER = pathlib.Path(__file__).resolve().parent / "corpus" / "quantize"
FLOAT = TensorProto.FLOAT


class Net:
    """Nodes and weights in the order they are asked for; weights come from one seeded generator."""

    def __init__(self):
        self.rng = np.random.default_rng(7)
        self.nodes, self.initializers, self.values = [], [], 0

    def fresh(self, stem):
        self.values += 1
        return f"{stem}{self.values}"

    def constant(self, array, stem="k"):
        name = self.fresh(stem)
        self.initializers.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def weight(self, *shape, dtype=np.float32):
        return self.constant(self.rng.standard_normal(shape).astype(dtype), "w")

    def op(self, kind, *inputs, outputs=None, **attributes):
        outputs = outputs or [self.fresh(kind.lower())]
        name = attributes.pop("node_name", f"{kind}_{len(self.nodes)}")
        self.nodes.append(helper.make_node(kind, list(inputs), outputs, name=name, **attributes))
        return outputs[0] if len(outputs) == 1 else outputs

    def conv(self, x, channels_in, channels_out, **attributes):
        return self.op("Conv", x, self.weight(channels_out, channels_in, 3, 3), self.weight(channels_out),
                       pads=[1, 1, 1, 1], **attributes)

    def model(self, inputs, outputs, opset=17, ir_version=8, listed=False):
        declared = [helper.make_tensor_value_info(n, FLOAT, s) for n, s in inputs.items()]
        if listed:
            declared += [helper.make_tensor_value_info(t.name, t.data_type, t.dims) for t in self.initializers]
        graph = helper.make_graph(self.nodes, "g", declared,
                                  [helper.make_tensor_value_info(n, FLOAT, s) for n, s in outputs.items()],
                                  self.initializers)
        domains = {"": opset} | {n.domain: 1 for n in self.nodes if n.domain}
        imports = [helper.make_opsetid(*d) for d in domains.items()]
        return helper.make_model(graph, opset_imports=imports, ir_version=ir_version)


IMAGE = {"x": [1, 2, 5, 5]}


def one_op():
    n = Net()
    n.op("Conv", "x", n.weight(3, 2, 3, 3), outputs=["y"])
    return n.model(IMAGE, {"y": [1, 3, 3, 3]})


def residual():
    n = Net()
    a = n.op("Relu", n.op("BatchNormalization", n.conv("x", 2, 4), *[n.constant(np.abs(n.rng.standard_normal(4)).astype(np.float32) + 0.1)
                                                                   for _ in range(4)]))
    b = n.op("Relu", n.op("Add", n.conv(a, 4, 4), a))
    c = n.op("Flatten", n.op("GlobalAveragePool", n.op("MaxPool", b, kernel_shape=[2, 2])))
    n.op("Gemm", c, n.weight(3, 4), n.weight(3), outputs=["y"], transB=1)
    return n.model({"x": ["n", 2, 5, 5]}, {"y": ["n", 3]})


def clipped():
    n = Net()
    zero, six = n.constant(np.float32(0)), n.constant(np.float32(6))
    a = n.op("Clip", n.conv("x", 2, 4), zero, six)
    b = n.op("Clip", n.op("Conv", a, n.weight(4, 1, 3, 3), group=4), zero, six)
    s = n.op("Mul", b, n.op("Sigmoid", b))
    n.op("HardSwish", n.op("Conv", s, n.weight(2, 4, 1, 1)), outputs=["y"])
    return n.model(IMAGE, {"y": [1, 2, 3, 3]})


def transformer():
    n = Net()
    split = lambda t: n.op("Transpose", n.op("Reshape", t, n.constant(np.array([1, 3, 2, 2]))), perm=[0, 2, 1, 3])
    h = n.op("LayerNormalization", "x", n.weight(4), n.weight(4))
    q, k, v = [split(n.op("Add", n.op("MatMul", h, n.weight(4, 4)), n.weight(4))) for _ in range(3)]
    scores = n.op("Div", n.op("MatMul", q, n.op("Transpose", k, perm=[0, 1, 3, 2])), n.constant(np.float32(1.4)))
    mixed = n.op("MatMul", n.op("Softmax", scores, axis=-1), v)
    joined = n.op("Reshape", n.op("Transpose", mixed, perm=[0, 2, 1, 3]), n.constant(np.array([1, 3, 4])))
    r = n.op("Add", n.op("MatMul", joined, n.weight(4, 4)), "x")
    n.op("Add", n.op("MatMul", n.op("Erf", n.op("MatMul", r, n.weight(4, 6))), n.weight(6, 4)), r, outputs=["y"])
    return n.model({"x": [1, 3, 4]}, {"y": [1, 3, 4]})


def branch(name, captured, weight):
    return helper.make_graph([helper.make_node("Gemm", [captured, weight], [f"{name}_out"], name=f"{name}_gemm")], name, [],
                             [helper.make_tensor_value_info(f"{name}_out", FLOAT, ["m", "n"])])


def branches():
    n = Net()
    w = n.weight(3, 3)
    a = n.op("Gemm", "x", w)
    condition = n.op("Greater", n.op("ReduceSum", a, keepdims=0), n.constant(np.float32(0)))
    b = n.op("If", condition, then_branch=branch("then", a, w), else_branch=branch("else", a, n.weight(3, 3)))
    n.op("Gemm", b, w, outputs=["y"])
    return n.model({"x": [2, 3]}, {"y": ["m", "n"]})


def lstm():
    n = Net()
    y, h = n.op("LSTM", "x", n.weight(1, 8, 3), n.weight(1, 8, 2), n.weight(1, 16), outputs=["seq", "last"], hidden_size=2)
    n.op("MatMul", n.op("Squeeze", h, n.constant(np.array([0]))), n.weight(2, 3), outputs=["y"])
    return n.model({"x": [4, 1, 3]}, {"y": [1, 3]})


def shared_weights():
    n = Net()
    w, b = n.weight(3, 3), n.weight(3)
    a = n.op("Gemm", "x", w, b)
    c = n.op("Gemm", a, w, b, transB=1)
    d = n.op("MatMul", c, w)
    n.op("Concat", a, c, d, n.op("Add", a, n.weight(1, 3)), axis=0, outputs=["y"])
    return n.model({"x": [1, 3]}, {"y": [4, 3]})


def old_inputs():
    n = Net()
    a = n.op("BatchNormalization", n.conv("x", 2, 3), *[n.constant(np.ones(3, np.float32)) for _ in range(4)])
    b = n.op("Dropout", n.op("Clip", a, min=0.0, max=6.0))
    n.op("Softmax", n.op("Upsample", b, n.constant(np.array([1, 1, 2, 2], np.float32))), outputs=["y"])
    return n.model(IMAGE, {"y": [1, 3, 10, 10]}, opset=9, ir_version=3, listed=True)


def half_weights():
    n = Net()
    w = n.op("Cast", n.weight(3, 2, 3, 3, dtype=np.float16), to=FLOAT)
    v = n.op("Transpose", n.op("Identity", n.weight(4, 27)), perm=[1, 0])
    a = n.op("Conv", "x", w)
    n.op("MatMul", n.op("Flatten", n.op("Relu", a)), v, outputs=["y"])
    return n.model(IMAGE, {"y": [1, 4]})


def dead_channels():
    n = Net()
    w = n.rng.standard_normal((3, 2, 1, 1)).astype(np.float32)
    w[1] = 0
    bias = np.array([1e30, 5, -1e-30], np.float32)
    a = n.op("Conv", "x", n.constant(w), n.constant(bias))
    z = n.op("Conv", a, n.constant(np.zeros((2, 3, 1, 1), np.float32)), n.constant(np.zeros(2, np.float32)))
    n.op("Conv", z, n.weight(1, 2, 1, 1), outputs=["y"])
    return n.model(IMAGE, {"y": [1, 1, 5, 5]})


def constant_outputs():
    n = Net()
    n.op("Gemm", n.op("Mul", "x", n.constant(np.float32(0))), n.weight(3, 2), n.weight(2), outputs=["y"])
    n.op("Identity", n.weight(2), outputs=["k"])
    n.op("Identity", "x", outputs=["same"])
    return n.model({"x": [1, 3]}, {"y": [1, 2], "k": [2], "same": [1, 3]})


def unnamed():
    n = Net()
    a = n.op("Relu", n.op("Conv", "x", n.weight(3, 2, 3, 3), node_name=""), node_name="same")
    b = n.op("AveragePool", a, node_name="same", kernel_shape=[2, 2])
    n.op("Conv", n.op("Resize", b, "", n.constant(np.array([1, 1, 2, 2], np.float32)), node_name="", mode="nearest"),
         n.weight(2, 3, 1, 1), outputs=["y"], node_name="")
    return n.model(IMAGE, {"y": [1, 2, 4, 4]})


def moves():
    n = Net()
    a = n.op("Transpose", "x", perm=[0, 3, 1, 2])
    left, right = n.op("Split", n.conv(a, 2, 4), n.constant(np.array([2, 2])), outputs=["left", "right"], axis=1)
    s = n.op("Slice", left, n.constant(np.array([1])), n.constant(np.array([4])), n.constant(np.array([2])))
    g = n.op("Gather", right, n.constant(np.array([1, 2, 3])), axis=2)
    d = n.op("DepthToSpace", n.op("Concat", s, g, axis=1), blocksize=2)
    p = n.op("Pad", d, n.constant(np.array([0, 0, 1, 1, 0, 0, 1, 1])))
    n.op("ConvTranspose", n.op("LeakyRelu", p, alpha=0.1), n.weight(1, 2, 2, 2), outputs=["y"])
    return n.model({"x": [1, 5, 5, 2]}, {"y": [1, 2, "h", "w"]})


def quantized():
    n = Net()
    s, z = n.constant(np.float32(0.1)), n.constant(np.uint8(3))
    n.op("DequantizeLinear", n.op("QuantizeLinear", "x", s, z), s, z, outputs=["y"])
    return n.model({"x": [2]}, {"y": [2]})


def not_finite():
    n = Net()
    n.op("Gemm", n.op("Log", "x"), n.constant(np.array([[1, np.nan]], np.float32)), outputs=["y"])
    return n.model({"x": [2, 1]}, {"y": [2, 2]})


def empty():
    n = Net()
    n.op("Conv", "x", n.weight(2, 0, 1, 1), outputs=["y"])
    n.op("MatMul", "z", n.weight(0, 2), outputs=["m"])
    return n.model({"x": [1, 0, 3, 3], "z": [2, 0]}, {"y": [1, 2, 3, 3], "m": [2, 2]})


def large_weights():
    n = Net()
    w = n.constant(np.where(np.arange(72).reshape(4, 2, 3, 3) % 5, 1, -1).astype(np.float32), "w")
    a = n.op("Conv", n.op("Relu", n.op("Conv", "x", w)), n.constant(np.ones((4, 2, 2, 2), np.float32)), group=2)
    n.op("Gemm", n.op("Flatten", a), n.constant(-np.ones((3, 16), np.float32)), n.weight(3), outputs=["y"], transB=1)
    return n.model(IMAGE, {"y": [1, 3]})


def integers():
    n = Net()
    s, z, zw = n.constant(np.float32(0.1)), n.constant(np.uint8(3)), n.constant(np.int8(0))
    w = n.constant((np.arange(36) * 7 % 256 - 128).astype(np.int8).reshape(2, 2, 3, 3))
    b = n.constant((np.arange(12) * 23 % 256 - 128).astype(np.int8).reshape(3, 4))
    bias = n.constant(np.array([2**31 - 1, -2**31], np.int32))
    n.op("QLinearConv", n.op("QuantizeLinear", "x", s, z), s, z, w, s, zw, s, z, bias, outputs=["c"])
    q = n.op("QuantizeLinear", "v", s, z)
    n.op("ConvInteger", n.op("QuantizeLinear", "x", s, zw), n.constant(np.full((1, 2, 3, 3), 255, np.uint8)),
         outputs=["ci"])
    n.op("QGemm", q, s, z, b, s, zw, n.constant(np.arange(4, dtype=np.int32)), s, z, outputs=["g"],
         domain="com.microsoft")
    n.op("MatMulInteger", q, b, z, outputs=["mi"])
    n.op("QLinearMatMul", q, s, z, b, s, zw, s, z, outputs=["qm"])
    n.op("MatMulIntegerToFloat", q, b, s, s, outputs=["mf"], domain="com.microsoft")
    n.op("DynamicQuantizeMatMul", "v", b, s, outputs=["dm"], domain="com.microsoft")
    outputs = {name: [2, 4] for name in ("g", "mi", "qm", "mf", "dm")}
    return n.model(IMAGE | {"v": [2, 3]}, outputs | {"c": [1, 2, 3, 3], "ci": [1, 1, 3, 3]})


def many_values():
    """Enough of each sign for a histogram with bins; one that a Concat has in common."""
    n = Net()
    a = n.op("Conv", "x", n.weight(2, 1, 3, 3))
    b = n.op("Conv", a, n.constant(n.rng.standard_normal((2, 2, 1, 1)).astype(np.float32) * 100))
    n.op("Conv", n.op("Concat", a, b, axis=1), n.weight(1, 4, 1, 1), outputs=["y"])
    return n.model({"x": [1, 1, 32, 32]}, {"y": [1, 1, 30, 30]})


CORPUS = (one_op, residual, clipped, transformer, branches, lstm, shared_weights, old_inputs, half_weights, dead_channels,
          constant_outputs, unnamed, moves, quantized, not_finite, empty, integers)
# Weights that can saturate: what --avoid-saturation is for. The methods that keep histograms.
OTHERS = {large_weights: 4, many_values: 8}

if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    options = {make: i % 4 for i, make in enumerate(CORPUS)} | OTHERS
    for make, option in options.items():
        model = make().SerializeToString(deterministic=True)
        (FOLDER / f"{make.__name__}.bin").write_bytes(bytes([option]) + model)
