# SPDX-License-Identifier: Apache-2.0
"""Writes corruptions.safetensors: the formulas of ImageNet-C worked out by NumPy, SciPy, scikit-image and Pillow.

    pip install numpy scipy scikit-image pillow safetensors && python make_corruptions.py

Made with NumPy 2.4, SciPy 1.17, scikit-image 0.26 and Pillow 13. Pictures are rows of pixels of red, green, blue, 0 to 255, before they
are rounded to bytes. `NAME.with` holds the random numbers that the case NAME was made with. What the original does with
OpenCV is written out here: filter2D correlates with mirrored edges, warpAffine looks up the inverse map.
"""
import io
import os
import numpy as np
from PIL import Image
from safetensors.numpy import save_file
from scipy import ndimage
from skimage.color import hsv2rgb, rgb2hsv
from skimage.filters import gaussian

random = np.random.default_rng(5)
out = {}
HEIGHT, WIDTH = 22, 27


def source():
    """Colour ramps with noise, greys, and pure colours."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    ramps = np.stack([9 * x, 11 * y, 250 - 5 * x - 4 * y], -1) % 256
    picture = np.clip(ramps + random.integers(-20, 20, ramps.shape), 0, 255)
    picture[3:8, 4:12] = random.integers(0, 256, (5, 8, 1))
    colours = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0), (0, 0, 0), (255, 255, 255), (0, 255, 255), (128, 128, 128)]
    for i, colour in enumerate(colours):
        picture[14:18, 1 + 3 * i:4 + 3 * i] = colour
    return picture.astype(np.uint8)


def add(name, picture, numbers=None):
    out[name] = np.ascontiguousarray(np.clip(picture, 0, 1) * 255, np.float32)
    if numbers is not None:
        out[name + ".with"] = np.ascontiguousarray(numbers, np.float32).ravel()


def channels(picture, body):
    return np.stack([body(picture[..., c]) for c in range(3)], -1)


def kernel1d(sigma, taps):
    x = np.arange(taps) - taps // 2
    k = np.exp(-x * x / (2 * sigma * sigma))
    return k / k.sum()


def disk(radius, softening):
    reach, taps = (8, 3) if radius <= 8 else (radius, 5)
    y, x = np.mgrid[-reach:reach + 1, -reach:reach + 1]
    k = ((x * x + y * y) <= radius * radius).astype(float)
    k /= k.sum()  # once: the mirrored edge makes the blurred disk a little heavier, as in the original
    for axis in (0, 1):
        k = ndimage.correlate1d(k, kernel1d(softening, taps), axis, mode="mirror")
    return k


def zoomed(picture, factor):
    kept = [int(np.ceil(n / factor)) for n in picture.shape[:2]]
    top, left = [(n - k) // 2 for n, k in zip(picture.shape[:2], kept)]
    inner = picture[top:top + kept[0], left:left + kept[1]]
    big = ndimage.zoom(inner, (factor, factor) + (1,) * (picture.ndim - 2), order=1, mode="nearest")
    top, left = [(b - n) // 2 for b, n in zip(big.shape[:2], picture.shape[:2])]
    return big[top:top + picture.shape[0], left:left + picture.shape[1]]


def plasma(side, decay, draws):
    """Diamond-square on a torus; `draws` are consumed row by row, squares, then upper edges, then left edges."""
    grid, step, wobble = np.zeros((side, side)), side, 100.0

    def take(shape):
        nonlocal draws
        count = shape[0] * shape[1]
        head, draws = draws[:count].reshape(shape), draws[count:]
        return wobble * wobble * head

    while step >= 2:
        half = step // 2
        at = lambda y, x: np.roll(grid, (-y, -x), (0, 1))[::step, ::step]
        corners = at(0, 0) + at(step, 0) + at(0, step) + at(step, step)
        grid[half::step, half::step] = corners / 4 + take(corners.shape)
        upper = at(half, half) + at(-half, half) + at(0, 0) + at(0, step)
        grid[::step, half::step] = upper / 4 + take(upper.shape)
        left = at(half, half) + at(half, -half) + at(0, 0) + at(step, 0)
        grid[half::step, ::step] = left / 4 + take(left.shape)
        step, wobble = half, wobble / decay
    grid -= grid.min()
    return grid / grid.max()


def line(radius, sigma, degrees):
    count = 2 * radius + 1
    weights = np.exp(-np.arange(count) ** 2 / (2 * sigma * sigma))
    weights /= weights.sum()
    k = np.zeros((2 * count + 1, 2 * count + 1))
    for i, w in enumerate(weights):
        angle = np.deg2rad(degrees)
        k[count + int(np.ceil(i * np.sin(angle) - 0.5)), count + int(np.ceil(i * np.cos(angle) - 0.5))] += w
    return k


pixels = source()
out["source"] = pixels.astype(np.float32)
picture = pixels / 255.0
photo = Image.fromarray(pixels)
for i, sigma in enumerate((1, 2, 3, 4, 6)):
    add(f"gaussian_blur.{i + 1}", gaussian(picture, sigma=sigma, channel_axis=-1))
for i, parameters in enumerate(((3, 0.1), (4, 0.5), (6, 0.5), (8, 0.5), (10, 0.5))):
    add(f"defocus_blur.{i + 1}", channels(picture, lambda p: ndimage.correlate(p, disk(*parameters), mode="mirror")))
for i, factors in enumerate((
        np.arange(1, 1.11, 0.01), np.arange(1, 1.16, 0.01), np.arange(1, 1.21, 0.02), np.arange(1, 1.26, 0.02), np.arange(1, 1.31, 0.03))):
    add(f"zoom_blur.{i + 1}", (picture + sum(zoomed(picture, f) for f in factors)) / (len(factors) + 1))
for i, step in enumerate((0.1, 0.2, 0.3, 0.4, 0.5)):
    hsv = rgb2hsv(picture)
    hsv[..., 2] = np.clip(hsv[..., 2] + step, 0, 1)
    add(f"brightness.{i + 1}", hsv2rgb(hsv))
for i, (factor, shift) in enumerate(((0.3, 0), (0.1, 0), (2, 0), (5, 0.1), (20, 0.2))):
    hsv = rgb2hsv(picture)
    hsv[..., 1] = np.clip(hsv[..., 1] * factor + shift, 0, 1)
    add(f"saturate.{i + 1}", hsv2rgb(hsv))
for i, factor in enumerate((0.4, 0.3, 0.2, 0.1, 0.05)):
    means = picture.mean((0, 1), keepdims=True)
    add(f"contrast.{i + 1}", (picture - means) * factor + means)
for i, share in enumerate((0.6, 0.5, 0.4, 0.3, 0.25)):
    small = photo.resize((int(WIDTH * share), int(HEIGHT * share)), Image.BOX)
    add(f"pixelate.{i + 1}", np.asarray(small.resize((WIDTH, HEIGHT), Image.BOX)) / 255.0)
for i, quality in enumerate((25, 18, 15, 10, 7)):
    file = io.BytesIO()
    photo.save(file, "JPEG", quality=quality)
    add(f"jpeg_compression.{i + 1}", np.asarray(Image.open(file)) / 255.0)

for i, (strength, decay) in enumerate(((1.5, 2), (2, 2), (2.5, 1.7), (2.5, 1.5), (3, 1.4))):
    draws = random.uniform(-1, 1, 32 * 32 - 1)
    clouds = plasma(32, decay, draws)[:HEIGHT, :WIDTH, None]
    add(f"fog.{i + 1}", (picture + strength * clouds) / (1 + strength), draws)
for i, (radius, sigma) in enumerate(((10, 3), (15, 5), (15, 8), (15, 12), (20, 15))):
    degrees = random.uniform(-135, 45)
    add(f"motion_blur.{i + 1}", channels(picture, lambda p: ndimage.correlate(p, line(radius, sigma, degrees), mode="nearest")), [degrees])
for i, (mean, spread, zoom, threshold, radius, sigma, mix) in enumerate((
        (0.1, 0.3, 3, 0.5, 10, 4, 0.8), (0.55, 0.3, 2.5, 0.85, 12, 12, 0.55))):
    noise, degrees = random.normal(mean, spread, (HEIGHT, WIDTH)), random.uniform(-135, -45)
    layer = zoomed(noise, zoom)
    layer = ndimage.correlate(np.where(layer < threshold, 0, np.minimum(layer, 1)), line(radius, sigma, degrees), mode="nearest")
    white = (picture @ [0.299, 0.587, 0.114])[..., None] * 1.5 + 0.5
    add(f"snow.{i + 1}", mix * picture + (1 - mix) * np.maximum(picture, white) + layer[..., None] + np.rot90(layer, 2)[..., None],
        np.concatenate([[zoom, threshold, radius, sigma, mix, degrees], noise.ravel()]))
for i, (sigma, reach, rounds) in enumerate(((0.7, 1, 2), (0.9, 2, 1), (1, 2, 3), (1.1, 3, 2), (1.5, 4, 2))):
    glass = (gaussian(picture, sigma=sigma, channel_axis=-1) * 255 + 1e-3).astype(np.uint8)
    throws = []
    for _ in range(rounds):
        for y in range(HEIGHT - reach, reach, -1):
            for x in range(WIDTH - reach, reach, -1):
                across, down = random.integers(-reach, reach, 2)
                throws += [across, down]
                glass[y, x] = glass[y + down, x + across]
    add(f"glass_blur.{i + 1}", gaussian(glass / 255.0, sigma=sigma, channel_axis=-1), throws)
for i, (height, sigma, shift) in enumerate(((20, 30, 2), (6, 2.4, 0.5), (4, 0.5, 0.3))):
    shifts = random.uniform(-shift, shift, (3, 2))
    noise = random.uniform(-1, 1, (2, HEIGHT, WIDTH))
    x, y, reach = WIDTH // 2, HEIGHT // 2, HEIGHT // 3
    points = np.array([[x + reach, y + reach], [x + reach, y - reach], [x - reach, y - reach]], float)
    inverse = np.linalg.solve(np.c_[points + shifts, np.ones(3)], points).T  # rows: x, y of the source
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    places = np.einsum("ij,jhw->ihw", inverse, np.stack([columns, rows, np.ones_like(rows)]))
    tilted = channels(picture, lambda p: ndimage.map_coordinates(p, [places[1], places[0]], order=1, mode="mirror"))
    across, down = [gaussian(n, sigma=sigma, mode="reflect", truncate=3) * height for n in noise]
    add(f"elastic_transform.{i + 1}",
        channels(tilted, lambda p: ndimage.map_coordinates(p, [rows + down, columns + across], order=1, mode="reflect")),
        np.concatenate([[height, sigma], shifts.ravel(), noise.ravel()]))
save_file(out, os.path.join(os.path.dirname(os.path.abspath(__file__)), "corruptions.safetensors"))
