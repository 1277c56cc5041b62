"""`octet run --as ort-avx2` computes what ONNX Runtime does on x86 with AVX2 and without VNNI, which is here
Haswell under qemu: the integers of whole models from end to end, and the score that is lost to saturation,
which octet predicts and --avoid-saturation brings back. Single operators: test_avx2_vectors.py.

SPDX-License-Identifier: Apache-2.0
"""
import sys

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

import qemu_ort  # noqa: E402
from as_ort import OCTET, ROOT, SHARED, compare, make_model, octet, run_octet, write_samples  # noqa: E402
from onnx import helper  # noqa: E402
from test_as_ort import BUNDLED, exposed, graph_inputs, quantized_values  # noqa: E402

REASON = qemu_ort.why_not() or (None if OCTET.exists() else "no octet")
pytestmark = pytest.mark.skipif(REASON is not None, reason=str(REASON))

SHELF = ["mnist_8", "kws_dscnn", "resnet8_cifar10", "ad01_autoencoder"]
ENOUGH = 0.999
SAMPLES, SCORED = 4, 100


def digits():
    """Samples with labels: the test images of the bundled models."""
    folder = ROOT / "models" / "digits" / "test"
    labels = [int(n) for n in (folder / "labels.txt").read_text(encoding="utf8").split()]
    return folder, labels


def shelf(name):
    """Samples, and what scores the outputs against those of the float model."""
    evaluation = SHARED / "eval"
    if not (SHARED / "models" / name / "model.onnx").exists() or not evaluation.exists():
        pytest.skip(f"no real models in {SHARED.name}/")
    if str(evaluation) not in sys.path:
        sys.path.append(str(evaluation))
    evalkit = pytest.importorskip("evalkit")
    samples, labels = evalkit.load(name, "eval", SCORED)

    def score(of, oq):
        result = evalkit.score(name, of, oq, labels)
        return result.get("quant_score", result["agreement"])

    return samples, score


def quantize(model, data, out, *options):
    done = octet("quantize", model, "--data", data, "-o", out, "-q", *options)
    assert done.returncode == 0, done.stderr
    return out


def integers(path, samples, folder):
    """Compares every integer tensor and integer output of the first samples."""
    model = onnx.load(path)
    data = write_samples(folder / "some", samples[:SAMPLES])
    ours = run_octet(path, data, folder / "ours", "ort-avx2", ["quantized"])
    names = [n for n in quantized_values(model.graph) if n in ours[0]]
    whole = exposed(model, names)
    outputs = [o.name for o in whole.graph.output]
    results, = qemu_ort.run([{"model": whole.SerializeToString(), "feeds": samples[:SAMPLES], "outputs": outputs}])
    theirs = [dict(zip(outputs, r)) for r in results]
    total, wrong, most = compare(ours, theirs)
    assert total > 0
    assert wrong <= (1 - ENOUGH) * total, f"{wrong} of {total} differ by up to {most}"
    return f"{total - wrong} of {total} integers"


def predicted(path, data, folder, profile, outputs):
    return [[r[o] for o in outputs] for r in run_octet(path, data, folder / f"{path.stem}-{profile}", profile)]


def check_scores(plain, safe, samples, score, folder):
    """A row of the table: what octet predicts for both kinds of processor, and what is measured here."""
    outputs = [o.name for o in onnx.load(plain).graph.output]
    data = write_samples(folder / "scored", samples)
    jobs = [{"model": str(p), "feeds": samples} for p in (plain, safe)]
    row = {}
    for name, path, measured in zip(("8 bits", "7 bits"), (plain, safe), qemu_ort.run(jobs)):
        exact, ours = (predicted(path, data, folder, p, outputs) for p in ("ort-vnni", "ort-avx2"))
        row[name] = [score(o) for o in (exact, ours, measured)]
        assert np.isclose(row[name][1], row[name][2], rtol=0.002, atol=1.5 / len(samples)), row
    assert octet("overflow", safe).returncode == 0
    return ", ".join(f"{k}: exact {a:.4g}, predicted {b:.4g}, measured {c:.4g}" for k, (a, b, c) in row.items())


@pytest.mark.parametrize("name", BUNDLED)
def test_bundled(name, tmp_path):
    model, calibration = ROOT / "models" / f"{name}.onnx", ROOT / "models" / "digits" / "calib"
    folder, labels = digits()
    plain = quantize(model, calibration, tmp_path / "plain.onnx")
    safe = quantize(model, calibration, tmp_path / "safe.onnx", "--avoid-saturation")
    inputs = graph_inputs(onnx.load(plain).graph)
    words = [w for i in inputs for w in ("--tap", i)]
    done = octet("run", plain, "--data", folder, "-n", SCORED, "-o", tmp_path / "in", "-q", *words)
    assert done.returncode == 0, done.stderr
    samples = []
    for path in sorted((tmp_path / "in").glob("*.npz")):
        with np.load(path) as npz:
            samples.append({i: npz[i] for i in inputs})

    def score(outputs):
        right = [np.argmax(np.ravel(o[0])) == label for o, label in zip(outputs, labels)]
        return np.mean(right)

    print(f"\n{name}: {integers(plain, samples, tmp_path)}; "
          f"{check_scores(plain, safe, samples, score, tmp_path)}")


@pytest.mark.parametrize("name", SHELF)
def test_shelf(name, tmp_path):
    samples, score = shelf(name)
    model, calibration = SHARED / "models" / name / "model.onnx", SHARED / "data" / "samples" / name
    plain = quantize(model, calibration, tmp_path / "plain.onnx")
    safe = quantize(model, calibration, tmp_path / "safe.onnx", "--avoid-saturation")
    of, = qemu_ort.run([{"model": str(model), "feeds": samples}], native=True)
    print(f"\n{name}: {integers(plain, samples, tmp_path)}; "
          f"{check_scores(plain, safe, samples, lambda oq: score(of, oq), tmp_path)}")


# ---- large weights: every weight is at an end of its range, every other sum saturates

def large_weights(random):
    """A float net of all kinds of convolution whose weights are 1, -1 and 0.4."""
    weights = {}

    def weight(name, *shape):
        weights[name] = random.choice([-1.0, -1.0, 0.4, 1.0], shape).astype(np.float32)
        return name

    def conv(x, name, *shape, **attributes):
        bias = name + "_b"
        weights[bias] = random.uniform(-1, 1, shape[0]).astype(np.float32)
        return helper.make_node("Conv", [x, weight(name + "_w", *shape), bias], [name], **attributes)

    pads = [1, 1, 1, 1]
    nodes = [
        conv("x", "first", 16, 3, 3, 3, pads=pads), helper.make_node("Relu", ["first"], ["r1"]),
        conv("r1", "depthwise", 16, 1, 3, 3, pads=pads, group=16),
        conv("depthwise", "point", 24, 16, 1, 1), helper.make_node("Relu", ["point"], ["r2"]),
        conv("r2", "grouped", 24, 8, 3, 3, pads=pads, group=3, strides=[2, 2]),
        conv("grouped", "odd", 17, 24, 3, 2), helper.make_node("Relu", ["odd"], ["r3"]),
        helper.make_node("GlobalAveragePool", ["r3"], ["pooled"]), helper.make_node("Flatten", ["pooled"], ["flat"]),
        helper.make_node("Gemm", ["flat", weight("gemm_w", 10, 17)], ["y"], transB=1),
    ]
    return nodes, weights


def test_large_weights(tmp_path):
    random = np.random.RandomState(3)
    nodes, weights = large_weights(random)
    samples = [{"x": random.uniform(-1, 1, (1, 3, 12, 12)).astype(np.float32)} for _ in range(16)]
    model = tmp_path / "float.onnx"
    model.write_bytes(make_model(nodes, samples[0], ["y"], weights).SerializeToString())
    data = write_samples(tmp_path / "samples", samples)
    plain = quantize(model, data, tmp_path / "plain.onnx")
    found = integers(plain, samples, tmp_path)
    exact = run_octet(plain, data, tmp_path / "exact", "ort-vnni")
    saturating = run_octet(plain, data, tmp_path / "saturating", "ort-avx2")
    apart = max(np.abs(a["y"] - b["y"]).max() for a, b in zip(exact, saturating))
    assert apart > 0.1 * max(np.abs(a["y"]).max() for a in exact), "saturation does not show"
    print(f"\nlarge weights: {found}")


@pytest.mark.parametrize("signed", [False, True])
def test_unsigned_weights_are_exact(signed, tmp_path):
    """session.x64quantprecision makes ONNX Runtime turn int8 weights into uint8 ones, whose sums are exact."""
    random = np.random.RandomState(5)
    nodes, weights = large_weights(random)
    samples = [{"x": random.uniform(-1, 1, (1, 3, 12, 12)).astype(np.float32)} for _ in range(4)]
    model = tmp_path / "float.onnx"
    model.write_bytes(make_model(nodes, samples[0], ["y"], weights).SerializeToString())
    data = write_samples(tmp_path / "samples", samples)
    plain = quantize(model, data, tmp_path / "plain.onnx")
    config = {} if signed else {"session.x64quantprecision": "1"}
    results, = qemu_ort.run([{"model": str(plain), "feeds": samples, "config": config}])
    ours = run_octet(plain, data, tmp_path / "ours", "ort-avx2" if signed else "ort-vnni")
    for got, want in zip(ours, results):
        np.testing.assert_array_equal(got["y"], want[0])
