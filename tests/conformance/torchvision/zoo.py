"""Gives torch's random weights to Lanewise's zoo, through safetensors, with torch's outputs to compare with.

    npm run build
    zoo.py [CASE...] [--size N] [--classes N]           each case: written, run, removed; prints how far outputs are off
    zoo.py [CASE...] --out DIR [--size N] [--classes N] writes the cases alone, 4.5 GB for all of them
    zoo.py ... --checkpoint zip|legacy                  the weights by torch.save, in weights.pth, for check-weights.mjs

A case is a network of torchvision's, or of networks.py where torchvision has none. Its folder holds weights.safetensors, torch's whole
state_dict; options.json, what the zoo's factory takes; and pictures with torch's outputs, computed in float64. zoo.mjs loads the
weights, by name and strictly, and writes model.onnx, which has to pass onnx's checker; compare.mjs runs it. Cases that are no names of the zoo
are networks with other options. Needs what export.py needs.
"""

import argparse
import json
import re
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True

import onnx
import torch
import torchvision
from torch import nn
from torchvision import models

from cases import structured_input, write_sets
from networks import AlexNet2012, CifarResNet, GoogLeNet2014, NetworkInNetwork, plain
from weights import randomize

HERE = Path(__file__).parent
TYPES = {torch.float32: "F32", torch.int64: "I64"}


class Case:
    """A network of the zoo, and how torch makes it: a function of the number of classes and the pictures' size."""

    def __init__(self, make, network=None, classes=1000, size=224, channels=3, fixed=False, shaped=False, shift=0, scale=1, **options):
        self.make, self.network, self.options = make, network, options
        self.classes, self.size, self.channels, self.shift = classes, size, channels, shift
        # Whether the network fits its pictures' size alone, and whether they are other than its usual ones.
        self.fixed, self.shaped = fixed, shaped
        # What pictures are multiplied by. Response normalisation does next to nothing to small numbers; its networks took pixels up to 255.
        self.scale = scale


def of_torchvision(name: str, **options):
    return lambda classes, size: getattr(models, name)(weights=None, num_classes=classes, **options)


def first_conv(net: nn.Module, name: str, channels: int) -> nn.Module:
    """A network whose first convolution takes other pictures than those of three colours."""
    old = net.get_submodule(name)
    new = nn.Conv2d(channels, old.out_channels, old.kernel_size, old.stride, old.padding, bias=old.bias is not None)
    parent, _, key = name.rpartition(".")
    setattr(net.get_submodule(parent), key, new)
    return net


VGG = [f"vgg{depth}{norm}" for depth in (11, 13, 16, 19) for norm in ("", "_bn")]
RESNETS = [f"resnet{depth}" for depth in (18, 34, 50, 101, 152)]
DENSENETS = [f"densenet{depth}" for depth in (121, 161, 169, 201)]
small = {"classes": 10, "size": 32}
plain_net = lambda depth: lambda classes, size: plain(depth, classes)
shift = lambda depth: 1.5 if depth >= 50 else 0
cifar = lambda depth, **options: lambda classes, size: CifarResNet(depth, classes, **options)

CASES: dict[str, Case] = {
    **{name: Case(of_torchvision(name)) for name in ["alexnet", *VGG]},
    "alexnet2012": Case(lambda classes, size: AlexNet2012(classes, size=size), size=227, fixed=True, scale=60),
    "network_in_network": Case(lambda classes, size: NetworkInNetwork(classes), **small),
    # With the heads for training, whose weights the zoo passes over.
    "googlenet": Case(of_torchvision("googlenet", aux_logits=True, transform_input=False, init_weights=True)),
    "googlenet2014": Case(lambda classes, size: GoogLeNet2014(classes), scale=60),
    **{name: Case(of_torchvision(name)) for name in RESNETS},
    **{f"plain{depth}": Case(plain_net(depth), shift=shift(depth)) for depth in (18, 34, 50, 101, 152)},
    **{f"resnet{depth}": Case(cifar(depth), **small) for depth in (20, 32, 44, 56, 110)},
    **{f"plain{depth}": Case(cifar(depth, plain=True), shift=shift(depth), **small) for depth in (20, 32, 44, 56, 110)},
    **{name: Case(of_torchvision(name)) for name in [*DENSENETS, "squeezenet1_0", "squeezenet1_1", "mobilenet_v2"]},
    # Other options.
    "wide_resnet50_2": Case(of_torchvision("wide_resnet50_2"), network="resnet50", width=2),
    "wide_resnet20_3": Case(cifar(20, width=3), network="resnet20", width=3, **small),
    "mobilenet_v2_0.35": Case(of_torchvision("mobilenet_v2", width_mult=0.35), network="mobilenet_v2", width=0.35),
    "mobilenet_v2_1.4": Case(of_torchvision("mobilenet_v2", width_mult=1.4), network="mobilenet_v2", width=1.4),
    "densenet121_k12": Case(
        lambda classes, size: models.DenseNet(12, (6, 12, 24, 16), 24, num_classes=classes), network="densenet121", growth=12
    ),
    # Its average pooling has windows of several sizes here.
    "vgg11_grey_72": Case(
        lambda classes, size: first_conv(models.vgg11(weights=None, num_classes=classes), "features.0", 1),
        network="vgg11",
        size=72,
        channels=1,
        shaped=True,
    ),
    "alexnet_320": Case(of_torchvision("alexnet"), network="alexnet", size=320, shaped=True),
    "resnet18_four_channels_65": Case(
        lambda classes, size: first_conv(models.resnet18(weights=None, num_classes=classes), "conv1", 4),
        network="resnet18",
        size=65,
        channels=4,
        shaped=True,
    ),
}


def write_safetensors(path: Path, tensors: dict[str, torch.Tensor]):
    header, offset, parts = {}, 0, []
    for name, tensor in tensors.items():
        data = tensor.detach().contiguous().numpy().tobytes()
        header[name] = {"dtype": TYPES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [offset, offset + len(data)]}
        offset += len(data)
        parts.append(data)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for data in parts:
            file.write(data)


def write_checkpoint(path: Path, tensors: dict[str, torch.Tensor], form: str):
    """As torch.save writes a state dict, or as it did before 1.6, when torchvision's DenseNets had other names, too."""
    if form == "legacy":
        old = lambda key: re.sub(r"(denselayer\d+\.(?:norm|conv))([12]\.)", r"\1.\2", key)
        tensors = type(tensors)((old(key), tensor) for key, tensor in tensors.items())
    torch.save(tensors, path, _use_new_zipfile_serialization=form == "zip")


@torch.no_grad()
def write_case(name: str, folder: Path, size: int | None, classes: int | None, checkpoint: str | None = None):
    case = CASES[name]
    folder.mkdir(parents=True, exist_ok=True)
    options = dict(case.options)
    shaped = case.shaped or (size is not None and size != case.size)
    if size is None or case.shaped:
        size = case.size
    if shaped:
        options["inputShape"] = [case.channels, size, size]
    options["classes"] = classes = classes or case.classes

    torch.manual_seed(1)
    net = case.make(classes, size)
    randomize(net, size, torch.Generator().manual_seed(1), case.channels, case.fixed, case.shift)
    if checkpoint:
        write_checkpoint(folder / "weights.pth", net.state_dict(), checkpoint)
    else:
        write_safetensors(folder / "weights.safetensors", net.state_dict())
    (folder / "options.json").write_text(json.dumps({"network": case.network or name, "options": options}))

    generator = torch.Generator().manual_seed(7)
    pictures = [case.scale * structured_input(torch, (batch, case.channels, size, size), generator) for batch in (1, 2)]
    rounded = torch.cat([net(picture) for picture in pictures])
    net.double()
    outputs = [net(picture.double()).float() for picture in pictures]
    write_sets(folder, [([x.numpy()], [y.numpy()]) for x, y in zip(pictures, outputs)])

    # References that could hide a mistake are refused: vanishing, exploding, hardly depending on the picture, chaotic.
    rows = torch.cat(outputs)
    largest, spread = float(rows.abs().max()), float((rows.amax(0) - rows.amin(0)).max())
    if not (0.1 <= largest <= 1e3 and spread >= 0.02 * largest):
        raise ValueError(f"the largest output is {largest}, and other pictures change outputs by {spread}")
    error = float((rounded - rows).abs().max())
    if not error <= 3e-4 * largest:
        raise ValueError(f"torch itself is off by {error / largest:.1e} in float32")


def run_case(name: str, folder: Path):
    """Raises ValueError where the weights do not fit, or the outputs differ."""
    for arguments in ([HERE / "zoo.mjs", folder], [HERE / "compare.mjs", folder.parent, name]):
        done = subprocess.run(["node", *arguments], capture_output=True, text=True)
        if done.returncode != 0:
            line = (done.stdout + done.stderr).strip().splitlines()[0]
            raise ValueError(line.removeprefix(name).strip().removeprefix("FAILED").strip())
        if arguments[0].name == "zoo.mjs":
            onnx.checker.check_model(str(folder / "model.onnx"), full_check=True)
    print(done.stdout.splitlines()[0], flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", metavar="CASE")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--checkpoint", choices=["zip", "legacy"])
    parser.add_argument("--size", type=int)
    parser.add_argument("--classes", type=int)
    options = parser.parse_args()
    if options.checkpoint and not options.out:
        parser.error("--checkpoint goes with --out")
    unknown = set(options.cases) - CASES.keys()
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(CASES)}")
    names, failed = options.cases or list(CASES), 0
    for name in names:
        with tempfile.TemporaryDirectory(prefix="lanewise-zoo-") as scratch:
            folder = (options.out or Path(scratch)) / name
            try:
                write_case(name, folder, options.size, options.classes, options.checkpoint)
                if not options.out:
                    run_case(name, folder)
            except Exception as error:
                failed += 1
                print(f"{name:28} FAILED: {error or repr(error)}", flush=True)
    if not options.out:
        print(f"{len(names) - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


main()
