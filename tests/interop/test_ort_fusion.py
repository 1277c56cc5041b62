"""Every pattern of passes/backends/ort-cpu.json against the graph that ONNX Runtime really runs.

Each case is a float graph in ONNX text syntax. It is quantized on a few random samples; then ONNX Runtime's own
optimized graph must hold exactly the integer operators the description promises, and none of the float ones.
SPDX-License-Identifier: Apache-2.0
"""
import collections
import os
import subprocess

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import numpy_helper, parser

OCTET = os.environ.get("OCTET_BIN")
pytestmark = pytest.mark.skipif(OCTET is None, reason="OCTET_BIN does not name the octet program")

CONV = "c = Conv <pads = [1, 1, 1, 1]> (x, w, b)"
IMAGE = "float[1, 8, 12, 12] x"
# name: (inputs, outputs, initializers {name: shape}, nodes, expected integer operators, operators that must be gone)
CASES = {
    "conv": (IMAGE, "float y", {"w": (8, 8, 3, 3), "b": (8,)}, CONV + " y = Identity(c)", {"QLinearConv": 1}, ["Conv"]),
    "conv-relu": (IMAGE, "float y", {"w": (8, 8, 3, 3), "b": (8,)}, CONV + " y = Relu(c)",
                  {"QLinearConv": 1}, ["Conv", "FusedConv", "Relu"]),
    "conv-relu6": (IMAGE, "float y", {"w": (8, 8, 3, 3), "b": (8,), "lo": 0.0, "hi": 0.5}, CONV + " y = Clip(c, lo, hi)",
                   {"QLinearConv": 1}, ["Conv", "FusedConv", "Clip"]),
    "conv-clip-around-zero": (IMAGE, "float y", {"w": (8, 8, 3, 3), "b": (8,), "lo": -0.3, "hi": 0.5},
                              CONV + " y = Clip(c, lo, hi)", {"QLinearConv": 1}, ["Conv", "FusedConv", "Clip"]),
    "conv-clip-above-zero": (IMAGE, "float y", {"w": (8, 8, 3, 3), "b": (8,), "lo": 0.1, "hi": 0.5},
                             CONV + " y = Clip(c, lo, hi)", {"QLinearConv": 1, "Clip": 1}, ["Conv", "FusedConv"]),
    "conv-without-bias": (IMAGE, "float y", {"w": (8, 8, 3, 3)}, "c = Conv(x, w) y = Identity(c)",
                          {"QLinearConv": 1}, ["Conv"]),
    "conv-depthwise": (IMAGE, "float y", {"w": (8, 1, 3, 3), "b": (8,)}, "c = Conv<group = 8>(x, w, b) y = Identity(c)",
                       {"QLinearConv": 1}, ["Conv"]),
    "conv-1d": ("float[1, 4, 20] x", "float y", {"w": (6, 4, 3), "b": (6,)}, "c = Conv(x, w, b) y = Identity(c)",
                {"QLinearConv": 1}, ["Conv"]),
    "conv-silu": (IMAGE, "float y", {"w": (8, 8, 3, 3), "b": (8,), "w2": (4, 8, 1, 1)},
                  CONV + " s = Sigmoid(c) m = Mul(c, s) y = Conv(m, w2)",
                  {"QLinearConv": 2, "QLinearSigmoid": 1, "QLinearMul": 1}, ["Conv", "Sigmoid", "Mul"]),
    "conv-leaky": (IMAGE, "float y", {"w": (8, 8, 3, 3), "b": (8,), "w2": (4, 8, 1, 1)},
                   CONV + " l = LeakyRelu<alpha = 0.1>(c) y = Conv(l, w2)",
                   {"QLinearConv": 2, "QLinearLeakyRelu": 1}, ["Conv", "LeakyRelu"]),
    "residual-add-relu": (IMAGE, "float y", {"w": (8, 8, 3, 3), "b": (8,), "w2": (8, 8, 1, 1)},
                          CONV + " r = Relu(c) d = Conv(r, w2) a = Add(r, d) t = Relu(a) y = Conv(t, w2)",
                          {"QLinearConv": 3, "QLinearAdd": 1}, ["Conv", "Add", "Relu"]),
    "mul-by-constant": (IMAGE, "float y", {"w": (8, 8, 3, 3), "b": (8,), "k": (1, 8, 1, 1), "w2": (8, 8, 1, 1)},
                        CONV + " r = Relu(c) a = Mul(r, k) y = Conv(a, w2)",
                        {"QLinearConv": 2, "QLinearMul": 1}, ["Conv", "Mul"]),
    "concat": (IMAGE, "float y", {"w": (8, 8, 3, 3), "b": (8,), "v": (8, 8, 3, 3), "w2": (8, 16, 1, 1)},
               CONV + " d = Conv<pads = [1, 1, 1, 1]>(x, v) e = Concat<axis = 1>(c, d) y = Conv(e, w2)",
               {"QLinearConv": 3, "QLinearConcat": 1}, ["Conv", "Concat"]),
    "average-pool": (IMAGE, "float y", {"w": (8, 8, 3, 3), "b": (8,), "w2": (8, 8, 1, 1)},
                     CONV + " p = AveragePool<kernel_shape = [2, 2], strides = [2, 2]>(c) y = Conv(p, w2)",
                     {"QLinearConv": 2, "QLinearAveragePool": 1}, ["Conv", "AveragePool"]),
    "global-average-pool": (IMAGE, "float y", {"w": (8, 8, 3, 3), "b": (8,), "w2": (8, 8, 1, 1)},
                            CONV + " p = GlobalAveragePool(c) y = Conv(p, w2)",
                            {"QLinearConv": 2, "QLinearGlobalAveragePool": 1}, ["Conv", "GlobalAveragePool"]),
    "max-pool": (IMAGE, "float y", {"w": (8, 8, 3, 3), "b": (8,), "w2": (8, 8, 1, 1)},
                 CONV + " r = Relu(c) p = MaxPool<kernel_shape = [2, 2], strides = [2, 2]>(r) y = Conv(p, w2)",
                 {"QLinearConv": 2, "NhwcMaxPool": 1, "QuantizeLinear": 1, "DequantizeLinear": 1}, ["Conv"]),
    "resize-nearest": (IMAGE, "float y", {"w": (8, 8, 3, 3), "b": (8,), "s": [1.0, 1.0, 2.0, 2.0], "w2": (8, 8, 1, 1)},
                       CONV + ' u = Resize<mode = "nearest", coordinate_transformation_mode = "asymmetric", '
                       'nearest_mode = "floor">(c, , s) y = Conv(u, w2)',
                       {"QLinearConv": 2, "Resize": 1, "QuantizeLinear": 1, "DequantizeLinear": 1}, ["Conv"]),
    "transpose-first": ("float[1, 12, 12, 8] x", "float y", {"w": (8, 8, 3, 3), "b": (8,)},
                        "t = Transpose<perm = [0, 3, 1, 2]>(x) y = Conv(t, w, b)",
                        {"QLinearConv": 1, "Transpose": 1, "QuantizeLinear": 1, "DequantizeLinear": 1}, ["Conv"]),
    "slice": (IMAGE, "float y", {"w": (8, 8, 3, 3), "b": (8,), "w2": (8, 4, 1, 1), "i0": np.array([0]),
                                 "i4": np.array([4]), "ax": np.array([1])},
              CONV + " u = Slice(c, i0, i4, ax) y = Conv(u, w2)",
              {"QLinearConv": 2, "Slice": 1, "QuantizeLinear": 1, "DequantizeLinear": 1}, ["Conv"]),
    "split": (IMAGE, "float y, float z", {"w": (8, 8, 3, 3), "b": (8,), "w2": (8, 4, 1, 1), "n": np.array([4, 4])},
              CONV + " u, v = Split<axis = 1>(c, n) y = Conv(u, w2) z = Conv(v, w2)",
              {"QLinearConv": 3, "Split": 1, "QuantizeLinear": 1, "DequantizeLinear": 2}, ["Conv"]),
    "gemm": ("float[2, 16] x", "float y", {"w": (8, 16), "b": (8,), "w2": (4, 8), "b2": (4,)},
             "h = Gemm<transB = 1>(x, w, b) r = Relu(h) y = Gemm<transB = 1>(r, w2, b2)",
             {"QGemm": 2}, ["Gemm", "Relu", "DequantizeLinear"]),
    "gemm-without-bias": ("float[2, 16] x", "float y", {"w": (16, 8), "w2": (8, 4)},
                          "h = Gemm(x, w) y = Gemm(h, w2)", {"QGemm": 2}, ["Gemm"]),
    "matmul": ("float[2, 16] x", "float y", {"w": (16, 8), "w2": (8, 4)},
               "h = MatMul(x, w) y = MatMul(h, w2)", {"QLinearMatMul": 1, "MatMulIntegerToFloat": 1}, ["MatMul"]),
    "matmul-bias-rank-2": ("float[2, 16] x", "float y", {"w": (16, 8), "b": (8,), "w2": (8, 4), "b2": (4,)},
                           "m = MatMul(x, w) h = Add(m, b) n = MatMul(h, w2) y = Add(b2, n)",
                           {"QGemm": 2}, ["MatMul", "Gemm", "Add"]),
    "matmul-bias-rank-3": ("float[1, 5, 16] x", "float y", {"w": (16, 8), "b": (8,), "w2": (8, 4), "b2": (4,)},
                           "m = MatMul(x, w) h = Add(b, m) n = MatMul(h, w2) y = Add(n, b2)",
                           {"QGemm": 2}, ["MatMul", "Gemm", "Add"]),
    "matmul-bias-relu": ("float[2, 16] x", "float y", {"w": (16, 8), "b": (8,), "w2": (8, 4), "b2": (4,)},
                         "m = MatMul(x, w) h = Add(m, b) r = Relu(h) n = MatMul(r, w2) y = Add(n, b2)",
                         {"QGemm": 2}, ["MatMul", "Gemm", "Add"]),
    "matmul-bias-relu-rank-3": ("float[1, 5, 16] x", "float y", {"w": (16, 8), "b": (8,), "w2": (8, 4), "b2": (4,)},
                                "m = MatMul(x, w) h = Add(m, b) r = Relu(h) n = MatMul(r, w2) y = Add(n, b2)",
                                {"QGemm": 2}, ["MatMul", "Gemm", "Add"]),
    "matmul-bias-rank-4": ("float[1, 3, 5, 16] x", "float y", {"w": (16, 8), "b": (8,)},
                           "m = MatMul(x, w) h = Add(m, b) y = Tanh(h)", {"QGemm": 1}, ["MatMul", "Gemm", "Add"]),
    "matmul-relu-float": ("float[1, 5, 16] x", "float y", {"w": (16, 8)},
                          "m = MatMul(x, w) r = Relu(m) y = Tanh(r)", {"QLinearMatMul": 1}, ["MatMul", "Relu"]),
    "gemm-relu-float": ("float[2, 16] x", "float y", {"w": (16, 8), "b": (8,)},
                        "m = Gemm(x, w, b) r = Relu(m) y = Tanh(r)", {"QGemm": 1}, ["FusedGemm", "Gemm", "Relu"]),
    "attention": ("float[1, 5, 16] x", "float y", {"q": (16, 8), "k": (16, 8), "v": (16, 8), "s": 0.35},
                  "a = MatMul(x, q) b = MatMul(x, k) c = MatMul(x, v) t = Transpose<perm = [0, 2, 1]>(b) "
                  "m = MatMul(a, t) n = Mul(m, s) p = Softmax<axis = -1>(n) y = MatMul(p, c)",
                  {"QLinearSoftmax": 1}, ["MatMul", "Softmax"]),
}


def initializer(name, spec, rng):
    if isinstance(spec, tuple):
        array = rng.normal(0, 0.3, spec).astype(np.float32)
    elif isinstance(spec, np.ndarray):
        array = spec
    else:
        array = np.array(spec, np.float32)
    return numpy_helper.from_array(array, name)


def build(case, path):
    inputs, outputs, initializers, nodes, _, _ = case
    model = parser.parse_model(
        f'<ir_version: 8, opset_import: ["" : 17]> g ({inputs}) => ({outputs}) {{ {nodes} }}')
    rng = np.random.default_rng(7)
    model.graph.initializer.extend(initializer(n, s, rng) for n, s in initializers.items())
    for output in model.graph.output:
        output.type.tensor_type.ClearField("shape")  # the text syntax has no output of unknown shape
    inferred = onnx.shape_inference.infer_shapes(model)
    onnx.checker.check_model(inferred, full_check=True)
    onnx.save(inferred, path)
    return inferred


def operators(model_path, tmp_path):
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(tmp_path / "optimized.onnx")
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(model_path), options, providers=["CPUExecutionProvider"])
    optimized = onnx.load(tmp_path / "optimized.onnx")
    return session, collections.Counter(node.op_type for node in optimized.graph.node)


@pytest.mark.parametrize("name", CASES)
def test_pattern_runs_in_integers(name, tmp_path):
    case = CASES[name]
    model = build(case, tmp_path / "float.onnx")
    shape = [d.dim_value for d in model.graph.input[0].type.tensor_type.shape.dim]
    samples = np.random.default_rng(3).normal(0, 1, [8] + shape).astype(np.float32)
    (tmp_path / "samples").mkdir()
    np.save(tmp_path / "samples" / "x.npy", samples)
    result = subprocess.run([OCTET, "quantize", tmp_path / "float.onnx", "--data", tmp_path / "samples", "-o",
                             tmp_path / "int8.onnx"], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    onnx.checker.check_model(onnx.load(tmp_path / "int8.onnx"), full_check=True)
    session, found = operators(tmp_path / "int8.onnx", tmp_path)
    for op, count in case[4].items():
        assert found[op] == count, dict(found)
    for op in case[5]:
        assert found[op] == 0, dict(found)
    reference = onnxruntime.InferenceSession(tmp_path / "float.onnx", providers=["CPUExecutionProvider"])
    for sample in samples:
        for wanted, got in zip(reference.run(None, {"x": sample}), session.run(None, {"x": sample})):
            noise = np.square(wanted - got).sum()
            assert noise < 0.02 * np.square(wanted).sum()
