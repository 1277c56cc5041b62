"""Cases gone wrong: shapes, types and attributes that do not fit. octet must refuse or compute, nothing else.

SPDX-License-Identifier: Apache-2.0
"""
import copy

import numpy as np

NUMBERS = [0, 1, -1, 2, -2, 3, 7, -9, 100, 2**31 - 1, -2**31, 2**31, 2**62, -2**62, 2**63 - 1, -2**63]
REALS = [0.0, -1.0, 1e30, -1e30, float("inf"), float("nan"), 1e-30]
KINDS = [np.float32, np.float64, np.float16, np.int8, np.uint8, np.int32, np.int64, np.uint64, bool]


def pick(rng, values):
    return values[int(rng.integers(len(values)))]


def bend_number(rng, value):
    return pick(rng, NUMBERS) if isinstance(value, (int, np.integer)) else pick(rng, REALS)


def bend_attribute(rng, attrs):
    if not attrs:
        return
    name = pick(rng, sorted(attrs))
    value = attrs[name]
    if isinstance(value, str):
        attrs[name] = pick(rng, ["", "NOTSET", "SAME_UPPER", "linear", "reverse", "x" * 300])
    elif isinstance(value, (list, tuple)) and value and isinstance(value[0], (int, float)):
        value = list(value)
        change = int(rng.integers(3))
        if change == 0:
            value[int(rng.integers(len(value)))] = bend_number(rng, value[0])
        elif change == 1:
            value.append(value[0])
        elif len(value) > 1:
            value.pop()
        attrs[name] = value
    elif isinstance(value, (int, float)):
        attrs[name] = bend_number(rng, value)


def bend_array(rng, array):
    change = int(rng.integers(7))
    if change == 0:
        return array[..., None]
    if change == 1 and array.ndim:
        return array[0:0]
    if change == 2 and array.ndim:
        return np.concatenate([array, array], int(rng.integers(array.ndim)))
    if change == 3 and array.ndim and array.shape[0]:
        return array[0]
    if change == 4:
        with np.errstate(all="ignore"):
            return array.astype(pick(rng, KINDS))
    if change == 5 and array.size and array.dtype.kind in "iu":
        bent = np.array(array)
        info = np.iinfo(array.dtype)
        bent.flat[int(rng.integers(array.size))] = int(np.clip(pick(rng, NUMBERS), info.min, info.max))
        return bent
    return array.reshape(-1)


def bend(rng, case):
    """A copy of the case with one to three things changed, or None if it would be too large."""
    bent = copy.copy(case)
    bent.inputs, bent.attrs = list(case.inputs), dict(case.attrs)
    for _ in range(int(rng.integers(1, 4))):
        if bent.attrs and rng.random() < 0.5:
            bend_attribute(rng, bent.attrs)
        else:
            i = int(rng.integers(len(bent.inputs)))
            if bent.inputs[i] is not None and rng.random() < 0.9:
                bent.inputs[i] = bend_array(rng, bent.inputs[i])
            elif len(bent.inputs) > 1:
                bent.inputs[i] = None
    while bent.inputs and bent.inputs[-1] is None:
        bent.inputs.pop()
    small = all(a is None or a.size < 100000 for a in bent.inputs)
    return bent if small and bent.inputs else None
