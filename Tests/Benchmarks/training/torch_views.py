# SPDX-License-Identifier: Apache-2.0
"""LooC's views of a batch of pictures in batched PyTorch, in the way of kornia: for pytorch_step.py --augment.

Each image has its own crop, flip, rotation, jitter and blur; the order of the jitter's steps and the random convolution are
drawn once a view. Crops are sampled bilinearly by one affine grid, without antialiasing. Parameters follow torchvision's
RandomResizedCrop (0.2 to 1) and ColorJitter (0.4, 0.4, 0.4, 0.1), MoCo v2's probabilities, and RandConv's kernels.
"""
import math

import torch
import torch.nn.functional as F

GREY = torch.tensor([0.2989, 0.587, 0.114]).view(1, 3, 1, 1)
MEAN = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)
STD = torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)
TAPS = 7


def blend(x, other, factor):
    return torch.lerp(other, x, factor.view(-1, 1, 1, 1)).clamp_(0, 1)


def grey(x):
    return (x * GREY).sum(1, keepdim=True)


def turn_hue(x, shift):
    """RGB to hue, the hue shifted by part of a turn, and back."""
    top, low = x.amax(1, keepdim=True), x.amin(1, keepdim=True)
    spread = top - low
    r, g, b = ((top - x) / spread.clamp(min=1e-8)).split(1, 1)
    red, green, blue = x.split(1, 1)
    hue = torch.where(red == top, b - g, torch.where(green == top, 2 + r - b, 4 + g - r)) / 6 + shift.view(-1, 1, 1, 1)
    sixths = (torch.tensor([5.0, 3.0, 1.0]).view(1, 3, 1, 1) + 6 * hue) % 6
    return top - spread * torch.minimum(sixths, 4 - sixths).clamp(0, 1)


class Studio:
    """Renders the query view and n+1 key views; key i repeats the query's parameters of factor i."""

    def __init__(self, batch, size, factors, source=96):
        self.batch, self.size = batch, size
        self.factors = ["colour", "rotation", "texture"][:factors]
        self.pictures = torch.randint(0, 256, (batch, 3, source, source), dtype=torch.uint8)

    def render(self):
        pictures = self.pictures.float() / 255
        query = self.draw()
        views = [self.apply(pictures, query), self.apply(pictures, self.draw())]
        return views + [self.apply(pictures, self.draw() | {name: query[name]}) for name in self.factors]

    def draw(self):
        count, uniform = self.batch, lambda low, high: torch.empty(self.batch).uniform_(low, high)
        kernel = 2 * int(torch.randint(0, 4, ())) + 1
        return {
            "crop": (uniform(0.2, 1), uniform(math.log(3 / 4), math.log(4 / 3)), uniform(-1, 1), uniform(-1, 1), torch.rand(count) < 0.5),
            "blur": torch.where(torch.rand(count) < 0.5, uniform(0.1, 2), torch.full((count,), 1e-3)),
            "colour": (torch.randperm(4), torch.rand(count) < 0.8, uniform(0.6, 1.4), uniform(0.6, 1.4), uniform(0.6, 1.4),
                       uniform(-0.1, 0.1), torch.rand(count) < 0.2),
            "rotation": torch.randint(0, 4, (count,)),
            "texture": (torch.randn(3, 3, kernel, kernel) / math.sqrt(3 * kernel**2), torch.rand(count), torch.rand(count) < 0.5),
        }

    def apply(self, pictures, drawn):
        x = self.crop(pictures, drawn["crop"], drawn["rotation"])
        x = self.jitter(x, *drawn["colour"])
        x = self.blur(x, drawn["blur"])
        return self.texture((x - MEAN) / STD, *drawn["texture"])

    def crop(self, pictures, crop, turns):
        """Crop, flip and rotation by quarter turns as one grid."""
        area, ratio, left, top, flips = crop
        width, height = (torch.sqrt(area * torch.exp(s * ratio)).clamp(max=1) for s in (1, -1))
        cos, sin = torch.cos(turns * math.pi / 2).round(), torch.sin(turns * math.pi / 2).round()
        mirror = torch.where(flips, -1.0, 1.0)
        rows = [width * mirror * cos, -width * mirror * sin, left * (1 - width), height * sin, height * cos, top * (1 - height)]
        grid = F.affine_grid(torch.stack(rows, 1).view(-1, 2, 3), [len(area), 3, self.size, self.size], align_corners=False)
        return F.grid_sample(pictures, grid, mode="bilinear", padding_mode="reflection", align_corners=False)

    def jitter(self, x, order, chosen, brightness, contrast, saturation, hue, greys):
        y = x
        for step in order.tolist():
            if step == 0:
                y = (y * brightness.view(-1, 1, 1, 1)).clamp_(0, 1)
            elif step == 1:
                y = blend(y, grey(y).mean((1, 2, 3), keepdim=True).expand_as(y), contrast)
            elif step == 2:
                y = blend(y, grey(y).expand_as(y), saturation)
            else:
                y = turn_hue(y, hue)
        x = torch.where(chosen.view(-1, 1, 1, 1), y, x)
        return torch.where(greys.view(-1, 1, 1, 1), grey(x), x)

    def blur(self, x, sigma):
        """A Gaussian for each image, rows then columns, as one grouped convolution each."""
        count, channels, height, width = x.shape
        at = torch.arange(TAPS) - TAPS // 2
        taps = torch.softmax(-at.square() / (2 * sigma.square()[:, None]), 1).repeat_interleave(channels, 0)
        flat = F.pad(x, [TAPS // 2] * 4, mode="reflect").view(1, count * channels, height + TAPS - 1, width + TAPS - 1)
        flat = F.conv2d(flat, taps.view(-1, 1, 1, TAPS), groups=count * channels)
        return F.conv2d(flat, taps.view(-1, 1, TAPS, 1), groups=count * channels).view(count, channels, height, width)

    def texture(self, x, weights, alpha, chosen):
        """RandConv, mixed with the image and brought back to its mean and spread."""
        mixed = torch.lerp(x, F.conv2d(x, weights, padding=weights.shape[-1] // 2), alpha.view(-1, 1, 1, 1))
        spread = torch.std(x, (2, 3), keepdim=True) / torch.std(mixed, (2, 3), keepdim=True).clamp(min=1e-6)
        mixed = (mixed - mixed.mean((2, 3), keepdim=True)) * spread + x.mean((2, 3), keepdim=True)
        return torch.where(chosen.view(-1, 1, 1, 1), mixed, x)
