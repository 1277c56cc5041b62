"""shelf_measure.py: runs octet, evalkit and shelf_probe on one model and gathers what they say.

SPDX-License-Identifier: Apache-2.0
"""
import hashlib
import importlib.metadata
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

CALIBRATION_SAMPLES = 64
NOISE_SAMPLES = 4
QUANTIZE_TIMEOUT = 300
EVALUATION_TIMEOUT = 900
RANGES_COMPARED = 5
REPORT_KEYS = ("nodes", "float_reasons", "samples", "bytes_before", "bytes_after", "peak_bytes")
PROBE = pathlib.Path(__file__).with_name("shelf_probe.py")


def run_limited(command, timeout):
    """Exit code (None: killed after the timeout; 128 + n: signal n), standard output and error, seconds.

    The shell in between keeps this process' own peak memory out of the command's: exec hands it on.
    """
    shell = ["sh", "-c", '"$@"; exit $?', "sh", *map(str, command)]
    started = time.monotonic()
    process = subprocess.Popen(shell, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace",
                               start_new_session=True)
    try:
        out, err = process.communicate(timeout=timeout)
        code = process.returncode
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        (out, err), code = process.communicate(), None
    return {"exit": code, "out": out, "err": err, "seconds": time.monotonic() - started}


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else None


class Bench:
    def __init__(self, shared, octet, cache):
        self.shared, self.octet, self.cache = shared, octet, cache
        cache.mkdir(parents=True, exist_ok=True)
        peers = shared / "reference" / "peer-figures.json"
        self.peers = json.loads(peers.read_text(encoding="utf8"))

    def names(self):
        return sorted(p.parent.name for p in (self.shared / "models").glob("*/model.onnx"))

    def versions(self):
        text = subprocess.run([self.octet, "version"], capture_output=True, text=True, check=True).stdout
        packages = {n: importlib.metadata.version(n) for n in ("onnx", "onnxruntime", "openvino")}
        return {"octet": text.split()[1], **packages}

    def python(self, script, *arguments):
        result = run_limited([sys.executable, "-B", script, *arguments], EVALUATION_TIMEOUT)
        if result["exit"] != 0:
            last = (result["err"].strip().splitlines() or ["no message"])[-1]
            return {"fails": self.tidy("no answer in time" if result["exit"] is None else last)}
        return json.loads(result["out"])

    def tidy(self, text):
        """A message as the page may show it: without this machine's folders."""
        for folder in (self.shared / "models", self.shared, self.cache, pathlib.Path.home()):
            text = text.replace(f"{folder}/", "")
        return text.removeprefix("octet: ").strip()

    # ---- samples

    def manifest(self, name):
        return self.shared / "data" / "samples" / name / "samples.json"

    def samples(self, name):
        """Folder of exported calibration samples, or None when the model has no inputs."""
        if not self.manifest(name).exists():
            return None
        folder = self.cache / "calib" / name
        if not (folder / "samples.json").exists():
            subprocess.run([sys.executable, "-B", self.shared / "eval" / "evalkit.py", "export", name, "calib", folder,
                            "-n", str(CALIBRATION_SAMPLES)], check=True, stdout=subprocess.DEVNULL)
        return folder

    # ---- steps

    def quantize(self, name, data, out, *options):
        feed = ["--data", data] if data else ["--random", NOISE_SAMPLES]
        model = self.shared / "models" / name / "model.onnx"
        out.unlink(missing_ok=True)
        command = [self.octet, "quantize", model, *feed, "-o", out, "--force", "--json", *options]
        return run_limited(command, QUANTIZE_TIMEOUT)

    def same_bytes(self, name, data, first):
        """Whether another run, and runs with one and two threads, write the same file."""
        again, wanted = self.cache / f"{name}.again.onnx", digest(first)
        same = True
        for options in ([], ["--threads", "1"], ["--threads", "2"]):
            same = same and self.quantize(name, data, again, *options)["exit"] == 0 and digest(again) == wanted
        again.unlink(missing_ok=True)
        return same

    def image_ranges(self, name, report):
        """Largest difference of the first ranges when calibrated from the image files, as part of the range."""
        if "images" not in json.loads(self.manifest(name).read_text(encoding="utf8")):
            return None
        out = self.cache / f"{name}.images.onnx"
        result = self.quantize(name, self.manifest(name).parent, out)
        out.unlink(missing_ok=True)
        if result["exit"] != 0:
            return {"fails": self.tidy(result["err"])}
        images = {t["name"]: t for t in json.loads(result["out"])["tensors"]}
        worst = 0.0
        for tensor in report["tensors"][:RANGES_COMPARED]:
            other, width = images[tensor["name"]], tensor["max"] - tensor["min"]
            ends = (abs(tensor[end] - other[end]) for end in ("min", "max"))
            worst = max(worst, max(ends) / width if width > 0 else 0.0)
        return {"difference": worst}

    def measure(self, name):
        data, out = self.samples(name), self.cache / f"{name}.onnx"
        run = self.quantize(name, data, out)
        result = {"name": name, "real_samples": data is not None, "exit": run["exit"], "seconds": run["seconds"],
                  "message": self.tidy(run["err"])}
        if run["exit"] != 0:
            return result
        report = json.loads(run["out"])
        result["report"] = {k: report[k] for k in REPORT_KEYS}
        result["same_bytes"] = self.same_bytes(name, data, out)
        result["probe"] = self.python(PROBE, self.shared, name, out)
        if data:
            result["compare"] = self.python(self.shared / "eval" / "evalkit.py", "compare", name, out)
            result["image_ranges"] = self.image_ranges(name, report)
        return result
