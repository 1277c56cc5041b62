"""ONNX Runtime on a processor with AVX2 and without VNNI: Haswell, as qemu-user emulates it.

run(jobs) gives the outputs of every job there; a job is a dict of "model" (bytes or a path), "feeds" (a list
of dicts), and perhaps "outputs" (names) and "config" (session settings). jobs with native=True run on this
machine instead.

SPDX-License-Identifier: Apache-2.0
"""
import functools
import pathlib
import pickle
import platform
import shutil
import subprocess
import sys
import tempfile

QEMU = "qemu-x86_64"
TIMEOUT = 900


def worker(jobs_file, results_file):
    import onnxruntime as ort

    ort.set_default_logger_severity(4)
    results = []
    for job in pickle.loads(pathlib.Path(jobs_file).read_bytes()):
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        for key, value in job.get("config", {}).items():
            options.add_session_config_entry(key, value)
        net = ort.InferenceSession(job["model"], options, providers=["CPUExecutionProvider"])
        results.append([net.run(job.get("outputs"), feeds) for feeds in job["feeds"]])
    pathlib.Path(results_file).write_bytes(pickle.dumps(results))


def run(jobs, native=False):
    with tempfile.TemporaryDirectory() as folder:
        there, back = pathlib.Path(folder) / "jobs", pathlib.Path(folder) / "results"
        there.write_bytes(pickle.dumps(jobs))
        emulator = [] if native else [QEMU, "-cpu", "Haswell"]
        done = subprocess.run([*emulator, sys.executable, __file__, str(there), str(back)],
                              capture_output=True, text=True, timeout=TIMEOUT)
        if done.returncode != 0:
            raise RuntimeError(done.stderr[-2000:])
        return pickle.loads(back.read_bytes())


def version():
    said = subprocess.run([QEMU, "--version"], capture_output=True, text=True, check=True).stdout
    return said.splitlines()[0].replace(QEMU + " version ", "")


@functools.cache
def why_not():
    """None where it can run, else the reason."""
    if platform.machine() not in ("x86_64", "AMD64"):
        return "this Python is not one for x86-64"
    if shutil.which(QEMU) is None:
        return f"{QEMU} is not installed"
    return None


if __name__ == "__main__":
    worker(*sys.argv[1:])
