"""The sample folders that octet reads, for the benchmarks' Python sides: stacked .npy files with a samples.json, or one
.npz for each sample.
SPDX-License-Identifier: Apache-2.0
"""
import glob
import json
import os

import numpy as np


class Samples:
    """A sequence of {input name: array}; arrays are read when asked for."""

    def __init__(self, folder):
        self.files = sorted(glob.glob(os.path.join(folder, "*.npz")))
        self.arrays = {}
        if not self.files:
            with open(os.path.join(folder, "samples.json"), encoding="utf8") as f:
                inputs = json.load(f)["inputs"]
            self.arrays = {i["input"]: np.load(os.path.join(folder, i["file"]), mmap_mode="r") for i in inputs}

    def __len__(self):
        return len(self.files) or len(next(iter(self.arrays.values())))

    def __getitem__(self, index):
        if index >= len(self):
            raise IndexError(index)
        if self.files:
            with np.load(self.files[index]) as sample:
                return {name: sample[name] for name in sample.files}
        return {name: np.asarray(array[index]) for name, array in self.arrays.items()}
