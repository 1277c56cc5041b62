"""Cases of convolutions and matrix products.

SPDX-License-Identifier: Apache-2.0
"""
import itertools

import numpy as np
from harness import F16, F32, F64, Case


def normal(rng, *shape):
    return rng.normal(0, 1, shape).astype(F32)


def convolutions(rng):
    for rank, group, (m, c) in itertools.product((1, 2, 3), (1, 2, 4), ((4, 4), (8, 4))):
        spatial, kernel = (9, 8, 6)[:rank], (3, 2, 3)[:rank]
        for stride, dilation, pad, bias in itertools.product((1, 2), (1, 2), (0, 1), (0, 1)):
            if rank == 3 and stride != dilation:
                continue
            attrs = {"strides": [stride] * rank, "dilations": [dilation] * rank, "pads": [pad] * rank + [0] * rank, "group": group}
            inputs = [normal(rng, 2, c, *spatial), normal(rng, m, c // group, *kernel)] + [normal(rng, m)] * bias
            # With X constant too, nothing is an input: the interpreter must not mind.
            yield Case("Conv", inputs, attrs, const=(1, 2), atol=1e-5)
            if pad:
                yield Case("Conv", inputs, attrs, atol=1e-5)
            inputs = [normal(rng, 2, c, *spatial), normal(rng, c, m // group, *kernel)] + [normal(rng, m)] * bias
            yield Case("ConvTranspose", inputs, attrs, const=(1, 2), atol=1e-5, follow="ort")
    for auto, stride in itertools.product(("SAME_UPPER", "SAME_LOWER", "VALID"), (1, 2, 3)):
        x, w = normal(rng, 1, 3, 10, 7), normal(rng, 5, 3, 3, 2)
        yield Case("Conv", [x, w], {"auto_pad": auto, "strides": [stride] * 2}, atol=1e-5, follow="ort")
        if stride < 3:  # ORT makes the output smaller than the standard says where the stride exceeds the kernel
            yield Case("ConvTranspose", [x, normal(rng, 3, 5, 3, 2)], {"auto_pad": auto, "strides": [stride] * 2}, atol=1e-5, follow="ort")
    x, w = normal(rng, 1, 3, 5, 6), normal(rng, 3, 4, 3, 3)
    yield Case("ConvTranspose", [x, w], {"strides": [2, 3], "output_padding": [1, 2], "pads": [1, 1, 1, 1]}, atol=1e-5)
    yield Case("ConvTranspose", [x, w], {"strides": [2, 2], "output_shape": [10, 12]}, atol=1e-5, follow="ort")
    yield Case("Conv", [normal(rng, 1, 64, 14, 14), normal(rng, 70, 64, 1, 1), normal(rng, 70)], const=(1, 2), atol=1e-4, rtol=1e-4)
    yield Case("Conv", [normal(rng, 1, 33, 17, 19), normal(rng, 33, 1, 3, 3)], {"group": 33, "pads": [1, 1, 1, 1]}, const=(1,), atol=1e-5)
    for kind in (F64, F16):
        yield Case("Conv", [normal(rng, 1, 2, 5, 5).astype(kind), normal(rng, 3, 2, 3, 3).astype(kind)], {"pads": [1, 1, 1, 1]}, follow="ref")


def tensor(rng, kind, *shape):
    info = np.iinfo(kind)
    return rng.integers(info.min, info.max, shape, endpoint=True).astype(kind)


def integer_convolutions(rng):
    for kx, kw in itertools.product((np.uint8,), (np.uint8, np.int8)):
        x = rng.integers(0, 255, (1, 2, 6, 7)).astype(kx)
        w = rng.integers(-100, 100, (4, 2, 3, 3)).astype(kw)
        zero = [np.array(120, kx), np.array(3, kw)]
        yield Case("ConvInteger", [x, w], {"pads": [1, 1, 1, 1]}, follow="ort")
        yield Case("ConvInteger", [x, w, zero[0]], {"strides": [2, 2]}, follow="ort")
        yield Case("ConvInteger", [x, w, *zero], {"pads": [1, 1, 1, 1]}, const=(1, 2, 3), follow="ort")
        a, b = rng.integers(0, 255, (3, 2, 5)).astype(kx), rng.integers(-100, 100, (5, 4)).astype(kw)
        yield Case("MatMulInteger", [a, b], follow="ort")
        yield Case("MatMulInteger", [a, b, *zero], const=(1, 2, 3), follow="ort")
        yield Case("MatMulInteger", [a, b, zero[0], np.array([1, 2, 3, 4], kw)], const=(1, 2, 3), follow="ort")


def quantized(rng):
    f = lambda v: np.array(v, F32)  # noqa: E731
    for kx, kw in itertools.product((np.uint8, np.int8), (np.uint8, np.int8)):
        low = 0 if kx is np.uint8 else -128
        x = rng.integers(low, low + 255, (1, 4, 7, 6)).astype(kx)
        w = rng.integers(0 if kw is np.uint8 else -127, 127, (6, 4, 3, 3)).astype(kw)
        bias = rng.integers(-2000, 2000, 6).astype(np.int32)
        zx, zw, zy = np.array(low + 120, kx), np.array(0, kw), np.array(low + 130, kx)
        scales = (rng.uniform(0.005, 0.02, 6)).astype(F32)
        if kw is np.uint8:
            yield Case("QLinearConv", [x, f(0.02), zx, w, f(0.01), np.array(7, kw), f(0.3), zy], {"pads": [1, 1, 1, 1]}, const=range(1, 8), follow="ort")
        else:
            yield Case("QLinearConv", [x, f(0.02), zx, w, f(0.01), zw, f(0.3), zy, bias], {"pads": [1, 1, 1, 1]}, const=range(1, 9), follow="ort")
            yield Case("QLinearConv", [x, f(0.02), zx, w, scales, np.zeros(6, kw), f(0.3), zy, bias], {"strides": [2, 1]}, const=range(1, 9), follow="ort")
        a = rng.integers(low, low + 255, (2, 3, 5)).astype(kx)
        b = rng.integers(0 if kw is np.uint8 else -127, 127, (5, 4)).astype(kw)
        yield Case("QLinearMatMul", [a, f(0.02), zx, b, f(0.01), zw, f(0.1), zy], follow="ort", until=20)
        yield Case("QLinearMatMul", [a, f(0.02), zx, b, f(0.01), zw, f(0.1), zy], const=range(1, 8), follow="ort", until=20)


def integer_tiles(rng):
    """Shapes around the tiles of the integer kernels: groups, dilation, ranks, odd sizes, several images."""
    f = lambda v: np.array(v, F32)  # noqa: E731
    shapes = [  # batch, channels, output channels, group, spatial, kernel, attributes
        (1, 3, 16, 1, (33, 31), (7, 7), {"strides": [2, 2], "pads": [3, 3, 3, 3]}),
        (1, 64, 50, 1, (14, 14), (1, 1), {}),
        (2, 13, 12, 1, (9, 17), (3, 3), {"pads": [1, 1, 1, 1]}),
        (1, 32, 32, 32, (20, 23), (3, 3), {"pads": [1, 1, 1, 1]}),
        (1, 32, 32, 32, (20, 23), (3, 3), {"pads": [1, 1, 1, 1], "strides": [2, 2]}),
        (2, 5, 10, 5, (40, 9), (5, 3), {"pads": [2, 1, 2, 1], "dilations": [1, 2]}),
        (1, 12, 18, 3, (11, 10), (3, 3), {"dilations": [2, 3]}),
        (1, 6, 3, 3, (11, 10), (2, 3), {}),
        (1, 4, 30, 1, (100,), (9,), {"strides": [3]}),
        (1, 3, 14, 1, (6, 7, 8), (3, 3, 3), {"pads": [1] * 6}),
        (1, 4, 4, 4, (6, 7, 8), (3, 3, 3), {"pads": [1] * 6}),
        (1, 200, 13, 1, (7, 7), (3, 3), {"pads": [1, 1, 1, 1]}),
    ]
    for (batch, c, m, group, spatial, kernel, attrs), kx, kw in itertools.product(shapes, (np.uint8, np.int8), (np.uint8, np.int8)):
        x = tensor(rng, kx, batch, c, *spatial)
        w = tensor(rng, kw, m, c // group, *kernel)
        attrs = {**attrs, "group": group}
        zx = np.array(100 if kx is np.uint8 else -28, kx)
        zw = np.zeros(m, kw) if kw is np.int8 else np.full(m, 130, kw)
        scales, bias = rng.uniform(0.001, 0.003, m).astype(F32), rng.integers(-9000, 9000, m).astype(np.int32)
        for const in ((), range(1, 9)):
            yield Case("QLinearConv", [x, f(0.02), zx, w, scales, zw, f(0.2), zx, bias], attrs, const=const, follow="ort")
        if kx is np.uint8:
            for const in ((), (1, 2, 3)):
                yield Case("ConvInteger", [x, w, zx, zw[0]], attrs, const=const, follow="ort")
    for (a, b), ka, kb in itertools.product((((1, 70), (70, 33)), ((30, 64), (64, 128)), ((2, 3, 14, 9), (3, 9, 40))), (np.uint8, np.int8), (np.uint8, np.int8)):
        a, b = tensor(rng, ka, *a), tensor(rng, kb, *b)
        za, zb = np.array(77, ka), np.array(0 if kb is np.int8 else 120, kb)
        for const in ((), range(1, 8)):
            yield Case("QLinearMatMul", [a, f(0.02), za, b, f(0.01), zb, f(0.5), za], const=const, follow="ort", until=20)
            yield Case("MatMulInteger", [a, b, za, zb], const=[i for i in const if i < 4], follow="ort")
    # Zero points and scales of each row and column: ONNX Runtime has none of the rows.
    a, b = tensor(rng, np.uint8, 5, 30), tensor(rng, np.uint8, 30, 7)
    za, zb = tensor(rng, np.uint8, 5), tensor(rng, np.uint8, 7)
    yield Case("MatMulInteger", [a, b, za, zb], follow="ref")
    sa, sb = rng.uniform(0.01, 0.02, 5).astype(F32), rng.uniform(0.01, 0.02, 7).astype(F32)
    yield Case("QLinearMatMul", [a, sa[:, None], za[:, None], b, sb, zb, f(0.5), np.array(99, np.uint8)], follow="ref", until=20)


def products(rng):
    shapes = [((3, 4), (4, 5)), ((2, 3, 4), (4, 5)), ((2, 3, 4), (2, 4, 5)), ((2, 1, 3, 4), (5, 4, 2)), ((4,), (4, 5)), ((3, 4), (4,)),
              ((4,), (4,)), ((2, 3, 4), (4,)), ((13, 300), (300, 65)), ((1, 64), (64, 100)), ((3, 0), (0, 2))]
    for a, b in shapes:
        x, y = normal(rng, *a), normal(rng, *b)
        for const in ((), (1,), (0,)):
            yield Case("MatMul", [x, y], const=const, atol=2e-5)
        yield Case("MatMul", [x.astype(F64), y.astype(F64)])
        yield Case("MatMul", [(x * 9).astype(np.int32), (y * 9).astype(np.int32)])
    for ta, tb, c, alpha, beta in itertools.product((0, 1), (0, 1), (None, (), (5,), (1, 5), (3, 1), (3, 5)), (1.0, 0.5), (1.0, 2.0)):
        a, b = normal(rng, *((4, 3) if ta else (3, 4))), normal(rng, *((5, 4) if tb else (4, 5)))
        inputs = [a, b] + ([] if c is None else [normal(rng, *c)])
        for const in ((), (1, 2)):
            yield Case("Gemm", inputs, {"transA": ta, "transB": tb, "alpha": alpha, "beta": beta}, const=const, atol=1e-5)
    yield Case("Gemm", [normal(rng, 7, 130), normal(rng, 70, 130), normal(rng, 70)], {"transB": 1}, const=(1, 2), atol=2e-5)


def sums(rng):
    equations = [("ij,jk->ik", (3, 4), (4, 5)), ("bij,bjk->bik", (2, 3, 4), (2, 4, 5)), ("ij,ij->", (3, 4), (3, 4)), ("i,j->ij", (3,), (4,)),
                 ("...ij,...jk->...ik", (2, 1, 3, 4), (5, 4, 2)), ("bhid,bhjd->bhij", (2, 3, 4, 5), (2, 3, 6, 5)), ("ij,jk", (3, 4), (4, 5))]
    for equation, a, b in equations:
        for const in ((), (1,)):
            yield Case("Einsum", [normal(rng, *a), normal(rng, *b)], {"equation": equation}, const=const, atol=1e-5)
    for equation in ("ii->i", "ij->ji", "ij->", "ij->j", "ii"):
        yield Case("Einsum", [normal(rng, 4, 4)], {"equation": equation}, atol=1e-5)


def cases(rng):
    for group in (convolutions, integer_convolutions, quantized, integer_tiles, products, sums):
        yield from group(rng)
