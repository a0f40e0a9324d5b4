# SPDX-License-Identifier: Apache-2.0
"""Writes gradients.safetensors: what PyTorch's autograd makes of single layers, computed in double and rounded to float.

    pip install numpy torch safetensors && python make_gradients.py

Made with torch 2.13. Inputs are half-precision numbers, exact in any wider type. Maps are [N, H, W, C], convolution weights
[out, in, k, k] as PyTorch has them. dy is the gradient of the output y; dNAME that of input NAME, from that dy.

    conv.k{kernel}s{stride}p{padding}.{H}x{W}.{in}-{out}.     x, weight, dy; dx, dweight
    norm.{C}.                                                 x, weight, bias, dy; y (after ReLU), mean, variance (biased),
                                                              unbiased, dx, dweight, dbias; eps 1e-5
    norm.residual.{C}.                                        as norm, with residual added before ReLU; dresidual
    maxpool.{H}x{W}.{C}.                                      x (with ties), dy; y, dx (to the first maximum by rows); 3x3,
                                                              stride 2, padding 1
    meanpool.                                                 x, dy; y [N, C], dx
    linear.{in}-{out}.                                        x, weight, bias, dy; y, dx, dweight, dbias
    normalise.{D}.                                            x, dy; y (rows of length 1), dx
"""
import pathlib

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

random = torch.Generator().manual_seed(7)
out = {}
nchw, nhwc = (lambda t: t.permute(0, 3, 1, 2)), (lambda t: t.permute(0, 2, 3, 1))


def draw(*shape, scale=1.0, shift=0.0):
    return (scale * torch.randn(shape, generator=random) + shift).half().double()


def add(case, layer, inputs, keep_output=True):
    """Stores `inputs`, a random dy, the output of `layer` and the gradients of the inputs."""
    leaves = {name: value.clone().requires_grad_() for name, value in inputs.items()}
    y = layer(**leaves)
    dy = draw(*y.shape)
    y.backward(dy)
    tensors = {name: value.half() for name, value in (inputs | {"dy": dy}).items()}
    tensors |= {"d" + name: leaf.grad.float() for name, leaf in leaves.items()}
    if keep_output:
        tensors["y"] = y.detach().float()
    out.update({f"{case}.{name}": value.contiguous() for name, value in tensors.items()})


def convolution(kernel, stride, padding, height, width, inputs, outputs):
    add(f"conv.k{kernel}s{stride}p{padding}.{height}x{width}.{inputs}-{outputs}",
        lambda x, weight: nhwc(F.conv2d(nchw(x), weight, stride=stride, padding=padding)),
        {"x": draw(2, height, width, inputs), "weight": draw(outputs, inputs, kernel, kernel)}, keep_output=False)


def norm(case, channels, residual):
    def layer(x, weight, bias, residual=None):
        y = nhwc(F.batch_norm(nchw(x), None, None, weight, bias, training=True, eps=1e-5))
        return F.relu(y if residual is None else y + residual)

    inputs = {"x": draw(3, 5, 4, channels, scale=2, shift=1), "weight": draw(channels, scale=0.5, shift=1), "bias": draw(channels)}
    if residual:
        inputs["residual"] = draw(3, 5, 4, channels)
    add(case, layer, inputs)
    pixels = inputs["x"].flatten(0, 2)
    for name, value in {"mean": pixels.mean(0), "variance": pixels.var(0, correction=0), "unbiased": pixels.var(0)}.items():
        out[f"{case}.{name}"] = value.float()


for shape in [(1, 1, 0, 5, 7, 3, 5), (1, 1, 0, 4, 4, 33, 17), (1, 2, 0, 7, 5, 8, 16), (1, 2, 0, 4, 6, 16, 33),
              (3, 1, 1, 5, 7, 3, 5), (3, 1, 1, 4, 3, 33, 17), (3, 1, 0, 6, 5, 8, 16), (3, 2, 1, 5, 7, 8, 16), (3, 2, 1, 8, 6, 17, 9),
              (3, 2, 1, 1, 1, 8, 16), (3, 1, 1, 2, 1, 16, 16), (7, 2, 3, 13, 11, 3, 8), (7, 2, 3, 16, 16, 3, 5), (7, 1, 3, 6, 9, 3, 5)]:
    convolution(*shape)
for channels in (3, 16, 37):
    norm(f"norm.{channels}", channels, residual=False)
norm("norm.residual.19", 19, residual=True)
for height, width, channels in [(7, 5, 5), (8, 8, 16), (1, 2, 3)]:
    coarse = (2 * draw(2, height, width, channels)).round().clamp(min=0) / 2
    add(f"maxpool.{height}x{width}.{channels}", lambda x: nhwc(F.max_pool2d(nchw(x).contiguous(), 3, 2, 1)), {"x": coarse})
add("meanpool", lambda x: x.mean((1, 2)), {"x": draw(3, 4, 5, 19)})
for inputs, outputs in [(8, 16), (33, 17), (17, 128)]:
    add(f"linear.{inputs}-{outputs}", F.linear, {"input": draw(5, inputs), "weight": draw(outputs, inputs), "bias": draw(outputs)})
for dimensions in (16, 37, 128):
    add(f"normalise.{dimensions}", lambda x: F.normalize(x, dim=1), {"x": draw(5, dimensions, scale=3)})
out = {name.replace(".input", ".x").replace(".dinput", ".dx"): value for name, value in out.items()}
save_file(out, pathlib.Path(__file__).resolve().parent / "gradients.safetensors")
