"""Cases of reductions, Softmax and its kin, ArgMax and ArgMin.

SPDX-License-Identifier: Apache-2.0
"""
import numpy as np
from harness import F16, F32, F64, INTEGERS, UNSIGNED, Case

REDUCE = ["ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1", "ReduceL2", "ReduceLogSum",
          "ReduceLogSumExp", "ReduceSumSquare"]
AXES = [None, [0], [1], [-1], [0, 2], [1, 2], [0, 1, 2], [-3, -1]]
SHAPES = [(3, 4, 5), (2, 1, 30), (1, 17, 9)]


def data(rng, op, kind, shape):
    low, high = (1, 3) if op in ("ReduceProd", "ReduceLogSum") or kind in UNSIGNED else (-4, 4)
    if kind in (F32, F64, F16):
        return rng.uniform(low, high, shape).astype(kind)
    return rng.integers(low, high, shape).astype(kind)


def both_ways(op, x, axes, attrs, **more):
    """Axes as an attribute and as an input, constant and not; the harness keeps what the opset allows."""
    if axes is None:
        yield Case(op, [x], attrs, **more)
        return
    yield Case(op, [x], {**attrs, "axes": axes}, **more)
    yield Case(op, [x, np.array(axes, np.int64)], attrs, const=(1,), **more)


def reductions(rng):
    for op in REDUCE:
        for shape in SHAPES:
            for axes in AXES:
                for keep in (0, 1):
                    x = data(rng, op, F32, shape)
                    yield from both_ways(op, x, axes, {"keepdims": keep}, rtol=2e-5)
            for kind in [F64, F16] + INTEGERS:
                if kind is F16 and op == "ReduceProd" or kind in INTEGERS and op == "ReduceLogSumExp":
                    continue  # overflows; ONNX Runtime rounds twice
                x = data(rng, op, kind, (2, 2, 3))
                # The reference evaluator gives integer means and norms another type or rounding.
                follow = "ort" if kind in INTEGERS and op in ("ReduceMean", "ReduceL2", "ReduceProd", "ReduceSumSquare") else ""
                yield from both_ways(op, x, [1], {}, follow=follow)
                yield from both_ways(op, x, [0, 2], {"keepdims": 0}, follow=follow)
        yield Case(op, [data(rng, op, F32, (2, 3)), np.zeros(0, np.int64)], {"noop_with_empty_axes": 1}, const=(1,), follow="ref")
        yield Case(op, [data(rng, op, F32, (2, 3)), np.zeros(0, np.int64)], {}, const=(1,))
        yield Case(op, [data(rng, op, F32, (2, 3, 4)), np.array([1], np.int64)], {}, follow="")
        yield Case(op, [data(rng, op, F32, ())], {})
    big = rng.normal(0, 1, (3, 5000, 7)).astype(F32)
    for op in ("ReduceSum", "ReduceMean", "ReduceL2", "ReduceLogSumExp"):
        for axes in ([1], [1, 2], [0, 1]):
            yield from both_ways(op, big, axes, {}, rtol=1e-4, atol=1e-3)
    for op in ("ReduceMax", "ReduceMin"):
        yield Case(op, [rng.integers(0, 2, (3, 4)).astype(bool), np.array([1], np.int64)], const=(1,))
        yield from both_ways(op, np.array([[1, np.nan, 3], [4, 5, 6]], F32), [1], {}, follow="ref")


def softmax(rng):
    for op in ("Softmax", "LogSoftmax", "Hardmax"):
        for shape in [(7,), (2, 5), (2, 3, 4), (2, 3, 5, 70), (3, 1, 2)]:
            for axis in range(-len(shape), len(shape)):
                yield Case(op, [rng.normal(0, 5, shape).astype(F32)], {"axis": axis}, atol=2e-6)
            yield Case(op, [rng.normal(0, 5, shape).astype(F32)], atol=2e-6)
            yield Case(op, [rng.normal(0, 5, shape).astype(F64)], atol=2e-6)
        yield Case(op, [np.array([[1000, 1001, 999], [-1e30, 0, 1]], F32)], follow="ort")


def arg(rng):
    for op in ("ArgMax", "ArgMin"):
        for shape in [(6,), (3, 4), (2, 5, 3)]:
            for axis in range(-len(shape), len(shape)):
                for keep in (0, 1):
                    for last in (0, 1):
                        x = rng.integers(0, 4, shape)
                        for kind in (F32, F64, np.int32, np.int64, np.uint8, np.int8):
                            yield Case(op, [x.astype(kind)], {"axis": axis, "keepdims": keep, "select_last_index": last})


def cases(rng):
    for group in (reductions, softmax, arg):
        yield from group(rng)
