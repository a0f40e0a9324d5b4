# SPDX-License-Identifier: Apache-2.0
"""Pictures out of a colour-bitmap font."""
import unittest

import fonts
from dataset import bitmaps, sfnt, sources


class FontTests(unittest.TestCase):
    def test_every_index_format_gives_each_glyph_its_own_picture(self) -> None:
        files = [fonts.picture("red"), fonts.picture("blue")]
        for form in (1, 3, 4):
            cblc, cbdt = fonts.bitmaps(form, 7, files)
            self.assertEqual(bitmaps.pictures(cblc, cbdt), {7: files[0], 8: files[1]}, f"format {form}")

    def test_a_table_cut_off_anywhere_is_refused_and_nothing_else(self) -> None:
        cblc, cbdt = fonts.bitmaps(1, 7, [fonts.picture("red")])
        for length in range(len(cblc)):
            with self.assertRaises(sfnt.FontError, msg=f"{length} bytes of CBLC"):
                bitmaps.pictures(cblc[:length], cbdt)
        for length in range(len(cbdt)):
            with self.assertRaises(sfnt.FontError, msg=f"{length} bytes of CBDT"):
                bitmaps.pictures(cblc, cbdt[:length])

    def test_characters_come_from_the_groups_of_format_12(self) -> None:
        self.assertEqual(sfnt.characters(fonts.cmap((0x41, 0x42, 3), (0x1F600, 0x1F600, 9))), {0x41: 3, 0x42: 4, 0x1F600: 9})

    def test_groups_that_overlap_or_leave_unicode_are_refused(self) -> None:
        for groups in [((0x41, 0x43, 3), (0x43, 0x44, 9))], [((5, 4, 1),)], [((0, 0x110000, 1),)]:
            with self.assertRaises(sfnt.FontError):
                sfnt.characters(fonts.cmap(*groups[0]))

    def test_ligatures_are_found_also_behind_an_extension(self) -> None:
        for extension in (False, True):
            self.assertEqual(sfnt.ligatures(fonts.gsub(3, (4, 5), 9, extension)), {(3, 4, 5): 9})

    def test_a_font_says_which_table_does_not_fit(self) -> None:
        whole = fonts.font(cmap=fonts.cmap((0x41, 0x42, 3)))
        self.assertEqual(list(sfnt.tables(whole)), ["cmap"])
        with self.assertRaisesRegex(sfnt.FontError, "cmap"):
            sfnt.tables(whole[:-1])

    def test_only_fully_qualified_lines_are_names(self) -> None:
        text = (
            "# subgroup: cat-face\n1F63A ; fully-qualified # X E0.6 grinning cat\n"
            "2620 ; unqualified # X E1.0 skull\n# subgroup: flag\n1F3F4 200D 2620 FE0F ; fully-qualified # X E11.0 pirate flag\n"
        )
        self.assertEqual(
            list(sources.emoji_names(text)),
            [("cat-face", (0x1F63A,), "grinning cat"), ("flag", (0x1F3F4, 0x200D, 0x2620, 0xFE0F), "pirate flag")],
        )
