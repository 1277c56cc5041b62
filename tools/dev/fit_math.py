"""Prints the polynomial coefficients of kernels/math.inc.

Least-maximum-error fits by repeated reweighting; coefficients are rounded to float one after another, each
followed by a new fit of the rest. Needs numpy and mpmath.

SPDX-License-Identifier: Apache-2.0
"""
import math

import mpmath
import numpy as np
from mpmath import mp, mpf

mp.prec = 120


def fit(function, low, high, degree, weight, points=4000, rounds=40):
    """Coefficients (floats) of a polynomial and its largest weighted error on [low, high]."""
    t = np.cos(np.pi * (np.arange(points) + 0.5) / points)
    x = (high + low) / 2 + (high - low) / 2 * t
    rest = np.array([float(function(mpf(float(v)))) for v in x])
    w = np.array([weight(v) for v in x])
    coefficients = []
    for first in range(degree + 1):
        powers = np.stack([x**k for k in range(first, degree + 1)], 1)
        size, focus = np.abs(powers).max(0), np.ones(points)
        for _ in range(rounds):
            scale = w * np.sqrt(focus)
            c = np.linalg.lstsq(powers / size * scale[:, None], rest * scale, rcond=None)[0] / size
            error = np.abs(powers @ c - rest) * w
            focus *= error / error.max() + 1e-3
            focus /= focus.mean()
        coefficients.append(float(np.float32(c[0])))
        rest = rest - coefficients[-1] * x**first
    return coefficients, np.max(np.abs(rest) * w)


def odd(f):
    """(f(√s)/√s − 1) / s as a function of s, for odd f with f'(0) = 1; and its weight for relative error."""
    return lambda s: (f(mpmath.sqrt(s)) / mpmath.sqrt(s) - 1) / s


def main():
    r = math.log(2) / 2 * 1.0001
    q = (math.pi / 4 * 1.0001) ** 2
    root = math.sqrt
    fits = {
        "exp: (e^r - 1 - r) / r^2": (
            lambda v: (mpmath.e**v - 1 - v) / v**2, -r, r, 4, lambda v: v * v / math.exp(v)),
        "log: (log(1 + f) - f + f^2/2) / f^3": (
            lambda f: (mpmath.log(1 + f) - f + f * f / 2) / f**3, root(0.5) - 1, root(2) - 1, 8,
            lambda f: abs(f**3 / math.log1p(f))),
        "tanh below 0.85": (
            odd(mpmath.tanh), 1e-9, 0.85**2, 6, lambda s: s * root(s) / math.tanh(root(s))),
        "erf below 0.93: erf(√s)/√s - 1": (
            lambda s: mpmath.erf(mpmath.sqrt(s)) / mpmath.sqrt(s) - 1, 1e-9, 0.93**2, 6,
            lambda s: root(s) / math.erf(root(s))),
        "erf above: -log(erfc t)/t - 1": (
            lambda t: -mpmath.log(mpmath.erfc(t)) / t - 1, 0.92, 3.95, 7,
            lambda t: t * math.erfc(t) / math.erf(t)),
        "sin": (odd(mpmath.sin), 1e-9, q, 3, lambda s: s * root(s) / math.sin(root(s))),
        "cos: (cos √s - 1 + s/2) / s^2": (
            lambda s: (mpmath.cos(mpmath.sqrt(s)) - 1 + s / 2) / s**2, 1e-9, q, 3,
            lambda s: s * s / math.cos(root(s))),
    }
    for name, arguments in fits.items():
        coefficients, error = fit(*arguments)
        print(f"{name}, error {error:.2g}")
        print("   ", ", ".join(f"{c.hex()} ({c:.9g})" for c in coefficients))


if __name__ == "__main__":
    main()
