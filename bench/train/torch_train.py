"""Trains a network of tests/training/networks.py with PyTorch, to compare numbers and times with Lanewise's.

    python3 bench/train/torch_train.py resnet20 --steps 20 --batch 128 --channels-last --threads 1
    python3 bench/train/torch_train.py resnet20 --weights W.safetensors --batches B.safetensors --out 'after-{step}.safetensors'
    python3 bench/train/torch_train.py resnet20 --data D.safetensors --batch 128 --cosine

W.safetensors: what `network.toSafetensors()` writes. B.safetensors: `pictures`, float32 [batches, N, C, H, W], and `labels`,
integers [batches, N]; step s takes batch s modulo their number. Without these files everything is random.
Prints a line of JSON for every step: step (from 1 on), loss, correct, ms (wall), cpu_ms.

D.safetensors: `pictures`, bytes [N, C, H, W], `labels`, `order`, integers [epochs, N], the pictures of each epoch one after
another, `values`, float32 [C, 256], what a byte of a channel is, and `test_pictures`, `test_labels`. Prints a line of JSON for
every epoch: epoch (from 0 on), loss and accuracy (means of the epoch, each before its own update), test_accuracy, ms, cpu_ms.
"""

import argparse
import json
import math
import pathlib
import resource
import sys
import time

# The folder of this script is left out of the search: names in it must not hide PyTorch's.
sys.path.pop(0)
sys.dont_write_bytecode = True

import numpy
import torch
import torch.nn.functional as F

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "tests/training"))

from networks import networks

TYPES = {"U8": "<u1", "F32": "<f4", "F64": "<f8", "I32": "<i4", "I64": "<i8"}


def read(path):
    """A safetensors file: tensors by name."""
    data = pathlib.Path(path).read_bytes()
    start = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:start])
    header.pop("__metadata__", None)

    def tensor(entry):
        first, end = entry["data_offsets"]
        return torch.from_numpy(numpy.frombuffer(data[start + first : start + end], TYPES[entry["dtype"]]).reshape(entry["shape"]).copy())

    return {name: tensor(entry) for name, entry in header.items()}


def write(path, tensors):
    header, parts, at = {}, [], 0
    for name, tensor in tensors.items():
        part = tensor.detach().contiguous().numpy()
        dtype = "F64" if part.dtype == numpy.float64 else "F32"
        part = part.astype(TYPES[dtype]).tobytes()
        header[name] = {"dtype": dtype, "shape": list(tensor.shape), "data_offsets": [at, at + len(part)]}
        parts.append(part)
        at += len(part)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    pathlib.Path(path).write_bytes(b"".join([len(text).to_bytes(8, "little"), text, *parts]))


def weights_of(network):
    """Without batch-norm's counters, which have no part in the results."""
    return {name: tensor for name, tensor in network.state_dict().items() if not name.endswith("num_batches_tracked")}


def load(network, tensors):
    own = weights_of(network)
    if own.keys() != tensors.keys():
        raise SystemExit(f"other weights: {sorted(own.keys() ^ tensors.keys())}")
    network.load_state_dict(tensors, strict=False)


def optimizer_of(network, options):
    """As in Lanewise, biases and norms do not decay unless --decay-all is there."""
    parameters = list(network.parameters())
    decaying = [p for p in parameters if options.decay_all or p.ndim > 1]
    others = [p for p in parameters if not options.decay_all and p.ndim == 1]
    groups = [{"params": decaying, "weight_decay": options.weight_decay}, {"params": others, "weight_decay": 0}]
    groups = [group for group in groups if group["params"]]
    if options.optimizer == "adamw":
        return torch.optim.AdamW(groups, lr=options.lr)
    return torch.optim.SGD(groups, lr=options.lr, momentum=options.momentum, nesterov=options.nesterov)


def cpu_seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def saved_bytes(network, x, y):
    """What autograd keeps of a forward pass: bytes of storages, each counted once, without the weights."""
    kept = {}

    def keep(tensor):
        # Held, so that no other tensor takes its address.
        kept[tensor.storage().data_ptr()] = tensor
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        loss = F.cross_entropy(network(x), y)
    for tensor in [*network.parameters(), *network.buffers()]:
        kept.pop(tensor.storage().data_ptr(), None)
    del loss
    return sum(tensor.storage().nbytes() for tensor in kept.values())


def memory_of(network, optimizer, x, y):
    """Bytes of what training has to keep, to be called after a step."""

    def count(tensors):
        return sum(tensor.nelement() * tensor.element_size() for tensor in tensors if tensor is not None)

    return {
        "saved": saved_bytes(network, x, y),
        "weights": count(weights_of(network).values()),
        "gradients": count(p.grad for p in network.parameters()),
        "momentum": count(state.get("momentum_buffer") for state in optimizer.state.values()),
    }


class Stopwatch:
    def __init__(self):
        self.wall, self.cpu = time.perf_counter(), cpu_seconds()

    def read(self):
        return {"ms": round(1e3 * (time.perf_counter() - self.wall), 3), "cpu_ms": round(1e3 * (cpu_seconds() - self.cpu), 3)}


def train_epochs(data, network, learn, options):
    """Epochs over pictures in the order that the file says."""
    labels, test_labels = data["labels"].long(), data["test_labels"].long()
    values, order, size = data["values"], data["order"].long(), options.batch

    def picked(pictures, chosen):
        bytes = pictures[chosen].long()
        x = torch.stack([values[channel][bytes[:, channel]] for channel in range(bytes.shape[1])], 1)
        return x.contiguous(memory_format=torch.channels_last if options.channels_last else torch.contiguous_format)

    for epoch, indices in enumerate(order):
        watch, losses, correct = Stopwatch(), 0, 0
        network.train()
        for chosen in indices.split(size):
            loss, right = learn(picked(data["pictures"], chosen), labels[chosen])
            losses += loss * len(chosen)
            correct += right
        took = watch.read()
        network.eval()
        with torch.no_grad():
            parts = torch.arange(len(test_labels)).split(500)
            right = sum(int((network(picked(data["test_pictures"], part)).argmax(1) == test_labels[part]).sum()) for part in parts)
        report = {"loss": losses / len(indices), "accuracy": correct / len(indices), "test_accuracy": right / len(test_labels)}
        print(json.dumps({"epoch": epoch, **report, **took}), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("network", choices=networks)
    parser.add_argument("--weights")
    parser.add_argument("--batches")
    parser.add_argument("--data")
    parser.add_argument("--steps", type=int, default=1)
    parser.add_argument("--classes", type=int, default=10)
    parser.add_argument("--batch", type=int, default=32, help="pictures of a step, if they are random")
    parser.add_argument("--shape", type=lambda text: [int(size) for size in text.split(",")], default=[3, 32, 32])
    parser.add_argument("--optimizer", choices=["sgd", "adamw"], default="sgd")
    parser.add_argument("--lr", type=float, default=0.1)
    parser.add_argument("--cosine", action="store_true", help="the rate falls to 0 by half a cosine, a little in each step")
    parser.add_argument("--momentum", type=float, default=0)
    parser.add_argument("--nesterov", action="store_true")
    parser.add_argument("--weight-decay", type=float, default=0)
    parser.add_argument("--decay-all", action="store_true")
    parser.add_argument("--clip", type=float, help="the largest norm of the gradients")
    parser.add_argument("--label-smoothing", type=float, default=0)
    parser.add_argument("--dropout", action="store_true", help="with the network's dropout, whose masks are random")
    parser.add_argument("--float64", action="store_true")
    parser.add_argument("--channels-last", action="store_true")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--wait", action="store_true", help="for a line of the standard input before each step")
    parser.add_argument("--memory", action="store_true", help="lines have the largest resident memory so far, the last one bytes of what training has to keep")
    parser.add_argument("--out", help="file for the weights after the last step, or after each if it has {step}")
    parser.add_argument("--gradients", help="file for the gradients of the first step, before clipping")
    parser.add_argument("--scores", help="file for the `output` in inference of the first batch; nothing is trained")
    options = parser.parse_args()

    torch.manual_seed(0)
    torch.set_num_threads(options.threads)
    dtype = torch.float64 if options.float64 else torch.float32
    layout = torch.channels_last if options.channels_last else torch.contiguous_format
    data, steps = {}, options.steps
    if options.data:
        data = read(options.data)
        pictures = data["pictures"][None, :1]
        steps = len(data["order"]) * math.ceil(data["order"].shape[1] / options.batch)
    elif options.batches:
        given = read(options.batches)
        pictures, labels = given["pictures"], given["labels"].long()
    else:
        pictures = torch.randn(1, options.batch, *options.shape)
        labels = torch.randint(0, options.classes, (1, options.batch))
    network = networks[options.network](options.classes, list(pictures.shape[2:]), options.dropout)
    if options.weights:
        load(network, read(options.weights))
    network = network.to(dtype).to(memory_format=layout)
    batches = [] if data else [(x.to(dtype).contiguous(memory_format=layout), y) for x, y in zip(pictures, labels)]
    if options.scores:
        network.eval()
        with torch.no_grad():
            write(options.scores, {"output": network(batches[0][0])})
        return

    optimizer = optimizer_of(network, options)
    cosine = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps) if options.cosine else None

    def learn(x, y, gradients=None):
        """A step. Gives the loss, and how many pictures were right."""
        scores = network(x)
        loss = F.cross_entropy(scores, y, label_smoothing=options.label_smoothing)
        optimizer.zero_grad()
        loss.backward()
        if gradients:
            write(gradients, {name: p.grad for name, p in network.named_parameters()})
        if options.clip:
            torch.nn.utils.clip_grad_norm_(network.parameters(), options.clip)
        optimizer.step()
        if cosine:
            cosine.step()
        return loss.item(), int((scores.argmax(1) == y).sum())

    if data:
        train_epochs(data, network, learn, options)
        return
    for step in range(1, steps + 1):
        if options.wait and not sys.stdin.readline():
            break
        x, y = batches[(step - 1) % len(batches)]
        watch = Stopwatch()
        loss, correct = learn(x, y, options.gradients if step == 1 else None)
        report = {"step": step, "loss": loss, "correct": correct, **watch.read()}
        if options.memory:
            report["rss"] = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            if step == steps:
                report.update(memory_of(network, optimizer, x, y))
        print(json.dumps(report), flush=True)
        if options.out and ("{step}" in options.out or step == steps):
            write(options.out.replace("{step}", str(step)), weights_of(network))


main()
