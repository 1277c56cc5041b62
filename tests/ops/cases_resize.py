"""Cases of Resize.

SPDX-License-Identifier: Apache-2.0
"""
import itertools

import numpy as np
from harness import F32, Case

COORDINATES = ["half_pixel", "pytorch_half_pixel", "asymmetric", "align_corners", "half_pixel_symmetric"]
NEAREST = ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"]


def resize(x, attrs, scales=None, sizes=None, roi=None, **more):
    scales = None if scales is None else np.array(scales, F32)
    sizes = None if sizes is None else np.array(sizes, np.int64)
    inputs = [x, None if roi is None else np.array(roi, F32), scales, sizes]
    while inputs[-1] is None:
        inputs.pop()
    return Case("Resize", inputs, attrs, const=(1, 2, 3), atol=2e-5, **more)


def cases(rng):
    x = rng.uniform(-9, 9, (1, 2, 7, 10)).astype(F32)
    factors = [(1, 1, 2, 2), (1, 1, 3, 0.5), (1, 1, 0.55, 1.7), (1, 1, 1, 2.5)]
    targets = [(1, 2, 14, 20), (1, 2, 5, 3), (1, 2, 7, 23), (1, 2, 1, 10)]
    for coordinate in COORDINATES:
        modes = [("nearest", {"nearest_mode": n}) for n in NEAREST] + [("linear", {})]
        modes += [("cubic", {"cubic_coeff_a": a, "exclude_outside": e}) for a in (-0.75, -0.5) for e in (0, 1)]
        for mode, more in modes:
            attrs = {"mode": mode, "coordinate_transformation_mode": coordinate, **more}
            # With a fractional output size the two oracles disagree on the length that corners are aligned to.
            follow = "ort" if coordinate in ("align_corners", "half_pixel_symmetric", "pytorch_half_pixel") else ""
            for scales in factors:
                yield resize(x, attrs, scales=scales, follow=follow)
            for sizes in targets:
                yield resize(x, attrs, sizes=sizes, follow=follow)
    for mode, e, coordinate in itertools.product(("linear", "cubic"), (0, 1), ("half_pixel", "align_corners", "asymmetric")):
        attrs = {"mode": mode, "antialias": 1, "exclude_outside": e, "coordinate_transformation_mode": coordinate}
        for scales in [(1, 1, 0.6, 0.3), (1, 1, 0.5, 0.5), (1, 1, 2, 0.4)]:
            yield resize(x, attrs, scales=scales, follow="ort" if coordinate == "align_corners" else "")
    for mode in ("nearest", "linear", "cubic"):
        attrs = {"mode": mode, "coordinate_transformation_mode": "tf_crop_and_resize", "extrapolation_value": 4.5}
        for roi in [(0, 0, 0.2, 0.1, 1, 1, 0.8, 0.9), (0, 0, -0.2, 0.1, 1, 1, 1.3, 0.5)]:
            yield resize(x, attrs, sizes=(1, 2, 5, 6), roi=roi)
        for policy in ("not_larger", "not_smaller"):
            yield resize(x, {"mode": mode, "keep_aspect_ratio_policy": policy, "axes": [2, 3]}, sizes=(9, 8), follow="ref")
        yield resize(x, {"mode": mode, "axes": [3, 2]}, scales=(2, 1.5))
        yield resize(x, {"mode": mode, "axes": [3]}, sizes=(17,))
        yield resize(x, {"mode": mode}, scales=(1, 1, 1, 1))
    for kind in (np.uint8, np.int8, np.int32):
        yield resize(rng.integers(0, 100, (1, 2, 4, 5)).astype(kind), {"mode": "nearest"}, scales=(1, 1, 2, 3))
    volume = rng.uniform(-9, 9, (1, 2, 3, 4, 5)).astype(F32)
    yield resize(volume, {"mode": "linear"}, scales=(1, 1, 2, 2, 2))
    yield resize(volume, {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}, scales=(1, 1, 2, 2, 2))
    yield resize(rng.uniform(0, 1, (3, 4)).astype(F32), {"mode": "linear"}, scales=(2, 2))
