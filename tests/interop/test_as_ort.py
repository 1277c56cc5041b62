"""`octet run --as ort-vnni` computes what ONNX Runtime does with a quantized model, in its default optimizations.

Two comparisons for each model. End to end: every integer tensor and output, from the same samples. Node by
node: every integer operator is given ONNX Runtime's own integers, and must make the same of them: outputs of
QuantizeLinear are exposed in the one and fed in the other, which leaves what is fused to what it is. The real
models of the shared folder, the bundled ones, and some that ONNX Runtime's own tool has quantized.

SPDX-License-Identifier: Apache-2.0
"""
import pathlib

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
ort = pytest.importorskip("onnxruntime")

from as_ort import OCTET, ROOT, SHARED, compare, has_exact_products, octet, outputs_of, run_octet, run_ort, session, \
    write_samples  # noqa: E402

BUNDLED = sorted(p.stem for p in (ROOT / "models").glob("*.onnx"))
SHELF = sorted(p.parent.name for p in (SHARED / "models").glob("*/model.onnx"))
SAMPLES = 2
ENOUGH = 0.999

pytestmark = pytest.mark.skipif(not OCTET.exists() or not has_exact_products(),
                                reason="no octet, or a processor that saturates")
# Not all integers are the same end to end: a float operator between them rounds otherwise (docs/numerics.md).
NEARLY = {"gtcrn_simple": "GRU"}
# Refused by quantize, or run by nobody.
SKIPPED = {"s_gonnx_gru", "s_lgbm_hummingbird", "s_pcb_aoi_oldops", "s_shufflenetv2_int8", "s_silero_v4_many_domains",
           "s_supres_extensions", "s_mnist_zipmap"}
INTEGER = {"QGemm", "MatMulIntegerToFloat", "MaxPool", "QLinearMatMul", "QLinearConv"}


def is_integer(op):
    return op.startswith("QLinear") or op in INTEGER


def model_and_data(name):
    if name in BUNDLED:
        data = ROOT / "models" / "digits" / "calib"
        return ROOT / "models" / f"{name}.onnx", ["--data", data] if data.exists() else ["--random", SAMPLES]
    data = SHARED / "data" / "samples" / name
    return SHARED / "models" / name / "model.onnx", ["--data", data] if data.exists() else ["--random", SAMPLES]


def quantize(name, out):
    model, data = model_and_data(name)
    done = octet("quantize", model, *data, "-n", 4, "-o", out, "-q")
    assert done.returncode == 0, done.stderr
    return data


def graph_inputs(graph):
    constants = {i.name for i in graph.initializer}
    return [i.name for i in graph.input if i.name not in constants]


def quantized_values(graph):
    """Outputs of QuantizeLinear nodes of the main graph, but for constants."""
    constants = {i.name for i in graph.initializer}
    return [n.output[0] for n in graph.node if n.op_type == "QuantizeLinear" and n.input[0] not in constants]


def exposed(model, names):
    have = {o.name for o in model.graph.output}
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    copy.graph.output.extend(onnx.ValueInfoProto(name=n) for n in names if n not in have)
    return copy


def run_everywhere(path, data, folder):
    """Our outputs and integers, ONNX Runtime's, and the samples."""
    model = onnx.load(path)
    inputs = graph_inputs(model.graph)
    words = ["run", path, *data, "-n", SAMPLES, "--as", "ort-vnni", "-o", folder / "ours", "-q", "--tap", "quantized"]
    done = octet(*words, *(w for i in inputs for w in ("--tap", i)))
    assert done.returncode == 0, done.stderr
    ours = list(outputs_of(folder / "ours"))
    assert ours
    names = [n for n in quantized_values(model.graph) if n in ours[0]]
    samples = [{i: s[i] for i in inputs} for s in ours]
    theirs = run_ort(exposed(model, names).SerializeToString(), samples)
    return ours, theirs, samples, names


def fed(model, names):
    """The model whose readers of the named integers take them from inputs <name>_fed."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    kinds = {}
    constants = {i.name: i for i in copy.graph.initializer}
    for node in copy.graph.node:
        if node.op_type == "QuantizeLinear":
            zero = constants.get(node.input[2]) if len(node.input) > 2 else None
            kinds[node.output[0]] = zero.data_type if zero is not None else onnx.TensorProto.UINT8
    for node in copy.graph.node:
        for i, name in enumerate(node.input):
            if name in names:
                node.input[i] = name + "_fed"
    have = {o.name for o in copy.graph.output}
    types = {v.name: v for v in onnx.shape_inference.infer_shapes(model).graph.value_info}
    for name in names:
        shape = None
        if name in types and types[name].type.tensor_type.HasField("shape"):
            shape = [d.dim_value or d.dim_param or None for d in types[name].type.tensor_type.shape.dim]
        copy.graph.input.append(onnx.helper.make_tensor_value_info(name + "_fed", kinds[name], shape))
        if name not in have:
            copy.graph.output.append(onnx.ValueInfoProto(name=name))
    return copy


def made_by_integers(model, names, folder):
    """The named values that ONNX Runtime's integer operators make, layout changes aside."""
    optimized = folder / "optimized.onnx"
    session(exposed(model, names).SerializeToString(), ort.GraphOptimizationLevel.ORT_ENABLE_EXTENDED, optimized)
    makers = {o: n.op_type for n in onnx.load(optimized, load_external_data=False).graph.node for o in n.output}
    return {n for n in names if is_integer(makers.get(n, ""))}


def check_nodes(path, names, theirs, samples, folder):
    model = onnx.load(path)
    made = made_by_integers(model, names, folder)
    surgery = folder / "fed.onnx"
    surgery.write_bytes(fed(model, set(names)).SerializeToString())
    data = write_samples(folder / "fed", [{**s, **{n + "_fed": t[n] for n in names}} for s, t in zip(samples, theirs)])
    ours = run_octet(surgery, data, folder / "nodes")
    total, wrong, most = compare([{n: o[n] for n in made} for o in ours], [{n: t[n] for n in made} for t in theirs])
    assert wrong == 0, f"{wrong} of {total} elements differ by up to {most}"
    return total


def check_model(path, data, folder, exact):
    ours, theirs, samples, names = run_everywhere(path, data, folder)
    total, wrong, most = compare(ours, theirs)
    print(f"{path.stem}: {total - wrong} of {total} integers end to end")
    assert wrong <= (0 if exact else (1 - ENOUGH) * total), f"{wrong} of {total} differ by up to {most}"
    if names:
        count = check_nodes(path, names, theirs, samples, folder)
        print(f"{path.stem}: all of {count} node by node")


@pytest.mark.parametrize("name", BUNDLED + [n for n in SHELF if n not in SKIPPED])
def test_model(name, tmp_path):
    path = tmp_path / f"{name}.onnx"
    data = quantize(name, path)
    check_model(path, data, tmp_path, name not in NEARLY)


# ---- models that octet did not quantize

class Reader:
    def __init__(self, samples):
        self.samples = iter(samples)

    def get_next(self):
        return next(self.samples, None)


THEIRS = [("resnet8_cifar10", "QDQ", "QInt8", True), ("resnet8_cifar10", "QOperator", "QUInt8", False),
          ("kws_dscnn", "QOperator", "QInt8", True), ("ad01_autoencoder", "QDQ", "QUInt8", False),
          ("mnist_8", "QOperator", "QUInt8", True), ("mnist_bn_mlp", "QDQ", "QInt8", False)]


@pytest.mark.skipif(not SHELF, reason="no real models")
@pytest.mark.parametrize("name, form, activations, per_channel", THEIRS)
def test_quantized_by_onnxruntime(name, form, activations, per_channel, tmp_path):
    quantization = pytest.importorskip("onnxruntime.quantization")
    model, data = model_and_data(name)
    inputs = graph_inputs(onnx.load(model).graph)
    done = octet("run", model, *data, "-n", 4, "-o", tmp_path / "samples", "-q",
                 *(w for i in inputs for w in ("--tap", i)))
    assert done.returncode == 0, done.stderr
    samples = [{i: s[i] for i in inputs} for s in outputs_of(tmp_path / "samples")]
    path = tmp_path / f"{name}.onnx"
    quantization.quantize_static(
        str(model), str(path), Reader(samples), quant_format=quantization.QuantFormat[form], per_channel=per_channel,
        activation_type=quantization.QuantType[activations], weight_type=quantization.QuantType.QInt8)
    if form == "QDQ" and activations == "QUInt8":
        check_model(path, data, tmp_path, True)
        return
    # Exposing a signed tensor would keep ONNX Runtime from making it unsigned: the outputs alone.
    ours = run_octet(path, write_samples(tmp_path / "in", samples), tmp_path / "out")
    for got, want in zip(ours, run_ort(path, samples)):
        for output in want:
            np.testing.assert_allclose(got[output], want[output], rtol=1e-5, atol=1e-6)


def test_every_excuse_is_needed():
    """What is skipped or only nearly right exists."""
    assert pathlib.Path(SHARED).exists() is bool(SHELF)
    assert not SHELF or (set(NEARLY) | SKIPPED) <= set(SHELF)
