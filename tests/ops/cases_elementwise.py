"""Cases of the operators that work element by element.

SPDX-License-Identifier: Apache-2.0
"""
import numpy as np
from harness import F16, F32, F64, INTEGERS, SIGNED, UNSIGNED, Case

SHAPES = [(), (1,), (7,), (2, 3, 5), (1, 3, 9, 17), (0, 4), (2, 1500)]
RANGES = {"Acos": (-1, 1), "Asin": (-1, 1), "Atanh": (-0.999, 0.999), "Acosh": (1, 20), "Log": (1e-6, 40), "Sqrt": (0, 50),
          "Exp": (-20, 20), "Sinh": (-8, 8), "Cosh": (-8, 8), "Tan": (-1.4, 1.4)}
PLAIN = ["Abs", "Neg", "Ceil", "Floor", "Round", "Sqrt", "Exp", "Log", "Sin", "Cos", "Tan", "Asin", "Acos", "Atan", "Sinh",
         "Cosh", "Tanh", "Asinh", "Acosh", "Atanh", "Erf", "Sign", "Reciprocal", "Relu", "Sigmoid", "HardSwish", "Softplus",
         "Softsign", "Mish", "Gelu", "Swish", "LeakyRelu", "Elu", "Selu", "Celu", "ThresholdedRelu", "HardSigmoid", "Shrink"]
# ORT's float32 Celu, Elu, Selu, Mish, Softplus are exp(x) - 1 and log(1 + exp(x)): their error is absolute.
TOLERANCE = {"Mish": 5e-6, "Celu": 2e-6, "Elu": 2e-6, "Selu": 3e-6, "Erf": 2e-6, "Gelu": 3e-6, "Sin": 2e-6, "Cos": 2e-6}
ATTRS = {"LeakyRelu": [{"alpha": 0.3}], "Elu": [{"alpha": 0.7}], "Celu": [{"alpha": 2.5}],
         "Selu": [{"alpha": 1.2, "gamma": 0.9}], "ThresholdedRelu": [{"alpha": 0.5}], "Gelu": [{"approximate": "tanh"}],
         "HardSigmoid": [{"alpha": 0.16666667, "beta": 0.5}], "Swish": [{"alpha": 1.7}],
         "Shrink": [{"lambd": 1.5, "bias": 0.5}]}
SPECIAL = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 1e-40, -1e-40, 88.0, -104.0, 3.4e38], F32)
HALVES = np.array([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 8388609.0, -3.3], F32)


def unary(rng):
    for op in PLAIN:
        low, high = RANGES.get(op, (-6, 6))
        for attrs in [{}] + ATTRS.get(op, []):
            for shape in SHAPES:
                x = rng.uniform(low, high, shape)
                for kind in (F32, F64, F16):
                    if kind is not F16 or shape == (2, 3, 5):
                        yield Case(op, [x.astype(kind)], attrs, atol=TOLERANCE.get(op, 1e-6))
            for kind in INTEGERS:
                x = rng.integers(0 if kind in UNSIGNED else -100, 100, (3, 4)).astype(kind)
                yield Case(op, [x], attrs)
    for op in ["Abs", "Neg", "Ceil", "Floor", "Round", "Sqrt", "Exp", "Tanh", "Sigmoid", "Relu", "Reciprocal", "LeakyRelu", "Erf"]:
        yield Case(op, [SPECIAL], follow="ref" if op in ("Relu", "LeakyRelu") else "")
    yield Case("Round", [HALVES])


def predicates(rng):
    yield Case("Not", [rng.integers(0, 2, (3, 4)).astype(bool)])
    for kind in (F32, F64, F16):
        yield Case("IsNaN", [SPECIAL.astype(kind)])
        for attrs in ({}, {"detect_negative": 0}, {"detect_positive": 0}):
            yield Case("IsInf", [SPECIAL.astype(kind)], attrs)
    for kind in INTEGERS:
        yield Case("BitwiseNot", [rng.integers(0, 100, (3, 4)).astype(kind)])


def clip(rng):
    x = rng.uniform(-9, 9, (2, 3, 4))
    bounds = [(None, None), (-1, None), (None, 2), (0, 6), (3, 1)]
    for kind in [F32, F64, F16] + INTEGERS:
        for low, high in bounds:
            if kind in UNSIGNED and low is not None and low < 0:
                continue
            inputs = [np.abs(x).astype(kind) if kind in UNSIGNED else x.astype(kind)]
            inputs += [None if b is None else np.array(b, kind) for b in (low, high)]
            while inputs[-1] is None:
                inputs.pop()
            yield Case("Clip", inputs)
            yield Case("Clip", inputs, const=(1, 2))


BROADCASTS = [((), ()), ((3,), ()), ((), (2, 3)), ((2, 3, 4), (2, 3, 4)), ((2, 3, 4), (4,)), ((2, 3, 4), (3, 1)), ((1, 4), (3, 1)),
              ((1, 3, 1, 1), (2, 3, 5, 6)), ((2, 1, 4, 1, 3), (5, 1, 2, 1)), ((0, 3), (1, 3)), ((2, 600), (600,)), ((1,), (4, 7)),
              ((2, 3, 1, 5), (1, 3, 4, 1))]
BINARY = ["Add", "Sub", "Mul", "Div", "Pow", "Mod", "PRelu", "Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual"]


def numbers(rng, kind, shape, low=-20, high=20):
    if kind in (F32, F64, F16):
        return rng.uniform(low, high, shape).astype(kind)
    return rng.integers(max(low, 0) if kind in UNSIGNED else low, high, shape).astype(kind)


def binary(rng):
    for op in BINARY:
        for a, b in BROADCASTS:
            if op == "PRelu" and np.broadcast_shapes(a, b) != a:
                continue
            for kind in [F32, F64, F16] + INTEGERS:
                x, y = numbers(rng, kind, a), numbers(rng, kind, b)
                if op in ("Div", "Mod") and y.dtype.kind != "f":
                    y = np.where(y == 0, 1, y).astype(kind)
                if op == "Mod" and y.dtype.kind == "f":
                    yield Case(op, [x, y], {"fmod": 1})
                    continue
                if op == "Pow":
                    x, y = np.abs(x) % 7 + kind(1), np.abs(y) % kind(3)
                    x, y = x.astype(kind), y.astype(kind)
                    if y.dtype.kind != "f" and x.dtype not in (np.int32, np.int64):
                        continue
                # ORT divides negative integers by truncation, the reference evaluator by flooring.
                follow = "ort" if op == "Div" and kind in SIGNED else ""
                yield Case(op, [x, y], follow=follow, rtol=1e-5 if op != "Pow" else 2e-5)
    for kind in INTEGERS:
        x, y = numbers(rng, kind, (5, 6)), numbers(rng, kind, (6,), 1, 9)
        if kind in SIGNED:
            y = (y * rng.choice([-1, 1], y.shape)).astype(kind)
        yield Case("Mod", [x, y], {"fmod": 1})
    yield Case("Equal", [rng.integers(0, 2, (3, 4)).astype(bool), rng.integers(0, 2, (4,)).astype(bool)])


def power(rng):
    x = rng.uniform(0.1, 5, (3, 4)).astype(F32)
    for exponent in (2, 0.5, 3, -1, 0, 1, -0.5):
        yield Case("Pow", [x, np.array(exponent, F32)], const=(1,))
        yield Case("Pow", [x, np.array([exponent] * 4, F32)])
    yield Case("Pow", [np.array([-2, -3, 0, 5], F32), np.array([3, 2, 0, 2], F32)])
    yield Case("Pow", [x, np.array(2, np.int64)])
    yield Case("Pow", [np.array([1, 2, -3], np.int32), np.array([2, 3, 3], np.int32)])
    yield Case("Pow", [np.array([1, 2, 9], np.int64), np.array([2.5, 3, 0.5], F32)])
    yield Case("Pow", [x, x.astype(F64)])


def variadic(rng):
    shapes = [[(2, 3)], [(2, 3), (3,)], [(2, 1), (1, 3), (2, 3)], [(4,), (1,), (), (4,)], [(2, 1, 3), (5, 1)]]
    for op in ("Max", "Min", "Sum", "Mean"):
        for group in shapes:
            for kind in [F32, F64, F16] + INTEGERS:
                yield Case(op, [numbers(rng, kind, s) for s in group])
    nan = np.array([1, np.nan, 3, np.nan], F32)
    for op in ("Max", "Min"):
        yield Case(op, [nan, np.array([np.nan, 2, 2, np.nan], F32)])


def bits(rng):
    for op in ("And", "Or", "Xor"):
        for a, b in BROADCASTS:
            yield Case(op, [rng.integers(0, 2, s).astype(bool) for s in (a, b)])
    for op in ("BitwiseAnd", "BitwiseOr", "BitwiseXor"):
        for kind in INTEGERS:
            yield Case(op, [numbers(rng, kind, (3, 4)), numbers(rng, kind, (4,))])
    for direction in ("LEFT", "RIGHT"):
        for kind in INTEGERS:
            yield Case("BitShift", [numbers(rng, kind, (3, 4)), numbers(rng, kind, (4,), 0, 7)], {"direction": direction})


def cases(rng):
    for group in (unary, predicates, clip, binary, power, variadic, bits):
        yield from group(rng)
