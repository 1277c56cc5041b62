"""Multiply-accumulates of a model's convolutions and matrix products on one sample.

Shapes are those that ONNX Runtime finds when it runs the sample: shape inference knows too few.
SPDX-License-Identifier: Apache-2.0
"""
import math

import onnx
import onnxruntime as ort
from onnx import helper

HEAVY = ("Conv", "ConvTranspose", "Gemm", "MatMul")


def attribute(node, name):
    return next((helper.get_attribute_value(a) for a in node.attribute if a.name == name), 0)


def node_macs(node, shapes):
    x, w, y = (shapes[n] for n in (node.input[0], node.input[1], node.output[0]))
    if node.op_type == "Conv":
        return math.prod(y) * math.prod(w[1:])
    if node.op_type == "ConvTranspose":
        return math.prod(x) * math.prod(w[1:])
    return math.prod(y) * (x[0] if node.op_type == "Gemm" and attribute(node, "transA") else x[-1])


class Counter:
    def __init__(self, path):
        model = onnx.load(path)
        self.heavy = [n for n in model.graph.node if n.op_type in HEAVY]
        self.fixed = {i.name: tuple(i.dims) for i in model.graph.initializer}
        self.wanted = sorted({v for n in self.heavy for v in (*n.input[:2], n.output[0])} - set(self.fixed) -
                             {i.name for i in model.graph.input})
        del model.graph.output[:]
        model.graph.output.extend(onnx.ValueInfoProto(name=v) for v in self.wanted)
        options = ort.SessionOptions()
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
        options.log_severity_level = 3
        self.session = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])

    def count(self, sample):
        shapes = dict(self.fixed)
        shapes.update((name, array.shape) for name, array in sample.items())
        shapes.update((name, array.shape) for name, array in zip(self.wanted, self.session.run(self.wanted, sample)))
        return sum(node_macs(n, shapes) for n in self.heavy)
