"""What torchvision makes of a picture for a network, and what it calls ImageNet's classes.

Reads from the input one JSON object with "width", "height", "data" (base64 of RGB bytes); prints one with "labels" and, by the name of a
preset, base64 of the float32 [3, H, W].
"""

import base64
import json
import sys

from PIL import Image
from torchvision import models
from torchvision.transforms import functional as F
from torchvision.transforms.functional import InterpolationMode

request = json.load(sys.stdin)
picture = Image.frombytes("RGB", (request["width"], request["height"]), base64.b64decode(request["data"]))


def encode(tensor):
    return base64.b64encode(tensor.contiguous().numpy().tobytes()).decode()


def prepare(edge, crop, interpolation, mean, std):
    middle = F.center_crop(F.resize(picture, [edge], interpolation), [crop, crop])
    return encode(F.normalize(F.to_tensor(middle), mean, std))


weights = models.ResNet18_Weights.IMAGENET1K_V1
mean, std = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
json.dump(
    {
        "labels": weights.meta["categories"],
        "imagenet": encode(weights.transforms()(picture)),
        "imagenetBicubic": prepare(256, 224, InterpolationMode.BICUBIC, mean, std),
        "imagenetInception": prepare(341, 299, InterpolationMode.BICUBIC, [0.5] * 3, [0.5] * 3),
    },
    sys.stdout,
)
