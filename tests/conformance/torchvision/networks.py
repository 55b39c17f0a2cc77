"""The networks of Lanewise's zoo that torchvision does not have, after their papers, with the parameters called as in the zoo."""

import torch
from torch import nn
from torch.nn import functional as F
from torchvision.models.resnet import BasicBlock, Bottleneck, ResNet


class AlexNet2012(nn.Module):
    """Krizhevsky, Sutskever and Hinton 2012, with the layers in the order of section 3.5 and the constants of section 3.3."""

    def __init__(self, classes: int = 1000, channels: int = 3, size: int = 227):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, 96, 11, 4)
        self.conv2 = nn.Conv2d(96, 256, 5, padding=2, groups=2)
        self.conv3 = nn.Conv2d(256, 384, 3, padding=1)
        self.conv4 = nn.Conv2d(384, 384, 3, padding=1, groups=2)
        self.conv5 = nn.Conv2d(384, 256, 3, padding=1, groups=2)
        side = (size - 11) // 4 + 1
        for _ in range(3):
            side = (side - 3) // 2 + 1
        self.fc6 = nn.Linear(256 * side * side, 4096)
        self.fc7 = nn.Linear(4096, 4096)
        self.fc8 = nn.Linear(4096, classes)

    @staticmethod
    def normalize(x):
        # The paper's b = a / (2 + 1e-4 * sum)^0.75. Written out, for torch's own divides alpha by the number of channels.
        squares = F.pad(x * x, (0, 0, 0, 0, 2, 2))
        total = sum(squares[:, i : i + x.shape[1]] for i in range(5))
        return x / (2 + 1e-4 * total) ** 0.75

    def forward(self, x):
        x = F.max_pool2d(self.normalize(F.relu(self.conv1(x))), 3, 2)
        x = F.max_pool2d(self.normalize(F.relu(self.conv2(x))), 3, 2)
        x = F.relu(self.conv4(F.relu(self.conv3(x))))
        x = F.max_pool2d(F.relu(self.conv5(x)), 3, 2)
        x = F.relu(self.fc6(torch.flatten(x, 1)))
        return self.fc8(F.relu(self.fc7(x)))


class NetworkInNetwork(nn.Module):
    """Lin, Chen and Yan 2013, the network for CIFAR-10."""

    def __init__(self, classes: int = 10, channels: int = 3):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, 192, 5, padding=2)
        self.cccp1 = nn.Conv2d(192, 160, 1)
        self.cccp2 = nn.Conv2d(160, 96, 1)
        self.conv2 = nn.Conv2d(96, 192, 5, padding=2)
        self.cccp3 = nn.Conv2d(192, 192, 1)
        self.cccp4 = nn.Conv2d(192, 192, 1)
        self.conv3 = nn.Conv2d(192, 192, 3, padding=1)
        self.cccp5 = nn.Conv2d(192, 192, 1)
        self.cccp6 = nn.Conv2d(192, classes, 1)

    def forward(self, x):
        for layer in (self.conv1, self.cccp1, self.cccp2):
            x = F.relu(layer(x))
        x = F.max_pool2d(x, 3, 2, ceil_mode=True)
        for layer in (self.conv2, self.cccp3, self.cccp4):
            x = F.relu(layer(x))
        x = F.avg_pool2d(x, 3, 2, ceil_mode=True)
        for layer in (self.conv3, self.cccp5, self.cccp6):
            x = F.relu(layer(x))
        return x.mean((2, 3))


class Inception2014(nn.Module):
    """Figure 2(b) of Szegedy et al. 2014."""

    def __init__(self, before: int, one: int, reduce3: int, three: int, reduce5: int, five: int, pooled: int):
        super().__init__()
        self.branch1 = nn.Conv2d(before, one, 1)
        self.branch2 = nn.ModuleList([nn.Conv2d(before, reduce3, 1), nn.Conv2d(reduce3, three, 3, padding=1)])
        self.branch3 = nn.ModuleList([nn.Conv2d(before, reduce5, 1), nn.Conv2d(reduce5, five, 5, padding=2)])
        # At the place that the pooling leaves it in torchvision's.
        self.branch4 = nn.ModuleList([nn.Identity(), nn.Conv2d(before, pooled, 1)])

    def forward(self, x):
        parts = [self.branch1(x)]
        for narrow, wide in (self.branch2, self.branch3):
            parts.append(wide(F.relu(narrow(x))))
        parts.append(self.branch4[1](F.max_pool2d(x, 3, 1, 1)))
        return F.relu(torch.cat(parts, 1))


class GoogLeNet2014(nn.Module):
    """Table 1 of Szegedy et al. 2014: what a module gets, and the columns #1x1 to pool proj."""

    TABLE = {
        "3a": (192, 64, 96, 128, 16, 32, 32),
        "3b": (256, 128, 128, 192, 32, 96, 64),
        "4a": (480, 192, 96, 208, 16, 48, 64),
        "4b": (512, 160, 112, 224, 24, 64, 64),
        "4c": (512, 128, 128, 256, 24, 64, 64),
        "4d": (512, 112, 144, 288, 32, 64, 64),
        "4e": (528, 256, 160, 320, 32, 128, 128),
        "5a": (832, 256, 160, 320, 32, 128, 128),
        "5b": (832, 384, 192, 384, 48, 128, 128),
    }

    def __init__(self, classes: int = 1000, channels: int = 3):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, 64, 7, 2, 3)
        self.conv2 = nn.Conv2d(64, 64, 1)
        self.conv3 = nn.Conv2d(64, 192, 3, padding=1)
        for name, row in self.TABLE.items():
            setattr(self, f"inception{name}", Inception2014(*row))
        self.fc = nn.Linear(1024, classes)

    def forward(self, x):
        halve = lambda x: F.max_pool2d(x, 3, 2, ceil_mode=True)
        normalize = lambda x: F.local_response_norm(x, 5, alpha=1e-4, beta=0.75, k=1)
        x = normalize(halve(F.relu(self.conv1(x))))
        x = halve(normalize(F.relu(self.conv3(F.relu(self.conv2(x))))))
        for name in self.TABLE:
            if name in ("4a", "5a"):
                x = halve(x)
            x = getattr(self, f"inception{name}")(x)
        return self.fc(x.mean((2, 3)))


class CifarBlock(nn.Module):
    def __init__(self, before: int, channels: int, stride: int, plain: bool):
        super().__init__()
        self.stride, self.plain = stride, plain
        self.conv1 = nn.Conv2d(before, channels, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        if self.plain:
            return F.relu(y)
        around = (y.shape[1] - x.shape[1]) // 2
        return F.relu(F.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, around, around)) + y)


class CifarResNet(nn.Module):
    """Section 4.2 of He et al. 2015, with shortcuts of option A, or plain."""

    def __init__(self, depth: int, classes: int = 10, channels: int = 3, width: int = 1, plain: bool = False):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, 16, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        before = 16
        for index, filters in enumerate((16 * width, 32 * width, 64 * width)):
            blocks = []
            for i in range((depth - 2) // 6):
                blocks.append(CifarBlock(before, filters, 2 if index > 0 and i == 0 else 1, plain))
                before = filters
            setattr(self, f"layer{index + 1}", nn.Sequential(*blocks))
        self.fc = nn.Linear(before, classes)

    def forward(self, x):
        x = self.layer3(self.layer2(self.layer1(F.relu(self.bn1(self.conv1(x))))))
        return self.fc(x.mean((2, 3)))


class PlainBasic(BasicBlock):
    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.downsample = None

    def forward(self, x):
        return F.relu(self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))))


class PlainBottleneck(Bottleneck):
    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.downsample = None

    def forward(self, x):
        x = F.relu(self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))))
        return F.relu(self.bn3(self.conv3(x)))


def plain(depth: int, classes: int = 1000) -> ResNet:
    """torchvision's ResNet without shortcuts."""
    layers = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3)}[depth]
    return ResNet(PlainBasic if depth < 50 else PlainBottleneck, layers, num_classes=classes)
