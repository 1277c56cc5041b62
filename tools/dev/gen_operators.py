"""gen_operators.py BUILD [--check]: write docs/supported-operators.md from the descriptors in BUILD

SPDX-License-Identifier: Apache-2.0

BUILD is a build folder with the tests. With --check nothing is written; the exit code is 1 when the
committed table is not what would be written.
"""

import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
TABLE = ROOT / "docs" / "supported-operators.md"
BACKEND = ROOT / "passes" / "backends" / "ort-cpu.json"

HEAD = """\
# Supported operators

Made by `tools/dev/gen_operators.py`; do not edit.

octet brings every model to opset 13 or later before anything else, so earlier versions of these
operators are supported as far as they can be rewritten. *Since* lists the opsets from which a descriptor
holds: that of an operator with 13 and 18 serves 13 to 17 and from 18 on.

*Range* says how the output would be quantized: with a range of its own, found by calibration; with that of
its input, whose values it moves or selects; with a fixed range; or not at all. Whether it is, the backend
decides: *int8 on ort-cpu* marks the operators that the built-in backend names.

Operators that are missing here stay in the model as they are; running the model, which calibration does,
stops where one is reached, unless it can be folded away.
"""


def read_descriptors(build):
    tool = pathlib.Path(build) / "tests" / "tool_operators"
    lines = subprocess.run([tool], check=True, capture_output=True, text=True).stdout.splitlines()
    operators = {}
    for domain, name, since, *facts in (line.split("\t") for line in lines):
        operators.setdefault((domain, name), []).append((int(since), facts))
    return operators


def named_by_backend(value, names):
    """Every string below a key "op" in the backend's patterns."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "op":
                names.update([inner] if isinstance(inner, str) else inner)
            else:
                named_by_backend(inner, names)
    elif isinstance(value, list):
        for inner in value:
            named_by_backend(inner, names)
    return names


def table(operators, quantized):
    yield "| operator | since | range | int8 on ort-cpu |"
    yield "|---|---|---|---|"
    for (domain, name), versions in sorted(operators.items(), key=lambda item: item[0]):
        versions.sort()
        full = f"{domain}.{name}" if domain else name
        since = ", ".join(str(version) for version, _ in versions)
        observe = versions[-1][1][0]
        yield f"| {full} | {since} | {observe} | {'yes' if not domain and name in quantized else ''} |"


def main():
    operators = read_descriptors(sys.argv[1])
    quantized = named_by_backend(json.loads(BACKEND.read_text())["patterns"], set())
    text = f"{HEAD}\n{len(operators)} operators:\n\n" + "\n".join(table(operators, quantized)) + "\n"
    if "--check" not in sys.argv:
        TABLE.write_text(text)
    elif not TABLE.exists() or TABLE.read_text() != text:
        print(f"{TABLE} is not up to date; run tools/dev/gen_operators.py {sys.argv[1]}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
