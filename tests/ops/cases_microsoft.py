"""Cases of ONNX Runtime's operators on quantized tensors. It works with other roundings: one step apart is fine.

SPDX-License-Identifier: Apache-2.0
"""
import numpy as np
from harness import F32, Case


def tensor(rng, kind, *shape):
    info = np.iinfo(kind)
    return rng.integers(info.min, info.max, shape, endpoint=True).astype(kind)


def case(op, inputs, attrs=None):
    return Case(op, inputs, attrs or {}, domain="com.microsoft", follow="ort", steps=1, const=[i for i, a in enumerate(inputs) if a.ndim == 0])


def cases(rng):
    f = lambda v: np.array(v, F32)  # noqa: E731
    for kind in (np.uint8, np.int8):
        z = lambda v: np.array(v if kind is np.uint8 else v - 128, kind)  # noqa: E731
        for a, b in (((2, 3, 4, 5), (2, 3, 4, 5)), ((2, 3, 4, 5), (3, 1, 1)), ((7, 40), (40,))):
            pair = [tensor(rng, kind, *a), f(0.02), z(100), tensor(rng, kind, *b), f(0.03), z(130)]
            yield case("QLinearAdd", [*pair, f(0.05), z(120)])
            yield case("QLinearMul", [*pair, f(0.1), z(128)])
        x = tensor(rng, kind, 2, 3, 6, 7)
        yield case("QLinearSigmoid", [x, f(0.05), z(128), f(1 / 256), z(0)])
        yield case("QLinearLeakyRelu", [x, f(0.05), z(120), f(0.04), z(60)], {"alpha": 0.2})
        yield case("QLinearGlobalAveragePool", [x, f(0.05), z(120), f(0.02), z(128)])
        if kind is np.uint8:
            yield case("QLinearAveragePool", [x, f(0.05), z(120), f(0.03), z(128)], {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1]})
        yield case("QLinearConcat", [f(0.05), z(120), x, f(0.05), z(120), tensor(rng, kind, 2, 4, 6, 7), f(0.03), z(90)], {"axis": 1})
        yield case("QLinearSoftmax", [tensor(rng, kind, 3, 10), f(0.05), z(128), f(1 / 256), z(0)], {"opset": 13, "axis": -1})
