#!/usr/bin/env python3
"""Whole-process time and peak memory of `octet quantize` against onnxruntime.quantization.

usage: bench_quantize.py --octet BIN [--bench-kernels BIN] [--methods minmax,percentile,entropy,mse] [--runs 5]
                         [--peer-runs 3] [--markdown] NAME=MODEL,SAMPLES ...

SAMPLES is a folder of stacked .npy files with a samples.json, or of .npz files; both sides read the same files. Runs
alternate; the table gives medians and the ratios of medians. The peer's methods are MinMax, Percentile and Entropy; for
mse, which it does not have, its faster histogram method is taken. A model below opset 13 is converted to 17 with
onnx.version_converter for onnxruntime.quantization, outside the measured time; octet gets the file as it is. Where the
peer's symbolic shape inference fails, it does without; its histogram methods fail on samples of differing shapes.
With --bench-kernels, the floor is printed too: multiply-accumulates of all samples' convolutions and matrix products at
the peak of a register-only loop of fused multiply-adds on all cores.
Needs onnx, onnxruntime, numpy and sympy.
SPDX-License-Identifier: Apache-2.0
"""
import argparse
import os
import statistics
import subprocess
import sys
import tempfile

import onnx

from macs import Counter
from samples import Samples

HERE = os.path.dirname(os.path.abspath(__file__))
PEER_METHODS = {"minmax": ["MinMax"], "percentile": ["Percentile"], "entropy": ["Entropy"],
                "mse": ["Percentile", "Entropy"]}
HEAD = ("model", "samples", "method", "floor s", "octet s", "onnxruntime s", "times faster", "octet MB",
        "onnxruntime MB", "times smaller")


def measure(command, may_fail=False):
    """Seconds and peak resident bytes of one process, None where it failed and may."""
    result = subprocess.run([sys.executable, "-S", "-E", os.path.join(HERE, "measure.py"), *command],
                            capture_output=True, text=True, check=False)
    if result.returncode != 0 and may_fail:
        return None
    if result.returncode != 0:
        sys.exit(f"{' '.join(command)} failed:\n{result.stderr[-2000:]}")
    seconds, peak = result.stdout.split()
    return float(seconds), int(peak)


def for_peer(model, folder):
    """The model itself, or a copy that onnxruntime.quantization takes."""
    loaded = onnx.load(model)
    version = max(o.version for o in loaded.opset_import if o.domain in ("", "ai.onnx"))
    if version >= 13:
        return model
    path = os.path.join(folder, "converted.onnx")
    onnx.save(onnx.version_converter.convert_version(loaded, 17), path)
    return path


def needs_plain(model, folder):
    """Whether the peer's symbolic shape inference fails on the model."""
    code = "import sys; from onnxruntime.quantization.shape_inference import quant_pre_process as q; q(*sys.argv[1:])"
    return subprocess.run([sys.executable, "-c", code, model, os.path.join(folder, "tried.onnx")],
                          capture_output=True, check=False).returncode != 0


def total_macs(model, samples):
    counter = Counter(model)
    by_shape = {}
    total = 0
    for sample in samples:
        shapes = tuple(sorted((name, array.shape) for name, array in sample.items()))
        if shapes not in by_shape:
            by_shape[shapes] = counter.count(sample)
        total += by_shape[shapes]
    return total


def all_core_peak(bench_kernels):
    """GFLOP/s."""
    out = subprocess.run([bench_kernels, "--peak", "--threads", str(os.cpu_count())], capture_output=True, text=True,
                         check=True)
    return float(out.stdout.split()[0])


def median(pairs):
    return [statistics.median(x) for x in zip(*pairs)] if all(pairs) else None


def bench(args, model, samples, folder):
    """{method: ours}, {peer's method: theirs}, each (seconds, bytes)."""
    peer_model = for_peer(model, folder)
    plain = ["plain"] if needs_plain(peer_model, folder) else []
    out = os.path.join(folder, "out.onnx")
    ours = {m: [] for m in args.methods}
    theirs = {p: [] for m in args.methods for p in PEER_METHODS[m]}
    for run in range(args.runs):
        for method, results in ours.items():
            results.append(measure([args.octet, "quantize", model, "--data", samples, "--method", method, "-o", out,
                                    "-f", "-q"]))
        for method, results in theirs.items():
            if run < args.peer_runs:
                results.append(measure([sys.executable, os.path.join(HERE, "peer_onnxruntime.py"), peer_model, samples,
                                        method, out, *plain], may_fail=True))
    return {m: median(r) for m, r in ours.items()}, {p: median(r) for p, r in theirs.items()}


def rows_of(args, spec, peak):
    name, paths = spec.split("=", 1)
    model, folder = paths.split(",", 1)
    samples = Samples(folder)
    floor = f"{2e-9 * total_macs(model, samples) / peak:.3f}" if peak else ""
    with tempfile.TemporaryDirectory() as work:
        ours, theirs = bench(args, model, folder, work)
    for method, (seconds, peak_bytes) in ours.items():
        done = [theirs[p] for p in PEER_METHODS[method] if theirs[p] is not None]
        row = (name, str(len(samples)), method, floor, f"{seconds:.3f}")
        if not done:
            yield (*row, "fails", "", f"{peak_bytes / 1e6:.0f}", "", "")
            continue
        peer_seconds, peer_bytes = min(done)
        yield (*row, f"{peer_seconds:.2f}", f"{peer_seconds / seconds:.1f}", f"{peak_bytes / 1e6:.0f}",
               f"{peer_bytes / 1e6:.0f}", f"{peer_bytes / peak_bytes:.1f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--octet", required=True)
    parser.add_argument("--bench-kernels")
    parser.add_argument("--methods", default="minmax", type=lambda text: text.split(","))
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--peer-runs", type=int, default=3)
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("models", nargs="+", metavar="NAME=MODEL,SAMPLES")
    args = parser.parse_args()
    peak = all_core_peak(args.bench_kernels) if args.bench_kernels else None
    if peak:
        print(f"peak of all cores: {peak:.0f} GFLOP/s", file=sys.stderr)
    rows = []
    for spec in args.models:
        for row in rows_of(args, spec, peak):
            rows.append(row)
            print(row, file=sys.stderr, flush=True)
    if args.markdown:
        print("| " + " | ".join(HEAD) + " |\n|" + "---|" * len(HEAD))
        for row in rows:
            print("| " + " | ".join(row) + " |")
        return
    widths = [max(len(r[i]) for r in (HEAD, *rows)) for i in range(len(HEAD))]
    for row in (HEAD, *rows):
        print("  ".join(cell.rjust(width) for cell, width in zip(row, widths)))


if __name__ == "__main__":
    main()
