# SPDX-License-Identifier: Apache-2.0
"""The split, the manifest's bytes, and the whole way from two packages to a folder."""
import contextlib
import hashlib
import io
import json
import tempfile
import unittest
from collections import Counter
from pathlib import Path

import fonts
from dataset import __main__ as program
from dataset import layout, manifest, packages, progress, sources
from PIL import Image, ImageDraw

NAMES = "# subgroup: cat-face\n1F63A ; fully-qualified # X E0.6 grinning cat\n# subgroup: hands\n1F44B 1F3FB ; fully-qualified # X E1.0 x\n"


def unpacked_packages(root: Path) -> None:
    """Two tiny packages: five drawings, one of them twice and one by a link, and a font with one emoji."""
    clips = root / sources.OPENCLIPART / "usr/share/openclipart/png"
    for number, (place, fill) in enumerate(
        [("food/fruit/apple.png", "red"), ("food/fruit/apple_green.png", "lime"), ("unsorted/thing.png", "red"),
         ("food/copy.png", "red"), ("tools/saw.png", "navy")]
    ):
        image = Image.new("RGBA", (120, 100), (0, 0, 0, 0))
        draw = ImageDraw.Draw(image)
        draw.ellipse((20, 10, 100, 90), fill=fill)
        draw.rectangle((55, 0, 65 + 10 * (number == 4), 30), fill="black")
        (clips / place).parent.mkdir(parents=True, exist_ok=True)
        image.save(clips / place)
    (clips / "food/saw_link.png").symlink_to("../tools/saw.png")
    cblc, cbdt = fonts.bitmaps(1, 7, [fonts.picture("orange", (60, 60))])
    data = fonts.font(cmap=fonts.cmap((0x1F63A, 0x1F63A, 7)), GSUB=fonts.gsub(3, (4,), 9), CBLC=cblc, CBDT=cbdt)
    written = {
        root / sources.EMOJI / "usr/share/fonts/truetype/noto/NotoColorEmoji.ttf": data,
        root / sources.UNICODE / "usr/share/unicode/emoji/emoji-test.txt": NAMES.encode(),
        root / "packages.tsv": b"".join(f"{name}\t1.0\tsum\thttp://x/{name}\n".encode() for name in packages.USES),
    }
    written |= {root / name / "usr/share/doc" / name / "copyright": b"free" for name in packages.USES}
    for file, content in written.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)


def contents(folder: Path) -> dict[str, bytes]:
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}


def entry(path: str, group: str) -> manifest.Entry:
    return manifest.Entry(path, "a", "b", "s", "l", "0", group, manifest.split_of(group))


class ManifestTests(unittest.TestCase):
    def test_the_split_of_a_group_never_changes(self) -> None:
        tests = [name for name in map(str, range(40)) if manifest.split_of(name) == "test"]
        self.assertEqual(tests, ["8", "9", "39"])

    def test_a_fifth_of_many_groups_is_for_testing(self) -> None:
        tests = sum(manifest.split_of(str(number)) == "test" for number in range(10_000))
        self.assertLess(abs(tests - 2000), 150)

    def test_the_order_of_the_entries_does_not_matter(self) -> None:
        entries = [entry("images/b.png", "1"), entry("images/a.png", "2")]
        self.assertEqual(manifest.lines(entries), manifest.lines(entries[::-1]))
        facts = manifest.summary(entries, [], Counter(tiny=2))
        self.assertEqual(facts["digest"], hashlib.sha256(manifest.lines(entries)).hexdigest())

    def test_a_line_has_the_keys_that_readers_expect(self) -> None:
        line = json.loads(manifest.lines([entry("images/a.png", "2")]))
        self.assertEqual(list(line), "path category subcategory source licence sha256 group split".split())


class WholeTests(unittest.TestCase):
    def setUp(self) -> None:
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.root = Path(holder.name)
        unpacked_packages(self.root / "unpacked")

    def build(self, name: str) -> dict[str, bytes]:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            program.build(self.root / "unpacked", self.root / name)
        return contents(self.root / name)

    def test_the_same_packages_give_the_same_bytes(self) -> None:
        first = self.build("one")
        self.assertEqual(first, self.build("two"))
        entries = [json.loads(line) for line in first["manifest.jsonl"].splitlines()]
        self.assertEqual(
            [each["path"] for each in entries],
            ["images/emoji/general/grinning-cat.png", "images/food/general/apple.png",
             "images/food/general/apple_green.png", "images/tools/general/saw.png"],
        )
        self.assertEqual(entries[1]["group"], entries[2]["group"], "a recoloured drawing is in the same group")
        for each in entries:
            self.assertEqual(each["sha256"], hashlib.sha256(first[each["path"]]).hexdigest())
        facts = json.loads(first["manifest.json"])
        self.assertEqual(
            {reason: count for reason, count in facts["dropped"].items() if count},
            {"category_left_out": 1, "exact_duplicate": 1, "skin_tone": 1},
        )
        self.assertEqual([each["name"] for each in facts["packages"]], sorted(packages.USES))
        self.assertEqual(facts["digest"], hashlib.sha256(first["manifest.jsonl"]).hexdigest())

    def test_the_finished_folder_takes_the_place_of_the_old_one(self) -> None:
        old, fresh = self.root / "out", self.root / "fresh"
        for folder in (old, fresh):
            folder.mkdir()
            (folder / folder.name).touch()
        layout.replace_folder(fresh, old)
        self.assertEqual(list(contents(old)), ["fresh"])
        self.assertEqual(sorted(each.name for each in self.root.iterdir()), ["out", "unpacked"])

    def test_a_bar_says_how_long_it_takes(self) -> None:
        self.assertEqual(progress.line("pictures", 25, 100, 10.0).split("] ")[1], "25/100  25% 0:30 left")
