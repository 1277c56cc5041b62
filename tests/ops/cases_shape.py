"""Cases of the operators that move, select, make and convert elements.

SPDX-License-Identifier: Apache-2.0
"""
import numpy as np
import onnx
from onnx import numpy_helper
from harness import F16, F32, F64, INTEGERS, Case

KINDS = [F32, F64, F16, bool] + INTEGERS


def array(rng, kind, *shape):
    return rng.integers(0, 2 if kind is bool else 100, shape).astype(kind)


def i64(*values):
    return np.array(values, np.int64)


def both(op, inputs, attrs=None, n=1, **more):
    """Inputs from the second on constant, and not."""
    yield Case(op, inputs, attrs or {}, n, const=tuple(range(1, len(inputs))), **more)
    yield Case(op, inputs, attrs or {}, n, **more)


def layout(rng):
    for kind in KINDS:
        x = array(rng, kind, 2, 3, 4)
        yield Case("Transpose", [x])
        for perm in ([0, 2, 1], [2, 0, 1], [1, 0, 2]):
            yield Case("Transpose", [x], {"perm": perm})
        yield from both("Reshape", [x, i64(4, 6)])
        yield Case("Identity", [x])
        yield Case("Flatten", [x])
        yield Case("Concat", [x, array(rng, kind, 2, 5, 4), x], {"axis": 1})
    x = array(rng, F32, 2, 3, 4, 5)
    for perm in ([0, 2, 3, 1], [0, 3, 1, 2], [3, 2, 1, 0], [1, 0, 2, 3]):
        yield Case("Transpose", [x], {"perm": perm})
    for shape in ([0, -1], [0, 0, -1], [-1], [2, 3, 4, 5], [120, 1], [0, 0, 0, 0]):
        yield from both("Reshape", [x, i64(*shape)])
    yield from both("Reshape", [array(rng, F32, 0, 3), i64(3, 0)], {"allowzero": 1})
    for axis in range(-4, 5):
        yield Case("Flatten", [x], {"axis": axis})
    for axis in range(-4, 4):
        yield Case("Concat", [x, x], {"axis": axis})
    yield Case("Concat", [x[:, :0], x], {"axis": 1})
    one = array(rng, F32, 2, 1, 3, 1)
    for axes in ((1,), (3,), (-1, 1), (1, 3)):
        yield from both("Squeeze", [one, i64(*axes)])
    yield Case("Squeeze", [one])
    for axes in ((0,), (-1,), (0, 3), (4, 1)):
        yield from both("Unsqueeze", [array(rng, F32, 2, 3, 4), i64(*axes)])
    for block, mode in ((2, "DCR"), (2, "CRD"), (3, "DCR"), (3, "CRD")):
        yield Case("DepthToSpace", [array(rng, F32, 2, 36, 2, 3)], {"blocksize": block, "mode": mode})
    yield Case("SpaceToDepth", [array(rng, F32, 2, 3, 4, 6)], {"blocksize": 2})
    for attrs in ({}, {"start": 1}, {"end": -1}, {"start": -2}, {"start": 1, "end": 3}):
        yield Case("Shape", [x], attrs)
    yield Case("Size", [x])


def selection(rng):
    x = array(rng, F32, 4, 5, 6)
    for starts, ends, axes, steps in [((1,), (3,), (0,), (1,)), ((0, -3), (2**62, -1), (1, 2), (1, 1)), ((-1,), (-2**62,), (2,), (-1,)),
                                      ((4, 5), (0, 0), (1, 2), (-2, -3)), ((3,), (1,), (0,), (1,)), ((1, 1), (9, 9), (-1, -2), (2, 3))]:
        yield from both("Slice", [x, i64(*starts), i64(*ends), i64(*axes), i64(*steps)])
        yield from both("Slice", [x, *(np.array(np.clip(v, -2**30, 2**30), np.int32) for v in (starts, ends, axes, steps))])
    yield from both("Slice", [x, i64(1, 0, 2), i64(3, 4, 5)])
    for kind in KINDS:
        y = array(rng, kind, 6, 4)
        yield from both("Slice", [y, i64(1), i64(5), i64(0), i64(2)])
        yield from both("Gather", [y, np.array([[0, -1], [2, 3]], np.int64)], {"axis": 0})
        yield from both("Pad", [y, i64(1, 0, 2, 1)])
        yield from both("Tile", [y, i64(2, 3)])
        yield from both("Expand", [y, i64(2, 1, 4)])
        yield Case("Where", [array(rng, bool, 6, 1), y, array(rng, kind, 4)])
        yield Case("GatherElements", [y, rng.integers(-6, 6, (3, 4))], {"axis": 0})
        yield Case("GatherND", [y, rng.integers(0, 4, (5, 2))])
    for axis in (0, 1, -1):
        yield from both("Gather", [x, rng.integers(-4, 4, (2, 3))], {"axis": axis})
        yield from both("Gather", [x, np.array(2, np.int32)], {"axis": axis})
        yield Case("GatherElements", [x, rng.integers(-4, 4, (4, 5, 6))], {"axis": axis})
        yield Case("Split", [array(rng, F32, 6, 6, 6)], {"axis": axis, "num_outputs": 3}, 3)
        yield Case("Split", [array(rng, F32, 6, 6, 6)], {"axis": axis}, 2, until=17)
        yield from both("Split", [array(rng, F32, 7, 7, 7), i64(1, 2, 4)], {"axis": axis}, 3)
        yield Case("Compress", [x, np.array([1, 0, 1, 1], bool)], {"axis": axis})
    yield Case("Split", [array(rng, F32, 7)], {"num_outputs": 3}, 3, follow="ref")
    yield Case("Compress", [x, np.array([1, 0, 1, 1, 0, 1, 1], bool)])
    for mode in ("constant", "reflect", "edge", "wrap"):
        yield from both("Pad", [x, i64(1, 2, 0, 2, 1, 3)] + ([np.array(1.5, F32)] if mode == "constant" else []), {"mode": mode})
        yield from both("Pad", [x, i64(1, 2, 1, 0), None if mode != "constant" else np.array(-2, F32), i64(0, -1)], {"mode": mode})
    yield from both("Pad", [x, i64(-1, 0, 2, 1, -2, 0)])
    for shape in ((3, 4, 5, 6), (1,), (4, 1, 6), (2, 4, 5, 1)):
        yield from both("Expand", [x, i64(*shape)])
    for k, largest, axis in ((1, 1, -1), (3, 0, 0), (5, 1, 1), (2, 1, 2)):
        yield from both("TopK", [rng.normal(0, 1, (4, 5, 6)).astype(F32), i64(k)], {"axis": axis, "largest": largest}, 2)
        yield from both("TopK", [array(rng, np.int64, 4, 5, 6) // 9, i64(k)], {"axis": axis, "largest": largest}, 2)
    for axis in (0, 1, -1):
        x2, index, update = array(rng, F32, 4, 5), rng.integers(-4, 4, (2, 3)), array(rng, F32, 2, 3)
        for how in ("none", "add", "mul", "max", "min"):
            if how == "none":
                index = np.stack([rng.permutation(4)[:3] for _ in range(2)]) if axis != 0 else np.stack([rng.permutation(4)[:2] for _ in range(3)]).T
                yield Case("ScatterElements", [x2, index, update], {"axis": axis})
            else:
                yield Case("ScatterElements", [x2, index, update], {"axis": axis, "reduction": how})
    yield Case("ScatterND", [array(rng, F32, 4, 5, 6), i64(3, 0, 2).reshape(3, 1), array(rng, F32, 3, 5, 6)])
    for how in ("add", "mul", "max", "min"):
        yield Case("ScatterND", [array(rng, F32, 4, 5), rng.integers(0, 4, (3, 2)), array(rng, F32, 3)], {"reduction": how})
    for op_upper in (0, 1):
        for k in (-2, 0, 1, 5):
            yield from both("Trilu", [array(rng, F32, 2, 4, 5), np.array(k, np.int64)], {"upper": op_upper})
    yield Case("NonZero", [array(rng, np.int64, 3, 4) % 3])
    yield Case("NonZero", [array(rng, bool, 7)])
    for attrs in ({}, {"axis": 0}, {"axis": 1}, {"sorted": 0}):
        yield Case("Unique", [array(rng, np.int64, 4, 5) % 3 if attrs else array(rng, F32, 9)], attrs, 4)
    yield Case("ReverseSequence", [array(rng, F32, 4, 3, 2), i64(4, 1, 2)], {"time_axis": 0, "batch_axis": 1})


def makers(rng):
    for kind in (F32, np.int64, np.int32, F64):
        yield Case("Range", [np.array(v, kind) for v in (2, 17, 3)])
        yield Case("Range", [np.array(v, kind) for v in (9, -5, -4)], const=(0, 1, 2) if kind in INTEGERS else ())
        yield from both("ConstantOfShape", [i64(2, 3)], {"value": numpy_helper.from_array(np.array([7], kind))})
        for attrs in ({}, {"reverse": 1}, {"exclusive": 1}, {"exclusive": 1, "reverse": 1}):
            yield from both("CumSum", [array(rng, kind, 3, 4, 2), np.array(1, np.int64)], attrs)
    yield Case("ConstantOfShape", [i64(2, 0, 3)])
    for axis in (0, 1, -1):
        yield from both("OneHot", [rng.integers(-5, 5, (2, 3)), np.array(5, np.int64), np.array([0.5, 2], F32)], {"axis": axis})
    for k in (-1, 0, 2):
        yield Case("EyeLike", [array(rng, F32, 4, 5)], {"k": k})


def conversion(rng):
    for source in KINDS:
        for target in KINDS:
            x = array(rng, source, 3, 4)
            to = onnx.helper.np_dtype_to_tensor_dtype(np.dtype(target))
            yield Case("Cast", [x], {"to": to})
            yield Case("CastLike", [x, array(rng, target, 1)])
    x = np.array([-2.7, -1.5, -0.5, 0.4, 1.5, 2.5, 99.9], F32)
    for target in (np.int32, np.int64, np.int8, np.int16, bool, F16):
        yield Case("Cast", [x], {"to": onnx.helper.np_dtype_to_tensor_dtype(np.dtype(target))})


def quantization(rng):
    x = rng.uniform(-3, 3, (2, 4, 5)).astype(F32)
    for kind in (np.uint8, np.int8, np.uint16, np.int16):
        zero = np.array(0 if kind in (np.int8, np.int16) else 100, kind)
        scale = np.array(0.02, F32)
        for const in ((), (1, 2)):
            yield Case("QuantizeLinear", [x, scale, zero], const=const)
            q = rng.integers(0, 120, (2, 4, 5)).astype(kind)
            yield Case("DequantizeLinear", [q, scale, zero], const=const)
        scales = rng.uniform(0.01, 0.1, 4).astype(F32)
        yield Case("QuantizeLinear", [x, scales, np.full(4, zero, kind)], {"axis": 1}, const=(1, 2))
        yield Case("DequantizeLinear", [q, scales, np.full(4, zero, kind)], {"axis": 1}, const=(1, 2))
        yield Case("DequantizeLinear", [q, scales, np.full(4, zero, kind)], {"axis": -2})
    yield Case("QuantizeLinear", [x, np.array(0.5, F32)])
    yield Case("QuantizeLinear", [np.arange(-6, 7).astype(F32) / 2, np.array(1, F32), np.array(3, np.uint8)])
    blocks = rng.uniform(0.01, 0.1, (2, 2, 5)).astype(F32)
    yield Case("QuantizeLinear", [x, blocks, np.zeros((2, 2, 5), np.int8)], {"axis": 1, "block_size": 2})
    yield Case("DequantizeLinear", [rng.integers(-99, 99, (2, 4, 5)).astype(np.int8), blocks, np.zeros((2, 2, 5), np.int8)], {"axis": 1, "block_size": 2})
    yield Case("DequantizeLinear", [rng.integers(-9999, 9999, (4, 5)).astype(np.int32), np.array(0.01, F32)])
    yield Case("DynamicQuantizeLinear", [x], outputs=3)
    yield Case("DynamicQuantizeLinear", [np.abs(x)], outputs=3)
    yield Case("Dropout", [x])


def boxes(rng):
    corner, size = rng.uniform(0, 1, (2, 30, 2)), rng.uniform(0.05, 0.5, (2, 30, 2))
    scores = rng.uniform(0, 1, (2, 3, 30)).astype(F32)
    for center, overlap, least, limit in ((0, 0.5, 0.3, 5), (1, 0.3, 0.0, 100), (0, 0.9, 0.5, 2)):
        pair = (corner, size) if center else (corner, corner + size)
        inputs = [np.concatenate(pair, 2).astype(F32), scores, i64(limit), np.array([overlap], F32), np.array([least], F32)]
        yield Case("NonMaxSuppression", inputs, {"center_point_box": center})


def cases(rng):
    for group in (layout, selection, makers, conversion, quantization, boxes):
        yield from group(rng)
