#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every shell and Python block of README.md and deploy/docs is run in order, in a scratch folder, against a real server.

A block's commands run in one bash with -e: a command that fails, or is not there, fails the test. What a page shows as the
answer of the block before it is compared with what came. SUBSTITUTIONS says, line by line, what is run in place of what
would take too long, need the network or not end; an entry that no page has any more fails the test, too.
"""
import os, pathlib, re, shutil, signal, socket, subprocess, sys, tempfile, time

ROOT = pathlib.Path(__file__).resolve().parents[2]
FACET = pathlib.Path(os.environ.get("FACET_PROGRAM", ROOT / ".build/release/facet"))
GOLDEN = ROOT / "Tests/Fixtures/golden"
PAGES = [ROOT / "README.md", *sorted((ROOT / "deploy/docs").glob("*.md"))]
# Small enough to train in seconds, large enough to go through every step.
BRIEF = "--width 8 --size 32 --batch 16 --groups 2 --queue 32"

# A line as a page has it, without its comment: what is run. SERVE(flags) starts the server and waits until it is ready.
SUBSTITUTIONS = {
    # Servers: the program that deploy/serve builds, at a free port.
    "deploy/serve": "SERVE",
    "deploy/serve --model mine": "SERVE --model mine",
    "deploy/serve --model converted": "SERVE --model converted",
    "deploy/serve --keys keys": "SERVE --keys keys",
    "deploy/serve --listen unix:facet.sock": "SERVE --listen unix:facet.sock",
    # The network, and some thousand pictures: pictures of the sample catalog stand for them.
    "deploy/fetch-data": ": data/ is there",
    # Training for seconds in place of half an hour.
    ".build/release/facet train --data photos --out models/mine": f".build/release/facet train --data photos --out models/mine {BRIEF} --epochs 2",
    ".build/release/facet train --data photos --out models/mine --epochs 100": f".build/release/facet train --data photos --out models/mine {BRIEF} --epochs 2",
    ".build/release/facet train --data data --recipe looc --out models/looc": f".build/release/facet train --data data --recipe looc --out models/looc {BRIEF} --epochs 2",
    ".build/release/facet train --data photos --factors color,rotation --epochs 200 --out models/turned": f".build/release/facet train --data photos --factors color,rotation --epochs 2 --out models/turned {BRIEF}",
    # Two models and few draws in place of minutes.
    ".build/release/facet evaluate --models facet-small,looc-120,loocpp,moco,moco-all --data data --report report.html": ".build/release/facet evaluate --models facet-small --data data --report report.html --quick --profile-images 20 --no-baselines",
    ".build/release/facet evaluate --models mine --data photos --quick --write-profile": ".build/release/facet evaluate --models mine --data photos --quick --write-profile --profile-images 20",
    ".build/release/facet evaluate --models mine --data photos --quick --report report.html --write-profile": ".build/release/facet evaluate --models mine --data photos --quick --report report.html --write-profile --profile-images 20",
    # A model that is there.
    "$facet catalog reindex kept --model new": "$facet catalog reindex kept --model moco --spaces invariant",
    # Whatever else has the port of the machine that runs this.
    ".build/release/facet doctor": ".build/release/facet doctor --listen 127.0.0.1:0",
    # A server of the tests' own (Tests/Postgres/server) in place of a container.
    "docker run -d --name facet-db -p 5432:5432 -e POSTGRES_USER=facet -e POSTGRES_PASSWORD=secret -v facet-db:/var/lib/postgresql/data pgvector/pgvector:pg17": ": a server is there",
    "store=postgres://facet:secret@127.0.0.1:5432/facet": "store=$FACET_TEST_POSTGRES",
    "deploy/serve --store $store": f"SERVE --store {os.environ.get('FACET_TEST_POSTGRES')}",
    # It would build all of the package again.
    "swift run -c release facet-bench --help": "test -f Package.swift",
    "swift run -c release facet-bench peers --sections engines memory": "test -f Package.swift",
}


def blocks(page):
    """(language, text, line) of each fenced block."""
    found, fence, start = [], None, 0
    for number, line in enumerate(page.read_text().splitlines(), 1):
        if fence is None and line.startswith("```"):
            fence, body, start = line[3:].strip(), [], number + 1
        elif fence is not None and line == "```":
            found.append((fence, "\n".join(body), start))
            fence = None
        elif fence is not None:
            body.append(line)
    assert fence is None, f"{page}: a block is not closed"
    return found


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Scratch:
    """A folder that looks like the checkout with what the pages suppose the reader has; everything it starts ends with it."""

    def __init__(self, folder):
        self.folder, self.server, self.used = folder, None, set()
        for name in ("Tests", "deploy", "openapi.yaml", "Package.swift"):
            (folder / name).symlink_to(ROOT / name)
        (folder / ".build/release").mkdir(parents=True)
        (folder / ".build/release/facet").symlink_to(FACET)
        (folder / "models").mkdir()
        for name in ("facet-small", "moco"):
            if (ROOT / "models" / name / "model.json").exists():
                (folder / "models" / name).symlink_to(ROOT / "models" / name)
        images = sorted((ROOT / "deploy/sample/images").rglob("*.webp"))
        for number, picture in enumerate(images[:160]):
            for place in ("photos", "data/images"):
                target = folder / place / picture.relative_to(ROOT / "deploy/sample/images")
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(picture, target)
        (folder / "pictures").mkdir()
        for name in ("baseline.jpg", "rgb.png", "lossy.webp"):
            shutil.copy(GOLDEN / "images" / name, folder / "pictures" / name)
        shutil.copy(GOLDEN / "images/baseline.jpg", folder / "photo.jpg")
        shutil.copy(GOLDEN / "images/baseline.jpg", folder / "a.jpg")
        shutil.copy(GOLDEN / "images/rgb.png", folder / "b.png")
        shutil.copy(GOLDEN / "moco-v2-r18w8/zip.pth.tar", folder / "checkpoint.pth.tar")

    def serve(self, flags):
        self.stop()
        self.port = free_port()
        words = [FACET, "serve", *([] if "--listen" in flags else ["--listen", f"127.0.0.1:{self.port}"]), *flags.split()]
        log = open(self.folder / "server.log", "w")
        self.server = subprocess.Popen(words, cwd=self.folder, stderr=log, stdout=log, env=os.environ | {"FACET_SAMPLE": "deploy/sample/images"})
        for _ in range(600):
            assert self.server.poll() is None, f"facet serve {flags} ended: {(self.folder / 'server.log').read_text()}"
            if "ready" in (self.folder / "server.log").read_text():
                return
            time.sleep(0.1)
        raise AssertionError("the server is not ready after a minute: " + (self.folder / "server.log").read_text())

    def stop(self):
        if self.server:
            self.server.send_signal(signal.SIGTERM)
            self.server.wait(60)
        self.server = None

    def translate(self, text):
        """The block with its substitutions, cut where a server has to be started."""
        parts, script = [], []
        for line in re.sub(r"\\\n\s*", " ", text).splitlines():
            bare = re.sub(r"\s+#.*$", "", line).strip()
            if bare in SUBSTITUTIONS:
                self.used.add(bare)
                run = SUBSTITUTIONS[bare]
                if run.startswith("SERVE"):
                    parts.append(("run", script))
                    parts.append(("serve", run[5:].strip()))
                    script = []
                    continue
                line = run
            script.append(line)
        return parts + [("run", script)]

    def run(self, text, where, variables):
        out = ""
        for kind, what in self.translate(text):
            if kind == "serve":
                self.serve(what)
                continue
            if not any(what):
                continue
            # Assignments of one block hold in the next ones of the page, as in a reader's shell.
            names = re.findall(r"^([a-zA-Z]+)=", "\n".join(what), re.M)
            kept = self.folder / "variables.sh"
            script = "set -euo pipefail\n" + "\n".join(variables + what + [f"declare -p {name} >> {kept}" for name in names])
            script = script.replace("127.0.0.1:8080", f"127.0.0.1:{getattr(self, 'port', 8080)}").replace("curl ", "curl -sS --fail-with-body ")
            done = subprocess.run(["bash", "-c", script], cwd=self.folder, capture_output=True, text=True, timeout=300, env=os.environ | {"NO_COLOR": "1", "FACET_URL": f"http://127.0.0.1:{getattr(self, 'port', 8080)}", "PATH": f"{pathlib.Path(sys.executable).parent}:{os.environ['PATH']}"})
            assert done.returncode == 0, f"{where}: ended with {done.returncode}\n{script}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
            variables[:] = kept.read_text().splitlines() if kept.exists() else []
            out += done.stdout
        return out


def same(shown, got, where):
    """Whether an answer is what a page shows: '...' stands for anything, line ends and blanks for nothing, numbers to the digits shown."""
    def tokens(text):
        return re.findall(r"\.\.\.|-?\d+\.\d+|[A-Za-z0-9_:/.\-]+|\S", text)
    shown, got = tokens(shown), tokens(got)
    place = 0
    for index, token in enumerate(shown):
        if token == "...":
            after = shown[index + 1:index + 3]
            while place < len(got) and not (got[place] == after[0] and (len(after) < 2 or after[1] == "..." or got[place + 1:place + 2] == after[1:2])):
                place += 1
            assert place < len(got), f"{where}: nothing after '...' is {after}"
            continue
        assert place < len(got), f"{where}: the answer ends before {token!r}"
        if re.fullmatch(r"-?\d+\.\d+", token) and re.fullmatch(r"-?\d+(\.\d+)?", got[place]):
            # Other instruction sets differ in the seventh digit, which may round the last one shown the other way.
            room = max(1.01 * 10 ** -len(token.split(".")[1]), 1e-5)
            assert abs(float(token) - float(got[place])) <= room, f"{where}: {token} is shown and {got[place]} came"
        else:
            assert token == got[place], f"{where}: {token!r} is shown and {got[place]!r} came"
        place += 1
    assert place == len(got), f"{where}: the answer goes on with {' '.join(got[place:place + 8])}"


def run_page(scratch, page):
    """Runs a page's blocks from the top; returns how many were run and how many answers compared."""
    name, variables, last, ran, compared = str(page.relative_to(ROOT)), [], None, 0, 0
    for number, (language, text, line) in enumerate(blocks(page)):
        where = f"{name}:{line}"
        if language == "sh":
            last = scratch.run(text, where, variables)
            ran += 1
        elif language == "python":
            code = text.replace("127.0.0.1:8080", f"127.0.0.1:{scratch.port}")
            done = subprocess.run([sys.executable, "-c", code], cwd=scratch.folder, capture_output=True, text=True, timeout=120)
            assert done.returncode == 0, f"{where}: {done.stderr[-2000:]}"
            last, ran = None, ran + 1
        elif language == "" and last is not None:
            same(text, last, where)
            last, compared = None, compared + 1
        else:
            last = None
    return ran, compared


# --- tests ------------------------------------------------------------------------------------------------------------

def test_every_command_of_the_pages_runs_and_answers_as_shown():
    only = sys.argv[1] if len(sys.argv) > 1 and sys.argv[1].endswith(".md") else ""
    used, compared = set(), {}
    for page in PAGES:
        if page.name == "postgresql.md" and "FACET_TEST_POSTGRES" not in os.environ:
            print("   postgresql.md: left out, there is no PostgreSQL (Tests/Postgres/setup fetches one)")
            used |= {line for line in SUBSTITUTIONS if "$store" in line or "postgres" in line}
            continue
        if not str(page).endswith(only):
            continue
        with tempfile.TemporaryDirectory(prefix="facet-readme-") as name:
            scratch = Scratch(pathlib.Path(name))
            try:
                ran, compared[page.name] = run_page(scratch, page)
            finally:
                scratch.stop()
            used |= scratch.used
            assert page != PAGES[0] or compared[page.name] == 2, "README.md shows two exact answers"
            print(f"   {page.relative_to(ROOT)}: {ran} blocks, {compared[page.name]} answers", flush=True)
    if only:
        return
    assert used == set(SUBSTITUTIONS), f"no page has: {set(SUBSTITUTIONS) - used}"


def test_an_answer_is_compared_to_the_digits_shown():
    same('{"a":[0.25,-1.5, ...],"b":"x"}', '{"a":[0.2500001,-1.5,3.0,4.0],"b":"x"}\n', "here")
    same("a  1.0000\nb", "a 0.99996 b", "here")
    for shown, got in (("0.25", "0.27"), ("a", "b"), ("a", "a b"), ("a b", "a"), ("[1.0, ...] x", "[1.0, 2.0] y")):
        try:
            same(shown, got, "here")
        except AssertionError:
            continue
        raise AssertionError(f"{got!r} passed for {shown!r}")


def test_a_command_that_is_not_there_fails():
    with tempfile.TemporaryDirectory(prefix="facet-readme-") as name:
        scratch = Scratch(pathlib.Path(name))
        for text in ("facet-unknown --flag", ".build/release/facet embed --no-such-flag photo.jpg", "false"):
            try:
                scratch.run(text, "here", [])
            except AssertionError:
                continue
            raise AssertionError(f"{text!r} passed")


def anchors(page):
    """What a heading can be linked by."""
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.S)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in re.findall(r"^#+ +(.+)$", text, re.M)}


def test_no_relative_link_of_a_page_is_dead():
    pages = [*PAGES, ROOT / "CONTRIBUTING.md", *(p for p in (ROOT / "deploy").rglob("*.md") if "docs" not in p.parts)]
    for page in pages:
        text = re.sub(r"```.*?```", "", page.read_text(), flags=re.S)
        for target in re.findall(r"\]\(([^)\s]+)\)", text):
            if re.match(r"[a-z]+:", target):
                continue
            path, _, fragment = target.partition("#")
            linked = (page.parent / path).resolve() if path else page
            assert linked.exists(), f"{page.relative_to(ROOT)}: there is no {target}"
            assert not fragment or fragment in anchors(linked), f"{page.relative_to(ROOT)}: {target} names no heading"
        # A file that is named in the text is there, too.
        for target in re.findall(r"`((?:deploy|Sources|Tests)/[\w./-]+)`", text):
            assert (ROOT / target).exists(), f"{page.relative_to(ROOT)}: there is no {target}"


def test_every_guide_is_in_the_index():
    index = (ROOT / "deploy/docs/README.md").read_text()
    for page in (ROOT / "deploy/docs").glob("*.md"):
        assert page.name == "README.md" or f"({page.name})" in index, f"{page.name} is not in deploy/docs/README.md"


def main():
    for name, test in list(globals().items()):
        if name.startswith("test_") and (len(sys.argv) < 2 or sys.argv[1] in name or sys.argv[1].endswith(".md") and "pages_runs" in name):
            test()
            print("ok", name, flush=True)


main()
