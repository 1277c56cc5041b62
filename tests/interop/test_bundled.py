# test_bundled.py: the models of models/ through octet, ONNX Runtime and the checker
# SPDX-License-Identifier: Apache-2.0
"""Needs no folder of real models: what octet promises, on small ones that anybody has."""
import hashlib
import json
import os
import re
import subprocess
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import numpy_helper

SOURCE = Path(os.environ.get("OCTET_SOURCE", Path(__file__).parents[2]))
OCTET = Path(os.environ.get("OCTET_BIN", SOURCE / "build" / "release" / "octet"))
MODELS = SOURCE / "models"
NAMES = ["digits_cnn", "digits_dsnet", "digits_vit", "digits_gru"]
CALIB, TEST = MODELS / "digits" / "calib", MODELS / "digits" / "test"
LABELS = np.loadtxt(TEST / "labels.txt", dtype=np.int64)
POINTS = 1.5  # that quantization may cost
INT8_BY_ORT = {"Conv": "QLinearConv", "Gemm": "QGemm"}

if not OCTET.exists():
    pytest.skip("octet is not built", allow_module_level=True)


def octet(*arguments, check=True):
    done = subprocess.run([OCTET, *map(str, arguments)], capture_output=True, text=True, check=False)
    if check:
        assert done.returncode == 0, done.stderr
    return done


def quantize(name, out, *options):
    octet("quantize", MODELS / f"{name}.onnx", "--data", CALIB, "-o", out, "-f", "-q", *options)
    return out


@pytest.fixture(scope="module", params=NAMES)
def name(request):
    return request.param


@pytest.fixture(scope="module")
def quantized(name, tmp_path_factory):
    return quantize(name, tmp_path_factory.mktemp("q") / f"{name}.onnx")


def run_ort(path, optimized):
    options = ort.SessionOptions()
    if not optimized:
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 3
    session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    images = np.load(TEST / "image.npy")
    return np.concatenate([session.run(None, {"image": image[None]})[0] for image in images])


def run_octet(path, out):
    octet("run", path, "--data", TEST, "-o", out, "-q")
    return np.concatenate([np.load(file)["logits"] for file in sorted(out.glob("*.npz"))])


def top1(rows):
    return 100 * np.mean(np.argmax(rows, 1) == LABELS)


def octet_top1(path):
    answer = octet("run", path, "--data", TEST, "--labels", TEST / "labels.txt", "--json").stdout
    return 100 * json.loads(answer)["top1"]


def test_readme_knows_the_models():
    text = (MODELS / "README.md").read_text()
    for name in NAMES:
        digest = hashlib.sha256((MODELS / f"{name}.onnx").read_bytes()).hexdigest()
        row = re.search(rf"`{name}\.onnx`.* (\d+) \((\S+) %\).*`{digest}`", text)
        assert row, f"{name}: SHA-256 is {digest}"
        rows = run_ort(MODELS / f"{name}.onnx", optimized=True)
        assert np.sum(np.argmax(rows, 1) == LABELS) == int(row[1])
        assert f"{100 * int(row[1]) / len(LABELS):.2f}" == row[2]


def unavailable(name, options):
    """Why this machine cannot, else None."""
    if options[:1] != ("--cpu",):
        return None
    tried = octet("run", MODELS / f"{name}.onnx", "--data", CALIB, "-n", 1, *options, check=False)
    return tried.stderr.strip() if tried.returncode == 2 and "not available" in tried.stderr else None


@pytest.mark.parametrize("options", [(), ("--threads", 1), ("--threads", 2), ("--cpu", "ref"),
                                     ("--cpu", "avx2"), ("--cpu", "avx512")], ids=str)
def test_same_bytes(name, quantized, tmp_path, options):
    reason = unavailable(name, options)
    if reason:
        pytest.skip(reason)
    again = quantize(name, tmp_path / "again.onnx", *options)
    assert again.read_bytes() == quantized.read_bytes()


@pytest.mark.parametrize("method", ["percentile", "entropy", "mse"])
def test_same_bytes_by_each_method(name, tmp_path, method):
    """However the samples are split among threads, and whatever counts their values."""
    few = ("--method", method, "-n", 20)
    first = quantize(name, tmp_path / "first.onnx", *few, "--threads", 1).read_bytes()
    for options in [("--threads", 3), ("--threads", 5), ("--cpu", "ref"), ("--cpu", "avx2"), ("--cpu", "avx512")]:
        if not unavailable(name, options):
            assert quantize(name, tmp_path / "again.onnx", *few, *options).read_bytes() == first, options


def test_file_is_a_good_model(name, quantized):
    before, after = onnx.load(MODELS / f"{name}.onnx"), onnx.load(quantized)
    onnx.checker.check_model(after, full_check=True)
    weights = {i.name for i in before.graph.initializer}
    assert [i for i in before.graph.input if i.name not in weights] == list(after.graph.input)
    assert list(before.graph.output) == list(after.graph.output)


def test_weights_are_stored_once_as_int8(name, quantized):
    """What the large operators hold is int8, and no float copy of it is left."""
    after = onnx.load(quantized)
    arrays = {i.name: numpy_helper.to_array(i) for i in after.graph.initializer}
    producer = {out: node for node in after.graph.node for out in node.output}
    used = [name for node in after.graph.node for name in node.input]
    found = 0
    for node in after.graph.node:
        if node.op_type not in ("Conv", "Gemm", "MatMul"):
            continue
        source = producer.get(node.input[1])
        if source is None or source.op_type != "DequantizeLinear" or source.input[0] not in arrays:
            continue
        weight = arrays[source.input[0]]
        assert weight.dtype == np.int8
        assert weight.min() >= -127
        found += 1
    assert found > 0
    assert set(arrays) <= set(used), "an initializer that nobody reads"
    if name != "digits_gru":  # whose weights stay float
        assert max(a.nbytes for a in arrays.values() if a.dtype == np.float32) < 5000
        assert quantized.stat().st_size < 0.7 * (MODELS / f"{name}.onnx").stat().st_size


def test_ort_computes_in_integers(quantized, tmp_path):
    """In ONNX Runtime's own optimized graph no convolution is left in float."""
    options = ort.SessionOptions()
    options.optimized_model_filepath = str(tmp_path / "optimized.onnx")
    options.log_severity_level = 3
    ort.InferenceSession(str(quantized), options, providers=["CPUExecutionProvider"])
    wanted = [INT8_BY_ORT[n.op_type] for n in onnx.load(quantized).graph.node if n.op_type in INT8_BY_ORT]
    there = [n.op_type for n in onnx.load(tmp_path / "optimized.onnx").graph.node]
    for op in set(wanted):
        assert there.count(op) == wanted.count(op), there
    assert not {"Conv", "FusedConv", "Gemm"} & set(there)


def test_accuracy(name, quantized):
    before = MODELS / f"{name}.onnx"
    assert octet_top1(quantized) >= octet_top1(before) - POINTS
    assert top1(run_ort(quantized, True)) >= top1(run_ort(before, True)) - POINTS


def test_octet_runs_the_float_model_as_ort(name, tmp_path):
    path = MODELS / f"{name}.onnx"
    np.testing.assert_allclose(run_octet(path, tmp_path), run_ort(path, False), rtol=1e-4, atol=1e-4)


def test_octet_runs_the_quantized_model_as_ort(name, quantized, tmp_path):
    """Sums that differ in the last bit may round to the neighbouring integer, so not every logit
    can be the same: nearly all must be, and the rest within a few steps of the logits' scale."""
    ours, theirs = run_octet(quantized, tmp_path), run_ort(quantized, False)
    off = np.abs(ours - theirs)
    spread = theirs.max() - theirs.min()
    assert np.mean(off > 1e-4) < 0.05
    assert off.max() < 0.05 * spread
    assert np.mean(np.argmax(ours, 1) == np.argmax(theirs, 1)) > 0.99


def test_report(name, tmp_path):
    out = tmp_path / "out.onnx"
    done = octet("quantize", MODELS / f"{name}.onnx", "--data", CALIB, "-o", out, "--json")
    report = json.loads(done.stdout)
    documented = set(re.findall(r"^\| `([a-z0-9_.\[\]]+)` \|", (SOURCE / "docs" / "report.md").read_text(), re.M))
    assert keys_of(report) <= documented
    sometimes = {"float_reasons[]." + k for k in ("op_type", "reason", "example", "count")} | {"percentile"}
    assert documented <= keys_of(report) | sometimes
    assert report["samples"] == 64
    assert report["bytes_before"] == (MODELS / f"{name}.onnx").stat().st_size
    assert report["bytes_after"] == out.stat().st_size
    assert report["nodes"]["heavy_integer"] > 0
    assert sum(r["count"] for r in report["float_reasons"]) == report["nodes"]["float"]
    assert all(t["min"] <= t["max"] and t["scale"] > 0 for t in report["tensors"])


def keys_of(value, prefix=""):
    """Names of everything in a report: 'nodes', 'nodes.integer', 'tensors[].name'."""
    found = set()
    if isinstance(value, dict):
        for key, inner in value.items():
            found.add(prefix + key)
            found |= keys_of(inner, f"{prefix}{key}.")
    elif isinstance(value, list):
        for inner in value:
            found |= keys_of(inner, prefix.removesuffix(".") + "[].")
    return found


def test_pictures_and_arrays_give_the_same_model(tmp_path):
    """The calibration images as arrays, made as the manifest says."""
    from PIL import Image

    pixels = [np.asarray(Image.open(CALIB / f"{i:03}.png"), np.float32) for i in range(64)]
    (tmp_path / "arrays").mkdir()
    np.save(tmp_path / "arrays" / "image.npy", (np.stack(pixels)[:, None] - 64) / 64)
    octet("quantize", MODELS / "digits_cnn.onnx", "--data", tmp_path / "arrays", "-o", tmp_path / "a.onnx", "-q")
    by_images = quantize("digits_cnn", tmp_path / "b.onnx")
    assert (tmp_path / "a.onnx").read_bytes() == by_images.read_bytes()


def test_io_dtype(name, tmp_path):
    """With --io-dtype quantized a picture enters as integers where its first reader wants them."""
    after = onnx.load(quantize(name, tmp_path / "io.onnx", "--io-dtype", "quantized"))
    onnx.checker.check_model(after, full_check=True)
    kind = after.graph.input[0].type.tensor_type.elem_type
    assert kind == (onnx.TensorProto.FLOAT if name == "digits_gru" else onnx.TensorProto.UINT8)
    session = ort.InferenceSession(after.SerializeToString(), providers=["CPUExecutionProvider"])
    image = np.zeros((1, 1, 8, 8), np.float32 if name == "digits_gru" else np.uint8)
    assert session.run(None, {"image": image})[0].shape == (1, 10)
