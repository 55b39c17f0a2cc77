"""Cases in the layout of ONNX's backend tests: model.onnx and folders test_data_set_N with input_N.pb, output_N.pb."""

import shutil
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper


def structured_input(torch, shape, generator):
    """Random pictures with large and small structure. White noise alone is averaged out by pooling, and then the outputs
    would hardly depend on the input."""
    batch, channels, height, width = shape
    coarse = torch.randn(batch, channels, 6, 6, generator=generator)
    smooth = torch.nn.functional.interpolate(coarse, size=(height, width), mode="bilinear", align_corners=False)
    return smooth + 0.3 * torch.randn(shape, generator=generator)


def write_sets(folder: Path, sets):
    """Writes data sets, a pair of lists (inputs, outputs) each, in the order of the graph's inputs and outputs."""
    for stale in folder.glob("test_data_set_*"):
        shutil.rmtree(stale)
    for number, pair in enumerate(sets):
        target = folder / f"test_data_set_{number}"
        target.mkdir(parents=True)
        for kind, arrays in zip(("input", "output"), pair):
            for i, array in enumerate(arrays):
                tensor = numpy_helper.from_array(np.ascontiguousarray(array))
                (target / f"{kind}_{i}.pb").write_bytes(tensor.SerializeToString())


def report(folder: Path, sets):
    """Prints a case's line. References that could hide a mistake are refused: vanishing, exploding, constant."""
    path = folder / "model.onnx"
    model = onnx.load(path)
    onnx.checker.check_model(model)
    opset = next(entry.version for entry in model.opset_import if entry.domain == "")
    outputs = [np.asarray(array) for _, arrays in sets for array in arrays if np.size(array) > 0]
    largest = max(float(np.abs(array).max()) for array in outputs)
    if not 0.1 <= largest <= 1e3:
        raise ValueError(f"the largest output is {largest}")
    if any(array.size > 1 and np.ptp(array) == 0 for array in outputs):
        raise ValueError("an output is constant")
    size, nodes = path.stat().st_size / 1e6, len(model.graph.node)
    print(f"{folder.name:28} {size:7.1f} MB  opset {opset:2}  {nodes:4} nodes  |output| <= {largest:.4g}", flush=True)
