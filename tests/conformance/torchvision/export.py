"""Exports torchvision's models with random weights, and some models made by hand, with torch's outputs beside them.

    export.py OUT_DIR [MODEL...] [--size N] [--opset 13] [--keep-batch-norm] [--list]

Needs torch, torchvision and onnx (Debian: python3-torchvision, python3-onnx), and no network. What it writes can be run with
`lanewise verify OUT_DIR` and with compare.mjs. Without MODEL it writes all: 2.7 GB, in four minutes.
"""

import argparse
import shutil
import sys
import warnings
from pathlib import Path

sys.dont_write_bytecode = True  # the folder of the tests stays clean

import torch
import torchvision
from torch import nn

import handmade
from cases import report, structured_input, write_sets
from weights import randomize

# The side of the input.
CLASSIFIERS = {
    "alexnet": 224,
    "vgg16": 224,
    "vgg19_bn": 224,
    "googlenet": 224,
    "inception_v3": 299,
    "resnet18": 224,
    "resnet50": 224,
    "resnext50_32x4d": 224,
    "wide_resnet50_2": 224,
    "densenet121": 224,
    "squeezenet1_0": 224,
    "squeezenet1_1": 224,
    "mobilenet_v2": 224,
    "mobilenet_v3_small": 224,
    "mobilenet_v3_large": 224,
    "shufflenet_v2_x1_0": 224,
    "mnasnet1_0": 224,
    "efficientnet_b0": 224,
    "regnet_y_400mf": 224,
    "convnext_tiny": 224,
}
SEGMENTATION = {"fcn_resnet50": 256, "deeplabv3_resnet50": 256}
SIZES = {**CLASSIFIERS, **SEGMENTATION}
DYNAMIC = {"resnet18_dynamic": "resnet18", "fcn_resnet50_dynamic": "fcn_resnet50"}


class Out(nn.Module):
    """Segmentation networks return a dictionary."""

    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, x):
        return self.net(x)["out"]


def build(name: str) -> nn.Module:
    if name in SEGMENTATION:
        return Out(getattr(torchvision.models.segmentation, name)(weights=None, weights_backbone=None))
    options = {}
    if name in ("googlenet", "inception_v3"):
        # transform_input is what these have with weights. Their own initialization takes a minute and is overwritten anyway.
        options = {"aux_logits": False, "transform_input": True, "init_weights": False}
    return getattr(torchvision.models, name)(weights=None, **options)


def export(net: nn.Module, pictures: torch.Tensor, path: Path, options: argparse.Namespace, dynamic: bool):
    arguments = {}
    if dynamic:
        arguments["dynamic_axes"] = {"input": {0: "batch", 2: "height", 3: "width"}, "output": {0: "batch"}}
    if options.keep_batch_norm:
        # In eval mode the exporter folds batch norm into convolutions; where it preserves the mode it does not.
        arguments.update(do_constant_folding=False, training=torch.onnx.TrainingMode.PRESERVE)
    torch.onnx.export(
        net, pictures, str(path), opset_version=options.opset, input_names=["input"], output_names=["output"], **arguments
    )


def torchvision_case(name: str, folder: Path, options: argparse.Namespace):
    base = DYNAMIC.get(name, name)
    dynamic = name in DYNAMIC
    size = options.size or SIZES[base]
    torch.manual_seed(2024)
    generator = torch.Generator().manual_seed(7)
    net = build(base)
    randomize(net, size, generator)

    shapes = [(1, 3, size, size)]
    if dynamic:
        # No multiples of the stride, so that sizes are rounded on the way.
        shapes.append((2, 3, size * 3 // 4 + 9, size * 7 // 8 + 2))
    pictures = [structured_input(torch, shape, generator) for shape in shapes]
    export(net, pictures[0], folder / "model.onnx", options, dynamic)
    # In float64, for torch's own rounding in float32 is as large as any other's (5e-5 of the largest output in fcn_resnet50).
    net.double()
    with torch.no_grad():
        outputs = [net(picture.double()).float() for picture in pictures]
        other = net(structured_input(torch, shapes[0], generator).double()).float()

    sets = [([picture.numpy()], [output.numpy()]) for picture, output in zip(pictures, outputs)]
    write_sets(folder, sets)
    report(folder, sets)
    # A network whose output does not depend on its input would hide mistakes in its first layers.
    change = float((other - outputs[0]).abs().max() / outputs[0].abs().max())
    if change < 0.02:
        raise ValueError(f"the output changes by {change:.2g} only between pictures")


def main():
    names = [*SIZES, *DYNAMIC, *handmade.CASES]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, nargs="?")
    parser.add_argument("models", nargs="*", metavar="MODEL")
    parser.add_argument("--size", type=int, help="the side of the pictures instead of each model's own")
    parser.add_argument("--opset", type=int, default=13)
    parser.add_argument("--keep-batch-norm", action="store_true", help="leave BatchNormalization nodes and constants as they are")
    parser.add_argument("--list", action="store_true", help="print the names of the models")
    options = parser.parse_args()
    if options.list:
        print("\n".join(names))
        return
    if options.out is None:
        parser.error("OUT_DIR is missing")
    unknown = set(options.models) - set(names)
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}; --list prints the names")

    # The exporter warns about every view that it traces.
    warnings.filterwarnings("ignore")
    failed = 0
    for name in options.models or names:
        folder = options.out / name
        folder.mkdir(parents=True, exist_ok=True)
        try:
            if name in handmade.CASES:
                sets = handmade.CASES[name](folder)
                write_sets(folder, sets)
                report(folder, sets)
            else:
                torchvision_case(name, folder, options)
        except Exception as error:
            failed += 1
            # A case without a reference would only confuse.
            shutil.rmtree(folder)
            print(f"{name:28} FAILED: {str(error).splitlines()[0] if str(error) else repr(error)}", flush=True)
    sys.exit(1 if failed else 0)


main()
