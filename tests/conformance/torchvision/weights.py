"""Random weights that keep activations in a sane range, and batch-norm statistics that are no identity."""

import torch
from torch import nn

from cases import structured_input

LAYERS = (nn.Conv2d, nn.Linear)


@torch.no_grad()
def randomize(net: nn.Module, size: int, generator: torch.Generator, channels: int = 3, fixed: bool = False, shift: float = 0):
    """Gives a network random weights and statistics, and puts it in eval mode.

    `fixed`: it takes pictures of `size` alone. `shift`: about which the biases of batch-norms lie. At 0, ReLU cuts half of the numbers, and over
    a hundred layers without shortcuts rounding errors grow as large as the outputs; above 1 it cuts few.
    """
    net.eval()
    for name, parameter in net.named_parameters():
        # ConvNeXt starts with 1e-6, which would leave its blocks without effect.
        if name.endswith("layer_scale"):
            parameter.uniform_(0.1, 0.5, generator=generator)
    hooks = []
    for module in net.modules():
        if isinstance(module, (nn.BatchNorm2d, nn.LayerNorm)):
            module.weight.uniform_(0.5, 1.5, generator=generator)
            module.bias.normal_(shift, 0.2, generator=generator)
        if isinstance(module, nn.BatchNorm2d):
            hooks.append(module.register_forward_pre_hook(lambda norm, inputs: set_statistics(norm, inputs[0], generator)))
        if isinstance(module, LAYERS):
            hooks.append(module.register_forward_hook(scale_layer))
    # One pass is enough, for each layer sees what the layers before it give with their new weights. It needs less than the full size.
    side = size if fixed else max(size // 2, min(size, 128))
    net(structured_input(torch, (8, channels, side, side), generator))
    for hook in hooks:
        hook.remove()
    for module in net.modules():
        # Some models start with biases of 0.
        if isinstance(module, LAYERS) and module.bias is not None:
            module.bias += 0.05 * torch.randn(module.bias.shape, generator=generator)

    # On other pictures a deep network may still give outputs of some hundred, where an absolute tolerance means nothing.
    picture = structured_input(torch, (1, channels, size, size), torch.Generator().manual_seed(1))
    excess = float(net(picture).abs().max()) / 10
    last = [module for module in net.modules() if isinstance(module, LAYERS)][-1]
    if excess > 1:
        last.weight /= excess
        last.bias /= excess


def set_statistics(norm: nn.BatchNorm2d, x: torch.Tensor, generator: torch.Generator):
    """The statistics of what comes in, and some noise."""
    variance, mean = torch.var_mean(x, dim=(0, 2, 3), unbiased=False)
    # Channels that hardly vary here would explode on other pictures.
    variance.clamp_(min=0.1 * float(variance.mean()))
    norm.running_mean.copy_(mean + 0.1 * variance.sqrt() * torch.randn(mean.shape, generator=generator))
    norm.running_var.copy_(variance * torch.empty_like(variance).uniform_(0.8, 1.25, generator=generator))


def scale_layer(layer: nn.Module, _, output: torch.Tensor):
    """Scales a layer so that its outputs have a standard deviation of 1; networks without batch norm would vanish."""
    # Gates (squeeze and excitation) multiply: at full strength they would make differences grow from block to block.
    target = 0.5 if output.dim() == 4 and output.shape[-1] == 1 else 1
    deviation = output.std().clamp(min=1e-3) / target
    layer.weight /= deviation
    if layer.bias is not None:
        layer.bias /= deviation
    return output / deviation
