# SPDX-License-Identifier: Apache-2.0
"""Pictures to measure with, drawn from a seed: noise of all sizes compresses and decodes about as photographs do."""
import io
import numpy as np
from PIL import Image


def photo(width, height, seed=1):
    rng, total = np.random.default_rng(seed), np.zeros((height, width, 3), np.float32)
    side = 4
    while side < max(width, height):
        small = rng.integers(0, 256, (side * height // max(width, height) + 1, side * width // max(width, height) + 1, 3), np.uint8)
        large = Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC)
        total += (np.asarray(large, np.float32) - 128) * (1.6 / side**0.62)
        side *= 2
    return Image.fromarray(np.clip(total / total.std() * 52 + 120, 0, 255).astype(np.uint8))


def jpeg(image, quality=88, progressive=False):
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality, progressive=progressive)
    return out.getvalue()


def jpeg_of(size, seed=1):
    """A JPEG of about `size` bytes."""
    image = photo(480, 360, seed)
    return min((jpeg(image, quality) for quality in range(40, 98, 2)), key=lambda data: abs(len(data) - size))
