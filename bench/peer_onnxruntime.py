"""onnxruntime.quantization on .npy or .npz samples, as a process of its own: the other side of bench_quantize.py.

usage: peer_onnxruntime.py MODEL SAMPLES MinMax|Percentile|Entropy OUT [plain]
Settings: QDQ, uint8 activations, int8 per-channel weights; quant_pre_process first, as its documentation advises, with
"plain" without its symbolic shape inference, which fails on some models.
SPDX-License-Identifier: Apache-2.0
"""
import os
import sys

from onnxruntime.quantization import (CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType,
                                      quantize_static)
from onnxruntime.quantization.shape_inference import quant_pre_process

from samples import Samples


class Reader(CalibrationDataReader):
    def __init__(self, folder):
        self.rest = iter(Samples(folder))

    def get_next(self):
        return next(self.rest, None)


def main():
    model, samples, method, out, *plain = sys.argv[1:]
    prepared = out + ".prepared.onnx"
    quant_pre_process(model, prepared, skip_symbolic_shape=bool(plain))
    quantize_static(prepared, out, Reader(samples), quant_format=QuantFormat.QDQ, per_channel=True,
                    activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8,
                    calibrate_method=getattr(CalibrationMethod, method))
    os.remove(prepared)


main()
