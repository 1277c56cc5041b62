"""make_models.py: train the models of models/ on handwritten digits and write them with their data

SPDX-License-Identifier: Apache-2.0

    python -m venv VENV && VENV/bin/pip install -r tools/dev/requirements-models.txt
    VENV/bin/python tools/dev/make_models.py

About two minutes on a CPU. The digits are scikit-learn's: 1797 images of 8x8 pixels with values 0 to 16.
They become bytes, round(value * 255 / 16), and the models see (byte - 64) / 64, which float32
represents exactly: PNG files and arrays give the same inputs.
"""

import hashlib
import json
import pathlib

import numpy as np
import onnx
import onnxruntime
import sklearn.datasets
import torch
from PIL import Image

import digits_nets as nets

MODELS = pathlib.Path(__file__).resolve().parents[2] / "models"
DIGITS = MODELS / "digits"
MEAN = STD = 64
N_CALIB, N_TEST = 64, 436
BATCH, SHIFT = 64, 1


def load_digits():
    """Bytes and labels of the three parts: calibration, test, training."""
    digits = sklearn.datasets.load_digits()
    images = np.rint(digits.images * (255 / 16)).astype(np.uint8)
    order = np.random.RandomState(7).permutation(len(images))
    cuts = [N_CALIB, N_CALIB + N_TEST]
    return [(images[part], digits.target[part]) for part in np.split(order, cuts)]


def as_input(images):
    return ((images.astype(np.float32) - MEAN) / STD)[:, None]


def write_data(calib, test):
    (DIGITS / "calib").mkdir(parents=True, exist_ok=True)
    (DIGITS / "test").mkdir(exist_ok=True)
    for i, image in enumerate(calib[0]):
        Image.fromarray(image).save(DIGITS / "calib" / f"{i:03}.png", optimize=True)
    manifest = {
        "kind": "images",
        "description": "handwritten digits, held out from training",
        "samples": len(calib[0]),
        "images": {"input": "image", "geometry": {"kind": "none"}, "channels": "GRAY",
                   "mean": MEAN, "std": STD, "layout": "NCHW", "files": "%03d.png"},
    }
    (DIGITS / "calib" / "samples.json").write_text(json.dumps(manifest, indent=2) + "\n")
    np.save(DIGITS / "test" / "image.npy", as_input(test[0]))
    (DIGITS / "test" / "labels.txt").write_text("".join(f"{y}\n" for y in test[1]))


def shifted(x, generator):
    """Each image moved by up to SHIFT pixels, background flowing in."""
    padded = torch.nn.functional.pad(x, (SHIFT,) * 4, value=-MEAN / STD)
    moves = torch.randint(0, 2 * SHIFT + 1, (len(x), 2), generator=generator).tolist()
    return torch.stack([p[:, i:i + 8, j:j + 8] for p, (i, j) in zip(padded, moves)])


def train(net, epochs, rate, images, labels):
    x, y = torch.from_numpy(as_input(images)), torch.from_numpy(labels)
    generator = torch.Generator().manual_seed(1)
    steps = epochs * -(-len(x) // BATCH)
    optimizer = torch.optim.AdamW(net.parameters(), lr=rate, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=steps)
    net.train()
    for _ in range(epochs):
        for at in torch.randperm(len(x), generator=generator).split(BATCH):
            logits = net(shifted(x[at], generator))
            loss = torch.nn.functional.cross_entropy(logits, y[at], label_smoothing=0.05)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return net.eval()


def export_script(net, path, opset, **options):
    """torch's exporter of TorchScript."""
    torch.onnx.export(net, torch.zeros(1, 1, 8, 8), path, dynamo=False, opset_version=opset,
                      input_names=["image"], output_names=["logits"],
                      dynamic_axes={"image": {0: "N"}, "logits": {0: "N"}}, **options)


def export_dynamo(net, path, opset, symbolic):
    """torch's exporter of captured programs."""
    shapes = {"x": {0: torch.export.Dim("N")}} if symbolic else None
    torch.onnx.export(net, (torch.zeros(2 if symbolic else 1, 1, 8, 8),), path, dynamo=True,
                      opset_version=opset, input_names=["image"], output_names=["logits"],
                      dynamic_shapes=shapes, external_data=False, verbose=False)


def export_cnn(net, path):
    """Normalization stays as nodes, for octet to fold."""
    export_script(net, path, 13, do_constant_folding=False,
                  training=torch.onnx.TrainingMode.PRESERVE)


# Network, epochs, highest learning rate, exporter.
RECIPES = {
    "digits_cnn": (nets.Cnn, 40, 6e-3, export_cnn),
    "digits_dsnet": (nets.DsNet, 40, 6e-3,
                     lambda net, path: export_dynamo(net, path, 18, symbolic=False)),
    "digits_vit": (nets.Vit, 120, 4e-3,
                   lambda net, path: export_dynamo(net, path, 20, symbolic=True)),
    "digits_gru": (nets.Gru, 40, 6e-3, lambda net, path: export_script(net, path, 17)),
}


def strip(path):
    """Exporters leave names of files on the machine and a description of every node."""
    model = onnx.load(path)
    for node in model.graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
    for value in [*model.graph.value_info, *model.graph.input, *model.graph.output,
                  *model.graph.initializer]:
        del value.metadata_props[:]
        value.doc_string = ""
    del model.graph.metadata_props[:]
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)


def count_right(path, images, labels):
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    rows = [session.run(None, {"image": x[None]})[0][0] for x in as_input(images)]
    return int((np.argmax(rows, 1) == labels).sum())


def main():
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    calib, test, training = load_digits()
    write_data(calib, test)
    print("| model | bytes | right of", len(test[1]), "| SHA-256 |\n|---|---|---|---|")
    for name, (make, epochs, rate, export) in RECIPES.items():
        torch.manual_seed(1)
        net = train(make(), epochs, rate, *training)
        path = MODELS / f"{name}.onnx"
        export(net, str(path))
        strip(path)
        data = path.read_bytes()
        right = count_right(path, *test)
        print(f"| {name}.onnx | {len(data)} | {right} ({100 * right / len(test[1]):.2f} %) "
              f"| {hashlib.sha256(data).hexdigest()} |", flush=True)


if __name__ == "__main__":
    main()
