"""Cases of pooling and normalisation.

SPDX-License-Identifier: Apache-2.0
"""
import itertools

import numpy as np
from harness import F16, F32, F64, Case

POOL_SHAPES = {1: (2, 3, 13), 2: (2, 3, 9, 12), 3: (1, 2, 5, 6, 7)}


def pool_attrs(rank):
    full = lambda v: [v] * rank  # noqa: E731
    for kernel, stride, dilation, pad, ceil in itertools.product((2, 3), (1, 2, 3), (1, 2), ("0", "1", "begin", "end"), (0, 1)):
        pads = {"0": full(0) * 2, "1": full(1) * 2, "begin": full(1) + full(0), "end": full(0) + full(1)}[pad]
        yield {"kernel_shape": full(kernel), "strides": full(stride), "dilations": full(dilation), "pads": pads, "ceil_mode": ceil}
    for auto, stride in itertools.product(("SAME_UPPER", "SAME_LOWER", "VALID"), (1, 2)):
        yield {"kernel_shape": full(3), "strides": full(stride), "auto_pad": auto}
    if rank == 2:
        yield {"kernel_shape": [1, 3], "strides": [2, 1], "pads": [0, 1, 0, 1]}
        yield {"kernel_shape": [9, 12]}


def pools(rng):
    for rank, shape in POOL_SHAPES.items():
        x = rng.uniform(-9, 9, shape).astype(F32)
        for attrs in pool_attrs(rank):
            if "auto_pad" not in attrs and rng.random() > 0.3:
                continue
            plain = {k: v for k, v in attrs.items() if k != "dilations" or max(v) > 1}
            # The reference evaluator drops whole windows with ceil_mode.
            yield Case("MaxPool", [x], plain, follow="ort" if plain.get("ceil_mode") else "")
            if rank < 3:
                yield Case("MaxPool", [x], {**plain, "storage_order": len(plain) % 2}, outputs=2,
                           follow="ort")  # the reference evaluator ignores storage_order in places
            for count in (0, 1):
                # ORT counts the padding as the standard says; the reference evaluator does not with ceil_mode.
                follow = "ort" if plain.get("ceil_mode") or "auto_pad" in plain else ""
                yield Case("AveragePool", [x], {**plain, "count_include_pad": count}, follow=follow)
            for p in (1, 2, 3):
                yield Case("LpPool", [x], {**plain, "p": p}, follow="ort", rtol=3e-5)
    small = {"kernel_shape": [3, 3], "strides": [2, 2], "ceil_mode": 1}  # a window larger than the image
    yield Case("MaxPool", [rng.uniform(-9, 9, (1, 2, 2, 5)).astype(F32)], small, follow="ort")
    yield Case("AveragePool", [rng.uniform(-9, 9, (1, 2, 2, 2)).astype(F32)], small, follow="ort")
    for kind in (np.int8, np.uint8, F64, F16):
        x = rng.uniform(0, 99, (1, 2, 7, 7)).astype(kind)
        yield Case("MaxPool", [x], {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1]})
        yield Case("AveragePool", [x], {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1]})


def global_pools(rng):
    for shape in [(2, 3, 5), (1, 4, 7, 9), (2, 2, 3, 4, 5), (1, 1280, 7, 7)]:
        x = rng.uniform(-9, 9, shape).astype(F32)
        yield Case("GlobalAveragePool", [x])
        yield Case("GlobalMaxPool", [x], follow="ort")  # the reference evaluator pools too few axes
        for p in (1, 2):
            yield Case("GlobalLpPool", [x], {"p": p}, follow="ort")


def normal(rng, *shape):
    return rng.normal(0, 2, shape).astype(F32)


def normalisations(rng):
    for shape in [(2, 3), (2, 3, 8), (1, 4, 5, 6), (2, 4, 3, 4, 5)]:
        c = shape[1]
        x, scale, bias, mean = normal(rng, *shape), normal(rng, c), normal(rng, c), normal(rng, c)
        var = rng.uniform(0.1, 3, c).astype(F32)
        for eps in (1e-5, 1e-2):
            yield Case("BatchNormalization", [x, scale, bias, mean, var], {"epsilon": eps}, const=(1, 2, 3, 4), atol=1e-5, since=14)
        # Before opset 14 the reference evaluator takes inference for training.
        yield Case("BatchNormalization", [x, scale, bias, mean, var], atol=1e-5, until=13, follow="ort")
        if len(shape) > 2:
            yield Case("InstanceNormalization", [x, scale, bias], {"epsilon": 1e-3}, atol=1e-5)
            if c == 4:
                for groups in (1, 2, 4):
                    yield Case("GroupNormalization", [x, normal(rng, groups), normal(rng, groups)], {"num_groups": groups}, until=20, atol=1e-5, follow="ref")
                    yield Case("GroupNormalization", [x, scale, bias], {"num_groups": groups}, since=21, atol=1e-5)
        for axis in range(-len(shape), len(shape)):
            tail = shape[axis:] if axis < 0 else shape[axis:]
            yield Case("LayerNormalization", [x, normal(rng, *tail), normal(rng, *tail)], {"axis": axis}, outputs=3, atol=1e-5)
            yield Case("LayerNormalization", [x, normal(rng, *tail)], {"axis": axis, "epsilon": 1e-2}, atol=1e-5)
            yield Case("RMSNormalization", [x, normal(rng, *tail)], {"axis": axis}, atol=1e-5)
            for p in (1, 2):
                yield Case("LpNormalization", [x], {"axis": axis, "p": p}, follow="ort")
        if len(shape) == 4:
            yield Case("MeanVarianceNormalization", [x], atol=1e-5)
            for size in (1, 2, 3, 5):  # the reference evaluator loops over the wrong axis
                yield Case("LRN", [x], {"size": size, "alpha": 0.3, "beta": 0.6, "bias": 1.5}, atol=1e-5, follow="ort")
                yield Case("LRN", [x], {"size": size}, follow="ort")
        yield Case("MeanVarianceNormalization", [x], {"axes": [0, len(shape) - 1]}, atol=1e-5, rtol=1e-4)
    yield Case("LayerNormalization", [normal(rng, 2, 3, 8), normal(rng, 1), normal(rng, 8)], atol=1e-5)


def cases(rng):
    for group in (pools, global_pools, normalisations):
        yield from group(rng)
