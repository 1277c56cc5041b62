"""`octet overflow` tells the truth: what it certifies saturates for no input, and each channel it reports does for
an input made for it, in the kernels of `octet run --as ort-avx2`. And `--avoid-saturation` changes those alone.

SPDX-License-Identifier: Apache-2.0
"""
import json

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

from as_ort import OCTET, ROOT, octet  # noqa: E402
from integer_cases import MICROSOFT, scalar, single  # noqa: E402
from onnx import numpy_helper  # noqa: E402

pytestmark = pytest.mark.skipif(not OCTET.exists(), reason="no octet")
LOW, HIGH = -32768, 32767


def overflow(path):
    done = octet("overflow", path, "--json")
    assert done.returncode in (0, 1), done.stderr
    result = json.loads(done.stdout)
    assert result["certified"] == (done.returncode == 0) == (not result["overflowing"])
    return result


def run(model, feeds, folder, profile):
    (folder / "model.onnx").write_bytes(model)
    (folder / "in").mkdir(exist_ok=True)
    np.savez(folder / "in" / "0.npz", **feeds)
    done = octet("run", folder / "model.onnx", "--as", profile, "--data", folder / "in", "-o", folder / profile, "-q")
    assert done.returncode == 0, done.stderr
    with np.load(folder / profile / "0000.npz") as npz:
        return npz["y"]


def pair_bounds(rows):
    """Of each row of weights: the largest and smallest sum of two neighbours for inputs from 0 to 255, and the
    rows of inputs that reach them."""
    if rows.shape[1] % 2:
        rows = np.hstack([rows, np.zeros((len(rows), 1), rows.dtype)])
    pairs = rows.astype(np.int64).reshape(len(rows), -1, 2)
    found = []
    for side in (1, -1):
        best = 255 * np.maximum(side * pairs, 0).sum(2)
        where = best.argmax(1)
        x = np.zeros(pairs.shape, np.uint8)
        lines = np.arange(len(rows))
        x[lines, where] = np.where(side * pairs[lines, where] > 0, 255, 0)
        found.append((side * best.max(1), x.reshape(len(rows), -1)))
    return found


def some_weights(random, channels, k):
    """Of int8: rows of all sizes, so that some can saturate and some cannot; three at the very border."""
    size = random.choice([20, 60, 64, 66, 80, 127], (channels, 1))
    w = np.rint(random.uniform(-1, 1, (channels, k)) * size).astype(np.int8)
    if channels > 3 and k > 1:
        w[:3] = 0
        w[0, :2], w[1, :2], w[2, :2] = (64, 64), (64, 65), (-64, -65)  # 32640, 32895, -32895
    return w


def check(model_for, rows, arrange, folder, own=0):
    """model_for(x, limit): a model and its feed whose channel saturates where it differs from the exact one; own is
    the largest pair of what it adds to the rows."""
    (high, x_high), (low, x_low) = pair_bounds(rows)
    random = np.random.RandomState(1)
    noise = random.choice([0, 255], (40, x_high.shape[1])).astype(np.uint8)
    shown = np.zeros(len(rows), bool)
    flagged = None
    for limit, x in ((HIGH, x_high), (LOW, x_low)):
        x = arrange(np.vstack([x, noise]))
        model, feeds = model_for(x, limit)
        exact, saturated = (run(model, feeds, folder, p) for p in ("ort-vnni", "ort-avx2"))
        apart = (exact != saturated).reshape(len(x), len(rows))
        shown |= np.diag(apart[:len(rows)])
        result = overflow(folder / "model.onnx")
        flagged = {c["channel"]: c for c in result["overflowing"] if c["pair_overflows"]}
        for channel in np.flatnonzero(apart.any(0)):
            assert channel in flagged, "certified, and yet it saturates"
    assert sorted(flagged) == list(np.flatnonzero(shown)), "reported, and yet it does not saturate"
    assert result["nodes"][0]["channels"] == len(rows)
    for channel, found in flagged.items():
        assert (found["pair_min"], found["pair_max"]) == (low[channel], max(own, high[channel]))
    return len(flagged)


KINDS = {"plain": (1, 6, 20, (3, 3)), "odd": (1, 3, 20, (3, 3)), "point": (1, 7, 20, (1, 1)),
         "line": (1, 4, 20, (5,)), "volume": (1, 3, 20, (2, 2, 2)), "grouped": (3, 4, 8, (3, 3)),
         "multiplied": (8, 1, 2, (3, 3)), "depthwise": (16, 1, 1, (3, 3))}


@pytest.mark.parametrize("kind", KINDS)
def test_conv(kind, tmp_path):
    group, inputs, outputs, kernel = KINDS[kind]
    m, taps = group * outputs, int(np.prod(kernel))
    k = inputs * taps
    rows = some_weights(np.random.RandomState(7), m, k)  # tap by tap, each over the channels
    w = rows.reshape(m, taps, inputs).transpose(0, 2, 1).reshape(m, inputs, *kernel)
    zero = 9

    def arrange(x):
        x = x[:, :k].reshape(len(x), taps, inputs).transpose(0, 2, 1).reshape(len(x), inputs, *kernel)
        return np.tile(x, (1, group) + (1,) * len(kernel))

    def model_for(x, limit):
        bias = zero * rows.astype(np.int64).sum(1) - limit
        values = {"x": x, "x_scale": scalar(1, np.float32), "x_zero": scalar(zero, np.uint8), "w": w,
                  "w_scale": scalar(1, np.float32), "w_zero": scalar(0, np.int8), "y_scale": scalar(1, np.float32),
                  "y_zero": scalar(128, np.uint8), "b": bias.astype(np.int32)}
        return single("QLinearConv", values, {"group": group}, "uint8")

    if kind == "depthwise":  # summed exactly
        model, feeds = model_for(arrange(pair_bounds(rows)[0][1]), HIGH)
        exact, same = (run(model, feeds, tmp_path, p) for p in ("ort-vnni", "ort-avx2"))
        np.testing.assert_array_equal(exact, same)
        assert overflow(tmp_path / "model.onnx")["certified"]
        return
    count = check(model_for, rows, arrange, tmp_path)
    assert 0 < count < m


@pytest.mark.parametrize("transposed", [0, 1])
@pytest.mark.parametrize("k", [1, 2, 9, 64])
def test_gemm(k, transposed, tmp_path):
    rows = some_weights(np.random.RandomState(k), 24, k)

    def model_for(x, limit):
        values = {"a": x, "a_scale": scalar(1, np.float32), "a_zero": scalar(0, np.uint8),
                  "b": rows if transposed else np.ascontiguousarray(rows.T), "b_scale": scalar(1, np.float32),
                  "b_zero": scalar(0, np.int8), "c": np.full(24, -limit, np.int32),
                  "y_scale": scalar(1, np.float32), "y_zero": scalar(128, np.uint8)}
        return single("QGemm", values, {"transB": transposed}, "uint8", MICROSOFT)

    assert (check(model_for, rows, lambda x: x[:, :k], tmp_path) > 0) == (k > 1)


@pytest.mark.parametrize("op", ["MatMulInteger", "MatMulIntegerToFloat", "QLinearMatMul"])
def test_matmul(op, tmp_path):
    rows = some_weights(np.random.RandomState(4), 24, 30)

    def model_for(x, limit):
        one, zero, b = scalar(1, np.float32), scalar(0, np.uint8), np.ascontiguousarray(rows.T)
        if op == "MatMulInteger":
            return single(op, {"a": x, "b": b}, {}, "int32")
        if op == "MatMulIntegerToFloat":
            return single(op, {"a": x, "b": b, "a_scale": one, "b_scale": one}, {}, "float32", MICROSOFT)
        # There is no bias to bring the border into the range of y: 130 more products do, each in a pair of its own.
        offset = np.zeros((260, len(rows)), np.int8)
        offset[::2] = -np.sign(limit)
        a = np.hstack([x, np.full((len(x), 260), 254, np.uint8)])
        a[:, -2:] = abs(limit) - 129 * 254
        values = {"a": a, "a_scale": one, "a_zero": zero, "b": np.vstack([b, offset]), "b_scale": one,
                  "b_zero": scalar(0, np.int8), "y_scale": one, "y_zero": scalar(128, np.uint8)}
        return single(op, values, {}, "uint8")

    check(model_for, rows, lambda x: x[:, :30], tmp_path, 255 if op == "QLinearMatMul" else 0)


@pytest.mark.parametrize("x_type, w_type", [("int8", "int8"), ("uint8", "uint8")])
def test_other_types_are_exact(x_type, w_type, tmp_path):
    a, b = np.full((2, 8), 127, x_type), np.full((8, 3), 127, w_type)
    model, feeds = single("MatMulInteger", {"a": a, "b": b}, {}, "int32")
    np.testing.assert_array_equal(run(model, feeds, tmp_path, "ort-avx2"), run(model, feeds, tmp_path, "ort-vnni"))
    result = overflow(tmp_path / "model.onnx")
    assert result["certified"] and result["nodes"][0]["pair_max"] == 0


def test_whole_sums(tmp_path):
    """A bias near the end of int32 and products that carry the sum over it, in one channel of three."""
    b, c = np.full((4, 3), 10, np.int8), np.array([2**31 - 10200, 2**31 - 10201, 5], np.int32)
    values = {"a": np.full((1, 4), 255, np.uint8), "a_scale": scalar(1, np.float32), "a_zero": scalar(0, np.uint8),
              "b": b, "b_scale": scalar(1, np.float32), "b_zero": scalar(0, np.int8), "c": c}
    model, feeds = single("QGemm", values, {}, "float32", MICROSOFT)
    y = run(model, feeds, tmp_path, "ort-vnni")[0]
    assert y[0] < 0 < y[1]  # it wraps
    found = overflow(tmp_path / "model.onnx")["overflowing"]
    assert [(f["channel"], f["sum_overflows"], f["pair_overflows"]) for f in found] == [(0, True, False)]
    assert found[0]["sum_max"] == 2**31


def test_worst_first(tmp_path):
    b = np.array([[70, 127, -100, 5], [70, 127, -100, 5]], np.int8)
    model, _ = single("MatMulInteger", {"a": np.zeros((1, 2), np.uint8), "b": b}, {}, "int32")
    (tmp_path / "model.onnx").write_bytes(model)
    assert [c["channel"] for c in overflow(tmp_path / "model.onnx")["overflowing"]] == [1, 2, 0]


def test_computed_weights(tmp_path):
    """Nothing is known of them: all channels at once, as bad as the type allows."""
    from onnx import TensorProto, helper
    inputs = [helper.make_tensor_value_info("a", TensorProto.UINT8, [2, "k"]),
              helper.make_tensor_value_info("b", TensorProto.INT8, ["k", 3])]
    graph = helper.make_graph([helper.make_node("MatMulInteger", ["a", "b"], ["y"])], "g", inputs,
                              [helper.make_tensor_value_info("y", TensorProto.INT32, None)])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8),
              tmp_path / "model.onnx")
    result = overflow(tmp_path / "model.onnx")
    assert [(c["channel"], c["pair_min"]) for c in result["overflowing"]] == [(-1, 2 * 255 * -128)]
    assert result["nodes"][0]["longest"] == (2**31 - 1) // (255 * 128)


# ---- quantize --avoid-saturation

def quantized_weights(path):
    graph = onnx.load(path).graph
    return {i.name: numpy_helper.to_array(i) for i in graph.initializer if i.name.endswith("_quantized")
            and i.data_type == onnx.TensorProto.INT8}


@pytest.mark.parametrize("name", sorted(p.stem for p in (ROOT / "models").glob("*.onnx")))
def test_avoid_saturation(name, tmp_path):
    data = ROOT / "models" / "digits" / "calib"
    reports, paths = [], [tmp_path / "plain.onnx", tmp_path / "safe.onnx"]
    for path, options in zip(paths, ([], ["--avoid-saturation"])):
        done = octet("quantize", ROOT / "models" / f"{name}.onnx", "--data", data, "-n", 4, "-o", path, "--json",
                     *options)
        assert done.returncode == 0, done.stderr
        reports.append(json.loads(done.stdout))
    before, after = overflow(paths[0]), overflow(paths[1])
    flagged = {(c["weight"], c["channel"]) for c in before["overflowing"]}
    assert after["certified"] and flagged
    assert reports[0]["placed"]["narrowed_channels"] == 0
    assert reports[1]["placed"]["narrowed_channels"] == len(flagged)
    plain, safe = (quantized_weights(p) for p in paths)
    nodes = {n["weight"]: n for n in before["nodes"]}
    changed = 0
    for weight, old in plain.items():
        new, node = safe[weight], nodes[weight]
        by_rows = node["op_type"] == "QLinearConv" or old.shape[-1] != node["channels"]
        along = 0 if by_rows else old.ndim - 1
        for channel in range(old.shape[along]):
            was, now = old.take(channel, along).astype(int), new.take(channel, along).astype(int)
            if (weight, channel) in flagged:
                changed += 1
                assert -64 <= now.min() and now.max() <= 63
                assert np.abs(was - 2 * now).max() <= 2  # the scale is twice what it was
            else:
                np.testing.assert_array_equal(was, now)
    assert changed == len(flagged)


def backend(folder, change):
    """The built-in backend with its configuration changed."""
    description = json.loads(octet("backends", "show", "ort-cpu").stdout)
    description["name"] = "changed"
    for config in description["dtype_configs"]:
        change(config)
    path = folder / "changed.json"
    path.write_text(json.dumps(description), encoding="utf8")
    return path


def one_scale(config):
    config["weight_dtype"]["qscheme"] = "per_tensor_symmetric"


def signed(config):
    for key in ("input_dtype", "output_dtype"):
        config[key]["dtype"] = "int8"


@pytest.mark.parametrize("change", [one_scale, signed])
def test_avoid_saturation_elsewhere(change, tmp_path):
    """Whole tensors where a tensor has one scale; int8 activations, which ONNX Runtime makes uint8."""
    options = ["--data", ROOT / "models" / "digits" / "calib", "-n", 4, "-q", "-b", backend(tmp_path, change)]
    paths = [tmp_path / "plain.onnx", tmp_path / "safe.onnx"]
    for path, more in zip(paths, ([], ["--avoid-saturation"])):
        done = octet("quantize", ROOT / "models" / "digits_vit.onnx", *options, "-o", path, *more)
        assert done.returncode == 0, done.stderr
    before = overflow(paths[0])
    flagged = {c["weight"] for c in before["overflowing"]}
    assert overflow(paths[1])["certified"] and flagged
    plain, safe = (quantized_weights(p) for p in paths)
    for weight in (n["weight"] for n in before["nodes"] if n["weight"] in plain):
        same = np.array_equal(plain[weight], safe[weight])
        assert same == (weight not in flagged)
        if change is one_scale and not same:
            assert -64 <= safe[weight].min() and safe[weight].max() <= 63
