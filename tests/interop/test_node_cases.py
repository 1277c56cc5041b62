"""ONNX's own node cases, run by `octet run`.

Every case of the onnx package whose operators octet has descriptors for must give the expected outputs.
Cases that do not, although it has, are listed with a reason in tests/ops/skipped.txt (`pattern: reason`);
a listed case that passes after all fails the test, so that the list stays true.

SPDX-License-Identifier: Apache-2.0
"""
import fnmatch
import os
import pathlib
import subprocess

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
OCTET = pathlib.Path(os.environ.get("OCTET_BIN", ROOT / "build" / "octet"))
SKIPPED = ROOT / "tests" / "ops" / "skipped.txt"

pytestmark = pytest.mark.skipif(not OCTET.exists(), reason="octet is not built")

# Types that .npy has no name for; a case with such outputs gets a Cast to float behind them.
NPY = {TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.FLOAT16, TensorProto.BOOL,
       TensorProto.INT8, TensorProto.INT16, TensorProto.INT32, TensorProto.INT64,
       TensorProto.UINT8, TensorProto.UINT16, TensorProto.UINT32, TensorProto.UINT64}
# Where the expected outputs are rounded more coarsely than the operator computes.
COARSE = {TensorProto.FLOAT16: 2e-3, TensorProto.BFLOAT16: 1e-2}


def load_cases():
    from onnx.backend.test.case.node import collect_testcases

    with np.errstate(all="ignore"):
        return {c.name: c for c in collect_testcases(None) if "_expanded" not in c.name}


def load_skipped():
    lines = SKIPPED.read_text().splitlines()
    pairs = (line.split(": ", 1) for line in lines if line and not line.startswith("#"))
    return {pattern: reason for pattern, reason in pairs}


CASES = load_cases()
REASONS = load_skipped()


def reason(name):
    return next((why for pattern, why in REASONS.items() if fnmatch.fnmatchcase(name, pattern)), None)


def to_proto(array, name):
    if isinstance(array, TensorProto):
        proto = TensorProto()
        proto.CopyFrom(array)
        proto.name = name
        return proto
    return numpy_helper.from_array(np.asarray(array), name)


def readable(model):
    """The model with a Cast to float behind each output whose type .npy cannot hold."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    for value in copy.graph.output:
        tensor = value.type.tensor_type
        if tensor.elem_type not in NPY:
            copy.graph.node.append(helper.make_node("Cast", [value.name], [value.name + "/f"], to=TensorProto.FLOAT))
            value.name += "/f"
            tensor.elem_type = TensorProto.FLOAT
    return copy


def run(case, folder):
    (folder / "samples" / "test_data_set_0").mkdir(parents=True)
    onnx.save(readable(case.model), folder / "model.onnx")
    for i, (array, value) in enumerate(zip(case.data_sets[0][0], case.model.graph.input)):
        path = folder / "samples" / "test_data_set_0" / f"input_{i}.pb"
        path.write_bytes(to_proto(array, value.name).SerializeToString())
    command = [OCTET, "run", "-q", "-d", folder / "samples", "-o", folder / "out", folder / "model.onnx"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    if done.returncode == 4 and "operator '" in done.stderr:
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, f"exit {done.returncode}: {done.stderr}"
    return np.load(folder / "out" / "0000.npz")


def compare(got, expected, value):
    kind = value.type.tensor_type.elem_type
    want = numpy_helper.to_array(to_proto(expected, value.name))
    if kind in NPY:
        assert got.dtype == want.dtype
    assert got.shape == want.shape
    if want.dtype.kind in "fc" or kind not in NPY:
        tolerance = COARSE.get(kind, 1e-3)
        np.testing.assert_allclose(got.astype(np.float64), want.astype(np.float64), rtol=tolerance, atol=1e-5)
    else:
        np.testing.assert_array_equal(got, want)


def check(case, folder):
    outputs = run(case, folder)
    for value, shown, expected in zip(case.model.graph.output, readable(case.model).graph.output,
                                      case.data_sets[0][1]):
        compare(outputs[shown.name], expected, value)


@pytest.mark.parametrize("name", sorted(CASES))
def test_case(name, tmp_path):
    why = reason(name)
    if why is None:
        check(CASES[name], tmp_path)
        return
    try:
        check(CASES[name], tmp_path)
    except Exception:
        pytest.skip(why)
    pytest.fail(f"{name} passes: take it off {SKIPPED.name}")


@pytest.mark.parametrize("pattern", sorted(REASONS))
def test_pattern_is_needed(pattern):
    assert any(fnmatch.fnmatchcase(name, pattern) for name in CASES)
