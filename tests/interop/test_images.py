# test_images.py: images read by octet against Pillow
# SPDX-License-Identifier: Apache-2.0
"""Resizing must equal Pillow's bit for bit; so must everything before and after it."""
import json
import os
import struct
import subprocess
from pathlib import Path

import numpy as np
import PIL
import pytest
from PIL import Image, ImageOps

F32 = np.float32
SOURCE = Path(os.environ.get("OCTET_SOURCE", Path(__file__).parents[2]))
SHARED = Path(os.environ.get("OCTET_SHARED", SOURCE / ".." / "shared"))
TOOL = Path(os.environ.get("OCTET_BUILD", SOURCE / "build")) / "tests" / "tool_samples"
FILTERS = {"nearest": Image.NEAREST, "bilinear": Image.BILINEAR, "bicubic": Image.BICUBIC}

if not TOOL.exists():
    pytest.skip("tool_samples is not built", allow_module_level=True)


def run(source, folder, *options, inputs=("x=float32",)):
    folder.mkdir(exist_ok=True)
    command = [TOOL, source, folder, *options, "--", *inputs]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def samples(source, folder, *options, inputs=("x=float32",)):
    done = run(source, folder, *options, inputs=inputs)
    assert done.returncode == 0, done.stderr
    count = len(done.stdout.splitlines())
    return [[np.load(folder / f"{i}_{k}.npy") for k in range(len(inputs))] for i in range(count)]


def noise(seed, width, height, mode="RGB"):
    """Random pixels in one half, smooth ones in the other."""
    random = np.random.default_rng(seed)
    shape = (height, width) if mode == "L" else (height, width, 3)
    pixels = random.integers(0, 256, shape, dtype=np.uint8)
    ramp = np.linspace(0, 255, width, dtype=np.uint8)
    pixels[height // 2 :] = ramp if mode == "L" else ramp[:, None]
    return Image.fromarray(pixels, mode)


def resized(image, size, method):
    """Image.resize with the order of passes that Pillow has since version 13."""
    (w, h), (to_w, to_h) = image.size, size
    if method == Image.NEAREST:
        return image.resize(size, method)
    if to_h < h and 2 * (w - to_w) < h - to_h:
        return image.resize((w, to_h), method).resize(size, method)
    return image.resize((to_w, h), method).resize(size, method)


def test_order_of_passes():
    """What resized() takes for granted, against the Pillow that is there."""
    if int(PIL.__version__.split(".")[0]) < 13:
        pytest.skip("before Pillow 13 the columns always came first")
    random = np.random.default_rng(5)
    for trial in range(60):
        w, h, to_w, to_h = (int(v) for v in random.integers(1, 200, 4))
        image = noise(trial, w, h)
        assert resized(image, (to_w, to_h), Image.BILINEAR).tobytes() == image.resize((to_w, to_h), Image.BILINEAR).tobytes()


def chw(image):
    return np.moveaxis(np.atleast_3d(np.asarray(image, F32)), -1, 0)[None]


# ---------------------------------------------------------------- resize


@pytest.mark.parametrize("name", FILTERS)
@pytest.mark.parametrize("gray", [False, True])
def test_resize_equals_pillow(tmp_path, name, gray):
    random = np.random.default_rng(7 if gray else 8)
    for trial in range(24):
        w, h, to_w, to_h = (int(v) for v in random.integers(1, 160, 4))
        if trial % 6 == 4:
            to_w = w  # only rows are resized
        if trial % 6 == 5:
            to_h = h  # only columns are resized
        image = noise(trial, w, h, "L" if gray else "RGB")
        image.save(tmp_path / "i.png")
        options = ["geometry=stretch", f"width={to_w}", f"height={to_h}", f"interpolation={name}"]
        options.append("channels=GRAY" if gray else "channels=RGB")
        (out,) = samples(tmp_path / "i.png", tmp_path / "out", *options)
        want = chw(resized(image, (to_w, to_h), FILTERS[name]))
        np.testing.assert_array_equal(out[0], want, f"{w}x{h} to {to_w}x{to_h}")


@pytest.mark.parametrize("name", FILTERS)
def test_extreme_sizes(tmp_path, name):
    for trial, (w, h, to_w, to_h) in enumerate(
        [(1, 1, 97, 3), (2000, 2, 3, 50), (3, 1500, 64, 1), (1234, 777, 224, 224), (5, 5, 5, 5), (2, 3, 401, 999)]
    ):
        image = noise(trial, w, h)
        image.save(tmp_path / "i.png")
        options = ["geometry=stretch", f"width={to_w}", f"height={to_h}", f"interpolation={name}"]
        (out,) = samples(tmp_path / "i.png", tmp_path / "out", *options)
        np.testing.assert_array_equal(out[0], chw(resized(image, (to_w, to_h), FILTERS[name])))


# ---------------------------------------------------------------- geometry, as the reference loaders do it


def center(image, short_side, crop_w, crop_h, method=Image.BILINEAR):
    w, h = image.size
    s = short_side / min(w, h)
    image = resized(image, (max(crop_w, round(w * s)), max(crop_h, round(h * s))), method)
    left, top = (image.width - crop_w) // 2, (image.height - crop_h) // 2
    return image.crop((left, top, left + crop_w, top + crop_h))


def letterbox(image, width, height, pad, centered):
    w, h = image.size
    s = min(width / w, height / h)
    nw, nh = max(1, int(w * s)), max(1, int(h * s))
    canvas = Image.new("RGB", (width, height), (pad,) * 3)
    at = ((width - nw) // 2, (height - nh) // 2) if centered else (0, 0)
    canvas.paste(resized(image, (nw, nh), Image.BILINEAR), at)
    return canvas


def test_center(tmp_path):
    random = np.random.default_rng(3)
    for trial in range(20):
        w, h, short_side, crop_w, crop_h = (int(v) for v in random.integers(3, 140, 5))
        image = noise(trial, w, h)
        image.save(tmp_path / "i.png")
        options = [f"short_side={short_side}", f"crop_width={crop_w}", f"crop_height={crop_h}"]
        (out,) = samples(tmp_path / "i.png", tmp_path / "out", "geometry=center", *options)
        np.testing.assert_array_equal(out[0], chw(center(image, short_side, crop_w, crop_h)))


def test_halves_round_to_even(tmp_path):
    for w, h, short_side in [(5, 2, 1), (7, 2, 1), (9, 2, 1), (2, 13, 1)]:
        image = noise(w, w, h)
        image.save(tmp_path / "i.png")
        (out,) = samples(tmp_path / "i.png", tmp_path / "out", "geometry=center", f"short_side={short_side}")
        s = short_side / min(w, h)
        want = resized(image, (round(w * s), round(h * s)), Image.BILINEAR)
        np.testing.assert_array_equal(out[0], chw(want))


@pytest.mark.parametrize("centered", [0, 1])
def test_letterbox(tmp_path, centered):
    random = np.random.default_rng(4)
    for trial in range(16):
        w, h, width, height = (int(v) for v in random.integers(1, 140, 4))
        image = noise(trial, w, h)
        image.save(tmp_path / "i.png")
        options = [f"width={width}", f"height={height}", "pad=114", f"centered={centered}"]
        (out,) = samples(tmp_path / "i.png", tmp_path / "out", "geometry=letterbox", *options)
        np.testing.assert_array_equal(out[0], chw(letterbox(image, width, height, 114, centered)))


def test_channels_layout_and_values(tmp_path):
    image = noise(1, 20, 10)
    image.save(tmp_path / "i.png")
    mean, std = np.array([0.485, 0.456, 0.406], F32), np.array([0.229, 0.224, 0.225], F32)
    pixels = np.asarray(image, F32)
    options = ["channels=BGR", "mean=0.485,0.456,0.406", "std=0.229,0.224,0.225", "scale=0.00392156862745098"]
    want = (pixels[:, :, ::-1] * F32(0.00392156862745098) - mean) / std
    cases = {
        "x=float32[1,10,20,3]": want[None],
        "x=float32[?,3,?,?]": want.transpose(2, 0, 1)[None],
        "x=float32[10,20,3]": want,
        "x=float32[3,10,20]": want.transpose(2, 0, 1),
        "x=float16[1,3,10,20]": want.transpose(2, 0, 1)[None].astype(np.float16),
        "x=double[1,3,10,20]": want.transpose(2, 0, 1)[None].astype(np.float64),
    }
    for wanted, expected in cases.items():
        (out,) = samples(tmp_path / "i.png", tmp_path / "out", *options, inputs=[wanted])
        assert out[0].dtype == expected.dtype
        np.testing.assert_array_equal(out[0], expected, wanted)


def test_pixels_as_integers(tmp_path):
    image = noise(1, 8, 8)
    image.save(tmp_path / "i.png")
    (out,) = samples(tmp_path / "i.png", tmp_path / "out", "geometry=none", inputs=["x=uint8[1,8,8,3]"])
    np.testing.assert_array_equal(out[0], np.asarray(image)[None])
    done = run(tmp_path / "i.png", tmp_path / "out", "std=2,2,2", inputs=["x=uint8[1,8,8,3]"])
    assert done.returncode != 0 and "cannot hold" in done.stderr


# ---------------------------------------------------------------- kinds of files


def decoded(tmp_path, file):
    (out,) = samples(file, tmp_path / "out", "geometry=none")
    return out[0]


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", ["jpg", "png"])
def test_orientation(tmp_path, orientation, suffix):
    exif = Image.Exif()
    exif[0x112] = orientation
    file = tmp_path / f"i.{suffix}"
    noise(5, 13, 7).save(file, exif=exif)
    want = ImageOps.exif_transpose(Image.open(file)).convert("RGB")
    np.testing.assert_array_equal(decoded(tmp_path, file), chw(want))


def test_big_endian_exif(tmp_path):
    entry = struct.pack(">HHIHH", 0x112, 3, 1, 6, 0)
    exif = b"Exif\0\0" + b"MM\0*" + struct.pack(">IH", 8, 1) + entry + b"\0\0\0\0"
    noise(5, 13, 7).save(tmp_path / "i.jpg", exif=exif)
    want = ImageOps.exif_transpose(Image.open(tmp_path / "i.jpg")).convert("RGB")
    assert want.size == (7, 13)
    np.testing.assert_array_equal(decoded(tmp_path, tmp_path / "i.jpg"), chw(want))


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": 0}, {"subsampling": 1}, {"quality": 20}])
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_jpeg(tmp_path, mode, options):
    noise(9, 61, 45).convert(mode).save(tmp_path / "i.jpg", **options)
    want = chw(Image.open(tmp_path / "i.jpg").convert("RGB"))
    out = decoded(tmp_path, tmp_path / "i.jpg")
    # Pillow brings its own libjpeg, whose rounding may differ in the last place.
    assert np.abs(out - want).max() <= 2
    assert np.mean(out != want) < 0.01


def png_modes():
    rgb, gray = noise(2, 33, 21), noise(3, 33, 21, "L")
    rgba, la = rgb.copy(), gray.copy()
    rgba.putalpha(gray)
    la.putalpha(rgb.convert("L"))
    palette = rgb.quantize(17)
    transparent = palette.copy()
    transparent.info["transparency"] = 3
    return {
        "RGB": rgb, "L": gray, "RGBA": rgba, "LA": la, "1": gray.convert("1"), "P": palette,
        "P2": rgb.quantize(2), "P4": rgb.quantize(4), "P16": rgb.quantize(16), "Pt": transparent,
    }  # fmt: skip


@pytest.mark.parametrize("mode", png_modes())
def test_png(tmp_path, mode):
    png_modes()[mode].save(tmp_path / "i.png")
    want = chw(Image.open(tmp_path / "i.png").convert("RGB"))
    np.testing.assert_array_equal(decoded(tmp_path, tmp_path / "i.png"), want)


def write_png(path, width, height, depth, kind, rows, interlace=0):
    import zlib

    def chunk(tag, data):
        return struct.pack(">I", len(data)) + tag + data + struct.pack(">I", zlib.crc32(tag + data))

    header = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, interlace)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("kind,channels", [(0, 1), (2, 3), (4, 2), (6, 4)])
def test_png_16_bits(tmp_path, kind, channels):
    """The upper byte is kept: what Pillow does for colors (it clips gray to white)."""
    values = np.random.default_rng(1).integers(0, 65536, (9, 11, channels)).astype(">u2")
    write_png(tmp_path / "i.png", 11, 9, 16, kind, b"".join(b"\0" + row.tobytes() for row in values))
    color = values[:, :, : channels - (kind >= 4)] >> 8
    want = np.broadcast_to(color, (9, 11, 3)).astype(F32).transpose(2, 0, 1)[None]
    np.testing.assert_array_equal(decoded(tmp_path, tmp_path / "i.png"), want)
    if kind in (2, 6):
        np.testing.assert_array_equal(want, chw(Image.open(tmp_path / "i.png").convert("RGB")))


@pytest.mark.parametrize("depth", [2, 4])
def test_png_few_gray_bits(tmp_path, depth):
    rows = np.random.default_rng(depth).integers(0, 256, (9, 6), dtype=np.uint8)
    write_png(tmp_path / "i.png", 6 * 8 // depth, 9, depth, 0, b"".join(b"\0" + r.tobytes() for r in rows))
    want = chw(Image.open(tmp_path / "i.png").convert("RGB"))
    np.testing.assert_array_equal(decoded(tmp_path, tmp_path / "i.png"), want)


def test_png_interlaced(tmp_path):
    """Adam7: seven passes, each with rows of its own."""
    pixels = np.random.default_rng(6).integers(0, 256, (13, 11, 3), dtype=np.uint8)
    rows = b""
    for x, y, dx, dy in [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]:
        for row in pixels[y::dy, x::dx]:
            rows += b"\0" + row.tobytes() if len(row) else b""
    write_png(tmp_path / "i.png", 11, 13, 8, 2, rows, interlace=1)
    np.testing.assert_array_equal(decoded(tmp_path, tmp_path / "i.png"), pixels.astype(F32).transpose(2, 0, 1)[None])


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize("suffix", ["jpg", "png"])
def test_damaged_files_are_named(tmp_path, suffix):
    file = tmp_path / f"i.{suffix}"
    noise(5, 64, 48).save(file)
    whole = file.read_bytes()
    for length in [0, 1, 3, 8, 20, 100, len(whole) // 2, len(whole) - 100]:
        file.write_bytes(whole[:length])
        done = run(file, tmp_path / "out", "geometry=none")
        assert done.returncode in (5, 6), (length, done.returncode, done.stderr)
        assert f"i.{suffix}" in done.stderr


def test_other_formats_are_refused(tmp_path):
    noise(5, 8, 8).save(tmp_path / "i.bmp")
    (tmp_path / "i.bmp").rename(tmp_path / "i.jpg")
    done = run(tmp_path / "i.jpg", tmp_path / "out", "geometry=none")
    assert done.returncode == 6 and "neither a JPEG nor a PNG" in done.stderr


def test_images_need_options(tmp_path):
    (tmp_path / "photos").mkdir()
    noise(5, 8, 8).save(tmp_path / "photos" / "i.png")
    done = run(tmp_path / "photos", tmp_path / "out")
    assert done.returncode == 2 and "i.png" in done.stderr


def test_folder_in_byte_order(tmp_path):
    photos = tmp_path / "photos"
    photos.mkdir()
    for name in ["b.png", "B.PNG", "a10.png", "a2.png", "notes.txt", ".hidden.png"]:
        noise(5, 8, 8).save(photos / name, "png")
    done = run(photos, tmp_path / "out", "geometry=none")
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["B.PNG", "a10.png", "a2.png", "b.png"]


# ---------------------------------------------------------------- real photos


def described(spec, file):
    """What an "images" entry of samples.json says, in numpy."""
    image, g = Image.open(file).convert("RGB"), spec["geometry"]
    if g["kind"] == "center":
        image = center(image, g["short_side"], g["crop"], g["crop"])
    elif g["kind"] == "stretch":
        image = resized(image, (g["width"], g["height"]), Image.BILINEAR)
    else:
        image = letterbox(image, g["width"], g["height"], g["pad_value"], g["centered"])
    x = np.asarray(image, F32)
    x = x[:, :, ::-1] if spec["channels"] == "BGR" else x
    x = (x - np.array(spec["mean"], F32)) / np.array(spec["std"], F32)
    return x.transpose(2, 0, 1)[None] if spec["layout"] == "NCHW" else x[None]


def shared_manifests(images):
    found = sorted(SHARED.glob("data/samples/*/samples.json"))
    return [f for f in found if ("images" in json.loads(f.read_text(encoding="utf8"))) == images]


@pytest.mark.parametrize("manifest", shared_manifests(False), ids=lambda f: f.parent.name)
def test_shared_arrays(tmp_path, manifest):
    about = json.loads(manifest.read_text(encoding="utf8"))
    if about["kind"] == "stacked":
        stacks = {i["input"]: np.load(manifest.parent / i["file"]) for i in about["inputs"]}
        want = [{k: v[n] for k, v in stacks.items()} for n in range(about["samples"])]
    else:
        want = [dict(np.load(manifest.parent / (about["files"] % n))) for n in range(about["samples"])]
    names = sorted(want[0])
    got = samples(manifest.parent, tmp_path / "out", inputs=[f"{n}={want[0][n].dtype}" for n in names])
    assert len(got) == len(want)
    for sample, expected in zip(got, want):
        for name, array in zip(names, sample):
            np.testing.assert_array_equal(array, expected[name])
            assert array.dtype == expected[name].dtype


@pytest.mark.parametrize("manifest", shared_manifests(True), ids=lambda f: f.parent.name)
def test_shared_manifest(tmp_path, manifest):
    spec = json.loads(manifest.read_text(encoding="utf8"))["images"]
    out = samples(manifest.parent, tmp_path / "out", "limit=4", inputs=[spec["input"] + "=float32"])
    assert len(out) == min(4, len(spec["files"]))
    for (got,), file in zip(out, spec["files"]):
        want = described(spec, manifest.parent / file)
        assert got.shape == want.shape
        # One step of a pixel at most, where the two libjpegs round differently.
        assert np.abs(got - want).max() <= 2 / np.min(spec["std"]), file
        assert np.mean(got != want) < 0.01
