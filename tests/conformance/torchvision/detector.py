"""A detector as exporters write it: boxes decoded by arithmetic, NonMaxSuppression in the graph, and as many rows as it keeps."""

import numpy as np
import onnx
import torch
import torch.nn.functional as F
from onnx import TensorProto, helper, numpy_helper

from cases import structured_input

FLOAT, INT64 = TensorProto.FLOAT, TensorProto.INT64
ANCHORS = np.array([[12, 16], [24, 20], [40, 36]], np.float32)
A, C, STRIDE, GRID = len(ANCHORS), 4, 8, 8
BOXES = A * GRID * GRID
MOST, IOU, SCORE = 5, 0.45, 0.85


def suppress(boxes, scores):
    """NonMaxSuppression for one picture: rows (0, class, box), by class and then by falling score. Also how close a decision was."""
    rows, margin = [], np.inf
    for number, row in enumerate(scores):
        kept = []
        margin = min(margin, np.abs(row - SCORE).min())
        order = [i for i in np.argsort(-row, kind="stable") if row[i] > SCORE]
        if len(order) > 1:
            margin = min(margin, np.abs(np.diff(row[order])).min() * 100)
        for i in order:
            if len(kept) == MOST:
                break
            overlaps = [iou(boxes[i], boxes[j]) for j in kept]
            margin = min([margin, *(abs(overlap - IOU) for overlap in overlaps)])
            if all(overlap <= IOU for overlap in overlaps):
                kept.append(i)
        rows += [(0, number, i) for i in kept]
    return np.array(rows, np.int64).reshape(-1, 3), margin


def iou(a, b):
    """Boxes are x1, y1, x2, y2."""
    width, height = np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])
    shared = max(width, 0) * max(height, 0)
    return shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared)


class Net(torch.nn.Module):
    def __init__(self, generator):
        super().__init__()
        conv = torch.nn.Conv2d
        self.convs = torch.nn.ModuleList([conv(3, 8, 3, 2, 1), conv(8, 16, 3, 2, 1), conv(16, 16, 3, 2, 1)])
        self.boxes, self.scores = conv(16, A * 4, 1), conv(16, A * C, 1)
        for parameter in self.parameters():
            fan_in = parameter[0].numel()
            deviation = (2 / fan_in) ** 0.5 if parameter.dim() > 1 else 0.4
            parameter.data.copy_(torch.randn(parameter.shape, generator=generator) * deviation)

    def heads(self, x):
        for conv in self.convs:
            x = F.relu(conv(x))
        return self.boxes(x), self.scores(x)


def grid():
    """For each box, in the order anchor, row, column: its cell, and its anchor."""
    y, x = np.meshgrid(np.arange(GRID), np.arange(GRID), indexing="ij")
    cells = np.tile(np.stack([x, y], -1).reshape(1, -1, 2), (A, 1, 1)).reshape(1, BOXES, 2)
    return cells.astype(np.float32), np.repeat(ANCHORS, GRID * GRID, axis=0)[None]


def reference(net, x):
    with torch.no_grad():
        raw_boxes, raw_scores = net.heads(x)
    raw = raw_boxes.reshape(A, 4, -1).permute(0, 2, 1).reshape(BOXES, 4)
    scores = torch.sigmoid(raw_scores.reshape(A, C, -1).permute(0, 2, 1).reshape(BOXES, C)).numpy().T
    cells, anchors = (torch.from_numpy(array[0]) for array in grid())
    center = (torch.sigmoid(raw[:, :2]) * 2 - 0.5 + cells) * STRIDE
    half = torch.exp(raw[:, 2:] * 0.5) * anchors * 0.5
    boxes = torch.cat([center - half, center + half], 1).numpy()
    rows, margin = suppress(boxes, scores)
    _, classes, picked = rows.T
    return boxes[picked], scores[classes, picked], classes, rows, margin


def build(net, with_indices):
    initializers, nodes = [], []

    def constant(name, array):
        initializers.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def node(op, inputs, output, **attributes):
        nodes.append(helper.make_node(op, inputs, [output], f"/{op}_{len(nodes)}", **attributes))
        return output

    def ints(*values):
        return constant(f"const_{len(initializers)}", np.array(values, np.int64))

    def floats(values):
        return constant(f"const_{len(initializers)}", np.array(values, np.float32))

    def part(x, start, end, axis, output):
        return node("Slice", [x, ints(start), ints(end), ints(axis)], output)

    for name, parameter in net.named_parameters():
        constant(name, parameter.detach().numpy())
    x = "images"
    for i in range(3):
        x = node("Conv", [x, f"convs.{i}.weight", f"convs.{i}.bias"], f"conv{i}", kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
        x = node("Relu", [x], f"relu{i}")

    def head(name, width):
        y = node("Conv", [x, f"{name}.weight", f"{name}.bias"], f"{name}/conv", kernel_shape=[1, 1])
        y = node("Reshape", [y, ints(1, A, width, GRID * GRID)], f"{name}/split")
        y = node("Transpose", [y], f"{name}/last", perm=[0, 1, 3, 2])
        return node("Reshape", [y, ints(1, -1, width)], f"{name}/rows")

    raw = head("boxes", 4)
    scores = node("Transpose", [node("Sigmoid", [head("scores", C)], "sigmoid")], "by_class", perm=[0, 2, 1])

    cells, anchors = grid()
    xy = node("Sigmoid", [part(raw, 0, 2, 2, "xy/raw")], "xy/sigmoid")
    xy = node("Sub", [node("Mul", [xy, floats(2)], "xy/double"), floats(0.5)], "xy/offset")
    xy = node("Mul", [node("Add", [xy, constant("cells", cells)], "xy/cell"), floats(STRIDE)], "xy")
    # The end is open, as exporters write it: the largest int64.
    wh = part(raw, 2, 2**63 - 1, 2, "wh/raw")
    wh = node("Mul", [node("Exp", [node("Mul", [wh, floats(0.5)], "wh/half")], "wh/exp"), constant("anchors", anchors)], "wh")
    half = node("Div", [wh, floats(2)], "half")
    boxes = node("Concat", [node("Sub", [xy, half], "corner1"), node("Add", [xy, half], "corner2")], "all_boxes", axis=-1)

    rows = node("NonMaxSuppression", [boxes, scores, ints(MOST), floats([IOU]), floats([SCORE])], "selected")
    picked = node("Squeeze", [node("Gather", [rows, ints(2)], "picked/column", axis=1), ints(1)], "picked")
    classes = node("Squeeze", [part(rows, 1, 2, 1, "classes/column"), ints(1)], "classes")
    node("Gather", [node("Squeeze", [boxes, ints(0)], "flat_boxes"), picked], "boxes", axis=0)
    flat = node("Reshape", [scores, ints(-1)], "flat_scores")
    place = node("Add", [node("Mul", [classes, ints(BOXES)], "place/class"), picked], "place")
    node("Gather", [flat, place], "scores", axis=0)
    node("Cast", [classes], "labels", to=FLOAT)

    value = helper.make_tensor_value_info
    outputs = [value("boxes", FLOAT, ["kept", 4]), value("scores", FLOAT, ["kept"]), value("labels", FLOAT, ["kept"])]
    if with_indices:
        outputs.append(value("selected", INT64, ["kept", 3]))
    graph = helper.make_graph(nodes, "detector", [value("images", FLOAT, [1, 3, STRIDE * GRID, STRIDE * GRID])], outputs, initializers)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=7)


def detector(folder, with_indices=False):
    generator = torch.Generator().manual_seed(5)
    net = Net(generator)
    onnx.save(build(net, with_indices), str(folder / "model.onnx"))
    sets = []
    # Flat pictures have fewer boxes, the last one none.
    contrasts = [1, 0.6, 0.05]
    while len(sets) < len(contrasts):
        x = structured_input(torch, (1, 3, STRIDE * GRID, STRIDE * GRID), generator) * contrasts[len(sets)]
        boxes, scores, classes, rows, margin = reference(net, x)
        # Rounding must not decide which boxes stay, nor their order.
        if margin < 1e-4:
            continue
        outputs = [boxes, scores, classes.astype(np.float32)]
        sets.append(([x.numpy()], [*outputs, rows] if with_indices else outputs))
    return sets


def detector_indices(folder):
    """The same with NonMaxSuppression's int64 indices among the outputs."""
    return detector(folder, with_indices=True)
