"""Cases of LSTM, GRU and RNN.

SPDX-License-Identifier: Apache-2.0
"""
import itertools

import numpy as np
from harness import F32, Case

GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}
ACTIVATIONS = {"LSTM": ["HardSigmoid", "Relu", "Softsign"], "GRU": ["HardSigmoid", "LeakyRelu"], "RNN": ["Elu"]}


def build(rng, op, direction, parts, attrs, batch=2, steps=4, size=3, hidden=5, const=(), **more):
    d, g = (2 if direction == "bidirectional" else 1), GATES[op]
    normal = lambda *shape: rng.normal(0, 0.6, shape).astype(F32)  # noqa: E731
    inputs = [normal(steps, batch, size), normal(d, g * hidden, size), normal(d, g * hidden, hidden)]
    inputs.append(normal(d, 2 * g * hidden) if "B" in parts else None)
    inputs.append(np.array([steps, steps - 1][:batch], np.int32) if "lens" in parts else None)
    inputs.append(normal(d, batch, hidden) if "h" in parts else None)
    if op == "LSTM":
        inputs.append(normal(d, batch, hidden) if "c" in parts else None)
        inputs.append(normal(d, 3 * hidden) if "P" in parts else None)
    while inputs[-1] is None:
        inputs.pop()
    return Case(op, inputs, {"hidden_size": hidden, "direction": direction, **attrs}, outputs=3 if op == "LSTM" else 2,
                const=const, atol=3e-6, **more)


def cases(rng):
    for op, direction in itertools.product(GATES, ("forward", "reverse", "bidirectional")):
        # The reference evaluator knows no reverse direction, lengths, clip or other activations.
        for parts in ([], ["B"], ["B", "lens"], ["B", "h", "c"], ["lens", "h", "c", "P"], ["B", "P"]):
            for const in ((), (1, 2, 3)):
                yield build(rng, op, direction, parts, {}, const=const, follow="ort")
        yield build(rng, op, direction, ["B"], {"clip": 0.4}, follow="ort")
        yield build(rng, op, direction, ["B"], {"activations": ACTIVATIONS[op] * (2 if direction == "bidirectional" else 1)}, follow="ort")
        yield build(rng, op, direction, ["B"], {}, batch=1, steps=1, size=33, hidden=40, follow="ort")
    for direction, lbr in itertools.product(("forward", "bidirectional"), (0, 1)):
        yield build(rng, "GRU", direction, ["B", "h"], {"linear_before_reset": lbr}, follow="ort")
    yield build(rng, "LSTM", "forward", ["B"], {"input_forget": 1}, follow="ort")
