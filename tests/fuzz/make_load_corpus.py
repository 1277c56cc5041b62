"""Writes tests/fuzz/corpus/load: one small model per kind of thing a file can hold.

SPDX-License-Identifier: Apache-2.0
"""
import pathlib
import sys

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "interop"))
import test_roundtrip as models  # noqa: E402
from onnx import TensorProto, helper, numpy_helper  # noqa: E402


def convolution():
    """Payloads long enough not to be copied, in every place one can stand."""
    rng = np.random.default_rng(0)
    weights = [numpy_helper.from_array(rng.standard_normal((4, 1, 3, 3)).astype(np.float32), "w"),
               helper.make_tensor("b", TensorProto.FLOAT, [32], rng.standard_normal(32).tolist()),
               helper.make_tensor("d", TensorProto.DOUBLE, [16], rng.standard_normal(16).tolist())]
    nodes = [helper.make_node("Conv", ["x", "w"], ["c"], name="conv", pads=[1, 1, 1, 1]),
             helper.make_node("Constant", [], ["k"], value=numpy_helper.from_array(np.arange(9), "k")),
             helper.make_node("Relu", ["c"], ["y"], name="relu")]
    model = models.model(nodes, [models.info("x", shape=["n", 1, 8, 8])], [models.info("y", shape=["n", 4, 8, 8])],
                         initializer=weights, value_info=[models.info("c", shape=["n", 4, 8, 8])])
    model.graph.quantization_annotation.add(tensor_name="c").quant_parameter_tensor_names.add(key="SCALE_TENSOR", value="w")
    model.graph.quantization_annotation.add(tensor_name="y").quant_parameter_tensor_names.add(key="SCALE_TENSOR", value="b")
    model.metadata_props.add(key="author", value="someone")
    model.metadata_props.add(key="licence", value="none")
    return model


def with_unknown(make):
    message = make()
    models.with_unknown(message)
    return message


CORPUS = {
    "convolution": convolution, "types-raw": lambda: models.all_types(True), "types-typed": lambda: models.all_types(False),
    "subgraphs": models.subgraphs, "functions": models.functions, "attributes": models.every_attribute,
    "value-types": models.every_type, "ir3": models.old_style, "ir2": models.oldest, "unordered": models.unordered,
    "names": models.unusual_names, "unknown-subgraphs": lambda: with_unknown(models.subgraphs),
    "unknown-attributes": lambda: with_unknown(models.every_attribute),
}

if __name__ == "__main__":
    folder = ROOT / "fuzz" / "corpus" / "load"
    folder.mkdir(parents=True, exist_ok=True)
    for name, make in CORPUS.items():
        (folder / f"{name}.onnx").write_bytes(make().SerializeToString(deterministic=True))
    for name in ("cycle", "dangling input", "duplicate value", "own output captured", "short raw_data"):
        (folder / f"bad-{name.replace(' ', '-')}.onnx").write_bytes(models.bad_models()[name][0].SerializeToString())
    for name in ("text", "length overflow", "group", "zero in a string"):
        (folder / f"bad-{name.replace(' ', '-')}.bin").write_bytes(models.not_models()[name])
    (folder / "bad-deep.bin").write_bytes(models.nested(100))
