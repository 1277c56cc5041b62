"""onnxruntime.quantization on stacked .npy samples, as a process of its own: the other side of bench_quantize.py.

usage: peer_onnxruntime.py MODEL SAMPLES MinMax|Percentile|Entropy OUT
Settings: QDQ, uint8 activations, int8 per-channel weights; quant_pre_process first, as its documentation advises.
SPDX-License-Identifier: Apache-2.0
"""
import json
import os
import sys

import numpy as np
from onnxruntime.quantization import (CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType,
                                      quantize_static)
from onnxruntime.quantization.shape_inference import quant_pre_process


class StackedReader(CalibrationDataReader):
    def __init__(self, folder):
        with open(os.path.join(folder, "samples.json"), encoding="utf8") as f:
            inputs = json.load(f)["inputs"]
        self.arrays = {i["input"]: np.load(os.path.join(folder, i["file"]), mmap_mode="r") for i in inputs}
        self.next = 0

    def get_next(self):
        if self.next == len(next(iter(self.arrays.values()))):
            return None
        self.next += 1
        return {name: np.asarray(array[self.next - 1]) for name, array in self.arrays.items()}


def main():
    model, samples, method, out = sys.argv[1:]
    prepared = out + ".prepared.onnx"
    quant_pre_process(model, prepared)
    quantize_static(prepared, out, StackedReader(samples), quant_format=QuantFormat.QDQ, per_channel=True,
                    activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8,
                    calibrate_method=getattr(CalibrationMethod, method))
    os.remove(prepared)


main()
