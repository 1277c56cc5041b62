"""What passes make of the fixtures in tests/passes computes the same in ONNX Runtime.

The fixtures say what a pass does; this says that it may.

SPDX-License-Identifier: Apache-2.0
"""
import pathlib
import re

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
ort = pytest.importorskip("onnxruntime")
import onnx.parser  # noqa: E402
from onnx import helper  # noqa: E402

FIXTURES = sorted(pathlib.Path(__file__).resolve().parents[1].joinpath("passes").glob("*/*.txt"))
SYMBOL = 3  # the size of every symbolic dim
ort.set_default_logger_severity(4)


def feeds(model, flag):
    rng = np.random.default_rng(11)
    weights = {i.name for i in model.graph.initializer}
    result = {}
    for value in model.graph.input:
        if value.name in weights:
            continue
        shape = [d.dim_value or SYMBOL for d in value.type.tensor_type.shape.dim]
        dtype = helper.tensor_dtype_to_np_dtype(value.type.tensor_type.elem_type)
        if dtype == bool:
            result[value.name] = np.full(shape, flag)
        elif np.issubdtype(dtype, np.integer):
            result[value.name] = np.full(shape, SYMBOL, dtype)
        else:
            result[value.name] = np.asarray(2 * rng.standard_normal(shape)).astype(dtype)
    return result


def run(model, inputs):
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return session.run(None, inputs)


def parts(path):
    text = path.read_text()
    before, after = text.split("--- expect\n")
    return before.split("--- input\n")[1], after


@pytest.mark.parametrize("flag", [False, True])  # of boolean inputs: which branch, in training or not
@pytest.mark.parametrize("path", [pytest.param(p, id=f"{p.parent.name}/{p.stem}") for p in FIXTURES])
def test_fixture(path, flag):
    before, after = parts(path)
    if after.startswith("error:"):
        assert re.match(r"error: (invalid model|unsupported): pass '[a-z-]+': .", after)
        return
    before, after = onnx.parser.parse_model(before), onnx.parser.parse_model(after)
    assert [o.name for o in before.graph.output] == [o.name for o in after.graph.output]
    if flag and any(n.op_type == "Dropout" and len(n.input) == 3 for n in before.graph.node):
        pytest.skip("training is random")
    inputs = feeds(before, flag)
    try:
        expected = run(before, inputs)
    except Exception as e:  # operators of domains or opsets it does not have
        pytest.skip(str(e)[:200])
    for a, b in zip(run(after, inputs), expected):
        assert a.dtype == b.dtype and a.shape == b.shape
        if a.dtype == object:  # strings
            assert a.tolist() == b.tolist()
        else:
            np.testing.assert_allclose(a, b, 1e-5, 1e-6)
