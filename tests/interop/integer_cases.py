"""Small models of one integer operator with large weights, so that sums of products leave 16 bits.

The same on every machine: numpy's RandomState never changes its streams.

SPDX-License-Identifier: Apache-2.0
"""
import numpy as np
from onnx import TensorProto, helper, numpy_helper

TYPES = {"uint8": TensorProto.UINT8, "int8": TensorProto.INT8, "int32": TensorProto.INT32,
         "float32": TensorProto.FLOAT}
MICROSOFT = "com.microsoft"
LARGE = [-128, -127, -100, -3, 0, 5, 64, 100, 127]


def scalar(value, dtype):
    return np.array(value, dtype)


def single(op, values, attributes, result, domain=""):
    """A model of one node; the first input is the model's, the others are constants."""
    names = list(values)
    x = values[names[0]]
    node = helper.make_node(op, names, ["y"], domain=domain, **attributes)
    graph = helper.make_graph(
        [node], op, [helper.make_tensor_value_info(names[0], TYPES[x.dtype.name], x.shape)],
        [helper.make_tensor_value_info("y", TYPES[result], None)],
        [numpy_helper.from_array(values[n], n) for n in names[1:]])
    opsets = [helper.make_opsetid("", 13), helper.make_opsetid(MICROSOFT, 1)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    return model.SerializeToString(), {names[0]: x}


def activation(random, dtype, shape):
    x = random.randint(0, 256, shape)
    return x.astype(np.uint8) if dtype == "uint8" else (x - 128).astype(np.int8)


def weight(random, dtype, shape):
    w = random.choice(LARGE, shape)
    return (w + 128).astype(np.uint8) if dtype == "uint8" else w.astype(np.int8)


def types(random):
    x = random.choice(["uint8", "uint8", "uint8", "int8"])
    return x, "int8" if x == "int8" else random.choice(["int8", "int8", "uint8"])


def conv_sizes(random, kind):
    if kind == "depthwise":
        return random.choice([1, 3, 8, 16, 20, 32]), 1, 1
    if kind == "multiplied":
        return random.choice([2, 8, 16]), 1, random.choice([2, 3])
    if kind == "grouped":
        return random.choice([2, 3]), random.choice([1, 2, 3, 4, 8]), random.choice([1, 2, 4, 16])
    return 1, random.choice([1, 2, 3, 4, 5, 8, 12, 20]), random.choice([1, 3, 8, 16, 17, 24])


def conv(random, kind):
    x_type, w_type = types(random)
    rank = random.choice([1, 2, 2, 2, 3])
    group, inputs, outputs = conv_sizes(random, kind)
    kernel = [random.randint(1, 4) for _ in range(rank)]
    strides = [random.randint(1, 3) for _ in kernel]
    dilations = [random.randint(1, 3) for _ in kernel]
    size = [(k - 1) * d + random.randint(1, 6 if rank < 3 else 4) for k, d in zip(kernel, dilations)]
    m, k = group * outputs, inputs * int(np.prod(kernel))
    per_channel = random.randint(0, 2) == 1
    shape = [m] if per_channel else []
    scale = random.uniform(0.5, 1.5, shape) / (1500 * np.sqrt(k))
    values = {
        "x": activation(random, x_type, [random.randint(1, 3), group * inputs] + size),
        "x_scale": scalar(0.7, np.float32),
        "x_zero": scalar(random.choice([0, 77, 255]) if x_type == "uint8" else 5, x_type),
        "w": weight(random, w_type, [m, inputs] + kernel),
        "w_scale": np.asarray(scale, np.float32),
        "w_zero": np.full(shape, 0 if w_type == "int8" and random.randint(0, 3) else 100, w_type),
        "y_scale": scalar(0.9, np.float32),
        "y_zero": scalar(100 if x_type == "uint8" else -20, x_type),
    }
    if random.randint(0, 2):
        values["b"] = random.randint(-5000, 5000, m).astype(np.int32)
    pads = [random.randint(0, 2) for _ in range(2 * rank)]
    attributes = {"group": int(group), "strides": strides, "dilations": dilations, "pads": pads}
    return single("QLinearConv", values, attributes, x_type)


def matrices(random):
    m, n = random.choice([1, 1, 2, 4, 5, 9]), random.randint(1, 50)
    k = random.randint(1, 40) if random.randint(0, 3) else random.randint(40, 400)
    x_type, w_type = types(random)
    a, b = activation(random, x_type, (m, k)), weight(random, w_type, (k, n))
    per_column = random.randint(0, 2) == 1
    shape = [n] if per_column else []
    zero = np.full(shape, 0 if random.randint(0, 2) else 9, w_type)
    scales = np.asarray(random.uniform(0.5, 1.5, shape) / (1000 * np.sqrt(k)), np.float32)
    return a, scalar(random.choice([0, 77]) if x_type == "uint8" else 0, x_type), b, scales, zero


def qlinear_matmul(random):
    a, a_zero, b, scales, b_zero = matrices(random)
    values = {"a": a, "a_scale": scalar(0.5, np.float32), "a_zero": a_zero, "b": b, "b_scale": scales,
              "b_zero": b_zero, "y_scale": scalar(1, np.float32), "y_zero": scalar(100, a.dtype)}
    return single("QLinearMatMul", values, {}, a.dtype.name)


def qgemm(random):
    a, a_zero, b, scales, b_zero = matrices(random)
    transposed = random.randint(0, 2)
    values = {"a": a, "a_scale": scalar(0.5, np.float32), "a_zero": a_zero,
              "b": np.ascontiguousarray(b.T) if transposed else b, "b_scale": scales, "b_zero": b_zero,
              "c": random.randint(-9999, 9999, b.shape[1]).astype(np.int32),
              "y_scale": scalar(1, np.float32), "y_zero": scalar(100, a.dtype)}
    return single("QGemm", values, {"transB": int(transposed)}, a.dtype.name, MICROSOFT)


def matmul_integer(random):
    a, a_zero, b, _, b_zero = matrices(random)
    return single("MatMulInteger", {"a": a, "b": b, "a_zero": a_zero, "b_zero": b_zero}, {}, "int32")


def matmul_integer_to_float(random):
    a, a_zero, b, scales, b_zero = matrices(random)
    values = {"a": a, "b": b, "a_scale": scalar(0.5, np.float32), "b_scale": scales, "a_zero": a_zero,
              "b_zero": b_zero}
    return single("MatMulIntegerToFloat", values, {}, "float32", MICROSOFT)


def conv_integer(random):
    x = activation(random, "uint8", (1, 3, 6, 6))
    values = {"x": x, "w": weight(random, random.choice(["int8", "uint8"]), (4, 3, 3, 3)),
              "x_zero": scalar(77, np.uint8)}
    return single("ConvInteger", values, {}, "int32")


MAKERS = {
    "conv": lambda r: conv(r, "plain"), "conv-grouped": lambda r: conv(r, "grouped"),
    "conv-multiplied": lambda r: conv(r, "multiplied"), "conv-depthwise": lambda r: conv(r, "depthwise"),
    "QLinearMatMul": qlinear_matmul, "QGemm": qgemm, "MatMulInteger": matmul_integer,
    "MatMulIntegerToFloat": matmul_integer_to_float, "ConvInteger": conv_integer,
}


def cases(count, seed=0):
    """(label, model, feeds), the kinds taking turns."""
    for i in range(count):
        name = list(MAKERS)[i % len(MAKERS)]
        yield (f"{name}-{i}", *MAKERS[name](np.random.RandomState(1000 * seed + i)))
