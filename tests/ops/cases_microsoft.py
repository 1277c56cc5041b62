"""Cases of ONNX Runtime's operators on quantized tensors. It works with other roundings: one step apart is fine.

SPDX-License-Identifier: Apache-2.0
"""
import itertools

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
        condition = rng.integers(0, 2, (2, 1, 6, 7)).astype(np.bool_)
        yield case("QLinearWhere", [condition, x, f(0.05), z(120), tensor(rng, kind, 3, 1, 1), f(0.02), z(128), f(0.06), z(110)])
        yield from products(rng, kind, z)
        yield from channels_last(rng, kind, z)


def channels_last(rng, kind, z):
    f = lambda v: np.array(v, F32)  # noqa: E731
    for last, group, spatial in itertools.product((0, 1), (1, 2, 6), ((9, 8), (20,), (5, 6, 7))):
        c, m, kernel = 6, 12, (3, 2, 3)[: len(spatial)]
        x = tensor(rng, kind, 2, *spatial, c) if last else tensor(rng, kind, 2, c, *spatial)
        w, bias = tensor(rng, np.int8, m, c // group, *kernel), rng.integers(-9000, 9000, m).astype(np.int32)
        inputs = [x, f(0.02), z(100), w, rng.uniform(0.001, 0.01, m).astype(F32), np.zeros(m, np.int8), f(0.4), z(90), bias]
        attrs = {"group": group, "pads": [1] * 2 * len(spatial), "kernel_shape": list(kernel), "channels_last": last}
        yield Case("QLinearConv", inputs, attrs, domain="com.microsoft", follow="ort", const=range(1, 9))


def products(rng, kind, z):
    """Heavy operators: sums are exact, so nothing may differ."""
    f = lambda *v: np.array(v if len(v) > 1 else v[0], F32)  # noqa: E731
    exact = lambda op, inputs, attrs=None, const=(): Case(op, inputs, attrs or {}, domain="com.microsoft", follow="ort", const=const)  # noqa: E731
    for weight, (m, k, n) in itertools.product((np.uint8, np.int8), ((1, 5, 3), (13, 37, 40), (3, 64, 129), (25, 130, 33))):
        a, b = tensor(rng, kind, m, k), tensor(rng, weight, k, n)
        zero = np.array(0, weight) if weight is np.int8 else np.array(131, weight)
        zeros = np.zeros(n, weight) if weight is np.int8 else tensor(rng, weight, n)
        scales = rng.uniform(0.001, 0.02, n).astype(F32)
        bias = rng.integers(-9000, 9000, n).astype(np.int32)
        pair = [a, f(0.02), z(120), b, f(0.01), zero]
        for const in ((), (1, 2, 3, 4, 5, 6, 7, 8)):
            yield exact("QGemm", [*pair, bias, f(0.3), z(110)], const=const)
            yield exact("QGemm", [a, f(0.02), z(120), b, scales, zeros, bias, f(0.3), z(110)], const=const)
            yield exact("QGemm", [*pair, bias], {"alpha": 0.7}, const=const)
            yield exact("QGemm", [a, f(0.02), z(120), b.T.copy(), f(0.01), zero, bias, f(0.3), z(110)], {"transB": 1}, const=const)
            yield exact("QGemm", [a.T.copy(), f(0.02), z(120), b, f(0.01), zero, None, f(0.3), z(110)], {"transA": 1, "alpha": 0.5}, const=const)
            yield exact("QGemm", [*pair, rng.integers(-9, 9, (m, n)).astype(np.int32), f(0.3), z(110)], const=const)
            real = rng.normal(0, 1, n).astype(F32)
            yield exact("MatMulIntegerToFloat", [a, b, f(0.02), f(0.01)], const=const[:1])
            yield exact("MatMulIntegerToFloat", [a, b, f(0.02), scales, z(120), zeros, real], const=const[:6])
            x = rng.normal(0, 1, (2, m, k)).astype(F32)
            yield exact("DynamicQuantizeMatMul", [x, b, f(0.01)], const=const[:1])
            yield exact("DynamicQuantizeMatMul", [x, b, scales, zeros, real], const=const[:4])
    for a, b in (((2, 3, 4, 5), (5, 6)), ((2, 1, 4, 5), (3, 5, 6)), ((5,), (5, 6))):
        yield exact("MatMulIntegerToFloat", [tensor(rng, kind, *a), tensor(rng, np.int8, *b), f(0.02), f(0.01), z(7)])
