#!/usr/bin/env python3
"""Time of one inference in octet's interpreter and in ONNX Runtime, on the same input.

usage: bench_infer.py --bench BIN [--threads 1] [--rounds 5] [--seconds 0.5] [--as PROFILE] [--cpu-time]
                      [--markdown]
                      NAME=MODEL[,SAMPLES] ...

BIN is the program bench_infer. SAMPLES is whatever `octet run --data` takes; its first sample is used, noise without
it. The two sides run alternately, each in a process of its own that runs the model again and again for
--seconds, with ONNX Runtime's default graph optimizations, inputs bound once; the least and the median time over all
rounds count. With --as octet computes quantized models as that profile says: what ONNX Runtime does is ort-vnni.
Needs onnxruntime and numpy.
SPDX-License-Identifier: Apache-2.0
"""
import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np


def session_of(model, threads):
    import onnxruntime as ort  # here: the process that only starts others needs no thread pool
    ort.set_default_logger_severity(3)
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    return ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def run_peer(model, inputs, threads, seconds, clock):
    """Prints milliseconds of each run: the other side, as a process of its own."""
    session = session_of(model, threads)
    binding = session.io_binding()
    arrays = dict(np.load(inputs))
    for i in session.get_inputs():
        if i.name in arrays:
            binding.bind_cpu_input(i.name, np.ascontiguousarray(arrays[i.name]))
    for o in session.get_outputs():
        binding.bind_output(o.name)
    times = []
    end = None
    while len(times) < 5 or clock() < end:
        start = clock()
        session.run_with_iobinding(binding)
        times.append(1e3 * (clock() - start))
        end = end or start + seconds
    times = sorted(times[2:])
    print(times[0], times[len(times) // 2])


def process(command):
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} failed:\n{result.stderr[-2000:]}")
    return result.stdout


def ours(args, model, inputs):
    text = process([args.bench, model, "--data", inputs, "--threads", str(args.threads), "--seconds", str(args.seconds)] +
                   (["--as", args.profile] if args.profile else []) + ["--cpu-time"] * args.cpu_time)
    return [float(x) for x in re.match(r"min ([\d.]+) ms, median ([\d.]+) ms", text).groups()]


def theirs(args, model, inputs):
    text = process([sys.executable, os.path.abspath(__file__), "--peer", inputs, "--threads", str(args.threads),
                    "--seconds", str(args.seconds), model] + ["--cpu-time"] * args.cpu_time)
    return [float(x) for x in text.split()]


def bench(args, spec, folder):
    name, paths = spec.split("=", 1) if "=" in spec else (os.path.basename(os.path.dirname(spec)), spec)
    model, _, samples = paths.partition(",")
    inputs = os.path.join(folder, name + ".npz")
    process([args.bench, model, "--runs", "1", "--write", inputs] + (["--data", samples] if samples else []))
    results = {ours: [], theirs: []}
    for _ in range(args.rounds):
        for side, times in results.items():
            times.append(side(args, model, inputs))
    rows = []
    for times in results.values():
        least, middle = zip(*times)
        rows += [min(least), statistics.median(middle)]
    return name, *rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bench")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.5)
    parser.add_argument("--as", dest="profile", metavar="PROFILE", help="of octet run")
    parser.add_argument("--cpu-time", action="store_true",
                        help="with one thread: the processor's time, for a machine that has other things to do")
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("--peer", metavar="INPUTS", help=argparse.SUPPRESS)
    parser.add_argument("models", nargs="+", metavar="NAME=MODEL[,SAMPLES]")
    args = parser.parse_args()
    if args.peer:
        run_peer(args.models[0], args.peer, args.threads, args.seconds,
                 time.thread_time if args.cpu_time else time.perf_counter)
        return
    if not args.bench:
        parser.error("--bench is missing")
    head = ("model", "octet ms", "onnxruntime ms", "times faster", "medians", "times faster")
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for spec in args.models:
            try:
                name, a, a_median, b, b_median = bench(args, spec, folder)
            except RuntimeError as error:
                print(error, file=sys.stderr, flush=True)
                continue
            rows.append((name, f"{a:.3f}", f"{b:.3f}", f"{b / a:.2f}", f"{a_median:.3f} {b_median:.3f}",
                         f"{b_median / a_median:.2f}"))
            print(f"{name:28} {a:10.3f} {b:10.3f} {b / a:6.2f}", file=sys.stderr, flush=True)
    if args.markdown:
        print("| " + " | ".join(head) + " |\n|" + "---|" * len(head))
        for row in rows:
            print("| " + " | ".join(row) + " |")
    else:
        for row in (head, *rows):
            print(f"{row[0]:28}" + "".join(f"{cell:>18}" for cell in row[1:]))


main()
