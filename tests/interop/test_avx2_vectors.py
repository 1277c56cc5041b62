"""octet run --as ort-avx2 against stored results of ONNX Runtime on AVX2 without VNNI, bit for bit.

tools/dev/gen_avx2_vectors.py made the results; this test needs neither ONNX Runtime nor an emulator.

SPDX-License-Identifier: Apache-2.0
"""
import hashlib
import json
import os
import pathlib
import subprocess

import numpy as np
import pytest

pytest.importorskip("onnx")
import integer_cases  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
OCTET = pathlib.Path(os.environ.get("OCTET_BIN", HERE.parents[1] / "build" / "octet"))
pytestmark = pytest.mark.skipif(not OCTET.exists(), reason="no octet")

STORED = np.load(HERE / "data" / "ort_avx2.npz")
ABOUT = json.loads(STORED["about"].tobytes())
CASES = list(integer_cases.cases(len(ABOUT["inputs"])))


def checksum(feeds):
    digest = hashlib.sha256()
    for name, value in sorted(feeds.items()):
        digest.update(name.encode() + value.tobytes())
    return digest.hexdigest()[:16]


def run(folder, model, feeds, profile):
    (folder / "model.onnx").write_bytes(model)
    (folder / "in").mkdir(exist_ok=True)
    np.savez(folder / "in" / "0.npz", **feeds)
    command = [OCTET, "run", folder / "model.onnx", "--as", profile, "--data", folder / "in", "-o",
               folder / profile, "-q"]
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return np.load(folder / profile / "0000.npz")["y"]


@pytest.mark.parametrize("label,model,feeds", CASES, ids=[c[0] for c in CASES])
def test_same_bits(label, model, feeds, tmp_path):
    assert checksum(feeds) == ABOUT["inputs"][label], "the inputs are not those of the stored result"
    got = run(tmp_path, model, feeds, "ort-avx2")
    want = STORED[label]
    assert got.dtype == want.dtype and got.shape == want.shape
    np.testing.assert_array_equal(got, want)


def test_saturation_shows(tmp_path):
    """Exact sums give other results in many of the cases, else they would prove nothing."""
    differing, some = 0, CASES[:60]
    for label, model, feeds in some:
        (tmp_path / label).mkdir()
        exact = run(tmp_path / label, model, feeds, "ort-vnni")
        differing += not np.array_equal(exact, STORED[label])
    assert differing > len(some) // 3
