"""QLinearAdd and QLinearMul of `octet run --as fixed-point` follow TFLite's definition, written here in Python's integers.

SPDX-License-Identifier: Apache-2.0
"""
import math

import numpy as np
import pytest

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

from as_ort import F32, OCTET, make_model, run_octet, write_samples  # noqa: E402
from onnx import helper  # noqa: E402

pytestmark = pytest.mark.skipif(not OCTET.exists(), reason="no octet")


def factor(real):
    fraction, exponent = math.frexp(real)
    multiplier = math.floor(fraction * 2**31 + 0.5)
    return (multiplier // 2, exponent + 1) if multiplier == 2**31 else (multiplier, exponent)


def away(numerator, denominator):
    """Quotient, halves away from zero."""
    q = (2 * abs(numerator) + denominator) // (2 * denominator)
    return q if numerator >= 0 else -q


def apply(x, f):
    multiplier, shift = f
    x <<= max(shift, 0)
    # The high half of the doubled product: halves upwards.
    high = (x * multiplier + (1 << 30)) >> 31
    return away(high, 1 << max(-shift, 0))


def add(a, b, sa, sb, sy):
    top = 2.0 * max(sa, sb)
    total = apply(a << 20, factor(sa / top)) + apply(b << 20, factor(sb / top))
    return apply(total, factor(top / (2**20 * sy)))


def mul(a, b, sa, sb, sy):
    return apply(a * b, factor(sa * sb / sy))


@pytest.mark.parametrize("op, function", [("QLinearAdd", add), ("QLinearMul", mul)])
def test_pairs(op, function, tmp_path):
    rng = np.random.default_rng(1)
    a, b = rng.integers(-128, 128, (2, 500)).astype(np.int8)
    for i in range(4):
        scales = [F32(s) for s in (0.5 ** rng.integers(1, 7, 3) if i == 0 else rng.uniform(0.005, 0.1, 3))]
        zeros = rng.integers(-128, 128, 3).astype(np.int8)
        constants = {f"{n}{k}": v for k, n in enumerate("aby") for n, v in (("s", scales[k]), ("z", zeros[k]))}
        node = helper.make_node(op, ["a", "s0", "z0", "b", "s1", "z1", "s2", "z2"], ["y"], domain="com.microsoft")
        folder = tmp_path / str(i)
        folder.mkdir()
        path = folder / "m.onnx"
        path.write_bytes(make_model([node], {"a": a, "b": b}, ["y"], constants).SerializeToString())
        got = run_octet(path, write_samples(folder / "in", [{"a": a, "b": b}]), folder / "out", "fixed-point")[0]["y"]
        want = [function(int(u) - int(zeros[0]), int(v) - int(zeros[1]), *(float(s) for s in scales)) + int(zeros[2])
                for u, v in zip(a, b)]
        assert np.array_equal(got, np.clip(want, -128, 127))
