"""Models brought to a newer opset compute what they computed before.

ONNX Runtime runs the original and the upgraded model on the same inputs. Where it no longer runs the
original (opset 1 to 6 for many operators), NumPy says what the old operator meant.

SPDX-License-Identifier: Apache-2.0
"""
import os
import pathlib
import subprocess

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
ort = pytest.importorskip("onnxruntime")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOOL = pathlib.Path(os.environ.get("OCTET_BUILD", ROOT / "build")) / "tests" / "tool_prepare"
MODELS = pathlib.Path(os.environ.get("OCTET_SHARED", ROOT.parent / "shared")) / "models"
TARGETS = (13, 18, 21)

pytestmark = pytest.mark.skipif(not TOOL.exists(), reason="tool_prepare is not built")
rng = np.random.default_rng(7)
ort.set_default_logger_severity(4)


def f32(*shape):
    return rng.standard_normal(shape).astype(np.float32)


def i64(*values):
    return np.array(values, np.int64)


def node(op, inputs="x", outputs="y", **attributes):
    return helper.make_node(op, inputs.split(",") if inputs else [], outputs.split(","), **attributes)


def build(opset, nodes, feeds, inits=None, outputs=None, dynamic=False, domain=""):
    nodes = [nodes] if isinstance(nodes, onnx.NodeProto) else list(nodes)
    inits = inits or {}
    ins = []
    for name, array in feeds.items():
        shape = [f"{name}{i}" for i in range(array.ndim)] if dynamic else array.shape
        ins.append(helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(array.dtype), shape))
    for name, array in inits.items():  # as IR version 3 wants it
        ins.append(helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape))
    wanted = outputs or [("y", TensorProto.FLOAT)]
    outs = [helper.make_tensor_value_info(name, kind, None) for name, kind in wanted]
    graph = helper.make_graph(nodes, "g", ins, outs, [numpy_helper.from_array(a, n) for n, a in inits.items()])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=3)


def declare(path, outputs):
    """Gives the graph outputs their rank: the checker wants it."""
    model = onnx.load(path)
    for value, array in zip(model.graph.output, outputs):
        dims = [None] * array.ndim
        kind = helper.np_dtype_to_tensor_dtype(array.dtype)
        value.CopyFrom(helper.make_tensor_value_info(value.name, kind, dims))
    onnx.save(model, path)


def upgrade(model_path, out_path, target, stop_after="upgrade-opset"):
    return subprocess.run([TOOL, "--min-opset", str(target), "--stop-after", stop_after, model_path, out_path],
                          capture_output=True, text=True, timeout=600)


def run(path, feeds):
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    names = {i.name for i in session.get_inputs()}
    return session.run(None, {k: v for k, v in feeds.items() if k in names})


def same(got, expected, rtol=1e-5, atol=1e-6):
    assert len(got) == len(expected)
    for a, b in zip(got, expected):
        if isinstance(b, np.ndarray):
            assert a.dtype == b.dtype and a.shape == b.shape
            np.testing.assert_allclose(a.astype(np.float64), b.astype(np.float64), rtol, atol)


X = f32(2, 3, 4, 5)
POS = np.abs(X) + 0.1
IMG = f32(1, 2, 5, 6)

# name, opset, nodes, feeds, further arguments of build()
CASES = []


def case(name, opset, nodes, feeds, **more):
    CASES.append(pytest.param(opset, nodes, feeds, more, id=f"{name}-{opset}"))


for opset in (7, 9, 11, 12):
    for axis in (0, 1, 2, 3):
        for op in ("Softmax", "LogSoftmax", "Hardmax"):
            case(f"{op}-{axis}", opset, node(op, axis=axis), {"x": X})
            case(f"{op}-{axis}-dynamic", opset, node(op, axis=axis), {"x": X}, dynamic=True)
    case("Softmax-default", opset, node("Softmax"), {"x": X})
    case("Softmax-ones-behind", opset, node("Softmax", axis=1), {"x": f32(2, 7, 1, 1)})
    case("Softmax-matrix", opset, node("Softmax", axis=1), {"x": f32(3, 7)})
    case("Squeeze", opset, node("Squeeze", axes=[1, 3]), {"x": f32(2, 1, 3, 1)})
    case("Squeeze-all", opset, node("Squeeze"), {"x": f32(2, 1, 3, 1)})
    case("Unsqueeze", opset, node("Unsqueeze", axes=[0, 3]), {"x": f32(2, 3)})
    for op in ("Sum", "Mean", "Max", "Min", "Prod", "L1", "L2", "SumSquare", "LogSum", "LogSumExp"):
        for keep in (0, 1):
            case(f"Reduce{op}-{keep}", opset, node(f"Reduce{op}", axes=[1, 3], keepdims=keep), {"x": POS})
        case(f"Reduce{op}-all", opset, node(f"Reduce{op}"), {"x": POS})
    two = [("y", TensorProto.FLOAT), ("z", TensorProto.FLOAT)]
    case("Split", opset, node("Split", "x", "y,z", axis=3, split=[1, 4]), {"x": X}, outputs=two)
    case("Split-equal", opset, node("Split", "x", "y,z", axis=2), {"x": X}, outputs=two)
    case("Split-default-axis", opset, node("Split", "x", "y,z"), {"x": X}, outputs=two)
    case("Dropout", opset, node("Dropout", ratio=0.3) if opset < 12 else node("Dropout"), {"x": X})
    case("BatchNormalization", opset, node("BatchNormalization", "x,s,b,m,v", epsilon=0.01), {"x": X},
         inits={"s": f32(3), "b": f32(3), "m": f32(3), "v": np.abs(f32(3))})
    case("Gemm", opset, node("Gemm", "x,w,c", transB=1, alpha=0.5, beta=2.0), {"x": f32(4, 6)},
         inits={"w": f32(5, 6), "c": f32(5)})
    case("AveragePool", opset, node("AveragePool", kernel_shape=[3, 3], pads=[1, 1, 1, 1]), {"x": IMG})
    case("MaxPool", opset, node("MaxPool", kernel_shape=[2, 3], strides=[2, 2]), {"x": IMG})
    case("ArgMax", opset, node("ArgMax", axis=1), {"x": X}, outputs=[("y", TensorProto.INT64)])
    case("DepthToSpace", opset, node("DepthToSpace", blocksize=2), {"x": f32(1, 8, 2, 3)})
    case("SpaceToDepth", opset, node("SpaceToDepth", blocksize=2), {"x": f32(1, 2, 4, 6)})
    case("Concat", opset, node("Concat", "x,x", axis=2), {"x": X})
    case("PRelu", opset, node("PRelu", "x,s"), {"x": X}, inits={"s": f32(3, 1, 1)})
    case("LRN", opset, node("LRN", size=3), {"x": IMG})
    case("Transpose", opset, node("Transpose", perm=[0, 2, 3, 1]), {"x": X})
    case("Flatten", opset, node("Flatten", axis=2), {"x": X})
    case("InstanceNormalization", opset, node("InstanceNormalization", "x,s,b"), {"x": X},
         inits={"s": f32(3), "b": f32(3)})
    case("LpNormalization", opset, node("LpNormalization", axis=1), {"x": X})
    case("GlobalLpPool", opset, node("GlobalLpPool", p=2), {"x": POS})
    case("LpPool", opset, node("LpPool", kernel_shape=[2, 2], p=2), {"x": POS})
    case("Gather", opset, node("Gather", "x,i", axis=1), {"x": X}, inits={"i": i64(2, 0)})
    case("Pow", opset, node("Pow", "x,p"), {"x": POS}, inits={"p": f32(5)})
    case("Max", opset, node("Max", "x,z"), {"x": X}, inits={"z": f32(2, 3, 4, 5)})
    for pads in ([1, 1, 1, 1], [0, 1, 2, 1]):
        case(f"ConvTranspose-{pads[0]}{pads[2]}", opset,
             node("ConvTranspose", "x,w", pads=pads, strides=[2, 2], output_padding=[1, 1]), {"x": IMG},
             inits={"w": f32(2, 3, 3, 3)})
    for auto in ("NOTSET", "SAME_UPPER", "SAME_LOWER"):
        case(f"ConvTranspose-shape-{auto}", opset,
             node("ConvTranspose", "x,w", strides=[2, 2], output_shape=[10, 12], auto_pad=auto), {"x": IMG},
             inits={"w": f32(2, 3, 3, 3)})

for opset in (7, 9, 10):
    case("Clip", opset, node("Clip", min=-0.5, max=0.75), {"x": X})
    case("Clip-min", opset, node("Clip", min=0.0), {"x": X})
    case("Clip-max", opset, node("Clip", max=0.2), {"x": X})
    case("Clip-none", opset, node("Clip"), {"x": X})
    case("Clip-inside", opset, [node("Relu", "x", "t"), node("Clip", "t", "y", max=0.2)], {"x": X})
    case("Pad", opset, node("Pad", pads=[0, 0, 1, 2, 0, 0, 3, 0]), {"x": X})
    case("Pad-value", opset, node("Pad", pads=[0, 1, 0, 0, 1, 0, 0, 2], value=1.5), {"x": X})
    case("Pad-negative", opset, node("Pad", pads=[0, 0, -1, 0, 0, 0, 0, -2]), {"x": X})
    for mode in ("reflect", "edge"):
        case(f"Pad-{mode}", opset, node("Pad", pads=[0, 0, 1, 2, 0, 0, 3, 0], mode=mode), {"x": X})
    case("Dropout-mask", opset, node("Dropout", "x", "y,mask", ratio=0.5), {"x": X})

case("Clip-half", 7, node("Clip", min=0.25, max=0.5), {"x": X.astype(np.float16)}, outputs=[("y", TensorProto.FLOAT16)])
case("Pad-half-after-Cast", 10, [node("Cast", "x", "t", to=TensorProto.FLOAT16),
                                 node("Pad", "t", "y", pads=[0, 0, 1, 1, 0, 0, 1, 1], value=2.5)],
     {"x": X}, outputs=[("y", TensorProto.FLOAT16)])

for opset in (7, 8, 9):
    case("Slice", opset, node("Slice", starts=[1, -3], ends=[3, -1], axes=[1, 3]), {"x": X})
    case("Slice-no-axes", opset, node("Slice", starts=[0, 1, 0], ends=[2147483647, 3, 3]), {"x": X})
    case("TopK", opset, node("TopK", "x", "y,i", k=2, axis=3), {"x": X},
         outputs=[("y", TensorProto.FLOAT), ("i", TensorProto.INT64)])
    case("TopK-default-axis", opset, node("TopK", "x", "y,i", k=3), {"x": X},
         outputs=[("y", TensorProto.FLOAT), ("i", TensorProto.INT64)])
case("TopK", 10, node("TopK", "x,k", "y,i"), {"x": X}, inits={"k": i64(2)},
     outputs=[("y", TensorProto.FLOAT), ("i", TensorProto.INT64)])
for opset in (10, 11):
    case("Slice-steps", opset, node("Slice", "x,s,e,a,t"), {"x": X},
         inits={"s": i64(0, 1), "e": i64(4, 5), "a": i64(2, 3), "t": i64(2, 3)})
case("Slice-back", 11, node("Slice", "x,s,e,a,t"), {"x": X},
     inits={"s": i64(-1), "e": i64(-9), "a": i64(2), "t": i64(-1)})

for mode in ("nearest", "linear"):
    for h, w in ((2.0, 3.0), (1.0, 2.0), (1.5, 2.5)):
        scales = [1.0, 1.0, h, w]
        for opset in (7, 8):
            case(f"Upsample-{mode}-{h}-{w}", opset, node("Upsample", mode=mode, scales=scales), {"x": IMG})
        case(f"Upsample-{mode}-{h}-{w}", 9, node("Upsample", "x,s", mode=mode), {"x": IMG},
             inits={"s": np.array(scales, np.float32)})
    for h, w in ((2.0, 3.0), (1.0, 2.5), (0.5, 0.5), (0.6, 1.0), (0.3, 0.7)):
        case(f"Resize-{mode}-{h}-{w}", 10, node("Resize", "x,s", mode=mode), {"x": IMG},
             inits={"s": np.array([1, 1, h, w], np.float32)})
case("Upsample-default-mode", 7, node("Upsample", scales=[1.0, 1.0, 2.0, 2.0]), {"x": IMG})
for coordinates in ("half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric", "tf_half_pixel_for_nn"):
    for nearest in ("round_prefer_floor", "floor", "ceil", "round_prefer_ceil"):
        if coordinates == "tf_half_pixel_for_nn" and nearest != "floor":
            continue
        case(f"Resize-{coordinates}-{nearest}", 11,
             node("Resize", "x,r,s", mode="nearest", coordinate_transformation_mode=coordinates, nearest_mode=nearest),
             {"x": IMG}, inits={"r": np.zeros(0, np.float32), "s": np.array([1, 1, 2, 1.5], np.float32)})
case("Resize-sizes", 11, node("Resize", "x,r,s,z", mode="linear"), {"x": IMG},
     inits={"r": np.zeros(0, np.float32), "s": np.zeros(0, np.float32), "z": i64(1, 2, 9, 7)})
case("Resize-cubic", 12, node("Resize", "x,r,s", mode="cubic"), {"x": IMG},
     inits={"r": np.zeros(0, np.float32), "s": np.array([1, 1, 2, 2], np.float32)})

for opset in (7, 8):
    spatial = {"s": f32(3, 4, 5), "b": f32(3, 4, 5), "m": f32(3, 4, 5), "v": np.abs(f32(3, 4, 5))}
    case("BatchNormalization-not-spatial", opset, node("BatchNormalization", "x,s,b,m,v", spatial=0, epsilon=0.01),
         {"x": X}, inits=spatial)
    case("BatchNormalization-not-spatial-vector", opset, node("BatchNormalization", "x,s,b,m,v", spatial=0),
         {"x": f32(4, 3)}, inits={"s": f32(3), "b": f32(3), "m": f32(3), "v": np.abs(f32(3))})
    case("BatchNormalization-spatial", opset, node("BatchNormalization", "x,s,b,m,v", spatial=1),
         {"x": X}, inits={"s": f32(3), "b": f32(3), "m": f32(3), "v": np.abs(f32(3))})

case("OneHot", 9, node("OneHot", "i,d,v"), {"i": i64(0, 2, 3, -1)}, inits={"d": i64(4), "v": np.array([0, 1], np.float32)})
case("Scatter", 9, node("Scatter", "x,i,u", axis=1), {"x": f32(3, 4)},
     inits={"i": np.array([[1, 0], [2, 3], [0, 1]], np.int64), "u": f32(3, 2)})
case("GatherND", 11, node("GatherND", "x,i"), {"x": f32(3, 4)}, inits={"i": np.array([[1, 0], [2, 3]], np.int64)})
case("DequantizeLinear", 10, node("DequantizeLinear", "x,s,z"), {"x": np.arange(8, dtype=np.uint8)},
     inits={"s": np.array(0.5, np.float32), "z": np.array(3, np.uint8)})
case("QuantizeLinear", 10, node("QuantizeLinear", "x,s,z"), {"x": X},
     inits={"s": np.array(0.02, np.float32), "z": np.array(3, np.uint8)}, outputs=[("y", TensorProto.UINT8)])
case("Cast", 7, node("Cast", to=TensorProto.INT32), {"x": X * 10}, outputs=[("y", TensorProto.INT32)])
case("CumSum", 11, node("CumSum", "x,a"), {"x": X}, inits={"a": np.array(2, np.int64)})
case("Expand", 8, node("Expand", "x,s"), {"x": f32(3, 1)}, inits={"s": i64(2, 3, 4)})
case("Where", 9, [node("Greater", "x,z", "c"), node("Where", "c,x,z", "y")], {"x": X}, inits={"z": f32(5)})
case("NonMaxSuppression", 10, node("NonMaxSuppression", "x,s,n,t"),
     {"x": np.sort(np.abs(f32(1, 6, 4))), "s": np.abs(f32(1, 1, 6))},
     inits={"n": i64(3), "t": np.array([0.3], np.float32)}, outputs=[("y", TensorProto.INT64)])
case("RoiAlign", 10, node("RoiAlign", "x,r,b", output_height=3, output_width=3, spatial_scale=0.7),
     {"x": IMG}, inits={"r": np.array([[0, 0, 4, 4], [1, 1, 5, 3]], np.float32), "b": i64(0, 0)})
for opset in (16, 19):
    for mode in ("bilinear", "bicubic", "nearest", None):
        attributes = {"mode": mode} if mode else {}
        case(f"GridSample-{mode}", opset, node("GridSample", "x,g", **attributes), {"x": IMG},
             inits={"g": f32(1, 3, 3, 2).clip(-1, 1)})
for opset in (17, 19):
    case("DFT-default", opset, node("DFT"), {"x": f32(1, 8, 2)})
    case("DFT-axis", opset, node("DFT", axis=2), {"x": f32(1, 4, 8, 1)})
case("GroupNormalization", 18, node("GroupNormalization", "x,s,b", num_groups=3), {"x": f32(2, 6, 4)},
     inits={"s": f32(3), "b": f32(3)})
for op, gates in (("RNN", 1), ("GRU", 3), ("LSTM", 4)):
    case(op, 7, node(op, "x,w,r,b", "y", hidden_size=4), {"x": f32(3, 2, 5)},
         inits={"w": f32(1, gates * 4, 5), "r": f32(1, gates * 4, 4), "b": f32(1, gates * 8)})


def body_of_if(value):
    return helper.make_graph([node("Unsqueeze", "x", f"u{value}", axes=[0]),
                              node("Clip", f"u{value}", f"o{value}", min=float(value))],
                             f"b{value}", [], [helper.make_tensor_value_info(f"o{value}", TensorProto.FLOAT, None)])


for flag in (False, True):
    case(f"If-{flag}", 9, node("If", "c", then_branch=body_of_if(0), else_branch=body_of_if(-1)),
         {"x": X, "c": np.array(flag)})


@pytest.mark.parametrize("opset, nodes, feeds, more", CASES)
def test_one_operator(tmp_path, opset, nodes, feeds, more):
    original = tmp_path / "original.onnx"
    onnx.save(build(opset, nodes, feeds, **more), original)
    try:
        expected = run(original, feeds)
    except Exception as e:  # ONNX Runtime says which; another case covers what it runs
        pytest.skip(f"ONNX Runtime does not run the original: {str(e)[:200]}")
    declare(original, expected)
    for target in TARGETS:
        if target <= opset:
            continue
        upgraded = tmp_path / f"{target}.onnx"
        done = upgrade(original, upgraded, target)
        assert done.returncode == 0, done.stderr
        model = onnx.load(upgraded)
        assert [o.version for o in model.opset_import if o.domain == ""] == [target]
        onnx.checker.check_model(model, full_check=True)
        same(run(upgraded, feeds), expected)


# ---- operators ONNX Runtime no longer runs in their first version

B, C = f32(3), f32(3, 4)
CONSTANTS = {"b": B, "c": C}
BOOL = rng.integers(0, 2, (2, 3, 4, 5)).astype(bool)
BOOL_B = np.array([True, False, True])


def aligned(b):
    return b.reshape(b.shape + (1,) * (3 - b.ndim))


OLD = [
    ("Add", 1, node("Add", "x,b", broadcast=1, axis=1), {"x": X}, CONSTANTS, X + aligned(B)),
    ("Add-input", 6, node("Add", "x,b", broadcast=1, axis=1), {"x": X, "b": B}, {}, X + aligned(B)),
    ("Sub-matrix", 6, node("Sub", "x,c", broadcast=1, axis=1), {"x": X}, CONSTANTS, X - aligned(C)),
    ("Mul-suffix", 6, node("Mul", "x,s", broadcast=1), {"x": X}, {"s": X[0, 0, 0]}, X * X[0, 0, 0]),
    ("Div-scalar", 6, node("Div", "x,s", broadcast=1), {"x": X}, {"s": np.float32([3])}, X / np.float32(3)),
    ("Div-equal", 6, node("Div", "x,s"), {"x": X}, {"s": POS}, X / POS),
    ("Pow", 1, node("Pow", "x,b", broadcast=1, axis=1), {"x": POS}, CONSTANTS, POS ** aligned(B)),
    ("Add-behind-Relu", 6, [node("Relu", "x", "t"), node("Add", "t,b", broadcast=1, axis=1)], {"x": X}, CONSTANTS,
     np.maximum(X, 0) + aligned(B)),
    ("Add-chain", 6, [node("Add", "x,b", "t", broadcast=1, axis=1), node("Mul", "t,b", broadcast=1, axis=1)],
     {"x": X}, CONSTANTS, (X + aligned(B)) * aligned(B)),
    ("Less", 1, node("Less", "x,b", broadcast=1, axis=1), {"x": X}, CONSTANTS, X < aligned(B)),
    ("Greater", 1, node("Greater", "x,b", broadcast=1, axis=1), {"x": X}, CONSTANTS, X > aligned(B)),
    ("And", 1, node("And", "x,b", broadcast=1, axis=1), {"x": BOOL}, {"b": BOOL_B}, BOOL & aligned(BOOL_B)),
    ("PRelu", 6, node("PRelu", "x,b"), {"x": X}, CONSTANTS, np.where(X < 0, X * aligned(B), X)),
    ("PRelu-one", 1, node("PRelu", "x,s"), {"x": X}, {"s": np.float32([.25])}, np.where(X < 0, X * np.float32(.25), X)),
    ("Relu", 1, node("Relu", consumed_inputs=[0]), {"x": X}, {}, np.maximum(X, 0)),
    ("Selu", 1, node("Selu"), {"x": X}, {},
     (np.float32(1.0507) * np.where(X > 0, X, 1.6732 * np.exp(X) - 1.6732)).astype(np.float32)),
    ("Reshape", 1, node("Reshape", shape=[0, -1]), {"x": X}, {}, X.reshape(2, -1)),
    ("Cast", 1, node("Cast", to="INT32"), {"x": X * 9}, {}, (X * 9).astype(np.int32)),
    ("Concat", 1, node("Concat", "x,x"), {"x": X}, {}, np.concatenate([X, X], 1)),
    ("Pad", 1, node("Pad", paddings=[0, 0, 1, 0, 0, 0, 0, 2], value=1.0), {"x": X}, {},
     np.pad(X, [(0, 0), (0, 0), (1, 0), (0, 2)], constant_values=1)),
    ("Tile", 1, node("Tile", "x,t,a"), {"x": X}, {"t": np.float32([3]), "a": np.float32([2])}, np.tile(X, (1, 1, 3, 1))),
    ("Upsample", 1, node("Upsample", height_scale=2.0, width_scale=3.0, mode="nearest"), {"x": IMG}, {},
     IMG.repeat(2, 2).repeat(3, 3)),
    ("Gemm", 1, node("Gemm", "x,w,c", broadcast=1), {"x": C}, {"w": C.T.copy(), "c": B}, C @ C.T + B),
    ("GlobalLpPool", 1, node("GlobalLpPool", p=1.0), {"x": POS}, {}, POS.sum((2, 3), keepdims=True)),
    ("BatchNormalization", 1, node("BatchNormalization", "x,b,b,z,o", consumed_inputs=[0] * 5, is_test=1, epsilon=0.0),
     {"x": X}, {"b": B, "z": B * 0, "o": B * 0 + 1}, X * aligned(B) + aligned(B)),
    ("Dropout", 1, node("Dropout", consumed_inputs=[0], is_test=1, ratio=0.5), {"x": X}, {}, X),
    ("Clip", 1, node("Clip", min=-0.25, max=0.5, consumed_inputs=[0]), {"x": X}, {}, X.clip(-0.25, 0.5)),
    ("Affine", 1, node("Affine", alpha=2.0, beta=0.5), {"x": X}, {}, X * 2 + np.float32(0.5)),
    ("Scale", 1, node("Scale", scale=2.5), {"x": X}, {}, X * np.float32(2.5)),
    ("ScaledTanh", 1, node("ScaledTanh", alpha=2.0, beta=0.5), {"x": X}, {}, 2 * np.tanh(X * np.float32(0.5))),
    ("ParametricSoftplus", 1, node("ParametricSoftplus", alpha=2.0, beta=0.5), {"x": X}, {},
     2 * np.log1p(np.exp(X * np.float32(0.5)))),
    ("ImageScaler", 1, node("ImageScaler", scale=0.5, bias=[1.0, 2.0, 3.0]), {"x": X}, {},
     X * np.float32(0.5) + aligned(np.float32([1, 2, 3]))),
    ("Crop", 1, node("Crop", border=[1, 2, 1, 0]), {"x": IMG}, {}, IMG[:, :, 2:, 1:-1]),
    ("Crop-scale", 1, node("Crop", border=[1, 2, 0, 0], scale=[2, 3]), {"x": IMG}, {}, IMG[:, :, 2:4, 1:4]),
]


@pytest.mark.parametrize("opset, nodes, feeds, inits, expected", [pytest.param(*c[1:], id=f"{c[0]}-{c[1]}") for c in OLD])
def test_first_versions(tmp_path, opset, nodes, feeds, inits, expected):
    used = {name: array for name, array in inits.items()
            if any(name in n.input for n in (nodes if isinstance(nodes, list) else [nodes]))}
    outputs = [("y", helper.np_dtype_to_tensor_dtype(expected.dtype))]
    original = tmp_path / "original.onnx"
    onnx.save(build(opset, nodes, feeds, used, outputs), original)
    declare(original, [expected])
    for target in TARGETS:
        upgraded = tmp_path / f"{target}.onnx"
        done = upgrade(original, upgraded, target)
        assert done.returncode == 0, done.stderr
        onnx.checker.check_model(onnx.load(upgraded), full_check=True)
        same(run(upgraded, feeds), [expected])


# ---- what has no equivalent is refused, and the message names the node

REFUSED = [
    ("Scan", 8, helper.make_node("Scan", ["", "x", "x"], ["y", "z"], name="old", num_scan_inputs=1, body=helper.make_graph(
        [node("Add", "a,b", "c"), node("Identity", "c", "d")], "b",
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, None) for n in "ab"],
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, None) for n in "cd"])), "old"),
    ("Tile", 1, helper.make_node("Tile", ["x", "x", "x"], ["y"], name="old"), "old"),
]


@pytest.mark.parametrize("opset, bad, word", [pytest.param(*c[1:], id=c[0]) for c in REFUSED])
def test_refused(tmp_path, opset, bad, word):
    original = tmp_path / "original.onnx"
    onnx.save(build(opset, bad, {"x": X}), original)
    done = upgrade(original, tmp_path / "out.onnx", 13)
    assert done.returncode == 4 and f"'{word}'" in done.stderr, done.stderr


# ---- whole models

def old_models():
    models = []
    for path in sorted(MODELS.glob("*/model.onnx")):
        model = onnx.load(path, load_external_data=False)
        if any(o.domain == "" and o.version < max(TARGETS) for o in model.opset_import):
            models.append(pytest.param(path, id=path.parent.name))
    return models


def random_feeds(session, open_size):
    feeds = {}
    for i in session.get_inputs():
        shape = [d if isinstance(d, int) and d > 0 else 1 if at == 0 or "batch" in str(d) else open_size
                 for at, d in enumerate(i.shape)]
        if "float16" in i.type:
            feeds[i.name] = rng.standard_normal(shape).astype(np.float16)
        elif "float" in i.type or "double" in i.type:
            feeds[i.name] = np.asarray(rng.standard_normal(shape)).astype(np.float64 if "double" in i.type else np.float32)
        elif i.name == "sr":  # sampling rate: decides which branch of an If runs
            feeds[i.name] = np.full(shape, 16000, np.int64)
        else:
            feeds[i.name] = np.ones(shape, {"tensor(int64)": np.int64, "tensor(int32)": np.int32,
                                            "tensor(bool)": bool, "tensor(uint8)": np.uint8}[i.type])
    return feeds


@pytest.mark.skipif(not MODELS.is_dir(), reason="no folder with real models")
@pytest.mark.parametrize("stop_after, target", [("upgrade-opset", 13), ("upgrade-opset", 21), ("remove-dead", 13)])
@pytest.mark.parametrize("path", old_models())
def test_real_model(tmp_path, path, target, stop_after):
    for open_size in (1, 32, 512):  # of symbolic dims; not every model takes every size
        try:
            session = ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])
            feeds = random_feeds(session, open_size)
            expected = run(path, feeds)
            break
        except Exception as e:
            reason = str(e)[:200]
    else:
        pytest.skip(f"ONNX Runtime does not run the original: {reason}")
    prepared = tmp_path / "prepared.onnx"
    done = upgrade(path, prepared, target, stop_after)
    assert done.returncode == 0, done.stderr
    got = run(prepared, feeds)
    assert len(got) == len(expected)
    for a, b in zip(got, expected):
        if isinstance(b, np.ndarray):
            scale = float(np.abs(b).max()) if b.size and b.dtype.kind == "f" else 1.0
            half = b.dtype == np.float16
            same([a], [b], rtol=2e-2 if half else 1e-5 if stop_after == "upgrade-opset" else 1e-3,
                 atol=(2e-2 if half else 1e-5) * max(scale, 1e-6))
