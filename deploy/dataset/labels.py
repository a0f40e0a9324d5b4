# SPDX-License-Identifier: Apache-2.0
"""Which category and sub-category a picture gets, and what is left out for what it is. Plain tables, made by looking."""
import re

Label = tuple[str, str]
GENERAL = "general"  # the sub-category of what has none, and of the smallest ones
FEWEST = 8  # sub-categories with fewer pictures join GENERAL
MOST = 250  # pictures of one sub-category that stay, so that flags and themes of icons do not rule the data

# Folders of openclipart that become another label; the longest matching prefix counts. None leaves them out.
FOLDERS: dict[str, Label | None] = {
    "animals/amphibian": ("animals", GENERAL),
    "animals/fantasy": ("animals", GENERAL),
    "buildings/furniture": ("buildings", "furniture"),
    "buttons": ("computer", "buttons"),
    "computer/icons": ("computer", "icons"),
    "computer/icons/flat-theme": None,
    "computer/icons/lemon-theme": ("computer", "theme"),
    "containers": ("household", "containers"),
    "decorations": ("decorations", "ornaments"),
    "electronics/battery": ("electronics", GENERAL),
    "food/dairy": ("food", GENERAL),
    "food/beverages/alcohol": ("food", "beverages"),
    "geography": ("geography", "maps"),
    "geography/astronomy": ("science", "astronomy"),
    "logos": None,
    "people/clothing/hats": ("people", "hats"),
    "recreation/games/cards": ("recreation", "cards"),
    "recreation/games/cards/bordered": None,
    "recreation/games/cards/simple": None,
    "recreation/games/cards/white": None,
    "recreation/games/chess": ("recreation", "chess"),
    "signs_and_symbols": ("signs", GENERAL),
    "signs_and_symbols/awards": ("signs", "awards"),
    "signs_and_symbols/clocks": ("signs", "clocks"),
    "signs_and_symbols/disability": ("signs", GENERAL),
    "signs_and_symbols/flags": ("signs", "flags"),
    "signs_and_symbols/flags/semaphore": ("signs", "semaphore"),
    "signs_and_symbols/hazard": ("signs", "hazard"),
    "signs_and_symbols/led": ("signs", "led"),
    "signs_and_symbols/map_symbols": ("signs", "map_symbols"),
    "signs_and_symbols/money": ("signs", "money"),
    "signs_and_symbols/weather": ("science", "weather"),
    "special": None,
    "special/patterns": ("decorations", "patterns"),
    "tools/toys": ("recreation", "toys"),
    "transportation/aiga-symbols": ("signs", "pictograms"),
    "transportation/roadsigns": ("signs", "roadsigns"),
    "unsorted": None,
}

# Files that a program drew by the thousand: "star_41pt17step.png".
GENERATED = re.compile(r"^star_\d+pt\d+step")
# Files with another label than their folder's.
NAMES: list[tuple[re.Pattern[str], Label]] = [
    (re.compile(r"^aiga_"), ("signs", "pictograms")),
    (re.compile(r"^hotel_icon_"), ("signs", "pictograms")),
    (re.compile(r"_rpg_map_"), ("signs", "map_symbols")),
    (re.compile(r"^(british_virgin_is|canada_new_brunswick|flag_of_brazil|pitcairn_islands)"), ("signs", "flags")),
    (re.compile(r"^clouds_jon_phillips"), ("science", "weather")),
    (re.compile(r"^lucchetto_"), ("tools", GENERAL)),
]
# Nothing but text, sheets of many small things, and pictures of which the drawing program lost the content.
JUNK = re.compile(
    r"^(atom_button|rss_button|xml_button|font_samples|mpcad_box|crop_marks|for_sale_sign|linux_powered|"
    r"logic_functions|numero_verde|collection_of_pass|duck_yellow_ii|tux_didier_fabert_01|stylized_yoga_pers|"
    r"shopping_cart_mim|milimetered_paper|creation_day_7)"
)
# Words that tell versions of one drawing apart.
VERSIONS = frozenset(
    "black white blue red green yellow purple orange pink grey gray seagreen brown violet silver gold bw outline shaded "
    "shading contour colour color dark light grigio ottone giallo verde rosa rosso blu simple".split()
)
GENDERS = frozenset("man woman men women person people boy girl boys girls".split())

# Sub-groups of Unicode's emoji-test.txt, by the start of their name; the longest counts.
EMOJI: dict[str, str | None] = {
    "face-": "faces", "cat-face": "faces", "monkey-face": "faces", "heart": "hearts", "emotion": "hearts",
    "hand": "hands", "body-parts": "body", "person": "people", "person-sport": "sportspeople", "person-symbol": "people",
    "family": "families", "animal-": "animals", "animal-bird": "birds", "animal-bug": "bugs", "plant-": "plants",
    "food-": "food", "food-fruit": "fruit", "food-vegetable": "fruit", "food-sweet": "sweets", "drink": "drinks",
    "dishware": "drinks", "place-": "places", "hotel": "places", "transport-": "vehicles", "transport-sign": "signs",
    "time": "clocks", "sky & weather": "sky", "event": "events", "award-medal": "events", "sport": "sports", "game": "games",
    "arts & crafts": "games", "clothing": "clothing", "sound": "sound", "music": "sound", "phone": "devices",
    "computer": "devices", "light & video": "devices", "book-paper": "paper", "mail": "paper", "writing": "paper",
    "office": "paper", "money": "objects", "lock": "tools", "tool": "tools", "science": "tools", "medical": "tools",
    "household": "household", "other-object": "objects", "warning": "signs", "arrow": "signs", "religion": "signs",
    "zodiac": "signs", "av-symbol": "signs", "gender": "signs", "math": "signs", "punctuation": "signs", "currency": "signs",
    "other-symbol": "signs", "keycap": None, "alphanum": None, "geometric": "shapes", "flag": "flags",
    "country-flag": "flags", "subdivision-flag": "flags", "skin-tone": None, "hair-style": None,
}


def family(label: Label, name: str) -> str | None:
    """What versions of one drawing have in common by their names, as "signs:flag:norway"; nothing when there is nothing.

    The same country's flag in both packages, a sign in black on white and in white on black, a drawing and its outline.
    """
    words = [word for word in re.split(r"[-_]+", name) if word]
    if label[1] == "flags":
        return "flag:" + "-".join(word for word in words if word != "flag") if words != ["flag"] else None
    if label == ("signs", "pictograms"):
        words = [re.sub(r"(?<=[a-z])1$", "", word) for word in words]
    skipped = VERSIONS | GENDERS if label[0] == "emoji" else VERSIONS
    left = [word for word in words if word not in skipped]
    return ":".join((label[0], "-".join(left))) if any(len(word) > 2 for word in left) else None


def folder_label(folder: str) -> Label | None:
    """The label of a folder of openclipart such as "food/fruit", or nothing when it is left out."""
    parts = folder.split("/")
    for length in range(len(parts), 0, -1):
        prefix = "/".join(parts[:length])
        if prefix in FOLDERS:
            return FOLDERS[prefix]
    return parts[0], parts[1] if len(parts) > 1 else GENERAL


def file_label(folder: str, name: str) -> Label | None:
    """The label of one file of openclipart, or nothing when it is left out."""
    label = folder_label(folder)
    return label and next((other for pattern, other in NAMES if pattern.search(name)), label)


def emoji_label(subgroup: str) -> str | None:
    """The sub-category of a sub-group of emoji, or nothing when it is left out."""
    fitting = [start for start in EMOJI if subgroup.startswith(start)]
    return EMOJI[max(fitting, key=len)] if fitting else GENERAL
