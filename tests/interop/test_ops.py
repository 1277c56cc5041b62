"""Every operator of octet on generated cases, against ONNX Runtime and the reference evaluator.

The cases are in tests/ops/cases_*.py. octet runs all of them in one process; each operator is one test.

SPDX-License-Identifier: Apache-2.0
"""
import collections
import importlib
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "ops"))
import harness  # noqa: E402
import hostile  # noqa: E402

TOOL = pathlib.Path(os.environ.get("OCTET_BUILD", ROOT / "build")) / "tests" / "tool_eval_node"
pytestmark = pytest.mark.skipif(not TOOL.exists(), reason="tool_eval_node is not built")

MODULES = sorted(p.stem for p in (ROOT / "tests" / "ops").glob("cases_*.py"))
# Output shapes that depend on data.
DYNAMIC = {"NonMaxSuppression", "NonZero", "Unique", "Compress", "Range", "OneHot", "TopK", "ConstantOfShape", "Reshape", "Expand", "Tile", "Slice",
           "Pad", "Split", "Squeeze", "Unsqueeze", "Resize", "ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd",
           "ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceSumSquare"}
# Operators on which the reference evaluator, plain Python, takes long: every so many cases are enough.
SLOW = {"Conv": 8, "ConvTranspose": 8, "MaxPool": 8, "AveragePool": 8, "LpPool": 8, "Resize": 8}
# Bent cases per operator.
HOSTILE = 40
# Operators that are tested elsewhere: control flow and what has no numeric result.
ELSEWHERE = {"If", "Loop", "Scan", "Constant", "BitCast", "CumProd", "Scatter"}


def collect():
    found = collections.defaultdict(list)
    for module in MODULES:
        rng = np.random.default_rng(20240607)
        for i, case in enumerate(importlib.import_module(module).cases(rng)):
            opsets = harness.opsets(case)
            if opsets:  # in turn: the variants of an operator share its cases
                found[case.op].append((case, opsets[i % len(opsets)]))
    return found


CASES = collect()


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    flat = [(op, case, opset) for op, group in CASES.items() for case, opset in group]
    jobs = [(harness.build(case, opset), harness.feeds(case)) for _, case, opset in flat]
    by_op = collections.defaultdict(list)
    for (op, case, opset), (model, _), result in zip(flat, jobs, harness.run_octet(TOOL, tmp_path_factory.mktemp("ops"), jobs)):
        by_op[op].append((case, opset, model, result))
    return by_op


def problems(case, model, outputs, types, slow_too):
    """What is wrong with the outputs of one case; the second value counts the oracles that ran it."""
    found, oracles = [], 0
    for name, run in (("ort", harness.run_ort), ("ref", harness.run_reference)):
        skipped = name == "ref" and not slow_too and case.follow != "ref"
        wanted = run(model, case) if case.follow in ("", name) and not skipped else None
        if wanted is None:
            continue
        oracles += 1
        for i, want in enumerate(wanted):
            if i < case.outputs and want is not None:
                wrong = harness.difference(case, outputs[f"y{i}"], want)
                found += [f"output {i} {wrong} (by {name})"] if wrong else []
    for i, line in enumerate(types):
        wrong = harness.type_difference(line, outputs[f"y{i}"])
        if wrong and not (case.op in DYNAMIC and len(case.const) == 0):
            found.append(f"output {i} {wrong}")
    return found, oracles


@pytest.mark.parametrize("op", sorted(CASES))
def test_operator(op, results):
    failures, oracles = [], 0
    for i, (case, opset, model, (outputs, types)) in enumerate(results[op]):
        if isinstance(outputs, str):
            wrong = [outputs]
        else:
            wrong, n = problems(case, model, outputs, types, i % SLOW.get(op, 1) == 0)
            oracles += n
        failures += [f"opset {opset}: {case.describe()}: {w}" for w in wrong]
    assert not failures, f"{len(failures)} of {len(results[op])} cases:\n" + "\n".join(failures[:8])
    assert oracles > 0, "nobody could check this operator"


def test_every_operator_has_cases():
    listed = subprocess.run([TOOL, "--list"], capture_output=True, text=True, check=True).stdout.splitlines()
    names = {line.split()[1] for line in listed}
    assert names - set(CASES) - ELSEWHERE == set()


def test_unfit_models_are_refused_or_run(tmp_path):
    """Nothing but a clear error or a result: no crash, no hang, and under the sanitizers no finding."""
    rng = np.random.default_rng(int(os.environ.get("OCTET_TEST_SEED", "7")))
    jobs = []
    for op in sorted(CASES):
        for case, opset in CASES[op][:: max(1, len(CASES[op]) // HOSTILE)]:
            bent = hostile.bend(rng, case)
            try:
                jobs.append((harness.build(bent, opset), harness.feeds(bent)))
            except (TypeError, ValueError, OverflowError, AttributeError):
                continue  # onnx cannot express it
    assert len(jobs) > 1000
    refused = 0
    for outcome, _ in harness.run_octet(TOOL, tmp_path, jobs, "--max-bytes", "100000000"):
        if isinstance(outcome, str):
            refused += 1
            code, _, text = outcome.partition(" ")
            assert code in ("3", "4", "5", "6"), outcome
            assert len(text) > 10, outcome
    assert 0 < refused < len(jobs)


def test_bits_depend_on_neither_cpu_level_nor_threads(tmp_path):
    """The same bytes from the scalar reference, the best kernels, and two threads."""
    jobs = [(harness.build(case, opset), harness.feeds(case)) for op in sorted(CASES) for case, opset in CASES[op][::9]]
    runs = []
    for name, options in (("ref", ("--cpu", "ref")), ("best", ()), ("threads", ("--threads", "2"))):
        (tmp_path / name).mkdir()
        runs.append([out for out, _ in harness.run_octet(TOOL, tmp_path / name, jobs, *options)])
    for (model, _), *outputs in zip(jobs, *runs):
        first = outputs[0]
        assert not isinstance(first, str), first
        for other in outputs[1:]:
            assert all(first[k].tobytes() == other[k].tobytes() for k in first), model.graph.node[0]
