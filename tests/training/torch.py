"""Runs PyTorch for tests: see torch.ts. Reads a JSON list of cases from stdin, writes a list of results to stdout."""

import base64
import json
import sys

import numpy
import torch
import torch.nn.functional as F


def read(array, dtype):
    data = numpy.frombuffer(base64.b64decode(array["data"]), dtype="<f8").reshape(array["dims"])
    return torch.from_numpy(data.copy()).to(dtype)


def write(tensor):
    if tensor is None:
        return None
    data = tensor.detach().to(torch.float64).contiguous().numpy()
    return {"dims": list(tensor.shape), "data": base64.b64encode(data.astype("<f8").tobytes()).decode()}


def run(case):
    dtype = getattr(torch, case["type"])
    x = [read(array, torch.int64 if i in case["integers"] else dtype) for i, array in enumerate(case["inputs"])]
    learned = [i for i in range(len(x)) if i not in case["constants"] and i not in case["integers"]]
    for i in learned:
        x[i].requires_grad_(True)
    scope = {"torch": torch, "F": F, "x": x}
    *statements, last = case["code"].strip().split("\n")
    exec("\n".join(statements), scope)
    made = eval(last, scope)
    outputs = list(made) if isinstance(made, (tuple, list)) else [made]
    seeds = [read(array, dtype) for array in case["seeds"]] or [torch.ones_like(y) for y in outputs]
    pairs = [(y, seed) for y, seed in zip(outputs, seeds) if y.requires_grad]
    gradients = [None] * len(x)
    if pairs and learned:
        found = torch.autograd.grad([y for y, _ in pairs], [x[i] for i in learned], [s for _, s in pairs], allow_unused=True)
        for i, gradient in zip(learned, found):
            gradients[i] = gradient
    return {"outputs": [write(y) for y in outputs], "gradients": [write(gradient) for gradient in gradients]}


torch.set_num_threads(1)
json.dump([run(case) for case in json.load(sys.stdin)], sys.stdout)
