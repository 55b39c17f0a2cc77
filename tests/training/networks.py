"""The networks of networks.ts in PyTorch, with the same names of weights. Dropout is left out unless it is asked for."""

import torch
import torch.nn.functional as F
from torch import nn


def conv(inputs, outputs, kernel, stride=1, groups=1):
    """A convolution that a batch-norm follows."""
    return nn.Conv2d(inputs, outputs, kernel, stride, (kernel - 1) // 2, groups=groups, bias=False)


class Net(nn.Module):
    """Modules by name, and a function of them: dots in a name are modules in modules."""

    def add(self, name, module):
        *path, last = name.split(".")
        parent = self
        for part in path:
            if part not in parent._modules:
                parent.add_module(part, nn.Module())
            parent = parent._modules[part]
        parent.add_module(last, module)
        return module


class LeNet(Net):
    def __init__(self, classes, shape, dropout):
        super().__init__()
        channels, height, width = shape
        self.conv1 = nn.Conv2d(channels, 8, 5)
        self.conv2 = nn.Conv2d(8, 16, 5)
        self.fc = nn.Linear(16 * ((height - 12) // 4) * ((width - 12) // 4), classes)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        return self.fc(x.flatten(1))


class Residual(nn.Module):
    """Two 3×3 convolutions and the shortcut A: every other pixel, and channels of zeros."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1, self.bn1 = conv(inputs, outputs, 3, stride), nn.BatchNorm2d(outputs)
        self.conv2, self.bn2 = conv(outputs, outputs, 3), nn.BatchNorm2d(outputs)
        self.stride, self.missing = stride, outputs - inputs

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        if self.stride > 1:
            x = x[:, :, :: self.stride, :: self.stride]
        before = self.missing // 2
        return F.relu(y + F.pad(x, (0, 0, 0, 0, before, self.missing - before)))


class ResNet20(nn.Module):
    def __init__(self, classes, shape, dropout):
        super().__init__()
        self.conv1, self.bn1 = conv(shape[0], 16, 3), nn.BatchNorm2d(16)
        self.layer1 = nn.Sequential(*[Residual(16, 16, 1) for _ in range(3)])
        self.layer2 = nn.Sequential(Residual(16, 32, 2), Residual(32, 32, 1), Residual(32, 32, 1))
        self.layer3 = nn.Sequential(Residual(32, 64, 2), Residual(64, 64, 1), Residual(64, 64, 1))
        self.fc = nn.Linear(64, classes)

    def forward(self, x):
        x = self.layer3(self.layer2(self.layer1(F.relu(self.bn1(self.conv1(x))))))
        return self.fc(x.mean((2, 3)))


class DenseNet40(Net):
    growth, depth = 12, 12

    def __init__(self, classes, shape, dropout):
        super().__init__()
        channels = 16
        self.add("features.conv0", conv(shape[0], channels, 3))
        self.blocks = []
        for block in (1, 2, 3):
            layers = []
            for i in range(1, self.depth + 1):
                name = f"features.denseblock{block}.denselayer{i}"
                norm = self.add(f"{name}.norm1", nn.BatchNorm2d(channels))
                layers.append((norm, self.add(f"{name}.conv1", conv(channels, self.growth, 3))))
                channels += self.growth
            name = f"features.transition{block}"
            after = (
                (self.add(f"{name}.norm", nn.BatchNorm2d(channels)), self.add(f"{name}.conv", conv(channels, channels, 1)))
                if block < 3
                else (self.add("features.norm5", nn.BatchNorm2d(channels)), None)
            )
            self.blocks.append((layers, after))
        self.classifier = nn.Linear(channels, classes)

    def forward(self, x):
        x = self.features.conv0(x)
        for layers, (norm, half) in self.blocks:
            for inner, kernel in layers:
                x = torch.cat([x, kernel(F.relu(inner(x)))], 1)
            x = F.relu(norm(x))
            if half:
                x = F.avg_pool2d(half(x), 2)
        return self.classifier(x.mean((2, 3)))


class AlexNet2012(nn.Module):
    def __init__(self, classes, shape, dropout):
        super().__init__()
        self.conv1 = nn.Conv2d(shape[0], 96, 11, 4)
        self.conv2 = nn.Conv2d(96, 256, 5, padding=2, groups=2)
        self.conv3 = nn.Conv2d(256, 384, 3, padding=1)
        self.conv4 = nn.Conv2d(384, 384, 3, padding=1, groups=2)
        self.conv5 = nn.Conv2d(384, 256, 3, padding=1, groups=2)
        self.lrn = nn.LocalResponseNorm(5, 5e-4, 0.75, 2)
        sides = [(((side - 7) // 4 - 1) // 2 - 1) // 2 for side in shape[1:]]
        self.fc6 = nn.Linear(256 * ((sides[0] - 1) // 2) * ((sides[1] - 1) // 2), 4096)
        self.fc7 = nn.Linear(4096, 4096)
        self.fc8 = nn.Linear(4096, classes)
        self.drop = nn.Dropout(0.5 if dropout else 0)

    def forward(self, x):
        x = F.max_pool2d(self.lrn(F.relu(self.conv1(x))), 3, 2)
        x = F.max_pool2d(self.lrn(F.relu(self.conv2(x))), 3, 2)
        x = F.relu(self.conv4(F.relu(self.conv3(x))))
        x = F.max_pool2d(F.relu(self.conv5(x)), 3, 2).flatten(1)
        x = self.drop(F.relu(self.fc6(x)))
        x = self.drop(F.relu(self.fc7(x)))
        return self.fc8(x)


def unit(inputs, outputs, kernel, stride=1, groups=1):
    return nn.Sequential(conv(inputs, outputs, kernel, stride, groups), nn.BatchNorm2d(outputs), nn.ReLU6())


class Inverted(nn.Module):
    def __init__(self, inputs, outputs, expansion, stride):
        super().__init__()
        wide = inputs * expansion
        expand = [unit(inputs, wide, 1)] if expansion > 1 else []
        last = [conv(wide, outputs, 1), nn.BatchNorm2d(outputs)]
        self.conv = nn.Sequential(*expand, unit(wide, wide, 3, stride, wide), *last)
        self.added = stride == 1 and inputs == outputs

    def forward(self, x):
        return x + self.conv(x) if self.added else self.conv(x)


class MobileNetV2(nn.Module):
    stages = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))

    def __init__(self, classes, shape, dropout):
        super().__init__()
        channels, layers = 32, [unit(shape[0], 32, 3, 2)]
        for expansion, outputs, depth, stride in self.stages:
            for i in range(depth):
                layers.append(Inverted(channels, outputs, expansion, stride if i == 0 else 1))
                channels = outputs
        self.features = nn.Sequential(*layers, unit(channels, 1280, 1))
        self.classifier = nn.Sequential(nn.Dropout(0.2 if dropout else 0), nn.Linear(1280, classes))

    def forward(self, x):
        return self.classifier(self.features(x).mean((2, 3)))


networks = {
    "lenet": LeNet,
    "resnet20": ResNet20,
    "densenet40": DenseNet40,
    "alexnet2012": AlexNet2012,
    "mobilenet_v2": MobileNetV2,
}
