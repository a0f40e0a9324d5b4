# SPDX-License-Identifier: Apache-2.0
"""What is cut, shrunk and dropped."""
import io
import unittest

import numpy
from dataset import pictures
from PIL import Image, ImageDraw


def file(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def drawing(size: tuple[int, int], box: tuple[int, int, int, int]) -> Image.Image:
    """A red box with a blue half on a transparent ground; `box` ends before its right and bottom."""
    image = Image.new("RGBA", size, (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    left, top, right, bottom = box
    draw.rectangle((left, top, right - 1, bottom - 1), fill="red")
    draw.rectangle((left, top, (left + right) // 2, bottom - 1), fill="blue")
    return image


class PictureTests(unittest.TestCase):
    def reason(self, image: Image.Image) -> str:
        with self.assertRaises(pictures.Dropped) as caught:
            pictures.prepare(file(image))
        return caught.exception.reason

    def test_the_box_is_that_of_all_pixels_that_are_not_white(self) -> None:
        pixels = numpy.full((30, 40, 3), 255, numpy.uint8)
        self.assertIsNone(pictures.content_box(pixels))
        pixels[4, 9, 2] = pixels[20, 31, 0] = 0
        self.assertEqual(pictures.content_box(pixels), (9, 4, 32, 21))
        pixels[0, 0] = 255 - pictures.INK
        self.assertEqual(pictures.content_box(pixels), (9, 4, 32, 21), "almost white is no content")

    def test_margins_are_cut_and_an_even_one_is_added(self) -> None:
        content = pictures.prepare(file(drawing((200, 150), (50, 20, 114, 84))))
        self.assertEqual(content.size, (64, 64))
        stored = pictures.framed(content)
        self.assertEqual((stored.mode, stored.size), ("RGB", (68, 68)))
        self.assertEqual(pictures.content_box(numpy.asarray(stored)), (2, 2, 66, 66))

    def test_what_is_large_ends_at_the_limit_whatever_its_size(self) -> None:
        for size in (250, 1000, 1024, 2500):
            content = pictures.prepare(file(drawing((size, size), (0, 0, size, size // 2))))
            self.assertLessEqual(max(pictures.framed(content).size), pictures.LONGEST)
            self.assertGreaterEqual(max(pictures.framed(content).size), pictures.LONGEST - 2)

    def test_strips_change_nothing(self) -> None:
        image = drawing((120, 90), (7, 11, 103, 77))
        whole = pictures.flatten(file(image))
        strip, pictures.STRIP = pictures.STRIP, 700
        try:
            self.assertEqual(pictures.flatten(file(image)).tobytes(), whole.tobytes())
        finally:
            pictures.STRIP = strip

    def test_the_reasons_to_drop(self) -> None:
        self.assertEqual(self.reason(Image.new("RGBA", (90, 90), (0, 0, 0, 0))), "blank")
        self.assertEqual(self.reason(Image.new("RGB", (90, 90), "teal")), "blank")
        self.assertEqual(self.reason(drawing((90, 90), (0, 0, 31, 31))), "tiny")
        self.assertEqual(self.reason(drawing((200, 90), (0, 0, 165, 41))), "too_long")
        hairline = Image.new("RGB", (200, 200), "white")
        ImageDraw.Draw(hairline).ellipse((1, 1, 198, 198), outline="gray")
        self.assertEqual(self.reason(hairline), "faint")
        with self.assertRaises(pictures.Dropped) as caught:
            pictures.prepare(file(drawing((90, 90), (0, 0, 80, 80)))[:60])
        self.assertEqual(caught.exception.reason, "unreadable")

    def test_the_limits_themselves_are_kept(self) -> None:
        self.assertEqual(pictures.prepare(file(drawing((90, 90), (0, 0, 32, 32)))).size, (32, 32))
        self.assertEqual(pictures.prepare(file(drawing((200, 90), (0, 0, 160, 40)))).size, (160, 40))
