# SPDX-License-Identifier: Apache-2.0
"""Duplicates, recoloured and turned versions, names of one family, and labels."""
import unittest

from dataset import labels, similar
from PIL import Image, ImageDraw


def arrow(fill: str, ground: str = "white") -> Image.Image:
    """An arrow to the right, wider than high."""
    image = Image.new("RGB", (120, 80), ground)
    draw = ImageDraw.Draw(image)
    draw.rectangle((5, 30, 70, 50), fill=fill)
    draw.polygon([(70, 5), (115, 40), (70, 75)], fill=fill)
    return image


def rings() -> Image.Image:
    image = Image.new("RGB", (120, 80), "white")
    for radius in (35, 20, 8):
        ImageDraw.Draw(image).ellipse((60 - radius, 40 - radius, 60 + radius, 40 + radius), outline="black", width=4)
    return image


def judge(*images: Image.Image) -> tuple[set[int], list[int]]:
    groups = similar.Groups(len(images))
    dropped = similar.duplicates([similar.fingerprint(image) for image in images], groups)
    return dropped, [groups.first(index) for index in range(len(images))]


class SimilarTests(unittest.TestCase):
    def test_a_rescaled_copy_is_a_duplicate(self) -> None:
        copy = arrow("navy").resize((200, 133), Image.Resampling.BICUBIC)
        self.assertEqual(judge(arrow("navy"), rings(), copy), ({2}, [0, 1, 0]))

    def test_a_recoloured_copy_stays_in_the_same_group(self) -> None:
        self.assertEqual(judge(arrow("navy"), arrow("red"), rings(), arrow("orange")), (set(), [0, 0, 2, 0]))

    def test_turned_and_mirrored_copies_stay_in_the_same_group(self) -> None:
        for turn in Image.Transpose:
            self.assertEqual(judge(arrow("navy"), arrow("navy").transpose(turn)), (set(), [0, 0]), turn.name)

    def test_a_copy_that_is_much_wider_is_another_picture(self) -> None:
        self.assertEqual(judge(arrow("navy"), arrow("navy").resize((160, 80))), (set(), [0, 1]))

    def test_flat_pictures_are_like_nothing(self) -> None:
        self.assertEqual(judge(Image.new("RGB", (50, 50), "red"), Image.new("RGB", (50, 50), "red")), (set(), [0, 1]))
        self.assertEqual(judge(), (set(), []))

    def test_a_small_detail_in_strong_colour_is_no_duplicate(self) -> None:
        spotted = arrow("navy")
        ImageDraw.Draw(spotted).rectangle((20, 34, 32, 46), fill="yellow")
        self.assertEqual(judge(arrow("navy"), spotted)[0], set())

    def test_structures_are_whole_numbers_whose_products_are_exact(self) -> None:
        for image in (arrow("navy"), rings()):
            for field in (similar.fingerprint(image).shape, similar.fingerprint(image).edges):
                self.assertTrue((field == field.round()).all())
                self.assertLess(float((field.astype("float64") ** 2).sum()), 2**24)

    def test_groups_are_named_by_their_first_member(self) -> None:
        groups = similar.Groups(5)
        groups.join(4, 3)
        groups.join(3, 1)
        self.assertEqual([groups.first(index) for index in range(5)], [0, 1, 2, 1, 1])


class LabelTests(unittest.TestCase):
    def test_the_longest_folder_counts(self) -> None:
        self.assertEqual(labels.folder_label("signs_and_symbols/flags/europe/france"), ("signs", "flags"))
        self.assertEqual(labels.folder_label("food/fruit"), ("food", "fruit"))
        self.assertEqual(labels.folder_label("tools"), ("tools", labels.GENERAL))
        self.assertIsNone(labels.folder_label("unsorted/duplicates"))
        self.assertIsNone(labels.folder_label("computer/icons/flat-theme/action"))

    def test_the_longest_start_of_a_subgroup_counts(self) -> None:
        self.assertEqual(labels.emoji_label("animal-bird"), "birds")
        self.assertEqual(labels.emoji_label("animal-marine"), "animals")
        self.assertEqual(labels.emoji_label("brand new"), labels.GENERAL)
        self.assertIsNone(labels.emoji_label("skin-tone"))

    def test_versions_of_one_drawing_are_a_family(self) -> None:
        def family(*label: str) -> object:
            return labels.family((label[0], label[1]), label[2])

        self.assertEqual(family("signs", "flags", "costa_rica"), family("emoji", "flags", "flag-costa-rica"))
        self.assertEqual(family("emoji", "people", "man-cook"), family("emoji", "people", "woman-cook"))
        self.assertEqual(family("signs", "pictograms", "aiga_bar1"), family("signs", "pictograms", "aiga_bar"))
        self.assertEqual(family("food", "general", "apple_bw"), family("food", "fruit", "red_apple"))
        self.assertNotEqual(family("food", "fruit", "apple"), family("food", "fruit", "pear"))
        self.assertIsNone(family("shapes", "general", "red_01"))
