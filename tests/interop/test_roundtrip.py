"""A model that is loaded and saved is the same model; a file that is no good model is refused.

SPDX-License-Identifier: Apache-2.0
"""
import os
import pathlib
import subprocess
import sys
import time

import pytest

np = pytest.importorskip("numpy")
onnx = pytest.importorskip("onnx")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHARED = pathlib.Path(os.environ.get("OCTET_SHARED", ROOT.parent / "shared"))
TOOL = pathlib.Path(os.environ.get("OCTET_BUILD", ROOT / "build")) / "tests" / "tool_roundtrip"
MODELS = sorted((SHARED / "models").glob("*/*.onnx"))

pytestmark = pytest.mark.skipif(not TOOL.exists(), reason="tool_roundtrip is not built")


def run(source, target, *options):
    result = subprocess.run([TOOL, *options, source, target], capture_output=True, text=True, timeout=300)
    assert result.returncode in (0, 3, 4, 5), (result.returncode, result.stderr)
    return result


def refused(source, folder, codes=(3,)):
    result = run(source, folder / "refused.onnx")
    assert result.returncode in codes, (result.returncode, result.stderr)
    assert len(result.stderr) > 10 and not (folder / "refused.onnx").exists()
    return result.stderr


def same(a, b):
    assert a == b
    assert a.SerializeToString(deterministic=True) == b.SerializeToString(deterministic=True)


def check(data, folder):
    """Bytes of a model -> the model after loading and saving, which must be equal."""
    (folder / "in.onnx").write_bytes(data)
    result = run(folder / "in.onnx", folder / "out.onnx")
    assert result.returncode == 0, result.stderr
    same(onnx.ModelProto.FromString(data), onnx.load(folder / "out.onnx", load_external_data=False))
    assert int(result.stdout) == (folder / "out.onnx").stat().st_size
    result = run(folder / "out.onnx", folder / "again.onnx")
    assert result.returncode == 0, result.stderr
    assert (folder / "out.onnx").read_bytes() == (folder / "again.onnx").read_bytes()


@pytest.mark.skipif(not MODELS, reason="no shared models")
@pytest.mark.parametrize("path", MODELS, ids=lambda p: p.parent.name)
def test_real_model(path, tmp_path):
    check(path.read_bytes(), tmp_path)


# ---- generated models


def info(name, dtype=TensorProto.FLOAT, shape=(2, 3)):
    return helper.make_tensor_value_info(name, dtype, shape)


def model(nodes, inputs, outputs, **more):
    graph_fields = {k: more.pop(k) for k in ("initializer", "value_info", "sparse_initializer") if k in more}
    graph = helper.make_graph(nodes, "g", inputs, outputs, **graph_fields)
    more.setdefault("opset_imports", [helper.make_opsetid("", 17)])
    return helper.make_model(graph, **more)


def relu(*names):
    return [helper.make_node("Relu", [a], [b], name=f"to_{b}") for a, b in zip(names, names[1:])]


def all_types(raw):
    """An initializer of every element type, in raw_data or in the typed field."""
    tensors = []
    for name, number in TensorProto.DataType.items():
        if name in ("UNDEFINED", "STRING"):
            continue
        t = TensorProto(name=f"t_{name}", data_type=number, dims=[3, 5])
        dtype = helper.tensor_dtype_to_np_dtype(number)
        bits = {"UINT4": 4, "INT4": 4, "FLOAT4E2M1": 4, "UINT2": 2, "INT2": 2, "FLOAT6E2M3": 6, "FLOAT6E3M2": 6}
        if raw:
            size = (15 * bits[name] + 7) // 8 if name in bits else 15 * dtype.itemsize
            t.raw_data = bytes((i * 37) % 2 for i in range(size))
        elif name in ("FLOAT", "COMPLEX64"):
            t.float_data.extend(float(i) for i in range(30 if "C" in name else 15))
        elif name in ("DOUBLE", "COMPLEX128"):
            t.double_data.extend(float(i) for i in range(30 if "C" in name else 15))
        elif name == "INT64":
            t.int64_data.extend(i - 7 << 40 for i in range(15))
        elif name in ("UINT32", "UINT64"):
            t.uint64_data.extend(range(15))
        elif name in bits and not name.startswith("FLOAT6"):
            t.int32_data.extend(i % 2 for i in range((15 * bits[name] + 7) // 8))
        else:
            t.int32_data.extend(i % 2 for i in range(15))
        tensors.append(t)
    tensors.append(helper.make_tensor("t_STRING", TensorProto.STRING, [2], [b"a", "é".encode()]))
    return model(relu("x", "y"), [info("x")], [info("y")], initializer=tensors)


def big_payloads():
    """Payloads that are not copied: raw and packed floats; and shorter ones that are."""
    tensors = []
    for n in (1, 7, 15, 16, 17, 31, 64, 1000, 70000):
        values = np.arange(n, dtype=np.float32)
        tensors.append(numpy_helper.from_array(values, f"raw{n}"))
        tensors.append(helper.make_tensor(f"float{n}", TensorProto.FLOAT, [n], values.tolist()))
        tensors.append(helper.make_tensor(f"double{n}", TensorProto.DOUBLE, [n], values.tolist()))
        tensors.append(helper.make_tensor(f"int{n}", TensorProto.INT64, [n], range(n)))
        tensors.append(helper.make_tensor(f"half{n}", TensorProto.FLOAT16, [n], (values % 1000).tolist()))
        constant = helper.make_tensor("", TensorProto.FLOAT, [n], values.tobytes(), raw=True)
        tensors[-1].doc_string = "a note behind the data"
    nodes = relu("x", "y") + [helper.make_node("Constant", [], ["c"], value=constant)]
    return model(nodes, [info("x")], [info("y")], initializer=tensors)


def subgraphs():
    """Captures over two levels, shadow-free and shared, an outer value as a branch output, a body in a list."""
    inner_then = helper.make_graph(
        [helper.make_node("Add", ["outer", "mid"], ["inner_sum"])], "inner_then", [], [info("inner_sum")])
    inner_else = helper.make_graph(
        [helper.make_node("Add", ["w", "x"], ["inner_sum_else"])], "inner_else", [], [info("inner_sum_else")])
    then = helper.make_graph(
        [helper.make_node("Relu", ["outer"], ["mid"]),
         helper.make_node("If", ["cond"], ["then_out"], then_branch=inner_then, else_branch=inner_else)],
        "then", [], [info("then_out")], initializer=[numpy_helper.from_array(np.ones((2, 3), np.float32), "then_w")])
    otherwise = helper.make_graph([helper.make_node("Identity", ["outer"], ["else_out"])], "else", [], [info("else_out")])
    nodes = [
        helper.make_node("Relu", ["x"], ["outer"], name="producer"),
        helper.make_node("If", ["cond"], ["y"], name="choice", then_branch=then, else_branch=otherwise),
        helper.make_node("Many", ["y"], ["z"], domain="custom", bodies=[then, otherwise]),
    ]
    return model(nodes, [info("x"), info("cond", TensorProto.BOOL, [])], [info("y"), info("z")],
                 initializer=[numpy_helper.from_array(np.ones((2, 3), np.float32), "w")],
                 opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid("custom", 3)])


def functions():
    body = [helper.make_node("LeakyRelu", ["a"], ["t"]), helper.make_node("Add", ["t", "b"], ["c"])]
    body[0].attribute.append(onnx.AttributeProto(name="alpha", ref_attr_name="slope", type=onnx.AttributeProto.FLOAT))
    function = helper.make_function("local", "F", ["a", "b"], ["c"], body, [helper.make_opsetid("", 17)],
                                    attributes=["slope"], attribute_protos=[helper.make_attribute("beta", 0.5)])
    function.doc_string, function.overload = "about F", "v1"
    function.value_info.append(info("t"))
    function.metadata_props.add(key="k", value="v")
    node = helper.make_node("F", ["x", "x"], ["y"], domain="local", overload="v1", slope=0.1)
    return model([node], [info("x")], [info("y")], functions=[function],
                 opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid("local", 1)])


def every_attribute():
    sparse = helper.make_sparse_tensor(helper.make_tensor("v", TensorProto.FLOAT, [1], [2.0]),
                                       helper.make_tensor("i", TensorProto.INT64, [1], [1]), [4])
    node = helper.make_node(
        "All", ["x", "", "x"], ["y", "", "z"], domain="custom", doc_string="doc",
        f=-0.0, i=-5, s=b"with \0 zero", t=helper.make_tensor("t", TensorProto.INT8, [2], [1, -1]),
        floats=[1.5, float("inf")], ints=[-1, 2**62], strings=[b"", b"a\0b", "é".encode()],
        tensors=[helper.make_tensor("t1", TensorProto.STRING, [1], [b"s"])], sparse_tensor=sparse, sparse_tensors=[sparse],
        tp=helper.make_tensor_type_proto(TensorProto.FLOAT, [1, "n", None]),
        type_protos=[helper.make_sequence_type_proto(helper.make_tensor_type_proto(TensorProto.INT64, None))])
    node.attribute[0].doc_string = "attribute doc"
    node.attribute.append(onnx.AttributeProto(name="empty_ints", type=onnx.AttributeProto.INTS))
    node.attribute.append(onnx.AttributeProto(name="absent_int", type=onnx.AttributeProto.INT))
    node.metadata_props.add(key="k", value="v")
    configuration = node.device_configurations.add(configuration_id="c", pipeline_stage=2)
    configuration.sharding_spec.add(tensor_name="x", device=[0, 1]).sharded_dim.add(axis=1).simple_sharding.add(
        dim_param="n", num_shards=2)
    m = model([node], [info("x")], [info("y"), info("z")], opset_imports=[helper.make_opsetid("custom", 1)])
    m.configuration.add(name="c", num_devices=2, device=["a", "b"])
    return m


def every_type():
    types = [
        helper.make_sequence_type_proto(helper.make_tensor_type_proto(TensorProto.FLOAT, ["n", 2])),
        helper.make_map_type_proto(TensorProto.STRING, helper.make_tensor_type_proto(TensorProto.INT64, [])),
        helper.make_optional_type_proto(helper.make_tensor_type_proto(TensorProto.FLOAT, None)),
        helper.make_sparse_tensor_type_proto(TensorProto.FLOAT, [3]),
        onnx.TypeProto(opaque_type=onnx.TypeProto.Opaque(domain="d", name="o"), denotation="what"),
        helper.make_tensor_type_proto(TensorProto.STRING, [0, -1, "", None]),
        helper.make_tensor_type_proto(TensorProto.UNDEFINED, None),
        onnx.TypeProto(),
    ]
    inputs = [onnx.ValueInfoProto(name=f"x{i}", type=t, doc_string=f"d{i}") for i, t in enumerate(types)]
    inputs.append(onnx.ValueInfoProto(name="untyped"))
    nodes = [helper.make_node("Identity", [i.name], [f"y_{i.name}"]) for i in inputs]
    outputs = [onnx.ValueInfoProto(name=f"y_{i.name}", type=i.type) for i in inputs if i.HasField("type")]
    return model(nodes, inputs, outputs + [onnx.ValueInfoProto(name="y_untyped")])


def extras():
    """Everything octet carries without a meaning for it."""
    m = model(relu("x", "t", "y") + [helper.make_node("Relu", ["t"], ["t2"])], [info("x")], [info("y")],
              value_info=[info("t"), info("nowhere"), info("t")],
              sparse_initializer=[helper.make_sparse_tensor(
                  helper.make_tensor("sparse", TensorProto.FLOAT, [2], [1.0, 2.0]),
                  helper.make_tensor("", TensorProto.INT64, [2], [0, 3]), [2, 3])])
    m.producer_name, m.producer_version, m.domain, m.doc_string, m.model_version = "p", "1", "d", "doc", 7
    m.graph.doc_string = "graph doc"
    for key in ("a", "b", "a"):
        m.metadata_props.add(key=key, value="1")
        m.graph.metadata_props.add(key=key, value="2")
    m.graph.value_info[0].metadata_props.add(key="k", value="v")
    m.graph.quantization_annotation.add(tensor_name="t").quant_parameter_tensor_names.add(key="SCALE_TENSOR", value="s")
    training = m.training_info.add()
    training.algorithm.CopyFrom(helper.make_graph(
        [helper.make_node("Dangling", ["nothing"], ["grad"])], "algorithm", [], [],
        initializer=[numpy_helper.from_array(np.zeros(5000, np.float32), "state")]))
    training.update_binding.add(key="w", value="w2")
    return m


def old_style():
    """IR version 3: initializers are inputs too; nodes without names; the domain spelled out."""
    m = model([helper.make_node("Conv", ["x", "w"], ["y"], domain="ai.onnx")],
              [info("x", shape=[1, 1, 4, 4]), info("w", shape=[1, 1, 3, 3])], [info("y", shape=None)],
              initializer=[numpy_helper.from_array(np.ones((1, 1, 3, 3), np.float32), "w")],
              opset_imports=[helper.make_opsetid("ai.onnx", 7)])
    m.ir_version = 3
    return m


def oldest():
    m = old_style()
    m.ir_version = 2
    del m.opset_import[:]
    return m


def unordered():
    nodes = relu("x", "a", "b", "c", "y")
    return model([nodes[2], nodes[0], nodes[3], nodes[1]], [info("x")], [info("y")])


def unusual_names():
    nodes = [helper.make_node("Relu", ["x"], ["a b/c:0"], name="twice"),
             helper.make_node("Relu", ["a b/c:0"], ["é\n'"], name="twice"),
             helper.make_node("Relu", ["é\n'"], ["y"])]
    return model(nodes, [info("x")], [info("y"), info("y")])


def empty():
    return model([], [info("x")], [info("x")])


@pytest.mark.parametrize("make", [
    lambda: all_types(True), lambda: all_types(False), big_payloads, subgraphs, functions, every_attribute, every_type,
    extras, old_style, oldest, unordered, unusual_names, empty,
], ids=["types-raw", "types-typed", "payloads", "subgraphs", "functions", "attributes", "value-types", "extras",
        "ir3", "ir2", "unordered", "names", "empty"])
def test_generated_model(make, tmp_path):
    check(make().SerializeToString(), tmp_path)


# ---- fields that no release of ONNX has


def varint(n):
    out = bytearray()
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    return bytes(out) + bytes([n])


UNKNOWN = (varint(900 << 3) + b"\x05" + varint(536870911 << 3 | 5) + b"\x01\0\0\0" + varint(901 << 3 | 2) + b"\x03abc"
           + varint(902 << 3 | 1) + b"12345678" + varint(900 << 3 | 2) + b"\x02\x08\x01")


def with_unknown(message):
    """The message with unknown fields in it and in every message below it."""
    for field, value in message.ListFields():
        if field.message_type is not None:
            for child in value if field.is_repeated else [value]:
                with_unknown(child)
    message.MergeFromString(UNKNOWN)


@pytest.mark.parametrize("make", [big_payloads, subgraphs, functions, every_attribute, every_type, extras])
def test_unknown_fields(make, tmp_path):
    m = make()
    with_unknown(m)
    data = m.SerializeToString()
    assert data.count(UNKNOWN) > 10
    check(data, tmp_path)


def test_wire_forms(tmp_path):
    """Packed and unpacked lists, typed data in pieces, raw_data given twice, overlong varints."""
    floats = np.arange(40, dtype=np.float32)
    packed = varint(4 << 3 | 2) + varint(80) + floats[:20].tobytes()
    tensor = (b"\x08\x28" + b"\x10\x01" + b"\x42\x01w" + packed + varint(4 << 3 | 2) + varint(80) + floats[20:].tobytes())
    assert np.array_equal(numpy_helper.to_array(TensorProto.FromString(tensor)), floats)
    twice = (b"\x0a\x01\x28" + b"\x10\x01" + b"\x42\x01v" + varint(9 << 3 | 2) + varint(200) + bytes(200)
             + varint(9 << 3 | 2) + varint(160) + floats.tobytes())
    short = (b"\x08\x01" + b"\x10\x01" + b"\x42\x01u" + varint(9 << 3 | 2) + varint(200) + bytes(200)
             + varint(9 << 3 | 2) + varint(4) + floats[:1].tobytes())
    singly = b"\x08\x28\x10\x01\x42\x01q" + b"".join(b"\x25" + floats[i:i + 1].tobytes() for i in range(40))
    graph = model(relu("x", "y"), [info("x")], [info("y")]).graph.SerializeToString()
    for t in (tensor, twice, short, singly):
        graph += b"\x2a" + varint(len(t)) + t
    node = b"\x0a\x01x\x12\x01z\x22\x01R" + b"\x2a" + varint(15) + b"\x0a\x04ints\x42\x04\x01\x02\xff\x01\xa0\x01\x07"
    graph += b"\x0a" + varint(len(node)) + node
    data = b"\x08\x88\x80\x00" + b"\x42\x02\x10\x11" + b"\x3a" + varint(len(graph)) + graph
    assert list(onnx.ModelProto.FromString(data).graph.node[1].attribute[0].ints) == [1, 2, 255]
    check(data, tmp_path)


# ---- external data


def with_external(folder, name="m.onnx", **options):
    rng = np.random.default_rng(1)
    tensors = [numpy_helper.from_array(rng.standard_normal(n).astype(np.float32), f"w{n}") for n in (1, 300, 5000, 70000)]
    value = numpy_helper.from_array(rng.integers(0, 9, 4000), "c")
    m = model(relu("x", "y") + [helper.make_node("Constant", [], ["c"], value=value)], [info("x")], [info("y")],
              initializer=tensors)
    plain = onnx.ModelProto.FromString(m.SerializeToString())
    onnx.save(m, folder / name, save_as_external_data=True, size_threshold=64, convert_attribute=True, **options)
    return plain


@pytest.mark.parametrize("one_file", [True, False])
def test_external_data_is_inlined(tmp_path, one_file):
    plain = with_external(tmp_path, all_tensors_to_one_file=one_file)
    assert run(tmp_path / "m.onnx", tmp_path / "out.onnx").returncode == 0
    same(plain, onnx.load(tmp_path / "out.onnx", load_external_data=False))


def test_external_data_in_subfolder_without_length(tmp_path):
    plain = with_external(tmp_path, location="weights.bin")
    (tmp_path / "sub").mkdir()
    (tmp_path / "weights.bin").rename(tmp_path / "sub" / "weights.bin")
    m = onnx.load(tmp_path / "m.onnx", load_external_data=False)
    for t in [*m.graph.initializer, m.graph.node[1].attribute[0].t]:
        kept = [e for e in t.external_data if e.key == "offset"]
        if t.external_data:
            del t.external_data[:]
            t.external_data.extend([*kept, onnx.StringStringEntryProto(key="location", value="sub/./weights.bin"),
                                    onnx.StringStringEntryProto(key="checksum", value="0" * 40)])
    onnx.save(m, tmp_path / "m.onnx")
    assert run(tmp_path / "m.onnx", tmp_path / "out.onnx").returncode == 0
    same(plain, onnx.load(tmp_path / "out.onnx", load_external_data=False))


def payloads(m):
    tensors = list(m.graph.initializer) + [a.t for n in m.graph.node for a in n.attribute if a.HasField("t")]
    return {t.name: (t.data_type, list(t.dims), numpy_helper.to_array(t).tobytes()) for t in tensors}


@pytest.mark.parametrize("make", ["external", "typed", "small"])
def test_external_data_is_written(tmp_path, make):
    if make == "external":
        plain = with_external(tmp_path)
    else:
        plain = big_payloads() if make == "typed" else model(relu("x", "y"), [info("x")], [info("y")])
        onnx.save(plain, tmp_path / "m.onnx")
    out = tmp_path / "out"
    out.mkdir()
    result = run(tmp_path / "m.onnx", out / "o.onnx", "--external-data")
    assert result.returncode == 0, result.stderr
    assert int(result.stdout) == sum(f.stat().st_size for f in out.iterdir())
    assert sorted(f.name for f in out.iterdir()) == (["o.onnx"] if make == "small" else ["o.onnx", "o.onnx.data"])
    refs = [t for t in onnx.load(out / "o.onnx", load_external_data=False).graph.initializer if t.data_location]
    for t in refs:
        entries = {e.key: e.value for e in t.external_data}
        length = int(entries["length"])
        assert entries["location"] == "o.onnx.data" and length >= 1024
        assert int(entries["offset"]) % (4096 if length >= 4096 else 64) == 0
    assert payloads(onnx.load(out / "o.onnx")) == payloads(plain)
    before = [f.read_bytes() for f in sorted(out.iterdir())]
    # Onto itself: the input is still mapped while it is replaced.
    assert run(out / "o.onnx", out / "o.onnx", "--external-data").returncode == 0
    assert before == [f.read_bytes() for f in sorted(out.iterdir())]


# ---- hostile input


def external_path(folder, location):
    t = TensorProto(name="w", data_type=1, dims=[4], data_location=TensorProto.EXTERNAL)
    t.external_data.add(key="location", value=location)
    onnx.save(model(relu("x", "y"), [info("x")], [info("y")], initializer=[t]), folder / "m.onnx")
    return folder / "m.onnx"


@pytest.mark.parametrize("location, codes, says", [
    ("../../etc/passwd", (3,), "inside"),
    ("a/../../../etc/passwd", (3,), "inside"),
    ("/etc/passwd", (3,), "inside"),
    ("", (3,), "inside"),
    ("missing.bin", (5,), "missing.bin"),
    ("folder", (5,), "folder"),
    ("short.bin", (3,), "16"),
    ("link", (3,), "link"),
    ("way/passwd", (3,), "way/passwd"),
    ("loop", (5,), "loop"),
])
def test_external_path(tmp_path, location, codes, says):
    (tmp_path / "folder").mkdir()
    (tmp_path / "short.bin").write_bytes(bytes(15))
    (tmp_path / "link").symlink_to("/etc/passwd")
    (tmp_path / "way").symlink_to("/etc")
    (tmp_path / "loop").symlink_to("loop")
    message = refused(external_path(tmp_path, location), tmp_path, codes)
    assert "tensor 'w'" in message and says in message


@pytest.mark.parametrize("key, value", [
    ("offset", "-1"), ("offset", "x"), ("length", "-16"), ("length", "99999999999999999999"), ("offset", "9223372036854775807"),
    ("length", "9223372036854775807"), ("length", "12"),
])
def test_external_numbers(tmp_path, key, value):
    path = external_path(tmp_path, "data.bin")
    (tmp_path / "data.bin").write_bytes(bytes(16))
    assert run(path, tmp_path / "out.onnx").returncode == 0
    (tmp_path / "out.onnx").unlink()
    m = onnx.load(path, load_external_data=False)
    m.graph.initializer[0].external_data.add(key=key, value=value)
    onnx.save(m, path)
    refused(path, tmp_path)


def test_symbolic_link_inside_is_fine(tmp_path):
    path = external_path(tmp_path, "link.bin")
    (tmp_path / "data.bin").write_bytes(bytes(16))
    (tmp_path / "link.bin").symlink_to("data.bin")
    assert run(path, tmp_path / "out.onnx").returncode == 0


def nested(depth):
    data = b""
    for _ in range(depth):
        node = b"\x22\x02If\x2a" + varint(len(data) + len(varint(len(data))) + 1) + b"\x32" + varint(len(data)) + data
        data = b"\x0a" + varint(len(node)) + node
    return b"\x08\x08\x42\x02\x10\x11\x3a" + varint(len(data)) + data


def not_models():
    good = model(relu("x", "y"), [info("x")], [info("y")]).SerializeToString()
    return {
        "empty": b"",
        "text": b"This is a text, not a model.\n" * 50,
        "json": b'{"graph": {"node": []}}',
        "zeros": bytes(1000),
        "ones": b"\xff" * 1000,
        "deep": nested(10000),
        "length overflow": b"\x3a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
        "length 2^31": b"\x3a\x80\x80\x80\x80\x08",
        "group": good + b"\x0b\x0c",
        "wire type": b"\x09" + bytes(8) + good,
        "field 0": good + b"\x00\x01",
        "field too high": good + b"\xff\xff\xff\xff\xff\x01\x01",
        "zero in a string": good + b"\x12\x03a\0b",
        "another message": TensorProto(name="w", data_type=1, dims=[1], raw_data=bytes(4)).SerializeToString(),
    }


@pytest.mark.parametrize("name", not_models())
def test_not_a_model(tmp_path, name):
    path = tmp_path / "x.txt"
    path.write_bytes(not_models()[name])
    assert "'" + str(path) + "' is not an ONNX model: " in refused(path, tmp_path)


def test_no_file(tmp_path):
    assert "directory" in refused(tmp_path, tmp_path, (5,)).lower()
    assert "missing.onnx" in refused(tmp_path / "missing.onnx", tmp_path, (5,))


def test_graph_given_twice(tmp_path):
    good = model(relu("x", "y"), [info("x")], [info("y")])
    (tmp_path / "m.onnx").write_bytes(good.SerializeToString() + onnx.ModelProto(graph=good.graph).SerializeToString())
    assert "twice" in refused(tmp_path / "m.onnx", tmp_path, (4,))


@pytest.mark.parametrize("make", [big_payloads, subgraphs, functions])
def test_truncated(tmp_path, make):
    data = make().SerializeToString()
    path = tmp_path / "m.onnx"
    for percent in range(100):
        path.write_bytes(data[:len(data) * percent // 100])
        refused(path, tmp_path)


def bad_models():
    x, y = info("x"), info("y")
    w = helper.make_tensor("w", TensorProto.FLOAT, [2], [1, 2])

    def tensor(**fields):
        return model(relu("x", "y"), [x], [y], initializer=[TensorProto(name="w", **fields)])

    def change(m, f):
        f(m)
        return m

    loop = [helper.make_node("Add", ["x", "b"], ["a"], name="one"), helper.make_node("Relu", ["a"], ["b"], name="two"),
            helper.make_node("Relu", ["b"], ["y"])]
    branch = helper.make_graph([helper.make_node("Relu", ["made"], ["o"])], "b", [], [y])
    own = helper.make_node("If", ["x"], ["made"], name="self", then_branch=branch, else_branch=branch)
    function = helper.make_function("d", "F", ["a"], ["c"], [helper.make_node("Relu", ["outside"], ["c"], name="inner")],
                                    [helper.make_opsetid("", 17)])
    return {
        "dangling input": (model([helper.make_node("Relu", ["lost"], ["y"], name="n")], [x], [y]), ["'n'", "'lost'"]),
        "dangling output": (model(relu("x", "z"), [x], [y]), ["'y'"]),
        "duplicate value": (model(relu("x", "y") + relu("x", "y"), [x], [y]), ["'y'", "'to_y'"]),
        "duplicate output": (model([helper.make_node("Split", ["x"], ["y", "y"], name="s")], [x], [y]), ["'y'", "'s'"]),
        "output is input": (model(relu("x", "x"), [x], [x]), ["'x'"]),
        "duplicate input": (model(relu("x", "y"), [x, x], [y]), ["'x'"]),
        "duplicate initializer": (model(relu("x", "y"), [x], [y], initializer=[w, w]), ["'w'"]),
        "cycle": (model(loop, [x], [y]), ["cycle"]),
        "own output captured": (model([own], [x], [info("made")]), ["'self'"]),
        "dangling in function": (model(relu("x", "y"), [x], [y], functions=[function]), ["'F'", "'inner'", "'outside'"]),
        "nameless input": (model(relu("x", "y"), [x, onnx.ValueInfoProto()], [y]), ["name"]),
        "nameless initializer": (model(relu("x", "y"), [x], [y], initializer=[TensorProto(data_type=1, dims=[0])]), ["name"]),
        "no op_type": (model([onnx.NodeProto(input=["x"], output=["y"], name="n")], [x], [y]), ["'n'", "op_type"]),
        "unknown dtype": (tensor(data_type=99, dims=[1], raw_data=b"1234"), ["'w'", "99"]),
        "no dtype": (tensor(dims=[1], raw_data=b"1234"), ["'w'"]),
        "short raw_data": (tensor(data_type=1, dims=[2], raw_data=b"1234"), ["'w'", "4", "8"]),
        "long raw_data": (tensor(data_type=1, dims=[2], raw_data=bytes(100)), ["'w'", "100", "8"]),
        "no data": (tensor(data_type=1, dims=[2]), ["'w'", "float_data"]),
        "wrong field": (tensor(data_type=1, dims=[2], int32_data=[1, 2]), ["'w'", "float_data"]),
        "negative dim": (tensor(data_type=1, dims=[-1]), ["'w'", "-1"]),
        "overflow": (tensor(data_type=11, dims=[2**31, 2**31, 2**31]), ["'w'"]),
        "strings": (tensor(data_type=8, dims=[3], string_data=[b"a"]), ["'w'", "string_data"]),
        "unknown element type": (model(relu("x", "y"), [info("x", 77)], [y]), ["'x'", "77"]),
        "attribute tensor": (model([helper.make_node("Constant", [], ["y"], name="c", value=TensorProto(data_type=1, dims=[3]))],
                                   [], [y]), ["'c'", "'value'"]),
        "attribute kind": (change(model([helper.make_node("Relu", ["x"], ["y"], name="r", k=1)], [x], [y]),
                                  lambda m: m.graph.node[0].attribute[0].MergeFromString(b"\xa0\x01\x63")), ["'r'"]),
        "attribute without graph": (model([helper.make_node("If", ["x"], ["y"], name="i")], [x], [y]), None),
        "imports missing": (change(model(relu("x", "y"), [x], [y]), lambda m: m.ClearField("opset_import")), ["opset_import"]),
        "imports disagree": (model(relu("x", "y"), [x], [y], opset_imports=[
            helper.make_opsetid("", 11), helper.make_opsetid("ai.onnx", 12)]), ["11", "12"]),
        "import version": (model(relu("x", "y"), [x], [y], opset_imports=[helper.make_opsetid("", -3)]), ["-3"]),
        "import missing": (model([helper.make_node("F", ["x"], ["y"], name="f", domain="d")], [x], [y]), ["'f'", "'d'"]),
        "no ir_version": (change(model(relu("x", "y"), [x], [y]), lambda m: m.ClearField("ir_version")), ["ir_version"]),
        "no graph": (change(model(relu("x", "y"), [x], [y]), lambda m: m.ClearField("graph")), ["graph"]),
    }


@pytest.mark.parametrize("name", [k for k, v in bad_models().items() if v[1] is not None])
def test_bad_model(tmp_path, name):
    bad, says = bad_models()[name]
    (tmp_path / "m.onnx").write_bytes(bad.SerializeToString())
    message = refused(tmp_path / "m.onnx", tmp_path)
    assert str(tmp_path / "m.onnx") in message
    for word in says:
        assert word in message


# ---- output that cannot be written


def test_unwritable(tmp_path):
    onnx.save(big_payloads(), tmp_path / "m.onnx")
    for target in ("/dev/full", tmp_path / "no" / "out.onnx", tmp_path):
        result = run(tmp_path / "m.onnx", target)
        assert result.returncode == 5 and str(target) in result.stderr
    assert [f.name for f in tmp_path.iterdir()] == ["m.onnx"]


def test_external_data_needs_a_file(tmp_path):
    onnx.save(big_payloads(), tmp_path / "m.onnx")
    result = subprocess.run([TOOL, "--external-data", tmp_path / "m.onnx", "-"], capture_output=True, text=True)
    assert result.returncode == 2 and "standard output" in result.stderr


def test_standard_streams():
    data = big_payloads().SerializeToString()
    result = subprocess.run([TOOL, "-", "-"], input=data, capture_output=True)
    assert result.returncode == 0, result.stderr
    assert int(result.stderr) == len(result.stdout)
    same(onnx.ModelProto.FromString(data), onnx.ModelProto.FromString(result.stdout))


# ---- cost


def sanitized():
    return b"__asan_init" in TOOL.read_bytes()


def peak_memory(*arguments):
    """Peak resident bytes of the tool, measured from a small process: a fork starts with its parent's peak."""
    script = ("import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL); "
              "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)")
    result = subprocess.run([sys.executable, "-S", "-c", script, TOOL, *arguments], capture_output=True, text=True, check=True)
    return int(result.stdout) * (1 if sys.platform == "darwin" else 1024)


@pytest.mark.skipif(TOOL.exists() and sanitized(), reason="a sanitizer takes memory of its own")
@pytest.mark.parametrize("kind", ["raw", "float_data", "attribute", "external in", "external out"])
def test_peak_memory(tmp_path, kind):
    rng = np.random.default_rng(0)
    arrays = [rng.standard_normal(1 << 20).astype(np.float32) for _ in range(20)]
    tensors = [numpy_helper.from_array(a, f"w{i}") for i, a in enumerate(arrays)]
    nodes = relu("x", "y")
    if kind == "float_data":
        for t, a in zip(tensors, arrays):
            t.ClearField("raw_data")
            t.float_data.extend(a)
    if kind == "attribute":
        nodes += [helper.make_node("Constant", [], [t.name], value=t) for t in tensors]
        tensors = []
    m = model(nodes, [info("x")], [info("y")], initializer=tensors)
    onnx.save(m, tmp_path / "m.onnx", save_as_external_data=kind == "external in")
    size = sum(f.stat().st_size for f in tmp_path.iterdir())
    assert size > 80e6
    options = ["--external-data"] if kind == "external out" else []
    peak = peak_memory(*options, tmp_path / "m.onnx", tmp_path / "out.onnx")
    assert peak < 1.3 * size, f"{peak / size:.2f} times the model"


def test_many_nodes(tmp_path):
    """10^5 nodes, values and initializers: linear time."""
    n = 100_000
    nodes = [helper.make_node("Add", [f"v{i}", f"w{i}"], [f"v{i + 1}"], name=f"n{i}") for i in range(n)]
    weights = [helper.make_tensor(f"w{i}", TensorProto.FLOAT, [1], [0.5]) for i in range(n)]
    infos = [info(f"v{i}", shape=[1]) for i in range(1, n)]
    data = model(nodes, [info("v0")], [info(f"v{n}")], initializer=weights, value_info=infos).SerializeToString()
    start = time.monotonic()
    check(data, tmp_path)
    assert time.monotonic() - start < 60


def test_one_value_used_often(tmp_path):
    n = 100_000
    nodes = [helper.make_node("Relu", ["x"], [f"v{i}"]) for i in range(n)]
    start = time.monotonic()
    check(model(nodes, [info("x")], [info("v0")]).SerializeToString(), tmp_path)
    assert time.monotonic() - start < 60
