# SPDX-License-Identifier: Apache-2.0
"""Writes views.safetensors: what PyTorch and torchvision's tensor functions make of one small picture.

    pip install numpy torch torchvision safetensors && python make_fixtures.py

Made with torch 2.13 and the Python functions of torchvision 0.29.2. Pictures are rows of pixels of red, green, blue (NHWC without
the N), of 0 to 1 unless said otherwise; `NAME.with` holds the numbers that the case NAME was made with.
"""
import os
import numpy as np
import torch
import torch.nn.functional as nn
from safetensors.numpy import save_file
from torchvision.transforms import _functional_tensor as tv

SIZE, MEAN, STD = 17, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
random = np.random.default_rng(3)
out = {}


def add(name, picture, numbers=()):
    out[name] = picture.permute(1, 2, 0).contiguous().numpy().astype(np.float32)
    if len(numbers):
        out[name + ".with"] = np.array(numbers, np.float32)


def source():
    """52 x 37 pixels of colour ramps, with noise, greys, and pure colours, as bytes."""
    y, x = np.mgrid[0:37, 0:52]
    ramps = np.stack([5 * x, 6 * y, 250 - 3 * x - 2 * y], -1) % 256
    picture = np.clip(ramps + random.integers(-20, 20, ramps.shape), 0, 255)
    picture[4:12, 6:20] = random.integers(0, 256, (8, 14, 1))
    for i, colour in enumerate([(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0), (0, 0, 0), (255, 255, 255), (0, 255, 255)]):
        picture[20:30, 4 + 6 * i:10 + 6 * i] = colour
    return picture.astype(np.uint8)


def resized(picture, top, left, height, width):
    crop = picture[:, top:top + height, left:left + width]
    return nn.interpolate(crop[None], (SIZE, SIZE), mode="bilinear", align_corners=False, antialias=True)[0]


def placed(picture, flip, turns, *crop):
    picture = picture.flip(2) if flip else picture
    return resized(torch.rot90(picture, turns, (1, 2)), *crop)


def jittered(picture, order, brightness, contrast, saturation, hue):
    for step in order:
        picture = (lambda p: tv.adjust_brightness(p, brightness), lambda p: tv.adjust_contrast(p, contrast),
                   lambda p: tv.adjust_saturation(p, saturation), lambda p: tv.adjust_hue(p, hue))[step](picture)
    return picture


def blurred(picture, sigma):
    taps = 2 * int(np.ceil(4 * sigma)) + 1
    return tv.gaussian_blur(picture, [taps, taps], [sigma, sigma])


def white(picture):
    return (picture - torch.tensor(MEAN).view(3, 1, 1)) / torch.tensor(STD).view(3, 1, 1)


def textured(picture, weights, alpha, keep):
    result = alpha * nn.conv2d(picture[None], weights, padding=weights.shape[-1] // 2)[0] + (1 - alpha) * picture
    if not keep:
        return result
    flat, before = result.flatten(1), picture.flatten(1)
    scale = before.std(1, correction=0) / flat.std(1, correction=0)
    return ((flat - flat.mean(1, keepdim=True)) * scale[:, None] + before.mean(1, keepdim=True)).view_as(result)


pixels = source()
out["source"] = pixels.astype(np.float32)
picture = torch.tensor(pixels).permute(2, 0, 1).float() / 255
crops = [(0, 0, 37, 52), (5, 9, 11, 7), (0, 0, 17, 17), (36, 51, 1, 1), (3, 0, 30, 4), (10, 12, 25, 40), (17, 31, 20, 21)]
for number, crop in enumerate(crops):
    add(f"resize.{number}", resized(picture, *crop), (0, 0) + crop)
for flip in range(2):
    for turns in range(4):
        crop = (3, 5, 41, 28) if turns % 2 else (5, 3, 28, 41)
        add(f"turn.{4 * flip + turns}", placed(picture, flip, turns, *crop), (flip, turns) + crop)

small = resized(picture, 0, 0, 37, 52)
small[:, 4, 3:9] = torch.tensor([[1, 0, 0, 1, 0, 1], [0, 1, 0, 1, 0, 1], [0, 0, 1, 0, 0, 1]]).float()
add("small", small)
for number, factor in enumerate((0.6, 1.4, 0, 1)):
    add(f"brightness.{number}", tv.adjust_brightness(small, factor), [factor])
    add(f"contrast.{number}", tv.adjust_contrast(small, factor), [factor])
    add(f"saturation.{number}", tv.adjust_saturation(small, factor), [factor])
for number, turn in enumerate((0.1, -0.1, 0.5, -0.5, 0.037)):
    add(f"hue.{number}", tv.adjust_hue(small, turn), [turn])
add("grayscale", tv.rgb_to_grayscale(small, 3))
for number, sigma in enumerate((0.02, 0.4, 0.57, 1.3, 4.0)):
    add(f"blur.{number}", blurred(small, sigma), [sigma])
for number, (kernel, alpha, keep) in enumerate(((1, 1, 1), (3, 1, 0), (5, 0.3, 1), (7, 0.8, 0), (7, 1, 1))):
    weights = torch.tensor(random.normal(0, 1 / np.sqrt(3 * kernel**2), (3, 3, kernel, kernel))).float()
    add(f"texture.{number}", textured(white(small), weights, alpha, keep), (kernel, alpha, keep))
    out[f"texture.{number}.weights"] = weights.permute(1, 2, 3, 0).contiguous().numpy()  # input, row, column, output
for number, (flip, turns, crop, order, jitter, gray, sigma) in enumerate((
    (1, 1, (2, 1, 40, 33), (2, 0, 3, 1), (0.7, 1.3, 0.65, -0.08), 0, 0.5),
    (0, 2, (8, 4, 22, 29), (3, 1, 2, 0), (1.25, 0.8, 1.4, 0.1), 0, 0),
    (1, 3, (11, 0, 26, 37), (0, 1, 2, 3), (1.1, 0.6, 1.0, 0.02), 1, 1.1),
)):
    view = jittered(placed(picture, flip, turns, *crop), order, *jitter)
    view = tv.rgb_to_grayscale(view, 3) if gray else view
    view = blurred(view, sigma) if sigma else view
    add(f"view.{number}", white(view), (flip, turns) + crop + order + jitter + (gray, sigma))
save_file(out, os.path.join(os.path.dirname(os.path.abspath(__file__)), "views.safetensors"))
