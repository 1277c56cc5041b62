"""Writes the seeds of fuzz_samples: python make_samples_corpus.py FOLDER

SPDX-License-Identifier: Apache-2.0
"""
import io
import pathlib
import sys

import numpy as np
from PIL import Image

NPY, MANIFEST, IMAGE = b"0", b"1", b"2"  # the byte that chooses the format, modulo 3


def npy(array):
    file = io.BytesIO()
    np.save(file, array)
    return NPY + file.getvalue()


def image(mode, **options):
    file = io.BytesIO()
    pixels = (np.arange(11 * 9 * 3) * 7 % 256).astype(np.uint8).reshape(9, 11, 3)
    Image.fromarray(pixels).convert(mode).save(file, **options)
    return IMAGE + file.getvalue()


def orientation(value):
    exif = Image.Exif()
    exif[0x112] = value
    return exif.tobytes()


MANIFESTS = {
    "stacked": '{"kind":"stacked","samples":4,"sample_axis":0,"inputs":[{"file":"x.npy","input":"x","dtype":"float32",'
    '"sample_shape":[1,3,2,2]},{"file":"m.npy","input":"mask"}],"labels":[1]}',
    "pattern": '{"kind":"npz_per_sample","samples":9,"files":"a%%%04d.npz","inputs":["x","mask"]}',
    "list": '{"kind":"npz_per_sample","files":["../a.npz","/b.npz"]}',
    "center": '{"images":{"input":"x","geometry":{"kind":"center","short_side":256,"crop":224},"interpolation":"bicubic",'
    '"channels":"BGR","mean":[1,2,3],"std":2,"scale":0.5,"layout":"NHWC","files":["a.jpg"]}}',
    "letterbox": '{"images":{"geometry":{"kind":"letterbox","width":4,"height":5,"pad_value":114,"centered":true},'
    '"channels":"GRAY","mean":[1],"std":[2],"layout":"auto","files":["a.png"]}}',
}

SEEDS = {
    "npy_f4": npy(np.arange(6, dtype="<f4").reshape(1, 2, 3)),
    "npy_big": npy(np.arange(6, dtype=">i8").reshape(3, 2)),
    "npy_fortran": npy(np.asfortranarray(np.arange(12, dtype="<f8").reshape(2, 2, 3))),
    "npy_bool": npy(np.array([True, False])),
    "npy_scalar": npy(np.array(3, np.uint16)),
    "npy_empty": npy(np.zeros((3, 0, 2), np.float16)),
    "npy_v3": NPY + b"\x93NUMPY\x03\x00\x36\x00\x00\x00{'descr': '|u1', 'fortran_order': False, 'shape': (2,)} \x01\x02",
    "jpeg": image("RGB", format="jpeg", quality=80, exif=orientation(6)),
    "jpeg_progressive": image("RGB", format="jpeg", quality=60, progressive=True),
    "jpeg_gray": image("L", format="jpeg", quality=50),
    "jpeg_cmyk": image("CMYK", format="jpeg", quality=50),
    "png": image("RGB", format="png", exif=orientation(8)),
    "png_palette": image("P", format="png", bits=4),
    "png_bits": image("1", format="png"),
    "png_alpha": image("RGBA", format="png"),
    "png_gray_alpha": image("LA", format="png"),
} | {f"manifest_{name}": MANIFEST + text.encode() for name, text in MANIFESTS.items()}

if __name__ == "__main__":
    for name, content in SEEDS.items():
        (pathlib.Path(sys.argv[1]) / name).write_bytes(content)
