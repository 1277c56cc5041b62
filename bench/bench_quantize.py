#!/usr/bin/env python3
"""Whole-process time and peak memory of `octet quantize` against onnxruntime.quantization.

usage: bench_quantize.py --octet BIN [--runs 7] [--markdown] NAME=MODEL,SAMPLES ...

SAMPLES is a folder of stacked .npy files with a samples.json; both sides read the same files. Runs alternate; the table
gives medians and the ratios of medians. A model below opset 13 is converted to 17 with onnx.version_converter for
onnxruntime.quantization, outside the measured time; octet gets the file as it is.
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

HERE = os.path.dirname(os.path.abspath(__file__))


def measure(command):
    """Seconds and peak resident bytes of one process."""
    result = subprocess.run([sys.executable, "-S", "-E", os.path.join(HERE, "measure.py"), *command],
                            capture_output=True, text=True, check=False)
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


def bench(octet, model, samples, runs, folder):
    peer_model = for_peer(model, folder)
    out = os.path.join(folder, "out.onnx")
    ours = [octet, "quantize", model, "--data", samples, "-o", out, "-f", "-q"]
    theirs = [sys.executable, os.path.join(HERE, "peer_onnxruntime.py"), peer_model, samples, "MinMax", out]
    results = {"ours": [], "theirs": []}
    for _ in range(runs):
        results["ours"].append(measure(ours))
        results["theirs"].append(measure(theirs))
    return {who: [statistics.median(x) for x in zip(*pairs)] for who, pairs in results.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--octet", required=True)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("models", nargs="+", metavar="NAME=MODEL,SAMPLES")
    args = parser.parse_args()
    rows = []
    for spec in args.models:
        name, paths = spec.split("=", 1)
        model, samples = paths.split(",", 1)
        with tempfile.TemporaryDirectory() as folder:
            r = bench(args.octet, model, samples, args.runs, folder)
        (ours_s, ours_b), (theirs_s, theirs_b) = r["ours"], r["theirs"]
        rows.append((name, f"{ours_s:.2f}", f"{theirs_s:.2f}", f"{theirs_s / ours_s:.1f}", f"{ours_b / 1e6:.0f}",
                     f"{theirs_b / 1e6:.0f}", f"{theirs_b / ours_b:.1f}"))
        print(rows[-1], file=sys.stderr, flush=True)
    head = ("model", "octet s", "onnxruntime s", "times faster", "octet MB", "onnxruntime MB", "times smaller")
    if args.markdown:
        print("| " + " | ".join(head) + " |\n|" + "---|" * len(head))
        for row in rows:
            print("| " + " | ".join(row) + " |")
    else:
        for row in (head, *rows):
            print("".join(f"{cell:>16}" for cell in row))


main()
