"""The bundled models, quantized on their calibration images, run in OpenVINO on the CPU and give there what
they give in ONNX Runtime.

SPDX-License-Identifier: Apache-2.0
"""
import os
import pathlib
import subprocess

import numpy as np
import pytest

ort = pytest.importorskip("onnxruntime")
ov = pytest.importorskip("openvino")

ROOT = pathlib.Path(__file__).resolve().parents[2]
OCTET = pathlib.Path(os.environ.get("OCTET_BIN", ROOT / "build" / "octet"))
MODELS = sorted((ROOT / "models").glob("*.onnx"))
DIGITS = ROOT / "models" / "digits"
SAMPLES = 64
LEAST_SQNR_DB = 20.0  # the two round differently inside: a step of the last Q now and then

pytestmark = pytest.mark.skipif(not MODELS or not OCTET.exists(), reason="no bundled models, or no octet")


def sqnr_db(wanted, got):
    error = float(((wanted - got) ** 2).sum())
    return 10 * np.log10((float((wanted**2).sum()) + 1e-30) / (error + 1e-30))


def images():
    """Test images, one a sample, as a batch of one."""
    return [image.reshape(1, 1, 8, 8) for image in np.load(DIGITS / "test" / "image.npy")[:SAMPLES]]


def run_onnxruntime(path, samples):
    net = ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    name = net.get_inputs()[0].name
    return np.concatenate([net.run(None, {name: x})[0] for x in samples])


def run_openvino(path, samples):
    core = ov.Core()
    model = core.compile_model(core.read_model(str(path)), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return np.concatenate([np.array(model([x])[0]) for x in samples])


@pytest.mark.parametrize("path", MODELS, ids=lambda p: p.stem)
def test_agrees_with_onnxruntime(path, tmp_path, record_property):
    out = tmp_path / "int8.onnx"
    command = [str(OCTET), "quantize", str(path), "--data", str(DIGITS / "calib"), "-o", str(out), "--quiet"]
    run = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr
    samples = images()
    wanted, got = run_onnxruntime(out, samples), run_openvino(out, samples)
    agreement = sqnr_db(wanted, got)
    record_property("sqnr_db", agreement)
    print(f"{path.stem}: OpenVINO against ONNX Runtime {agreement:.1f} dB")
    assert agreement > LEAST_SQNR_DB
    assert (wanted.argmax(axis=1) == got.argmax(axis=1)).mean() > 0.98
