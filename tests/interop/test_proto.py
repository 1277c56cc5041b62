"""proto/onnx.proto says what the descriptors inside the onnx package say, no more and no less.

SPDX-License-Identifier: Apache-2.0
"""
import pathlib
import shutil
import subprocess

import pytest

pb = pytest.importorskip("google.protobuf.descriptor_pb2")
onnx_ml_pb2 = pytest.importorskip("onnx.onnx_ml_pb2")
from onnx import onnx_data_pb2, onnx_operators_ml_pb2  # noqa: E402

PROTO = pathlib.Path(__file__).resolve().parents[2] / "proto" / "onnx.proto"
# protoc-c is a protoc with another back end: either can write the descriptors.
COMPILER = shutil.which("protoc-c") or shutil.which("protoc")


def enum_facts(enum, path, facts):
    for value in enum.value:
        facts[f"{path}.{value.name}"] = ("enum value", value.number)


def message_facts(message, path, facts):
    facts[path] = ("message", sorted((r.start, r.end) for r in message.reserved_range), sorted(message.reserved_name))
    for field in message.field:
        oneof = message.oneof_decl[field.oneof_index].name if field.HasField("oneof_index") else None
        facts[f"{path}.{field.name}"] = (
            "field", field.number, field.type, field.label, field.type_name, oneof,
            field.options.packed, field.default_value)
    for enum in message.enum_type:
        enum_facts(enum, f"{path}.{enum.name}", facts)
    for nested in message.nested_type:
        message_facts(nested, f"{path}.{nested.name}", facts)


def facts_of(files):
    facts = {}
    for file in files:
        assert file.package == "onnx" and file.syntax in ("", "proto2")
        for enum in file.enum_type:
            enum_facts(enum, enum.name, facts)
        for message in file.message_type:
            message_facts(message, message.name, facts)
    return facts


def official():
    files = []
    for module in (onnx_ml_pb2, onnx_data_pb2, onnx_operators_ml_pb2):
        file = pb.FileDescriptorProto()
        module.DESCRIPTOR.CopyToProto(file)
        files.append(file)
    return facts_of(files)


def ours(text, folder):
    (folder / "onnx.proto").write_text(text)
    subprocess.run([COMPILER, f"-I{folder}", f"--descriptor_set_out={folder}/set", "onnx.proto"], check=True)
    return facts_of(pb.FileDescriptorSet.FromString((folder / "set").read_bytes()).file)


needs_compiler = pytest.mark.skipif(COMPILER is None, reason="no protoc-c or protoc")


@needs_compiler
def test_same_facts(tmp_path):
    mine, theirs = ours(PROTO.read_text(), tmp_path), official()
    assert len(theirs) > 250
    assert {k: v for k, v in theirs.items() if mine.get(k) != v} == {}, "missing or different in onnx.proto"
    assert sorted(set(mine) - set(theirs)) == [], "not in the onnx package"


@needs_compiler
@pytest.mark.parametrize("old, new", [
    ("optional bytes raw_data = 9;", ""),
    ("optional bytes raw_data = 9;", "optional string raw_data = 9;"),
    ("optional bytes raw_data = 9;", "repeated bytes raw_data = 9;"),
    ("repeated float float_data = 4 [packed = true];", "repeated float float_data = 4;"),
    ("UINT2 = 25;", "UINT2 = 125;"),
    ("message MapProto {", "message More { optional int64 x = 1; }\nmessage MapProto {"),
])
def test_a_difference_is_seen(tmp_path, old, new):
    text = PROTO.read_text()
    assert old in text
    assert ours(text.replace(old, new), tmp_path) != official()
