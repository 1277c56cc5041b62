"""The light operators of `octet run --as ort-vnni` are ONNX Runtime's kernels bit for bit: every pair of
bytes for Add and Mul, every byte for the others, over many scales and zero points.

SPDX-License-Identifier: Apache-2.0
"""
import numpy as np
import pytest

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

from as_ort import F32, OCTET, compare, make_model, run_octet, run_ort, write_samples  # noqa: E402
from onnx import helper  # noqa: E402

pytestmark = pytest.mark.skipif(not OCTET.exists(), reason="no octet")
KINDS = [np.uint8, np.int8]


class Graph:
    """Nodes on the same inputs with parameters of their own."""

    def __init__(self, rng, kind, inputs):
        self.rng, self.kind, self.inputs = rng, kind, inputs
        self.nodes, self.constants, self.outputs = [], {}, []

    def params(self, low=0.001, high=0.1, scale=None, zero=None):
        info = np.iinfo(self.kind)
        name = f"p{len(self.constants)}"
        self.constants[name] = np.array(self.rng.uniform(low, high) if scale is None else scale, F32)
        self.constants[name + "z"] = np.array(self.rng.integers(info.min, info.max + 1) if zero is None else zero,
                                              self.kind)
        return [name, name + "z"]

    def add(self, op, inputs, **attributes):
        out = f"y{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, inputs, [out], domain="com.microsoft", **attributes))
        self.outputs.append(out)

    def check(self, folder):
        model = make_model(self.nodes, self.inputs, self.outputs, self.constants)
        path = folder / "m.onnx"
        path.write_bytes(model.SerializeToString())
        ours = run_octet(path, write_samples(folder / "in", [self.inputs]), folder / "out")
        total, wrong, most = compare(ours, run_ort(path, [self.inputs]))
        assert total > 0
        assert wrong == 0, f"{wrong} of {total} differ, by up to {most}"


def every_byte(kind):
    info = np.iinfo(kind)
    return np.arange(info.min, info.max + 1).astype(kind)


def every_pair(kind):
    a, b = np.meshgrid(every_byte(kind), every_byte(kind))
    return {"a": a.ravel(), "b": b.ravel()}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("op", ["QLinearAdd", "QLinearMul"])
def test_every_pair(op, kind, tmp_path):
    rng = np.random.default_rng(1)
    g = Graph(rng, kind, every_pair(kind))
    for i in range(30):
        scale = 0.5 ** rng.integers(1, 8, 3) if i % 5 == 0 else [None] * 3  # ties
        a, b, y = (g.params(scale=s) for s in scale)
        g.add(op, ["a", *a, "b", *b, *y])
    g.check(tmp_path)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("op", ["QLinearAdd", "QLinearMul"])
@pytest.mark.parametrize("shapes", [((1,), (1,)), ((7,), (7,)), ((33,), (1,)), ((1,), (33,)), ((3, 1, 5), (4, 1)),
                                    ((2, 3, 4, 5), (3, 1, 1)), ((3, 1, 1), (2, 3, 40, 10)), ((1, 1), (1, 1)),
                                    ((4, 1), (1, 300)), ((), (9,)), ((2, 300), ()), ((1, 300, 1), (2, 300, 1))])
def test_broadcast(op, kind, shapes, tmp_path):
    rng = np.random.default_rng(2)
    info = np.iinfo(kind)
    arrays = [rng.integers(info.min, info.max + 1, s).astype(kind) for s in shapes]
    g = Graph(rng, kind, dict(zip("ab", arrays)))
    for i in range(40):
        scale = 0.5 ** rng.integers(1, 6, 3) if i % 2 == 0 else [None] * 3
        a, b, y = (g.params(scale=s) for s in scale)
        g.add(op, ["a", *a, "b", *b, *y])
    g.check(tmp_path)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("op", ["QLinearSigmoid", "QLinearLeakyRelu"])
def test_every_byte(op, kind, tmp_path):
    rng = np.random.default_rng(3)
    g = Graph(rng, kind, {"x": every_byte(kind)})
    for i in range(300):
        attributes = {"alpha": float(rng.uniform(0, 0.5))} if op == "QLinearLeakyRelu" else {}
        out = g.params() if op == "QLinearLeakyRelu" else g.params(0.002, 0.006) if i % 2 else g.params(scale=1 / 256)
        g.add(op, ["x", *g.params(0.001, 0.4), *out], **attributes)
    g.check(tmp_path)


@pytest.mark.parametrize("kind", KINDS)
def test_concat_and_where(kind, tmp_path):
    rng = np.random.default_rng(4)
    bits = rng.integers(0, 2, 256).astype(bool)
    g = Graph(rng, kind, {"x": every_byte(kind), "w": every_byte(kind)[::-1].copy(), "c": bits})
    for i in range(60):
        x, w = g.params(), g.params()
        y = x if i % 3 == 0 else g.params()
        g.add("QLinearConcat", [*y, "x", *x, "w", *w], axis=0)
        g.add("QLinearWhere", ["c", "x", *x, "w", *w, *y])
    g.check(tmp_path)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", [(2, 3, 1, 1), (1, 5, 7, 7), (1, 17, 2, 3), (2, 9, 31), (1, 2, 3, 4, 5), (1, 3, 40, 40)])
def test_global_average_pool(kind, shape, tmp_path):
    rng = np.random.default_rng(5)
    info = np.iinfo(kind)
    g = Graph(rng, kind, {"x": rng.integers(info.min, info.max + 1, shape).astype(kind)})
    for _ in range(60):
        g.add("QLinearGlobalAveragePool", ["x", *g.params(), *g.params(0.0003, 0.05)])
    g.check(tmp_path)


POOLS = [((1, 3, 9, 9), {"kernel_shape": [3, 3]}), ((1, 3, 9, 8), {"kernel_shape": [2, 3], "strides": [2, 2]}),
         ((2, 3, 9, 9), {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1]}),
         ((1, 3, 9, 9), {"kernel_shape": [3, 3], "pads": [1, 0, 1, 1], "count_include_pad": 1}),
         ((1, 3, 5, 6), {"kernel_shape": [5, 6]}), ((1, 4, 11), {"kernel_shape": [4], "strides": [3]}),
         ((1, 2, 5, 5, 5), {"kernel_shape": [2, 2, 2], "strides": [2, 1, 2]}),
         ((1, 3, 10, 10), {"kernel_shape": [3, 3], "strides": [2, 2], "auto_pad": "SAME_UPPER"}),
         ((1, 3, 10, 10), {"kernel_shape": [3, 3], "strides": [2, 2], "ceil_mode": 1})]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape, attributes", POOLS)
def test_average_pool(kind, shape, attributes, tmp_path):
    rng = np.random.default_rng(6)
    info = np.iinfo(kind)
    g = Graph(rng, kind, {"x": rng.integers(info.min, info.max + 1, shape).astype(kind)})
    for i in range(60):
        scale = [0.25, 0.5] if i % 4 == 0 else [None, None]
        g.add("QLinearAveragePool", ["x", *g.params(scale=scale[0]), *g.params(scale=scale[1])], **attributes)
    g.check(tmp_path)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape, axis", [((40, 10), -1), ((3, 7, 5), 1), ((20, 1), -1), ((8, 1000), -1), ((2, 4, 50, 50), 3)])
def test_softmax(kind, shape, axis, tmp_path):
    rng = np.random.default_rng(7)
    info = np.iinfo(kind)
    g = Graph(rng, kind, {"x": rng.integers(info.min, info.max + 1, shape).astype(kind)})
    for i in range(30):
        y = g.params(scale=1 / 256, zero=info.min) if i % 2 else g.params(0.002, 0.01)
        g.add("QLinearSoftmax", ["x", *g.params(0.001, 0.5), *y], opset=13, axis=axis)
    g.check(tmp_path)
