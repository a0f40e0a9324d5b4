#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The commands as somebody at a terminal meets them: search, help topics, completion, the manual page, progress, colours."""
import json, os, pathlib, pty, re, shutil, struct, subprocess, sys, tempfile, zlib
import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
FACET = pathlib.Path(os.environ.get("FACET_PROGRAM", ROOT / ".build/release/facet"))
SAMPLE = ROOT / "deploy/sample/images"
FISH = SAMPLE / "animals/fish/yellow_gourami_01.webp"
SPACES = ["invariant", "color", "rotation", "texture"]


def facet(*words, code=0, **more):
    done = subprocess.run([FACET, *words], capture_output=True, text=True, timeout=300, **more)
    assert done.returncode == code, (words, done.returncode, done.stdout, done.stderr)
    return done


def search(folder, *words, code=0):
    return facet("search", *words, "--collection", "sample", "--store", f"sqlite:{folder / 'catalog.sqlite'}", "--models", ROOT / "models", code=code)


def hits(folder, *words):
    return [json.loads(line) for line in search(folder, *words, "--json").stdout.splitlines()]


def on_terminal(*words, environment=None):
    """What the command writes to a terminal of 100 columns, both outputs together."""
    master, slave = pty.openpty()
    run = subprocess.Popen([FACET, *words], stdin=slave, stdout=slave, stderr=slave, env={"TERM": "xterm-256color", "PATH": os.environ["PATH"], **(environment or {})})
    os.close(slave)
    out = b""
    while True:
        try:
            piece = os.read(master, 65536)
        except OSError:
            break
        if not piece:
            break
        out += piece
    os.close(master)
    assert run.wait(60) == 0, out
    return out.decode()


# --- tests ------------------------------------------------------------------------------------------------------------

def test_a_search_ranks_all_items_by_the_weighted_mean_of_their_cosines(folder):
    lines = facet("embed", "--models", ROOT / "models", "--spaces", ",".join(SPACES), SAMPLE).stdout.splitlines()
    items = [(str(pathlib.Path(line["path"]).relative_to(SAMPLE)), line["embeddings"]) for line in map(json.loads, lines)]
    arrays = {space: np.array([vectors[space] for _, vectors in items]) for space in SPACES}
    own = [name for name, _ in items].index("animals/fish/yellow_gourami_01.webp")
    cosines = {space: array @ array[own] for space, array in arrays.items()}
    for text, weights in (("", dict.fromkeys(SPACES, 1)), ("color=1", {"color": 1}), ("invariant=1,color=-0.3", {"invariant": 1, "color": -0.3})):
        score = sum(w * cosines[space] for space, w in weights.items()) / sum(abs(w) for w in weights.values())
        best = np.argsort(-score, kind="stable")[:20]
        found = hits(folder, FISH, "--top-k", "20", *(["--weights", text] if text else []))
        assert np.allclose([hit["score"] for hit in found], score[best], atol=1e-4), text
        for hit in found:
            row = [name for name, _ in items].index(hit["id"])
            assert np.allclose([hit["scores"][space] for space in SPACES], [cosines[space][row] for space in SPACES], atol=1e-4), hit


def test_an_item_can_be_the_query_and_is_not_found_itself(folder):
    found = hits(folder, "--id", "animals/fish/yellow_gourami_01.webp", "-k", "5")
    assert len(found) == 5 and all(hit["id"] != "animals/fish/yellow_gourami_01.webp" for hit in found)
    assert [hit["id"] for hit in found] == [hit["id"] for hit in hits(folder, FISH, "-k", "6")][1:]


def test_a_filter_keeps_what_meets_it(folder):
    found = hits(folder, FISH, "-k", "1000", "--filter", '{"category": "food"}')
    assert found and {hit["metadata"]["category"] for hit in found} == {"food"}
    assert len(found) == len([p for p in (SAMPLE / "food").rglob("*.webp")])
    assert search(folder, FISH, "--filter", '{"category": "nothing"}').stdout == "no item matches\n"


def test_errors_say_what_to_do(folder):
    for words, needed in (
        ((FISH, "--weights", "colour=1"), "Its spaces: invariant, color, rotation, texture"), ((FISH, "--filter", "{"), "filter"), ((FISH, "--top-k", "0"), "1 to 1000"),
        (("nowhere.png",), "cannot be read: no such file"), ((), "facet search photo.jpg"), ((FISH, "--id", "x"), "one of them"), (("--id", "nothing"), "no such item"),
        ((FISH, "--show", "blocks"), "use --html or --png"),
    ):
        done = subprocess.run([FACET, "search", *words, "-c", "sample", "--store", f"sqlite:{folder / 'catalog.sqlite'}", "--models", ROOT / "models"], capture_output=True, text=True)
        assert done.returncode != 0 and needed in done.stderr, (words, done.stderr)
    done = subprocess.run([FACET, "search", FISH, "-c", "shop", "--store", f"sqlite:{folder / 'catalog.sqlite'}"], capture_output=True, text=True)
    assert "Its collections: sample" in done.stderr, done.stderr


def test_a_mistake_is_answered_in_a_line_that_names_the_way_out(folder):
    store = ["--store", f"sqlite:{folder / 'catalog.sqlite'}"]
    models = folder / "models"
    shutil.copytree(ROOT / "models/facet-small", models / "mine")
    before = {path.name: path.read_bytes() for path in (models / "mine").iterdir()}
    (folder / "web.html").mkdir()
    for words, code, needed in (
        (["catalog", "delete", "shop", "--yes", *store], 1, "has no collection 'shop'. Its collections: sample."),
        (["catalog", "export", "shop", folder / "out", *store], 1, "Its collections: sample."),
        (["catalog", "reindex", "shop", *store], 1, "Its collections: sample."),
        (["advise", "shop", "--label-field", "category", *store], 1, "Its collections: sample."),
        (["advise", "sample", "--labels", folder / "none.tsv", *store], 1, "none.tsv: no such file or directory"),
        (["keys", "check", folder / "none"], 1, "none: no such file or directory"),
        (["keys", "new", "web", "--file", folder / "none/keys"], 64, "none/keys: no such file or directory"),
        (["search", FISH, "-c", "sample", *store, "--models", ROOT / "models", "--html", folder / "web.html"], 1, "web.html"),
        (["embed", "--models", models, "--model", "yours", FISH], 1, "beside it there are mine"),
        (["embed", "--models", folder / "none", FISH], 1, "'facet train' and 'facet convert' make one"),
        (["embed", "--models", models, "--model", "mine", "--spaces", "colour", FISH], 64, "Its spaces: backbone, invariant, color"),
        (["train", "--data", SAMPLE / "food", "--out", models / "mine", "--batch", "8", "--epochs", "1"], 1, "is not replaced"),
        (["convert", ROOT / "Tests/Fixtures/golden/moco-v2-r18w8/zip.pth.tar", models / "mine"], 64, "name another folder"),
        (["inspect", FISH], 1, "this is no checkpoint"),
        (["doctor", "--models", "none", "--listen", "127.0.0.1:0", "--store", "none"], 1, str(folder / "none")),
    ):
        done = subprocess.run([FACET, *words], capture_output=True, text=True, timeout=120, cwd=folder)
        said = done.stderr + done.stdout
        assert done.returncode == code and needed in said, (words, done.returncode, said[-1500:])
        assert "Usage:" not in said and "NSCocoa" not in said and "UserInfo" not in said, (words, said)
    assert {path.name: path.read_bytes() for path in (models / "mine").iterdir() if path.is_file()} == before, "a model was replaced"


def test_the_page_fetches_nothing_and_has_a_row_for_each_space(folder):
    search(folder, FISH, "-k", "6", "--html", folder / "page.html", "--png", folder / "sheet.png")
    page = (folder / "page.html").read_text()
    assert re.findall(r"<h2>(\w[\w ]*?) <small>", page) == ["All together", *SPACES], page[:500]
    assert page.count("<li ") == 30 and page.count('src="data:image/jpeg;base64,') == 31
    assert not re.search(r'(?:src|href)="(?!data:)|url\(|@import|<script', page)
    sheet = (folder / "sheet.png").read_bytes()
    width, height = struct.unpack(">II", sheet[16:24])
    assert sheet[:8] == b"\x89PNG\r\n\x1a\n" and (width, height) == (6 * 100 + 4, 6 * 100 + 4)
    size = struct.unpack(">I", sheet[33:37])[0]
    assert len(zlib.decompress(sheet[41:41 + size])) == height * (1 + 3 * width)


def test_a_terminal_gets_colours_and_pictures_and_a_file_gets_none(folder):
    words = ["search", FISH, "-c", "sample", "--store", f"sqlite:{folder / 'catalog.sqlite'}", "--models", ROOT / "models", "-k", "3"]
    assert "\x1b" not in facet(*words).stdout
    seen = on_terminal(*words)
    assert "\x1b[1m" in seen and "298/298 items" in seen, seen
    assert "\x1b[1m" not in on_terminal(*words, environment={"NO_COLOR": "1"})
    assert "\x1b[38;2;" in on_terminal(*words, "--show", "blocks") and "\u2580" in on_terminal(*words, "--show", "blocks")
    assert "\x1bPq" in on_terminal(*words, "--show", "sixel") and "\x1b_Ga=T,f=100" in on_terminal(*words, "--show", "kitty")
    assert "\x1b[32mok" in on_terminal("doctor", "--models", ROOT / "models", "--listen", "127.0.0.1:0", "--store", "none")


def test_help_knows_topics_commands_and_what_is_neither(folder):
    for topic in ("spaces", "weights", "filters", "errors", "configuration", "training"):
        text = facet("help", topic).stdout
        assert len(text) > 400 and max(map(len, text.splitlines())) <= 80, topic
        assert topic in facet("help").stdout
    assert facet("help", "catalog", "import").stdout == facet("catalog", "import", "--help").stdout
    assert "Topics: spaces" in facet("help", "nonsense", code=64).stderr


def commands(words=()):
    """Every command with its help, from the top."""
    text = facet(*words, "--help").stdout
    yield words, text
    listed = re.search(r"SUBCOMMANDS:\n(.*?)(?:\n\n|\Z)", text, re.S)
    for name in re.findall(r"^  ([\w-]+)", listed[1], re.M) if listed else []:
        yield from commands((*words, name))


def test_every_command_has_help_that_fits_a_terminal_and_an_example(folder):
    known = dict(commands())
    assert ("search",) in known and ("catalog", "import") in known and len(known) > 20
    for words, text in known.items():
        assert max(map(len, text.splitlines())) <= 80, words
        assert re.search(r"^  facet ", text, re.M), f"{words} has no example"


def test_completion_scripts_are_sound_and_offer_models_and_values(folder):
    script = folder / "facet.bash"
    script.write_text(facet("completions", "bash").stdout)
    subprocess.run(["bash", "-n", script], check=True)
    ask = f'source {script}; COMP_WORDS=(facet {{}} ""); COMP_CWORD=$((${{{{#COMP_WORDS[@]}}}} - 1)); COMP_LINE="${{{{COMP_WORDS[*]}}}}"; COMP_POINT=${{{{#COMP_LINE}}}}; _facet facet "" "${{{{COMP_WORDS[COMP_CWORD - 1]}}}}"; echo "${{{{COMPREPLY[*]}}}}"'
    def offered(line):
        path = f"{FACET.parent}:{os.environ['PATH']}"
        return subprocess.run(["bash", "-c", ask.format(line)], capture_output=True, text=True, cwd=ROOT, env=os.environ | {"PATH": path}, timeout=30).stdout.split()
    assert {"search", "catalog", "help"} <= set(offered("")), offered("")
    assert {"blocks", "kitty", "sixel"} <= set(offered("search --show")), offered("search --show")
    assert {"weights", "filters", "train"} <= set(offered("help")), offered("help")
    assert script.read_text().count("\n_facet_help() {") == 1
    if FACET.name == "facet":
        assert "facet-small" in offered("serve --model"), offered("serve --model")
    for shell in ("zsh", "fish"):
        assert len(facet("completions", shell).stdout) > 1000
        if shutil.which(shell):
            (folder / shell).write_text(facet("completions", shell).stdout)
            subprocess.run([shell, "-n", folder / shell], check=True)


def test_the_manual_page_is_one(folder):
    page = folder / "facet.1"
    page.write_text(facet("man").stdout)
    for words in ("facet search", "facet catalog import", "\\-\\-weights", "ON FILTERS"):
        assert words in page.read_text(), words
    if shutil.which("mandoc"):
        said = subprocess.run(["mandoc", "-Tlint", page], capture_output=True, text=True)
        assert not [line for line in (said.stdout + said.stderr).splitlines() if "longer than 80" not in line and "missing date" not in line], said.stdout
    if shutil.which("groff"):
        said = subprocess.run(["groff", "-ww", "-man", "-Tutf8", page], capture_output=True, text=True)
        assert not said.stderr, said.stderr


def test_an_evaluation_without_a_terminal_says_how_far_it_is_on_plain_lines(folder):
    done = facet("evaluate", "--models", ROOT / "models/facet-small", "--data", SAMPLE / "food", "--quick", "--no-baselines", "--profile-images", "10", "--report", folder / "r.html")
    lines = [line for line in done.stderr.splitlines() if re.match(r"\d+%  \d+/\d+ steps", line)]
    assert 2 <= len(lines) < 20 and lines[-1].startswith("100%"), done.stderr
    assert "\x1b" not in done.stderr and "\u2588" not in done.stderr and "\r" not in done.stderr


def main():
    with tempfile.TemporaryDirectory(prefix="facet-commands-") as name:
        folder = pathlib.Path(name)
        facet("catalog", "import", "sample", SAMPLE, "--store", f"sqlite:{folder / 'catalog.sqlite'}", "--models", ROOT / "models")
        for name, test in list(globals().items()):
            if name.startswith("test_") and (len(sys.argv) < 2 or sys.argv[1] in name):
                test(folder)
                print("ok", name, flush=True)


main()
