"""Writes a small network's weights in every way that torch.save has, and what is in them.

    checkpoints.py DIR

DIR gets a file for each way; expected.json: by file, the tensors' types, shapes and numbers, or null where the file is no state dict; and the
network's input and output as raw float32. Needs torch.
"""

import json
import sys
import zipfile
from pathlib import Path

sys.dont_write_bytecode = True

import torch
from torch import nn

folder = Path(sys.argv[1])
generator = torch.Generator().manual_seed(3)
net = nn.Sequential(nn.Conv2d(2, 5, 3, padding=1), nn.BatchNorm2d(5), nn.ReLU(), nn.Flatten(), nn.Linear(5 * 6 * 7, 3)).eval()
for tensor in net.state_dict().values():
    if tensor.is_floating_point():
        tensor.copy_(torch.empty_like(tensor).uniform_(0.25, 1, generator=generator))
state = net.state_dict()
expected = {}


def save(name, saved, tensors=state, **options):
    torch.save(saved, folder / name, **options)
    expected[name] = tensors and {
        key: [str(tensor.dtype), list(tensor.shape), tensor.double().flatten().tolist()] for key, tensor in tensors.items()
    }


save("zip.pth", state)
save("legacy.pth", state, _use_new_zipfile_serialization=False)
save("protocol4.pth", state, pickle_protocol=4)
save("protocol4-legacy.pth", state, pickle_protocol=4, _use_new_zipfile_serialization=False)
save("dict.pth", dict(state))
save("parallel.pth", nn.DataParallel(net).state_dict())
save("parameters.pth", dict(net.named_parameters()), dict(net.named_parameters()))

optimizer = torch.optim.SGD(net.parameters(), 0.1, momentum=0.9)
net(torch.ones(1, 2, 6, 7)).sum().backward()
optimizer.step()
state = {key: tensor.clone() for key, tensor in net.state_dict().items()}
training = {"epoch": 90, "arch": "small", "best_acc1": torch.tensor(76.1), "loss": 0.5, "optimizer": optimizer.state_dict(), "seed": 2**40}
save("training.pth", {**training, "state_dict": state}, state)
save("training-legacy.pth", {**training, "model": state}, state, _use_new_zipfile_serialization=False)
save("model_state_dict.pth", {"model_state_dict": state}, state)

for name, dtype in {"half": torch.half, "bfloat16": torch.bfloat16, "double": torch.double}.items():
    tensors = {key: tensor.to(dtype) if tensor.is_floating_point() else tensor for key, tensor in state.items()}
    save(f"{name}.pth", tensors, tensors)
    save(f"{name}-legacy.pth", tensors, tensors, _use_new_zipfile_serialization=False)

ramp = torch.arange(120.0)
views = {
    "transposed": ramp.view(10, 12).t(),
    "channels_last": ramp.view(2, 3, 4, 5).to(memory_format=torch.channels_last),
    "part": ramp[17:29],
    "every_other": ramp[1::2].view(5, 12)[:, ::3],
    "expanded": ramp[4:5].expand(6, 4),
    "scalar": ramp[7],
    "empty": ramp[:0].view(0, 3),
    "nothing": torch.empty(0),
    "no_rows": torch.empty(0, 3),
    "flipped": ramp.flip(0),
    "bool": ramp > 60,
    **{str(dtype): ramp.to(dtype) for dtype in (torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64)},
}
save("views.pth", views, views)
save("views-legacy.pth", views, views, _use_new_zipfile_serialization=False)

save("whole.pth", net, None)
save("whole-legacy.pth", net, None, _use_new_zipfile_serialization=False)
save("tensor.pth", ramp, None)
save("quantized.pth", {"x": torch.quantize_per_tensor(ramp, 0.5, 0, torch.quint8)}, None)
save("sparse.pth", {"x": ramp.to_sparse()}, None)
torch.jit.trace(net, torch.ones(1, 2, 6, 7)).save(str(folder / "script.pt"))
expected["script.pt"] = None
with zipfile.ZipFile(folder / "zip.pth") as source, zipfile.ZipFile(folder / "deflated.pth", "w", zipfile.ZIP_DEFLATED) as target:
    for entry in source.namelist():
        target.writestr(entry, source.read(entry))
expected["deflated.pth"] = None

picture = torch.empty(2, 2, 6, 7).uniform_(-1, 1, generator=generator)
with torch.no_grad():
    output = net(picture)
picture.numpy().tofile(folder / "input.bin")
output.numpy().tofile(folder / "output.bin")
(folder / "expected.json").write_text(json.dumps(expected))
