"""What test_as_ort_*.py share: running a model in ONNX Runtime and in `octet run --as`, and comparing.

SPDX-License-Identifier: Apache-2.0
"""
import os
import pathlib
import subprocess

import numpy as np
import onnx
import onnxruntime as ort
from onnx import helper, numpy_helper

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHARED = pathlib.Path(os.environ.get("OCTET_SHARED", ROOT.parent / "shared"))
OCTET = pathlib.Path(os.environ.get("OCTET_BIN", ROOT / "build" / "octet"))
F32 = np.float32


def has_exact_products():
    """ONNX Runtime sums products of u8 and s8 exactly on processors with VNNI or the dot product of ARM."""
    try:
        flags = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf8")
    except OSError:
        return False
    return "avx512_vnni" in flags or "avx_vnni" in flags


def octet(*words):
    return subprocess.run([str(w) for w in (OCTET, *words)], capture_output=True, text=True, timeout=300)


def write_samples(folder, samples):
    folder.mkdir()
    for i, arrays in enumerate(samples):
        np.savez(folder / f"{i:04d}.npz", **arrays)
    return folder


def outputs_of(folder):
    for path in sorted(folder.glob("*.npz")):
        with np.load(path) as npz:
            yield {k: npz[k] for k in npz.files}


def run_octet(model, data, out, profile="ort-vnni", taps=(), count=None):
    """A list of dicts, one a sample."""
    words = ["run", model, "--data", data, "--as", profile, "-o", out, "-q"]
    words += [w for t in taps for w in ("--tap", t)] + (["-n", count] if count else [])
    done = octet(*words)
    assert done.returncode == 0, done.stderr
    return list(outputs_of(out))


def session(model, level=ort.GraphOptimizationLevel.ORT_ENABLE_ALL, optimized=None):
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    options.graph_optimization_level = level
    if optimized is not None:
        options.optimized_model_filepath = str(optimized)
    return ort.InferenceSession(model if isinstance(model, bytes) else str(model), options,
                                providers=["CPUExecutionProvider"])


def run_ort(model, samples):
    net = session(model)
    names = [o.name for o in net.get_outputs()]
    inputs = {i.name for i in net.get_inputs()}
    return [dict(zip(names, net.run(None, {k: v for k, v in s.items() if k in inputs}))) for s in samples]


def make_model(nodes, inputs, outputs, constants, opset=17, ir=9):
    """inputs: name -> array (its type and shape), outputs: names, constants: name -> array."""
    typed = [helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(a.dtype), a.shape)
             for n, a in inputs.items()]
    graph = helper.make_graph(nodes, "g", typed, [onnx.ValueInfoProto(name=n) for n in outputs],
                              [numpy_helper.from_array(np.asarray(a), n) for n, a in constants.items()])
    imports = [helper.make_opsetid("", opset), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(graph, opset_imports=imports, ir_version=ir)


def compare(ours, theirs):
    """(elements, differing elements, largest difference) over integer arrays that both have."""
    total = wrong = most = 0
    for got, want in zip(ours, theirs):
        for name, b in want.items():
            a, b = got.get(name), np.asarray(b)
            if a is None or b.dtype.kind not in "iu":
                continue
            assert a.shape == b.shape and a.dtype == b.dtype, name
            apart = np.abs(a.astype(np.int64) - b.astype(np.int64))
            total += a.size
            wrong += int((apart != 0).sum())
            most = max(most, int(apart.max(initial=0)))
    return total, wrong, most
