"""PyTorch's side of docs/differences.md. differences.mjs starts it.

The arguments: part of the titles that are wanted, and a folder of pictures.
"""

import sys

try:
    import numpy
    import PIL.Image
    import torch
    import torchvision
except ImportError as error:
    sys.exit(f'no PyTorch here: {error}')
import torch.nn.functional as F

torch.set_num_threads(1)
only, pictures = [*sys.argv[1:], '', ''][:2]
nan, inf = float('nan'), float('inf')


def t(*values, dtype=torch.float32):
    return torch.tensor(values, dtype=dtype)


def line(*values):
    return t(*values).reshape(1, 1, -1)


def noise(lowest, span, count):
    """As `noise` in tests/differences/row.ts."""
    state, values = 1, []
    for _ in range(count):
        state = (state * 1664525 + 1013904223) % 2**32
        values.append(lowest + span * (state / 2**32))
    return torch.tensor(values, dtype=torch.float64).float()


SIDE = 1024
i32 = torch.int32
wild = t(-1, 300, 1e10, nan, inf, -inf, 1.9, -0.5)
numerators, denominators = t(-7, 7, -7, 7, dtype=i32), t(3, -3, -3, 3, dtype=i32)
unit, second, third = [0, 0, 1, 1], [2, 2, 3, 3], [4, 4, 5, 5]


def kept(boxes, scores):
    return torchvision.ops.nms(t(*boxes).reshape(-1, 4), t(*scores), 0.5)


def sampled(mode, padding, *at):
    picture = t(1, 2, 3, 4).reshape(1, 1, 2, 2)
    return F.grid_sample(picture, t(*at).reshape(1, 1, -1, 2), mode=mode, padding_mode=padding, align_corners=False)


def group(values):
    """The first elements."""
    return F.group_norm(values, 1).flatten()[:3]


def spoilt(channels):
    x = torch.zeros(1, channels, 16, 16)
    x[0, 0, 8, 8] = nan
    return torch.isnan(F.conv2d(x, torch.ones(channels, channels, 3, 3), padding=1))[0, 0].sum()


def picture(name, way):
    path = f'{pictures}/{name}'
    if way == 'PIL':
        with PIL.Image.open(path) as image:
            return torch.from_numpy(numpy.array(image.convert('RGB')))
    return torchvision.io.read_image(path, torchvision.io.ImageReadMode[way]).permute(1, 2, 0)


rows = {
    'NaN in ReduceMax and ReduceMin': {
        'amax NaN 1 2': lambda: torch.amax(t(nan, 1, 2)),
        'amax 1 NaN 2': lambda: torch.amax(t(1, nan, 2)),
        'amin 1 2 NaN': lambda: torch.amin(t(1, 2, nan)),
    },
    'NaN in ArgMax and ArgMin': {
        'argmax NaN 1 2': lambda: torch.argmax(t(nan, 1, 2)),
        'argmax 1 NaN 2': lambda: torch.argmax(t(1, nan, 2)),
        'argmax 1 2 NaN': lambda: torch.argmax(t(1, 2, nan)),
        'argmin 1 NaN 2': lambda: torch.argmin(t(1, nan, 2)),
    },
    'NaN in MaxPool': {
        'windows of 3': lambda: F.max_pool1d(line(1, nan, 3, 4, 2, 5, nan, nan, nan), 3, 1),
        'global': lambda: F.max_pool2d(t(1, nan, 3, 2).reshape(1, 1, 2, 2), 2),
    },
    'NaN in TopK': {
        '4 of 1 NaN 3 2': lambda: torch.topk(t(1, nan, 3, 2), 4),
        '2 of 1 NaN 3 2': lambda: torch.topk(t(1, nan, 3, 2), 2),
        'smallest 4 of 1 NaN 3 2': lambda: torch.topk(t(1, nan, 3, 2), 4, largest=False),
    },
    'NaN in Clip and Relu': {
        'clamp': lambda: torch.clamp(t(nan, -1, 7, -0.0), 0, 6),
        'clamp from NaN': lambda: torch.clamp(t(-1, 7), min=nan),
        'relu': lambda: torch.relu(t(nan, -1, 7, -0.0)),
        'relu6': lambda: F.relu6(t(nan, -1, 7, -0.0)),
    },
    'Max and Min of NaN, and of zeros of either sign': {
        'maximum': lambda: torch.maximum(t(nan, 1, -0.0, 0), t(1, nan, 0, -0.0)),
        'minimum': lambda: torch.minimum(t(nan, 1, -0.0, 0), t(1, nan, 0, -0.0)),
    },
    'Sign of NaN': {'sign': lambda: torch.sign(t(nan, -2, 3))},
    'ReduceLogSumExp of a row of −∞': {
        'logsumexp': lambda: torch.logsumexp(t(-inf, -inf), 0),
        'logsumexp of ∞ 0': lambda: torch.logsumexp(t(inf, 0), 0),
    },
    "NaN and ∞ in GridSample's grid": {
        'NaN, bilinear, zeros': lambda: sampled('bilinear', 'zeros', nan, 0, 0, nan),
        'NaN, bilinear, border': lambda: sampled('bilinear', 'border', nan, 0, 0, nan),
        'NaN, nearest, zeros': lambda: sampled('nearest', 'zeros', nan, 0, 0, nan),
        '∞, bilinear, zeros': lambda: sampled('bilinear', 'zeros', inf, 0, 0, -inf),
        '∞, bilinear, border': lambda: sampled('bilinear', 'border', inf, 0, 0, -inf),
    },
    'NaN or ∞ in a 3×3 convolution': {
        'NaNs that come out, 8 channels': lambda: spoilt(8),
        'NaNs that come out, 64 channels': lambda: spoilt(64),
    },
    'Clip with min above max': {'5 to 1': lambda: torch.clamp(t(0, 3, 7), 5, 1)},
    'Ties in TopK and ArgMax': {
        '3 of six': lambda: torch.topk(t(1, 5, 5, 1, 5, 5), 3),
        '3 of a hundred zeros': lambda: torch.topk(torch.zeros(100), 3),
        'argmax': lambda: torch.argmax(t(1, 5, 5, 1)),
    },
    'TopK with sorted = 0': {'3 of six': lambda: torch.topk(t(1, 5, 3, 4, 2, 9), 3, sorted=False)},
    'Sigmoid in the tails': {
        'sigmoid': lambda: torch.sigmoid(t(-50, -20, -18, -17, -16.5, -16, -15.5, -15, 16, 17.6, 18)),
    },
    'Elu, Selu and Celu near zero': {
        'elu': lambda: F.elu(t(-1e-4, -1e-6, -1e-8)),
        'selu': lambda: F.selu(t(-1e-8)),
        'celu': lambda: F.celu(t(-1e-8)),
    },
    'Cast of numbers that the whole type cannot hold': {
        f'to {str(dtype)[6:]}': (lambda dtype=dtype: wild.to(dtype)) for dtype in (torch.uint8, torch.int8, i32, torch.int64)
    },
    'Division of negative whole numbers': {
        '/': lambda: numerators / t(2, -2, -2, 2, dtype=i32),
        '//': lambda: numerators // t(2, -2, -2, 2, dtype=i32),
        "div, rounding_mode='trunc'": lambda: torch.div(numerators, t(2, -2, -2, 2, dtype=i32), rounding_mode='trunc'),
    },
    'Mod of negative numbers': {
        'remainder': lambda: torch.remainder(numerators, denominators),
        'fmod': lambda: torch.fmod(numerators, denominators),
        'remainder of float32': lambda: torch.remainder(t(-7, 7, 5.5), t(3, -3, 0)),
        'fmod of float32': lambda: torch.fmod(t(-7, 7, 5.5), t(3, -3, 0)),
    },
    'Pow of whole numbers that outgrows them': {'pow of int32': lambda: torch.pow(t(2, 46341, 3, dtype=i32), t(31, 2, 40, dtype=i32))},
    'Whole types that lack a kernel': {
        'relu of int64': lambda: torch.relu(t(-1, 2, dtype=torch.int64)),
        'where of int8': lambda: torch.where(t(1, 0).bool(), t(-2, 1, dtype=torch.int8), t(1, 2, dtype=torch.int8)),
        'add of uint8': lambda: t(200, 1, dtype=torch.uint8) + t(100, 1, dtype=torch.uint8),
    },
    'ReduceMean of whole numbers': {'mean': lambda: torch.mean(t(1, 2, dtype=i32))},
    'Reductions of nothing': {
        'sum': lambda: torch.sum(torch.zeros(2, 0), 1),
        'prod': lambda: torch.prod(torch.zeros(2, 0), 1),
        'mean': lambda: torch.mean(torch.zeros(2, 0), 1),
        'amax': lambda: torch.amax(torch.zeros(2, 0), 1),
    },
    'Gemm of depth 0': {
        'addmm, beta': lambda: torch.addmm(t(1, 2, 3), torch.zeros(2, 0), torch.zeros(0, 3), beta=0.5),
        'addmm': lambda: torch.addmm(t(1, 2, 3), torch.zeros(2, 0), torch.zeros(0, 3)),
        'matmul': lambda: torch.zeros(2, 0) @ torch.zeros(0, 3),
    },
    'Range of fractions': {'arange': lambda: torch.arange(0, 1, 0.1)},
    'Models in float16': {
        '× 1000, / 1000': lambda: t(100, 1, 0.1, dtype=torch.float16) * 1000 / 1000,
        '+ 1, - 1': lambda: t(2048, 1000.1, dtype=torch.float16) + 1 - 1,
    },
    'SAME padding with dilation': {
        "conv1d, padding='same'": lambda: F.conv1d(line(1, 2, 3, 4, 5, 6), torch.ones(1, 1, 3), padding='same', dilation=2),
        'max_pool1d, padding 2': lambda: F.max_pool1d(line(1, 2, 3, 4, 5, 6), 3, 1, padding=2, dilation=2),
    },
    'Which end ConvTranspose crops': {
        'all': lambda: F.conv_transpose1d(line(1, 2, 3), line(1, 10, 100), stride=2),
        'padding 1, output_padding 1': lambda: F.conv_transpose1d(line(1, 2, 3), line(1, 10, 100), stride=2, padding=1, output_padding=1),
    },
    'Average pools with ceil_mode and count_include_pad': {
        'counted': lambda: F.avg_pool1d(line(1, 2, 3, 4), 3, 2, 1, ceil_mode=True),
        'not counted': lambda: F.avg_pool1d(line(1, 2, 3, 4), 3, 2, 1, ceil_mode=True, count_include_pad=False),
        'a last window in the padding': lambda: F.avg_pool1d(line(1, 2, 3, 4), 2, 3, 1, ceil_mode=True),
        'a last window in the padding, max': lambda: F.max_pool1d(line(1, 2, 3, 4), 2, 3, 1, ceil_mode=True),
    },
    'Pads as wide as the window': {
        'max': lambda: F.max_pool1d(line(1, 2), 2, 1, 2),
        'average': lambda: F.avg_pool1d(line(1, 2), 2, 1, 2),
    },
    'LRN of even size': {
        f'size {size}': (lambda size=size: F.local_response_norm(t(1, 2, 3, 4).reshape(1, 4, 1, 1), size, alpha=size, beta=1, k=1))
        for size in (2, 3, 4)
    },
    'Means of a million pixels': {
        'photo, mean': lambda: noise(0, 1, SIDE * SIDE).mean(),
        'photo, mean in float64': lambda: noise(0, 1, SIDE * SIDE).double().mean(),
        'grey, mean': lambda: torch.full((1, 2, SIDE, SIDE), 0.1).mean((2, 3)),
        'grey, adaptive_avg_pool2d': lambda: F.adaptive_avg_pool2d(torch.full((1, 2, SIDE, SIDE), 0.1), 1),
        'grey, avg_pool2d': lambda: F.avg_pool2d(torch.full((1, 1, SIDE, SIDE), 0.1), SIDE),
        '4097² ones, added': lambda: torch.ones(4097, 4097).sum(),
    },
    'GroupNormalization of a blank or bright picture': {
        'blank: 0.7': lambda: group(torch.full((1, 4, 64, 64), 0.7)),
        'blank: 1000.1': lambda: group(torch.full((1, 2, 16, 16), 1000.1)),
        '250 to 250.1': lambda: group(noise(250, 0.1, 2048).reshape(1, 2, 32, 32)),
        '250 to 250.1, in float64': lambda: group(noise(250, 0.1, 2048).double().reshape(1, 2, 32, 32)),
        '5000 to 5001': lambda: group(noise(5000, 1, 2048).reshape(1, 2, 32, 32)),
        '5000 to 5001, in float64': lambda: group(noise(5000, 1, 2048).double().reshape(1, 2, 32, 32)),
    },
    'InstanceNormalization over one pixel': {
        'instance_norm': lambda: F.instance_norm(t(5, -7).reshape(1, 2, 1, 1), weight=t(2, 2), bias=t(3, 4)),
        'InstanceNorm2d, eval()': lambda: torch.nn.InstanceNorm2d(2, affine=True).eval()(t(5, -7).reshape(1, 2, 1, 1)),
    },
    'Numbers that are left out': {
        'leaky_relu': lambda: F.leaky_relu(t(-1)),
        'hardsigmoid': lambda: F.hardsigmoid(t(1, 2.9)),
        'batch_norm': lambda: F.batch_norm(t(1).reshape(1, 1), t(0), t(0)),
        'local_response_norm': lambda: F.local_response_norm(t(1, 2, 3).reshape(1, 3, 1, 1), 3),
    },
    'Gather with indices that are negative or too large': {
        'x[[-1]]': lambda: t(10, 20, 30)[torch.tensor([-1])],
        'x[[3]]': lambda: t(10, 20, 30)[torch.tensor([3])],
        'index_select -1': lambda: torch.index_select(t(10, 20, 30), 0, torch.tensor([-1])),
        'gather -1': lambda: torch.gather(t(10, 20, 30), 0, torch.tensor([-1])),
    },
    'NonMaxSuppression at its thresholds, and flipped boxes': {
        'an overlap of exactly 0.5': lambda: kept([*unit, 0, 0, 1, 0.5], [0.9, 0.8]),
        'equal scores': lambda: kept([*unit, *second, *third], [0.5, 0.5, 0.5]),
        'equal scores and boxes': lambda: kept([*unit, *second, *second], [0.4, 0.5, 0.5]),
        'corners the other way round': lambda: kept([1, 1, 0, 0, *unit], [0.9, 0.8]),
    },
    'NaN among the scores of NonMaxSuppression': {'nms': lambda: kept([*unit, *second, *third], [0.5, nan, 0.7])},
    'Pad that wraps or reflects further than the axis is long': {
        'circular by 2': lambda: F.pad(line(1, 2, 3), (2, 2), mode='circular'),
        'circular by 4': lambda: F.pad(line(1, 2, 3), (4, 4), mode='circular'),
        'reflect by 2': lambda: F.pad(line(1, 2, 3), (2, 2), mode='reflect'),
        'reflect by 3': lambda: F.pad(line(1, 2, 3), (3, 3), mode='reflect'),
    },
    'PRelu with a slope for each channel': {'prelu': lambda: F.prelu(torch.full((1, 2, 1, 2), -1.0), t(10, 100))},
    "Resize's pixels in float32": {
        'by 1.5, align_corners': lambda: F.interpolate(line(1, 2, 3, 4), scale_factor=1.5, mode='linear', align_corners=True),
        'by 0.6, align_corners': lambda: F.interpolate(line(1, 2, 3, 4), scale_factor=0.6, mode='linear', align_corners=True, recompute_scale_factor=False),
        'by 0.8, align_corners, bicubic': lambda: F.interpolate(line(1, 2, 3, 4)[None], scale_factor=(1, 0.8), mode='bicubic', align_corners=True, recompute_scale_factor=False),
    },
    'Nearest pixels where two are equally near': {
        'nearest': lambda: F.interpolate(line(1, 2, 3, 4), 2, mode='nearest'),
        'nearest-exact': lambda: F.interpolate(line(1, 2, 3, 4), 2, mode='nearest-exact'),
    },
    'Resize of bytes': {
        'nearest': lambda: F.interpolate(t(0, 255, 10, 11).byte().reshape(1, 1, 1, 4), (1, 6), mode='nearest'),
        'bilinear': lambda: F.interpolate(t(0, 255, 10, 11).byte().reshape(1, 1, 1, 4), (1, 6), mode='bilinear'),
    },
}
if pictures:
    rows['16-bit, CMYK and see-through pictures'] = {
        f'{name}, {way}': (lambda name=name, way=way: picture(name, way))
        for name in ('grey16.png', 'rgb16.png', 'rgba.png', 'cmyk.tiff', 'cmyk.jpg')
        for way in ('PIL', 'UNCHANGED', 'RGB')
    }


def show(x):
    return f'{str(x.dtype)[6:]}{list(x.shape)} ' + ' '.join('NaN' if v != v else str(v) for v in x.flatten()[:15].tolist())


print(f'\n# PyTorch {torch.__version__}, torchvision {torchvision.__version__}, Pillow {PIL.__version__}')
for title, calls in rows.items():
    if only not in title:
        continue
    print(f'\n## {title}')
    for name, call in calls.items():
        try:
            made = call()
            answer = show(made) if isinstance(made, torch.Tensor) else '; '.join(map(show, made))
        except Exception as error:
            answer = 'refused: ' + ' '.join(str(error).split())[:160]
        print(f'  {name.ljust(32)} {answer}')
