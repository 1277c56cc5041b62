"""Every real model in the shared folder ends as it should: quantized, valid, run by ONNX Runtime with
its Conv, Gemm and MatMul in integers, or refused with the exit code written down here.

Few samples: tools/dev/shelf measures accuracy.

SPDX-License-Identifier: Apache-2.0
"""
import collections
import json
import os
import pathlib
import subprocess

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
ort = pytest.importorskip("onnxruntime")

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHARED = pathlib.Path(os.environ.get("OCTET_SHARED", ROOT.parent / "shared"))
OCTET = pathlib.Path(os.environ.get("OCTET_BIN", ROOT / "build" / "octet"))
MODELS = sorted(p.parent.name for p in (SHARED / "models").glob("*/model.onnx"))

pytestmark = pytest.mark.skipif(not MODELS or not OCTET.exists(), reason="no real models, or no octet")
ort.set_default_logger_severity(4)

SAMPLES = 4
TIMEOUT = 300
UNSUPPORTED, SAMPLE = 4, 6
# Exit code and a word of the message; every other model quantizes.
REFUSED = {
    "s_gonnx_gru": (UNSUPPORTED, "GRU"),  # nothing else in it
    "s_lgbm_hummingbird": (UNSUPPORTED, "nothing in the model would run in integers"),  # trees as look-ups
    "s_pcb_aoi_oldops": (UNSUPPORTED, "LegacyPadding"),
    "s_shufflenetv2_int8": (UNSUPPORTED, "quantized already"),
    "s_silero_v4_many_domains": (SAMPLE, "random[0]"),  # noise of a length that its own Conv refuses
    "s_supres_extensions": (UNSUPPORTED, "DecodeImage"),
}
HEAVY = {"Conv": "Conv", "FusedConv": "Conv", "NhwcFusedConv": "Conv", "Gemm": "Gemm", "FusedGemm": "Gemm",
         "MatMul": "MatMul", "FusedMatMul": "MatMul"}
# ONNX Runtime fuses these into float operators whatever stands before them; octet does not foresee it.
FUSED_FLOAT = {
    "dtln_2": {"Gemm": 2},  # MatMul + Add of two products
    "oww_melspec": {"MatMul": 1},  # MatMul + Clip above zero
}
DTYPES = {"tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(int64)": np.int64,
          "tensor(int32)": np.int32, "tensor(bool)": np.bool_, "tensor(uint8)": np.uint8}


def quantize(name, out):
    manifest = SHARED / "data" / "samples" / name
    feed = ["--data", manifest, "-n", SAMPLES] if manifest.exists() else ["--random", SAMPLES]
    command = [OCTET, "quantize", SHARED / "models" / name / "model.onnx", *feed, "-o", out, "--json"]
    return subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=TIMEOUT)


def stored_sample(name):
    """The first of the stored calibration arrays; empty where there are none (images, structural models)."""
    folder = SHARED / "data" / "samples" / name
    if not (folder / "samples.json").exists():
        return {}
    about = json.loads((folder / "samples.json").read_text(encoding="utf8"))
    if about.get("kind") == "stacked":
        return {i["input"]: np.asarray(np.load(folder / i["file"])[0]) for i in about["inputs"]}
    if about.get("kind") == "npz_per_sample":
        return dict(np.load(folder / (about["files"] % 0)))
    return {}


def sample_for(net, name):
    """Stored arrays where there are some, else ones; symbolic dimensions become 1."""
    stored = stored_sample(name)
    return {i.name: stored[i.name] if i.name in stored else
            np.ones([d if isinstance(d, int) else 1 for d in i.shape], DTYPES[i.type]) for i in net.get_inputs()}


def all_nodes(graph):
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            for inner in [attribute.g] if attribute.HasField("g") else attribute.graphs:
                yield from all_nodes(inner)


def load(path, optimized):
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.optimized_model_filepath = str(optimized)
    net = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return net, onnx.load(optimized, load_external_data=False).graph


def left_float(graph):
    return collections.Counter(HEAVY[n.op_type] for n in all_nodes(graph) if n.op_type in HEAVY)


def explained(report):
    counts = collections.Counter()
    for reason in report["float_reasons"]:
        assert reason["reason"], "a node stays float without a reason"
        counts[reason["op_type"]] += reason["count"]
    return counts


@pytest.mark.parametrize("name", MODELS)
def test_model(name, tmp_path):
    out = tmp_path / "int8.onnx"
    run = quantize(name, out)
    code, word = REFUSED.get(name, (0, ""))
    assert run.returncode == code, run.stderr
    assert word in run.stderr
    if code != 0:
        assert not out.exists()
        assert run.stderr.startswith("octet: ") and run.stderr.count("\n") <= 2
        return
    onnx.checker.check_model(str(out), full_check=True)
    net, optimized = load(out, tmp_path / "optimized.onnx")
    for output in net.run(None, sample_for(net, name)):
        values = np.asarray(output)
        assert values.dtype.kind != "f" or np.isfinite(values).all()
    report = json.loads(run.stdout)
    assert report["nodes"]["heavy_integer"] > 0
    unexplained = left_float(optimized) - explained(report)
    assert unexplained == FUSED_FLOAT.get(name, {}), "float in ONNX Runtime though reported as integer"
