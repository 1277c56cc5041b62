"""QDQ models with int16 activations and int8 weights: `--as fixed-point` computes the integers of 16x8 kernels, written
here in numpy and Python's integers; `--as onnx` what ONNX's reference evaluator computes.

SPDX-License-Identifier: Apache-2.0
"""
import numpy as np
import pytest

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

from as_ort import F32, OCTET, make_model, octet, run_octet, write_samples  # noqa: E402
from onnx import helper  # noqa: E402
from onnx.reference import ReferenceEvaluator  # noqa: E402
from test_as_fixed_point import apply, factor  # noqa: E402

pytestmark = pytest.mark.skipif(not OCTET.exists(), reason="no octet")

# op, shapes of x and w, attributes, bias?, zero points of x, w and y
CASES = {
    "conv": ("Conv", (2, 5, 9, 11), (7, 5, 3, 3), {"pads": [1, 1, 1, 1]}, True, (0, 0, 0)),
    "conv_moved": ("Conv", (1, 6, 8, 8), (13, 6, 3, 2), {"pads": [2, 0, 1, 1], "strides": [2, 1]}, True, (-99, 5, 7)),
    "conv_odd": ("Conv", (1, 1, 5, 40), (14, 1, 1, 5), {}, False, (32767, -128, 32767)),
    "pointwise": ("Conv", (1, 16, 7, 7), (40, 16, 1, 1), {}, True, (0, 0, 0)),
    "grouped": ("Conv", (1, 6, 9, 9), (9, 2, 3, 3), {"group": 3, "dilations": [2, 2]}, True, (100, 0, 0)),
    "depthwise": ("Conv", (2, 9, 12, 70), (9, 1, 3, 3), {"group": 9, "pads": [1, 1, 1, 1]}, True, (0, 0, 0)),
    "depthwise_strided": ("Conv", (1, 4, 31, 141), (4, 1, 3, 3), {"group": 4, "strides": [2, 2]}, True, (9, -3, 0)),
    "depthwise_far": ("Conv", (1, 4, 10, 41), (8, 1, 2, 3), {"group": 4, "strides": [1, 3]}, False, (0, 0, 5)),
    "line": ("Conv", (1, 3, 50), (5, 3, 4), {"strides": [3], "pads": [2, 1]}, True, (-32768, 0, 0)),
    "volume": ("Conv", (1, 2, 5, 6, 7), (3, 2, 2, 3, 2), {"pads": [1, 0, 1, 0, 1, 1]}, True, (0, 1, 0)),
    "gemm": ("Gemm", (5, 33), (9, 33), {"transB": 1}, True, (0, 0, 0)),
    "gemm_moved": ("Gemm", (31, 14), (31, 40), {"transA": 1}, True, (500, 7, -8)),
    "matmul": ("MatMul", (3, 17, 35), (35, 33), {}, False, (0, 0, 0)),
    "matmul_moved": ("MatMul", (1, 64), (64, 300), {}, False, (-77, 11, 1000)),
    "one_column": ("MatMul", (26, 101), (101, 1), {}, False, (1, 0, 0)),
    "wraps": ("MatMul", (2, 900), (900, 3), {}, False, (-32768, 0, 0)),
}
INTEGER = {"Conv": "QLinearConv", "Gemm": "QGemm", "MatMul": "QLinearMatMul"}


class Case:
    """Scales are powers of two and x has 10 significant bits, so that float sums are exact."""

    def __init__(self, name, plain):
        self.op, x_shape, w_shape, self.attributes, bias, zeros = CASES[name]
        rng = np.random.default_rng(len(name))
        self.axis = (1, 0)[self.op == "Conv" or "transB" in self.attributes]
        n = w_shape[self.axis]
        self.zx, self.zw, self.zy = zeros
        self.x = rng.integers(-512, 512, x_shape).astype(np.int16) * 64 if plain else \
            rng.integers(-32768, 32768, x_shape).astype(np.int16)
        if plain:
            self.zx //= 64
            self.zx *= 64
        self.w = rng.integers(-128, 128, w_shape).astype(np.int8)
        if name == "wraps":
            self.x, self.w = self.x | 16384, np.abs(self.w | 64)
        self.bias = rng.integers(-40000, 40000, n).astype(np.int32) * 64 if bias else None
        self.sx = F32(2.0**-9)
        self.sw = (2.0**-rng.integers(5, 9, n) if plain else rng.uniform(0.002, 0.02, n)).astype(F32)
        self.sy = F32(2.0**-5) if plain else F32(0.0213 * self.w[:, ...].size / n)

    def model(self):
        make = helper.make_node
        nodes = [make("DequantizeLinear", ["x", "sx", "zx"], ["dx"]),
                 make("DequantizeLinear", ["w", "sw", "zw"], ["dw"], axis=self.axis),
                 make(self.op, ["dx", "dw"], ["r"], **self.attributes),
                 make("QuantizeLinear", ["r", "sy", "zy"], ["y"])]
        constants = {"sx": self.sx, "zx": np.int16(self.zx), "w": self.w, "sw": self.sw, "sy": self.sy,
                     "zw": np.full(len(self.sw), self.zw, np.int8), "zy": np.int16(self.zy)}
        if self.bias is not None:
            nodes.insert(0, make("DequantizeLinear", ["b", "sb"], ["db"], axis=0))
            nodes[3].input.append("db")
            constants |= {"b": self.bias, "sb": self.sx * self.sw}
        return make_model(nodes, {"x": self.x}, ["y"], constants, opset=21, ir=10)

    def sums(self):
        x, w = self.x.astype(np.int64), self.w.astype(np.int64) - self.zw
        bias = 0 if self.bias is None else self.bias.astype(np.int64)
        if self.op != "Conv":
            x = (x - self.zx).T if "transA" in self.attributes else x - self.zx
            return x @ (w.T if "transB" in self.attributes else w) + bias
        rank, group = x.ndim - 2, self.attributes.get("group", 1)
        pads = self.attributes.get("pads", [0] * 2 * rank)
        x = np.pad(x, [(0, 0), (0, 0), *zip(pads[:rank], pads[rank:])], constant_values=self.zx) - self.zx
        dilations = self.attributes.get("dilations", [1] * rank)
        spread = np.zeros(w.shape[:2] + tuple((k - 1) * d + 1 for k, d in zip(w.shape[2:], dilations)), np.int64)
        spread[(..., *(slice(None, None, d) for d in dilations))] = w
        windows = np.lib.stride_tricks.sliding_window_view(x, spread.shape[2:], tuple(range(2, 2 + rank)))
        windows = windows[(..., *(slice(None, None, s) for s in self.attributes.get("strides", [1] * rank)),
                           *[slice(None)] * rank)]
        out = []
        for xg, wg in zip(np.split(windows, group, 1), np.split(spread, group)):
            over = [1, *range(2 + rank, 2 + 2 * rank)], list(range(1, 2 + rank))
            out.append(np.moveaxis(np.tensordot(xg, wg, over), -1, 1))
        return np.concatenate(out, 1) + np.reshape(bias, (-1, *[1] * rank))

    def fixed_point(self):
        sums = self.sums().astype(np.int32)
        channels = np.moveaxis(sums, 1 if self.op == "Conv" else -1, 0)
        y = np.empty(channels.shape, np.int64)
        for c, scale in enumerate(self.sw):
            f = factor(float(self.sx) * float(scale) / float(self.sy))
            y[c] = np.reshape([apply(int(v), f) for v in channels[c].flat], channels[c].shape)
        y = np.clip(y + self.zy, -32768, 32767).astype(np.int16)
        return np.moveaxis(y, 0, 1 if self.op == "Conv" else -1)


def run(case, tmp_path, profile):
    path = tmp_path / "m.onnx"
    path.write_bytes(case.model().SerializeToString())
    return run_octet(path, write_samples(tmp_path / "in", [{"x": case.x}]), tmp_path / "out", profile)[0]["y"]


@pytest.mark.parametrize("name", CASES)
def test_fixed_point(name, tmp_path):
    case = Case(name, plain=False)
    got, want = run(case, tmp_path, "fixed-point"), case.fixed_point()
    assert got.dtype == np.int16 and len(np.unique(want)) > 4
    assert np.array_equal(got, want)
    text = octet("inspect", tmp_path / "m.onnx", "--as", "fixed-point", "--text").stdout
    assert INTEGER[case.op] in text and "QuantizeLinear" not in text.replace("DequantizeLinear", "")


def test_sums_wrap():
    assert np.abs(Case("wraps", plain=False).sums()).max() > 2**31


@pytest.mark.parametrize("name", [n for n in CASES if n != "wraps"])
def test_onnx(name, tmp_path):
    case = Case(name, plain=True)
    want = ReferenceEvaluator(case.model()).run(None, {"x": case.x})[0]
    assert np.array_equal(run(case, tmp_path, "onnx"), want)


def rule(profile, sums, sx, sw, sy, zy, dtype):
    """Results of exact int32 sums; scales are float32."""
    bounds = np.iinfo(dtype)
    if profile == "fixed-point":
        f = factor(float(sx) * float(sw) / float(sy))
        y = np.reshape([apply(int(v), f) for v in sums.flat], sums.shape)
        return np.clip(y + zy, bounds.min, bounds.max).astype(dtype)
    if profile == "onnx":
        y = np.rint(sums.astype(F32) * F32(F32(sx * sw) / sy)).astype(np.int64)
        return np.clip(y + zy, bounds.min, bounds.max).astype(dtype)
    real = sums.astype(F32) * F32(sx * sw) / sy + F32(zy)
    return np.where(real < 0, np.ceil(real - F32(0.5)), np.floor(real + F32(0.5))).astype(np.int64).astype(dtype)


@pytest.mark.parametrize("profile", ["onnx", "onnx2c", "fixed-point"])
@pytest.mark.parametrize("types", [
    ("int16", "int8", "int16"), ("uint16", "uint8", "int16"), ("int16", "uint8", "uint8"),
    ("uint8", "int8", "uint16"), ("uint16", "int8", "uint16")])
def test_integer_operators(types, profile, tmp_path):
    rng = np.random.default_rng(5)
    bounds = [np.iinfo(t) for t in types]
    x, w = (rng.integers(b.min, b.max + 1, shape).astype(b.dtype) for b, shape in zip(bounds, [(4, 37), (37, 21)]))
    zx, zw, zy = ((b.min * 2 + b.max) // 3 for b in bounds)
    sx, sw, sy = F32(0.013), F32(0.021), F32(0.03 * 2.0 ** (max(0, bounds[0].bits - bounds[2].bits) + 1))
    constants = {"sx": sx, "zx": x.dtype.type(zx), "w": w, "sw": sw, "zw": w.dtype.type(zw), "sy": sy,
                 "zy": bounds[2].dtype.type(zy), "image": w.T.reshape(21, 37, 1, 1).copy()}
    parameters = ["sx", "zx", "w", "sw", "zw", "sy", "zy"]
    image = [p.replace("w", "image") if p == "w" else p for p in parameters]
    nodes = [helper.make_node("QLinearMatMul", ["x", *parameters], ["product"]),
             helper.make_node("QLinearConv", ["plane", *image], ["conv"], domain="com.microsoft", channels_last=1)]
    plane = x.reshape(1, 2, 2, 37)
    path = tmp_path / "m.onnx"
    path.write_bytes(make_model(nodes, {"x": x, "plane": plane}, ["product", "conv"], constants).SerializeToString())
    got = run_octet(path, write_samples(tmp_path / "in", [{"x": x, "plane": plane}]), tmp_path / "out", profile)[0]
    sums = (x.astype(np.int64) - zx) @ (w.astype(np.int64) - zw)
    want = rule(profile, sums.astype(np.int32), sx, sw, sy, zy, bounds[2].dtype)
    assert len(np.unique(want)) > 20
    assert np.array_equal(got["product"], want)
    assert np.array_equal(got["conv"].reshape(want.shape), want)


def test_runtimes_without_16x8_stay_float(tmp_path):
    path = tmp_path / "m.onnx"
    path.write_bytes(Case("conv", plain=False).model().SerializeToString())
    assert "QLinearConv" not in octet("inspect", path, "--as", "ort-vnni", "--text").stdout
