"""The text octet writes is what onnx.parser reads, and octet reads what onnx.printer writes.

SPDX-License-Identifier: Apache-2.0
"""
import os
import pathlib
import subprocess

import pytest

onnx = pytest.importorskip("onnx")
from onnx import AttributeProto, TensorProto, numpy_helper  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHARED = pathlib.Path(os.environ.get("OCTET_SHARED", ROOT.parent / "shared"))
TOOL = pathlib.Path(os.environ.get("OCTET_BUILD", ROOT / "build")) / "tests" / "tool_text"
MODELS = sorted((SHARED / "models").glob("*/*.onnx"))
FIXTURES = sorted((ROOT / "tests" / "fuzz" / "corpus" / "text").glob("*.txt"))
LIMIT = 1_000_000  # bytes of a model: the texts of larger ones take minutes to compare

# What text cannot say of these kinds, or octet does not keep of it.
OPAQUE = {AttributeProto.SPARSE_TENSOR, AttributeProto.SPARSE_TENSORS, AttributeProto.TYPE_PROTO,
          AttributeProto.TYPE_PROTOS, AttributeProto.TENSORS}

pytestmark = pytest.mark.skipif(not TOOL.exists(), reason="tool_text is not built")


def to_text(path):
    result = subprocess.run([TOOL, "-1", path], capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stderr
    return result.stdout


def domain(name):
    return "" if name == "ai.onnx" else name


def attribute(a):
    """A comparable form of an attribute; graphs are compared without their names."""
    if a.ref_attr_name:
        return a.name, a.type, "@" + a.ref_attr_name
    value = {
        AttributeProto.GRAPH: lambda: graph(a.g, False),
        AttributeProto.GRAPHS: lambda: [graph(g, False) for g in a.graphs],
        AttributeProto.TENSOR: lambda: tensor(a.t),
        AttributeProto.FLOAT: lambda: repr(a.f),
        AttributeProto.FLOATS: lambda: [repr(f) for f in a.floats],
    }
    if a.type in value:
        return a.name, a.type, value[a.type]()
    return a.name, a.type, onnx.helper.get_attribute_value(a)


def tensor(t):
    if t.data_type in (TensorProto.INT4, TensorProto.UINT4):
        return t.data_type, tuple(t.dims), numpy_helper.to_array(t).astype("int8").tobytes()
    return t.data_type, tuple(t.dims), numpy_helper.to_array(t).tobytes()


def node(n):
    return (n.name, domain(n.domain), n.op_type, n.overload, tuple(n.input), tuple(n.output),
            [attribute(a) for a in n.attribute])


def interface(values):
    """Names and types; types other than tensors have no form that octet keeps."""
    out = []
    for v in values:
        t = v.type.tensor_type if v.type.HasField("tensor_type") else None
        shape = None
        if t is not None and t.HasField("shape"):
            shape = [d.dim_value if d.HasField("dim_value") and d.dim_value >= 0 else d.dim_param
                     for d in t.shape.dim]
        out.append((v.name, t.elem_type if t is not None else 0, shape))
    return out


def graph(g, named=True):
    return (g.name if named else "", interface(g.input), interface(g.output),
            [(t.name, tensor(t)) for t in g.initializer],
            sorted((node(n) for n in g.node), key=repr))


def same(a, b):
    assert a.ir_version == b.ir_version
    assert ([(domain(o.domain), o.version) for o in a.opset_import]
            == [(domain(o.domain), o.version) for o in b.opset_import])
    left, right = graph(a.graph), graph(b.graph)
    for x, y in zip(left, right):
        assert x == y
    assert len(a.functions) == len(b.functions)
    for f, g in zip(a.functions, b.functions):
        assert (f.domain, f.name, list(f.input), list(f.output), list(f.attribute)) == (
            g.domain, g.name, list(g.input), list(g.output), list(g.attribute))
        assert [node(n) for n in f.node] == [node(n) for n in g.node]


def graphs_of(g):
    yield g
    for n in g.node:
        for a in n.attribute:
            for sub in [a.g] * (a.type == AttributeProto.GRAPH) + list(a.graphs):
                yield from graphs_of(sub)


def sayable(model):
    """Whether text can hold the model at all."""
    for g in graphs_of(model.graph):
        tensors = list(g.initializer) + [a.t for n in g.node for a in n.attribute
                                         if a.type == AttributeProto.TENSOR]
        if g.sparse_initializer or any(t.data_type == TensorProto.STRING or t.data_location
                                       for t in tensors):
            return False
        if any(a.type in OPAQUE for n in g.node for a in n.attribute):
            return False
    return True


def load(path):
    if path.stat().st_size > LIMIT:
        pytest.skip("large payloads")
    model = onnx.load(path)
    if not sayable(model):
        pytest.skip("strings, sparse tensors or types as payload")
    return model


@pytest.mark.skipif(not MODELS, reason="no shared models")
@pytest.mark.parametrize("path", MODELS, ids=lambda p: p.parent.name)
def test_model_to_text(path, tmp_path):
    model = load(path)
    text = to_text(path)
    same(model, onnx.parser.parse_model(text))
    (tmp_path / "again.txt").write_text(text)
    assert to_text(tmp_path / "again.txt") == text


@pytest.mark.skipif(not MODELS, reason="no shared models")
@pytest.mark.parametrize("path", MODELS, ids=lambda p: p.parent.name)
def test_printed_model(path, tmp_path):
    model = load(path)
    printed = onnx.printer.to_text(model)
    try:
        onnx.parser.parse_model(printed)
    except onnx.parser.ParseError:  # quoted names of tensors and graphs in attributes
        pytest.skip("onnx.parser does not read it either")
    (tmp_path / "printed.txt").write_text(printed)
    same(model, onnx.parser.parse_model(to_text(tmp_path / "printed.txt")))


@pytest.mark.parametrize("path", FIXTURES, ids=lambda p: p.name)
def test_fixture(path, tmp_path):
    """The same text by both readers."""
    (tmp_path / "in.txt").write_text(path.read_text())
    result = subprocess.run([TOOL, "-1", tmp_path / "in.txt"], capture_output=True, text=True, timeout=60)
    if result.returncode != 0:
        pytest.skip("octet refuses it: " + result.stderr)
    same(onnx.parser.parse_model(path.read_text()), onnx.parser.parse_model(result.stdout))
