"""Generated cases of single operators: models, octet's results, and what others compute.

A case is a list of arrays and attributes; the opsets >= 13 in which the operator changed take turns, as far
as the standard allows the case there. octet must agree with ONNX Runtime and with the reference evaluator of
the onnx package wherever they can run it; `follow` names the one to agree with where the two differ.

SPDX-License-Identifier: Apache-2.0
"""
import dataclasses
import functools
import pathlib
import subprocess

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

NEWEST = onnx.defs.onnx_opset_version()
F32, F64, F16 = np.float32, np.float64, np.float16
SIGNED = [np.int8, np.int16, np.int32, np.int64]
UNSIGNED = [np.uint8, np.uint16, np.uint32, np.uint64]
INTEGERS = SIGNED + UNSIGNED


@dataclasses.dataclass
class Case:
    op: str
    inputs: list  # arrays; None: left out
    attrs: dict = dataclasses.field(default_factory=dict)
    outputs: int = 1
    const: tuple = ()  # inputs that are initializers
    rtol: float = 1e-5
    atol: float = 1e-6
    follow: str = ""  # "ort" or "ref": the only one to agree with
    since: int = 13
    until: int = NEWEST
    domain: str = ""
    steps: int = 0  # by how much integers may differ

    def describe(self):
        shapes = ", ".join("-" if a is None else f"{a.dtype}{list(a.shape)}" for a in self.inputs)
        attrs = ", ".join(f"{k}={v}" for k, v in self.attrs.items())
        return f"{self.op}({shapes}) {attrs} const={self.const}"


@functools.cache
def history():
    found = {}
    for schema in onnx.defs.get_all_schemas_with_history():
        found.setdefault((schema.domain, schema.name), set()).add(schema.since_version)
    return found


def versions(op):
    """The opsets >= 13 at which the operator is new or changed, or 13 itself."""
    return sorted({max(v, 13) for v in history()["", op]})


@functools.cache
def signature(op, opset):
    schema = onnx.defs.get_schema(op, opset)
    kinds = {c.type_param_str: set(c.allowed_type_strs) for c in schema.type_constraints}
    return schema, list(schema.inputs), kinds, set(schema.attributes)


def allowed(case, opset):
    schema, formal, kinds, attributes = signature(case.op, opset)
    if schema.deprecated or any(a not in attributes for a in case.attrs):
        return False
    for i, array in enumerate(case.inputs):
        if i >= len(formal) and not (formal and formal[-1].option.name == "Variadic"):
            return False
        port = formal[min(i, len(formal) - 1)]
        if array is None:
            continue
        name = TensorProto.DataType.Name(helper.np_dtype_to_tensor_dtype(array.dtype)).lower()
        if f"tensor({name})" not in kinds.get(port.type_str, {port.type_str}):
            return False
    return len(case.inputs) >= schema.min_input


def opsets(case):
    """Where the case may run. Other domains have no schema to ask."""
    if case.domain:
        return [17]
    return [v for v in versions(case.op) if case.since <= v <= case.until and allowed(case, v)]


def build(case, opset):
    names = ["" if a is None else f"x{i}" for i, a in enumerate(case.inputs)]
    node = helper.make_node(case.op, names, [f"y{i}" for i in range(case.outputs)], domain=case.domain,
                            **case.attrs)
    inputs, initializers = [], []
    for i, (name, array) in enumerate(zip(names, case.inputs)):
        if array is None:
            continue
        if i in case.const:
            initializers.append(numpy_helper.from_array(array, name))
        else:
            kind = helper.np_dtype_to_tensor_dtype(array.dtype)
            inputs.append(helper.make_tensor_value_info(name, kind, array.shape))
    outputs = [onnx.ValueInfoProto(name=f"y{i}") for i in range(case.outputs)]
    graph = helper.make_graph([node], case.op, inputs, outputs, initializers)
    imports = [helper.make_opsetid("", opset)]
    if case.domain:
        imports.append(helper.make_opsetid(case.domain, 1))
    return helper.make_model(graph, opset_imports=imports, ir_version=10)


def feeds(case):
    return {f"x{i}": a for i, a in enumerate(case.inputs) if a is not None and i not in case.const}


def run_ort(model, case):
    """Outputs, or None when ONNX Runtime cannot run the case."""
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    try:
        session = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        return session.run(None, feeds(case))
    except Exception:  # noqa: BLE001: whatever it lacks
        return None


def run_reference(model, case):
    from onnx.reference import ReferenceEvaluator

    try:
        with np.errstate(all="ignore"):
            return ReferenceEvaluator(model).run(None, feeds(case))
    except Exception:  # noqa: BLE001
        return None


def run_octet(tool, folder, models_and_feeds, *options):
    """Results in order: a dict of arrays, or a string with exit code and message."""
    folder = pathlib.Path(folder)
    for i, (model, arrays) in enumerate(models_and_feeds):
        (folder / f"{i}.onnx").write_bytes(model.SerializeToString())
        np.savez(folder / f"{i}.npz", **arrays)
    done = subprocess.run([tool, *options, folder], capture_output=True, text=True, timeout=1400)
    assert done.returncode == 0, done.stderr[-4000:]
    for i in range(len(models_and_feeds)):
        error = folder / f"{i}.err"
        if error.exists():
            yield error.read_text().strip(), None
        else:
            with np.load(folder / f"{i}.out.npz") as npz:
                arrays = {k: npz[k] for k in npz.files}
            yield arrays, (folder / f"{i}.types").read_text().splitlines()


def difference(case, got, want):
    """None, or what is wrong with one output."""
    want = np.asarray(want)
    if got.dtype != want.dtype:
        return f"is {got.dtype}, not {want.dtype}"
    if got.shape != want.shape:
        return f"has shape {got.shape}, not {want.shape}"
    if want.dtype.kind != "f":
        if want.dtype.kind != "b" and case.steps:
            apart = np.abs(got.astype(np.int64) - want.astype(np.int64))
            return None if apart.max(initial=0) <= case.steps else f"differs by up to {apart.max()}"
        return None if np.array_equal(got, want) else f"differs:\n{got}\n{want}"
    rtol, atol = (max(case.rtol, 2e-3), max(case.atol, 1e-3)) if want.dtype == F16 else (case.rtol, case.atol)
    got, want = got.astype(F64), want.astype(F64)
    if not np.array_equal(np.isfinite(got), np.isfinite(want)):
        return f"not finite in other places:\n{got}\n{want}"
    with np.errstate(invalid="ignore"):
        error = np.abs(got - want) > atol + rtol * np.abs(want)
    if error.any():
        at = np.unravel_index(np.argmax(error), error.shape) if error.shape else ()
        return f"differs in {error.sum()} of {error.size}, first at {tuple(map(int, at))}: {got[at]!r}, not {want[at]!r}"
    return None


def type_difference(line, array):
    """None, or why the inferred type of an output is wrong or says too little."""
    words = line.split()
    name = {"float32": "float", "float64": "double"}.get(str(array.dtype), str(array.dtype))
    if words[0] != name:
        return f"inferred {words[0]}, not {name}"
    if words[1:] != [str(d) for d in array.shape]:
        return f"inferred shape {words[1:]}, not {list(array.shape)}"
    return None
