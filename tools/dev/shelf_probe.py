"""shelf_probe.py SHARED NAME QUANTIZED.onnx: what other tools say of one quantized model, as JSON.

The checker of the onnx package with full shape inference, whether ONNX Runtime loads the model, and
whether OpenVINO's CPU plugin runs it and how far its outputs are from ONNX Runtime's.

SPDX-License-Identifier: Apache-2.0
"""
import json
import os
import sys

import numpy as np
import onnx
import onnxruntime as ort
import openvino as ov

EVAL_SAMPLES = 4
LIMIT_DB = 200.0
MESSAGE_LIMIT = 200


def first_line(error):
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0][:MESSAGE_LIMIT] if lines else type(error).__name__


def openvino_message(error):
    """The first line that is about the model and not about OpenVINO's source."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    telling = [line for line in lines if ".cpp:" not in line and not line.startswith(("FrontEnd API", "Model wasn't"))]
    return (telling or lines or [type(error).__name__])[0][:MESSAGE_LIMIT]


def check(path):
    try:
        onnx.checker.check_model(path, full_check=True)
        return "ok"
    except Exception as error:  # the checker's and the inference's exceptions have no common base
        return first_line(error)


def session(path):
    ort.set_default_logger_severity(4)
    return ort.InferenceSession(path, providers=["CPUExecutionProvider"])


def floats(outputs):
    parts = [np.asarray(o, np.float64).ravel() for o in outputs if np.asarray(o).dtype.kind == "f"]
    return np.concatenate(parts) if parts else np.zeros(0)


def sqnr_db(wanted, got):
    signal = sum(float((w**2).sum()) for w in wanted)
    error = sum(float(((w - g) ** 2).sum()) for w, g in zip(wanted, got))
    return min(LIMIT_DB, 10 * np.log10((signal + 1e-30) / (error + 1e-30)))


def feed(net, sample):
    known = {i.name for i in net.get_inputs()}
    return {k: v for k, v in sample.items() if k in known}


def compile_openvino(path):
    core = ov.Core()
    return core.compile_model(core.read_model(path), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})


def fails_in_openvino(path, net, samples):
    try:
        run_openvino(path, net, samples)
        return False
    except Exception:  # whatever it is, the model does not run
        return True


def run_openvino(path, net, samples):
    """How far OpenVINO's outputs are from ONNX Runtime's, in dB; None where there are only integers."""
    model = compile_openvino(path)
    wanted, got, integers_equal = [], [], True
    for sample in (feed(net, s) for s in samples):
        reference = net.run(None, sample)
        answer = model(sample)
        outputs = [np.asarray(answer[i]) for i in range(len(reference))]
        wanted.append(floats(reference))
        got.append(floats(outputs))
        integers_equal &= all(np.array_equal(r, o) for r, o in zip(reference, outputs) if r.dtype.kind != "f")
    has_floats = any(w.size for w in wanted)
    return {"sqnr_db": sqnr_db(wanted, got) if has_floats else None, "integers_equal": bool(integers_equal)}


def probe(shared, name, path):
    result = {"checker": check(path)}
    try:
        net = session(path)
        result["onnxruntime"] = "ok"
    except Exception as error:  # ONNX Runtime's exception classes have no common base
        return {**result, "onnxruntime": first_line(error)}
    sys.path.insert(0, os.path.join(shared, "eval"))
    import evalkit  # only there

    if name not in evalkit.MODELS_WITH_DATA:
        return result
    samples, _ = evalkit.load(name, "eval", EVAL_SAMPLES)
    try:
        result["openvino"] = run_openvino(path, net, samples)
    except Exception as error:
        original = os.path.join(shared, "models", name, "model.onnx")
        result["openvino"] = {"fails": openvino_message(error),
                              "fails_on_float": fails_in_openvino(original, session(original), samples)}
    return result


if __name__ == "__main__":
    print(json.dumps(probe(*sys.argv[1:4])))
