"""Models written node by node, as exporters other than torch's write them. Torch and a little numpy give the expected outputs."""

import numpy as np
import onnx
import torch
import torch.nn.functional as F
from onnx import TensorProto, helper, numpy_helper

from cases import structured_input
from detector import detector, detector_indices

FLOAT = TensorProto.FLOAT


class Weights:
    """Random initializers; each is kept by its name, for the file and for the reference."""

    def __init__(self, seed):
        self.generator = torch.Generator().manual_seed(seed)
        self.initializers = []

    def add(self, name, value):
        array = value.numpy() if isinstance(value, torch.Tensor) else np.asarray(value)
        self.initializers.append(numpy_helper.from_array(array, name))
        return value

    def kernel(self, name, *shape):
        fan_in = int(np.prod(shape[1:]))
        return self.add(name, torch.randn(shape, generator=self.generator) * (2 / fan_in) ** 0.5)

    def vector(self, name, length, low=-0.3, high=0.3):
        return self.add(name, torch.empty(length).uniform_(low, high, generator=self.generator))


def save(path, nodes, inputs, outputs, initializers, opset, ir_version):
    graph = helper.make_graph(nodes, "graph", inputs, outputs, initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=ir_version)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def keras_like(folder):
    """As tf2onnx writes a Keras model: NHWC at the borders, SAME padding, batch norm as a product and a sum, biases in the matrix's Add."""
    w = Weights(1)
    kernel1, bias1 = w.kernel("model/conv1/Conv2D/ReadVariableOp:0", 16, 3, 3, 3), w.vector("model/conv1/BiasAdd:0", 16)
    gamma = w.add("model/bn1/gamma:0", torch.empty(1, 16, 1, 1).uniform_(0.5, 1.5, generator=w.generator))
    beta = w.add("model/bn1/beta:0", torch.empty(1, 16, 1, 1).uniform_(-0.2, 0.2, generator=w.generator))
    kernel2, bias2 = w.kernel("model/conv2/Conv2D/ReadVariableOp:0", 24, 16, 3, 3), w.vector("model/conv2/BiasAdd:0", 24)
    depthwise = w.kernel("model/dw/depthwise/ReadVariableOp:0", 24, 1, 3, 3)
    dense = w.add("model/dense/MatMul/ReadVariableOp:0", torch.randn(24, 10, generator=w.generator))
    dense_bias = w.vector("model/dense/BiasAdd:0", 10)
    flat = w.add("model/flat/MatMul/ReadVariableOp:0", torch.randn(8 * 8 * 24, 5, generator=w.generator) * 0.05)
    flat_bias = w.vector("model/flat/BiasAdd:0", 5)
    w.add("const_zero", np.float32(0))
    w.add("const_six", np.float32(6))
    w.add("const_axes__20", np.array([2, 3], np.int64))
    w.add("const_flat__21", np.array([-1, 8 * 8 * 24], np.int64))

    node = helper.make_node
    nodes = [
        node("Transpose", ["input_1"], ["t:0"], "model/conv1/Conv2D__6", perm=[0, 3, 1, 2]),
        # Stride 2 and SAME: the padding is uneven.
        node("Conv", ["t:0", w.initializers[0].name, w.initializers[1].name], ["conv1:0"], "model/conv1/Conv2D",
             kernel_shape=[3, 3], strides=[2, 2], dilations=[1, 1], group=1, pads=[0, 0, 1, 1]),
        node("Mul", ["conv1:0", "model/bn1/gamma:0"], ["bn1/mul:0"], "model/bn1/mul"),
        node("Add", ["bn1/mul:0", "model/bn1/beta:0"], ["bn1/add:0"], "model/bn1/add"),
        node("Relu", ["bn1/add:0"], ["relu1:0"], "model/relu1/Relu"),
        node("Conv", ["relu1:0", "model/conv2/Conv2D/ReadVariableOp:0", "model/conv2/BiasAdd:0"], ["conv2:0"], "model/conv2/Conv2D",
             auto_pad="SAME_UPPER", kernel_shape=[3, 3], strides=[2, 2]),
        node("Clip", ["conv2:0", "const_zero", "const_six"], ["relu6:0"], "model/relu6/Relu6"),
        node("Conv", ["relu6:0", "model/dw/depthwise/ReadVariableOp:0"], ["dw:0"], "model/dw/depthwise",
             auto_pad="SAME_UPPER", kernel_shape=[3, 3], strides=[1, 1], group=24),
        node("Relu", ["dw:0"], ["relu3:0"], "model/relu3/Relu"),
        node("GlobalAveragePool", ["relu3:0"], ["pool:0"], "model/gap/Mean"),
        node("Squeeze", ["pool:0", "const_axes__20"], ["pool/squeezed:0"], "model/gap/Mean_Squeeze__19"),
        node("MatMul", ["pool/squeezed:0", "model/dense/MatMul/ReadVariableOp:0"], ["dense/mm:0"], "model/dense/MatMul"),
        node("Add", ["dense/mm:0", "model/dense/BiasAdd:0"], ["dense:0"], "model/dense/BiasAdd"),
        node("Softmax", ["dense:0"], ["predictions"], "model/dense/Softmax", axis=-1),
        # Keras flattens in NHWC.
        node("Transpose", ["relu3:0"], ["nhwc:0"], "model/flatten__22", perm=[0, 2, 3, 1]),
        node("Reshape", ["nhwc:0", "const_flat__21"], ["flatten:0"], "model/flatten/Reshape"),
        node("MatMul", ["flatten:0", "model/flat/MatMul/ReadVariableOp:0"], ["flat/mm:0"], "model/flat/MatMul"),
        node("Add", ["flat/mm:0", "model/flat/BiasAdd:0"], ["flat"], "model/flat/BiasAdd"),
    ]
    value = helper.make_tensor_value_info
    save(folder / "model.onnx", nodes, [value("input_1", FLOAT, ["unk__23", 32, 32, 3])],
         [value("predictions", FLOAT, ["unk__24", 10]), value("flat", FLOAT, ["unk__25", 5])], w.initializers, 13, 7)

    def reference(x):
        x = F.conv2d(F.pad(x.permute(0, 3, 1, 2), (0, 1, 0, 1)), kernel1, bias1, stride=2)
        x = F.relu(x * gamma + beta)
        x = F.conv2d(F.pad(x, (0, 1, 0, 1)), kernel2, bias2, stride=2).clamp(0, 6)
        x = F.relu(F.conv2d(x, depthwise, padding=1, groups=24))
        predictions = F.softmax(x.mean((2, 3)) @ dense + dense_bias, dim=-1)
        return predictions, x.permute(0, 2, 3, 1).flatten(1) @ flat + flat_bias

    sets = []
    for batch in (1, 2):
        x = structured_input(torch, (batch, 3, 32, 32), w.generator).permute(0, 2, 3, 1)
        sets.append(([x.numpy()], [output.numpy() for output in reference(x)]))
    return sets


def ir3(folder):
    """An old file: initializers among the inputs, attributes where newer opsets have inputs, an input that nothing reads."""
    w = Weights(2)
    kernel, bias = w.kernel("stage1/conv:weight", 8, 3, 3, 3), w.vector("stage1/conv:bias", 8)
    scale, shift = w.vector("stage1/bn:scale", 8, 0.5, 1.5), w.vector("stage1/bn:B", 8)
    mean, variance = w.vector("stage1/bn:mean", 8), w.vector("stage1/bn:var", 8, 0.5, 2)
    gate = w.vector("stage2/gate", 8, 0.5, 1.5)
    kernel2 = torch.randn(8, 8, 1, 1, generator=w.generator) * 0.4
    matrix, offset = w.kernel("head/fc:W", 6, 8), w.vector("head/fc:b", 6)

    node = helper.make_node
    nodes = [
        node("Constant", [], ["stage2/kernel:0"], "stage2/Constant", value=numpy_helper.from_array(kernel2.numpy())),
        node("Conv", ["data/x:0", "stage1/conv:weight", "stage1/conv:bias"], ["conv/1:0"], "stage1/conv",
             kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
        node("BatchNormalization", ["conv/1:0", "stage1/bn:scale", "stage1/bn:B", "stage1/bn:mean", "stage1/bn:var"], ["bn/1:0"],
             "stage1/bn", epsilon=1e-3, momentum=0.9),
        node("Clip", ["bn/1:0"], ["clip/1:0"], "stage1/relu6", min=0.0, max=6.0),
        node("Conv", ["clip/1:0", "stage2/kernel:0"], ["conv/2:0"], "stage2/conv", kernel_shape=[1, 1]),
        node("Sum", ["conv/2:0", "clip/1:0"], ["sum:0"], "stage2/sum"),
        node("Unsqueeze", ["stage2/gate"], ["gate:0"], "stage2/unsqueeze", axes=[1, 2]),
        node("Mul", ["sum:0", "gate:0"], ["gated:0"], "stage2/mul"),
        node("Dropout", ["gated:0"], ["drop:0", "drop/mask:0"], "stage2/drop", ratio=0.3),
        node("Upsample", ["drop:0"], ["up:0"], "stage3/up", mode="nearest", scales=[1.0, 1.0, 2.0, 2.0]),
        node("MaxPool", ["up:0"], ["pool:0"], "stage3/pool", kernel_shape=[3, 3], strides=[2, 2], pads=[0, 0, 1, 1]),
        node("GlobalAveragePool", ["pool:0"], ["mean:0"], "head/mean"),
        node("Squeeze", ["mean:0"], ["squeezed:0"], "head/squeeze", axes=[2, 3]),
        node("Gemm", ["squeezed:0", "head/fc:W", "head/fc:b"], ["scores/final:0"], "head/fc", transB=1),
    ]
    value = helper.make_tensor_value_info
    declared = [value(tensor.name, tensor.data_type, tensor.dims) for tensor in w.initializers]
    # The picture is not first, and some weights stand before it.
    inputs = [*declared[:2], value("data/x:0", FLOAT, [1, 3, 20, 24]), *declared[2:], value("unused:0", FLOAT, [1])]
    save(folder / "model.onnx", nodes, inputs, [value("scores/final:0", FLOAT, [1, 6]), value("up:0", FLOAT, [1, 8, 40, 48])],
         w.initializers, 7, 3)

    x = structured_input(torch, (1, 3, 20, 24), w.generator)
    y = F.batch_norm(F.conv2d(x, kernel, bias, padding=1), mean, variance, scale, shift, eps=1e-3).clamp(0, 6)
    up = F.interpolate((F.conv2d(y, kernel2) + y) * gate[:, None, None], scale_factor=2, mode="nearest")
    pooled = F.max_pool2d(F.pad(up, (0, 1, 0, 1), value=float("-inf")), 3, stride=2)
    scores = F.linear(pooled.mean((2, 3)), matrix, offset)
    return [([x.numpy(), np.zeros(1, np.float32)], [scores.numpy(), up.numpy()])]


def opset7(folder):
    """The rest of the attributes that became inputs later: Slice, Pad, Split, ReduceMean; a PRelu, and Softmax that flattens."""
    w = Weights(3)
    kernel, bias = w.kernel("conv.weight", 8, 3, 3, 3), w.vector("conv.bias", 8)
    slope = w.add("prelu.slope", torch.empty(8, 1, 1).uniform_(0.1, 0.4, generator=w.generator))
    node = helper.make_node
    nodes = [
        node("Pad", ["x"], ["padded"], mode="constant", pads=[0, 0, 2, 0, 0, 0, 1, 3], value=0.5),
        node("Conv", ["padded", "conv.weight", "conv.bias"], ["conv"]),
        node("PRelu", ["conv", "prelu.slope"], ["prelu"]),
        node("Split", ["prelu"], ["first", "second"], axis=1, split=[3, 5]),
        node("Slice", ["second"], ["sliced"], axes=[1, 3], starts=[-3, 1], ends=[9999, -1]),
        node("Slice", ["first"], ["narrow"], axes=[3], starts=[1], ends=[-1]),
        node("LeakyRelu", ["narrow"], ["leaky"], alpha=0.1),
        node("Concat", ["leaky", "sliced"], ["joined"], axis=1),
        node("Softmax", ["joined"], ["probabilities"]),
        node("ReduceMean", ["joined"], ["means"], axes=[2, 3], keepdims=0),
    ]
    value = helper.make_tensor_value_info
    save(folder / "model.onnx", nodes, [value("x", FLOAT, [2, 3, 10, 12])],
         [value("means", FLOAT, [2, 6]), value("probabilities", FLOAT, [2, 6, 11, 11])], w.initializers, 7, 4)

    x = structured_input(torch, (2, 3, 10, 12), w.generator)
    y = F.prelu(F.conv2d(F.pad(x, (0, 3, 2, 1), value=0.5), kernel, bias), slope.flatten())
    joined = torch.cat([F.leaky_relu(y[:, :3, :, 1:-1], 0.1), y[:, 5:, :, 1:-1]], dim=1)
    # Before opset 13 Softmax takes all dimensions from the axis on (1 by default) as one.
    probabilities = F.softmax(joined.flatten(1), dim=1).reshape(joined.shape)
    return [([x.numpy()], [joined.mean((2, 3)).numpy(), probabilities.numpy()])]


class ComputedShapes(torch.nn.Module):
    """Shapes computed in the graph, as torch writes them where dimensions are open."""

    def __init__(self, generator):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(3, 12, 3, padding=1)
        self.conv2 = torch.nn.Conv2d(12, 12, 3, stride=2, padding=1)
        self.fc = torch.nn.Linear(20 * 16, 7)
        for parameter in self.parameters():
            parameter.data.copy_(torch.randn(parameter.shape, generator=generator) * 0.1)

    def forward(self, x):
        x = F.relu(self.conv1(x))
        n, c, h, w = x.shape
        x = x.view(n, 3, c // 3, h, w).transpose(1, 2).reshape(n, c, h, w)  # channel shuffle
        y = F.relu(self.conv2(x))
        # Zeros for channels that a shortcut lacks: ConstantOfShape.
        y = torch.cat([y, torch.zeros(y.size(0), 8, y.size(2), y.size(3))], dim=1)
        large = F.interpolate(y, size=x.shape[2:], mode="bilinear", align_corners=False)
        pooled = F.avg_pool2d(y[:, :, :8, :8], 2)
        return self.fc(pooled.view(x.size(0), -1)), large.flatten(2).mean(2)


def computed_shapes(folder):
    generator = torch.Generator().manual_seed(4)
    net = ComputedShapes(generator).eval()
    pictures = [structured_input(torch, shape, generator) for shape in ((1, 3, 16, 20), (3, 3, 21, 17))]
    dynamic = {"input": {0: "batch", 2: "height", 3: "width"}, "scores": {0: "batch"}, "means": {0: "batch"}}
    torch.onnx.export(net, pictures[0], str(folder / "model.onnx"), opset_version=13, input_names=["input"],
                      output_names=["scores", "means"], dynamic_axes=dynamic)
    with torch.no_grad():
        return [([x.numpy()], [output.numpy() for output in net(x)]) for x in pictures]


CASES = {
    "keras_like": keras_like,
    "ir3": ir3,
    "opset7": opset7,
    "computed_shapes": computed_shapes,
    "detector": detector,
    "detector_indices": detector_indices,
}
