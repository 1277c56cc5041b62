#!/usr/bin/env python3
"""check_layers.py: no file includes what its layer must not know (docs/architecture.md)

SPDX-License-Identifier: Apache-2.0
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]

# layer: (folder, the layers it may include); what those may include, it may too
LAYERS = {
    "kernels": ("kernels", []),
    "base": ("src/base", ["kernels", "public"]),
    "tensor": ("src/tensor", ["base", "kernels"]),
    "graph": ("src/graph", ["tensor"]),
    "ops": ("src/ops", ["graph", "kernels"]),
    "onnx": ("src/onnx", ["graph", "ops", "proto"]),
    "data": ("src/data", ["tensor", "onnx"]),
    "run": ("src/run", ["ops", "kernels"]),
    "calib": ("src/calib", ["tensor", "run", "kernels"]),
    "engine": ("passes", ["graph", "ops", "run", "calib", "kernels"]),
    "api": ("src/api", ["engine", "calib", "run", "data", "onnx", "public"]),
    "tool": ("tools/octet", ["public"]),
}

# What stays hidden even though a layer below may include it.
NEVER = {
    "graph": {"proto", "kernels"},
    "onnx": {"kernels", "engine"},
    "data": {"graph", "engine", "proto"},
    "run": {"onnx", "data", "engine"},
    "calib": {"onnx", "engine"},
    "engine": {"onnx", "proto"},
    "ops": {"proto", "run"},
}

PUBLIC_BASE = {"octet/status.h", "octet/context.h", "octet/version.h"}
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.M)


def reach(layer, seen=None):
    """The layers that `layer` may include, its own among them."""
    seen = seen if seen is not None else set()
    if layer not in seen:
        seen.add(layer)
        for below in LAYERS.get(layer, ("", []))[1]:
            reach(below, seen)
    return seen


def layer_of_include(name, layer, source):
    """The layer a quoted include belongs to; "unknown" when no such file is found."""
    if name == "onnx.pb-c.h":
        return "proto"
    own = ROOT / LAYERS[layer][0]
    if (source.parent / name).exists() or (own / name).exists():
        return layer
    if (ROOT / "include" / name).exists():
        return "public"
    if (ROOT / "kernels" / name).exists():
        return "kernels"
    if (ROOT / "passes" / name).exists():
        return "engine"
    head = name.split("/")[0]
    return head if head in LAYERS and (ROOT / "src" / name).exists() else "unknown"


def allowed(layer, target, name):
    if target == layer:
        return True
    if target == "public" and layer not in ("api", "tool"):
        return name in PUBLIC_BASE and layer != "kernels"
    return target in reach(layer) - NEVER.get(layer, set())


def check_file(layer, source):
    for match in INCLUDE.finditer(source.read_text(encoding="utf-8")):
        name = match[1]
        target = layer_of_include(name, layer, source)
        if not allowed(layer, target, name):
            yield f"{source.relative_to(ROOT)}: {layer} must not include {name} ({target})"


def main():
    count, errors = 0, []
    for layer, (folder, _) in LAYERS.items():
        for source in sorted((ROOT / folder).rglob("*.[ch]")):
            count += 1
            errors += check_file(layer, source)
    print("\n".join(errors) if errors else f"{count} files keep to their layers")
    return 1 if errors or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
