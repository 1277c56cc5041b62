"""Writes tests/interop/data/ort_avx2.npz: what ONNX Runtime computes on x86 with AVX2 and without VNNI.

The models and inputs are those of tests/interop/integer_cases.py; only their results are stored, with a
checksum of what they were made from and the versions that made them. Needs qemu-user.

    python tools/dev/gen_avx2_vectors.py

SPDX-License-Identifier: Apache-2.0
"""
import hashlib
import json
import pathlib
import sys

import numpy as np
import onnxruntime

INTEROP = pathlib.Path(__file__).resolve().parents[2] / "tests" / "interop"
sys.path.insert(0, str(INTEROP))

import integer_cases  # noqa: E402
import qemu_ort  # noqa: E402

COUNT = 270


def checksum(feeds):
    digest = hashlib.sha256()
    for name, value in sorted(feeds.items()):
        digest.update(name.encode() + value.tobytes())
    return digest.hexdigest()[:16]


def main():
    if qemu_ort.why_not():
        sys.exit(qemu_ort.why_not())
    made = list(integer_cases.cases(COUNT))
    results = qemu_ort.run([{"model": model, "feeds": [feeds]} for _, model, feeds in made])
    arrays = {label: outputs[0][0] for (label, _, _), outputs in zip(made, results)}
    about = {"onnxruntime": onnxruntime.__version__, "qemu": qemu_ort.version(), "cpu": "Haswell",
             "inputs": {label: checksum(feeds) for label, _, feeds in made}}
    path = INTEROP / "data" / "ort_avx2.npz"
    path.parent.mkdir(exist_ok=True)
    np.savez_compressed(path, about=np.frombuffer(json.dumps(about).encode(), np.uint8), **arrays)
    print(f"{path}: {COUNT} results, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
