"""Exports Lanewise's zoo and loads the weights into torchvision's models, by name and strictly; the CIFAR ResNets into one made here.

    npm run build
    zoo.py OUT_DIR [MODEL...] [--seed N]

The files go through onnx's checker, and must hold the same weights in both formats. OUT_DIR then has a case for each model, with torch's
outputs: run them with `lanewise verify OUT_DIR` or compare.mjs. Needs what export.py needs. Without MODEL it writes all: 5.3 GB.
"""

import argparse
import json
import shutil
import subprocess
import sys
from pathlib import Path

sys.dont_write_bytecode = True

import numpy as np
import onnx
import torch
import torchvision
from onnx import numpy_helper
from torch import nn
from torch.nn import functional as F

from cases import report, structured_input, write_sets

LANEWISE = Path(__file__).parents[3] / "bin" / "lanewise.mjs"
CIFAR = {"resnet20": 3, "resnet32": 5, "resnet44": 7, "resnet56": 9, "resnet110": 18}
VGG = [f"vgg{depth}{norm}" for depth in (11, 13, 16, 19) for norm in ("", "_bn")]
RESNETS = [f"resnet{depth}" for depth in (18, 34, 50, 101, 152)]
DENSENETS = [f"densenet{depth}" for depth in (121, 161, 169, 201)]
MODELS = ["alexnet", *VGG, *RESNETS, *CIFAR, *DENSENETS, "squeezenet1_0", "squeezenet1_1", "mobilenet_v2", "googlenet"]


class CifarBlock(nn.Module):
    def __init__(self, before: int, channels: int):
        super().__init__()
        self.stride = 1 if before == channels else 2
        self.conv1 = nn.Conv2d(before, channels, 3, self.stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        if self.stride == 2:
            quarter = x.shape[1] // 2
            x = F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, quarter, quarter))
        return F.relu(x + y)


class CifarResNet(nn.Module):
    """Section 4.2 of arXiv:1512.03385, with shortcuts of option A."""

    def __init__(self, n: int):
        super().__init__()
        stage = lambda before, channels: nn.Sequential(*(CifarBlock(channels if i else before, channels) for i in range(n)))
        self.conv1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        self.layer1, self.layer2, self.layer3 = stage(16, 16), stage(16, 32), stage(32, 64)
        self.fc = nn.Linear(64, 10)

    def forward(self, x):
        x = self.layer3(self.layer2(self.layer1(F.relu(self.bn1(self.conv1(x))))))
        return self.fc(x.mean((2, 3)))


def build(name: str) -> nn.Module:
    if name in CIFAR:
        return CifarResNet(CIFAR[name])
    options = {"aux_logits": False, "transform_input": False, "init_weights": False} if name == "googlenet" else {}
    return getattr(torchvision.models, name)(weights=None, **options)


def read_safetensors(path: Path) -> dict[str, torch.Tensor]:
    """float32 alone, which is all that the zoo has."""
    data = path.read_bytes()
    start = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:start])
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        assert entry["dtype"] == "F32", entry
        begin, end = entry["data_offsets"]
        array = np.frombuffer(data, np.float32, (end - begin) // 4, start + begin)
        tensors[name] = torch.from_numpy(array.reshape(entry["shape"]).copy())
    return tensors


def lanewise_export(name: str, path: Path, seed: int):
    subprocess.run(["node", LANEWISE, "export", name, path, "--seed", str(seed)], check=True, stdout=subprocess.DEVNULL)


@torch.no_grad()
def zoo_case(name: str, folder: Path, seed: int):
    weights, path = folder / "model.safetensors", folder / "model.onnx"
    lanewise_export(name, weights, seed)
    lanewise_export(name, path, seed)
    tensors = read_safetensors(weights)
    weights.unlink()
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    initializers = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    if initializers.keys() != tensors.keys():
        raise ValueError(f"only one of the files has {sorted(initializers.keys() ^ tensors.keys())}")
    for key, array in initializers.items():
        if array.tobytes() != tensors[key].numpy().tobytes():
            raise ValueError(f"the files differ in '{key}'")

    net = build(name)
    net.load_state_dict(tensors, strict=True)
    net.eval().double()
    generator = torch.Generator().manual_seed(7)
    size = 32 if name in CIFAR else 224
    pictures = [structured_input(torch, (batch, 3, size, size), generator) for batch in (1, 2)]
    sets = [([picture.numpy()], [net(picture.double()).float().numpy()]) for picture in pictures]
    write_sets(folder, sets)
    report(folder, sets)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("models", nargs="*", metavar="MODEL")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    unknown = set(options.models) - set(MODELS)
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(MODELS)}")
    failed = 0
    for name in options.models or MODELS:
        folder = options.out / name
        folder.mkdir(parents=True, exist_ok=True)
        try:
            zoo_case(name, folder, options.seed)
        except Exception as error:
            failed += 1
            shutil.rmtree(folder)
            print(f"{name:28} FAILED: {error or repr(error)}", flush=True)
    sys.exit(1 if failed else 0)


main()
