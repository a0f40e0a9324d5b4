#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`facet train` as its users meet it: the real program, killed, interrupted, short of disk, fed with rubbish."""
import json, pathlib, random, re, resource, shutil, signal, subprocess, sys, tempfile, time

ROOT = pathlib.Path(__file__).resolve().parents[2]
FACET = ROOT / ".build/release/facet"
IMAGES = ROOT / "Tests/Fixtures/golden/images"
SMALL = ["--width", "16", "--size", "64", "--batch", "8", "--groups", "2", "--queue", "16", "--epochs", "60", "--checkpoint-minutes", "0.001"]


def command(folder, name, *flags, data="images"):
    return [FACET, "train", "--data", folder / data, "--recipe", "looc", *SMALL, "--out", folder / name, *flags]


def train(folder, name, *flags, **options):
    return subprocess.run(command(folder, name, *flags, **options), cwd=ROOT, capture_output=True, text=True, timeout=120)


def model(folder, name):
    return (folder / name / "model.safetensors").read_bytes()


def steps(folder, name):
    lines = (folder / name / "training/log.jsonl").read_text().splitlines()
    return [json.loads(line)["step"] for line in lines]


def test_a_run_killed_at_any_moment_goes_on_to_the_same_bits(folder):
    done = train(folder, "whole")
    assert done.returncode == 0, done.stderr
    chance, kills = random.Random(5), 0
    for _ in range(60):
        resume = ["--resume"] if (folder / "killed/training/state.safetensors").exists() else []
        if not resume:
            shutil.rmtree(folder / "killed", ignore_errors=True)
        process = subprocess.Popen(command(folder, "killed", *resume), cwd=ROOT, stderr=subprocess.PIPE, text=True)
        try:
            process.wait(chance.uniform(0.1, 0.9))
            break
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            kills += 1
    assert process.returncode == 0, process.stderr.read()
    assert kills >= 3, f"only {kills} kills: the run is too short for this test"
    assert model(folder, "killed") == model(folder, "whole"), f"other bits after {kills} kills"
    assert steps(folder, "killed")[-1] == steps(folder, "whole")[-1]
    assert steps(folder, "killed") == sorted(set(steps(folder, "killed")))


def test_an_interrupt_saves_and_the_model_can_be_used(folder):
    process = subprocess.Popen(command(folder, "stopped", "--epochs", "5000"), cwd=ROOT, stderr=subprocess.PIPE, text=True)
    log = folder / "stopped/training/log.jsonl"
    while not log.exists() or log.read_text().count("\n") < 3:
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130 and "--resume" in errors, (process.returncode, errors)
    embedded = subprocess.run([FACET, "embed", "--model", folder / "stopped", "--spaces", "color,rotation", IMAGES / "rgb.png"], capture_output=True, text=True)
    assert embedded.returncode == 0 and len(json.loads(embedded.stdout)["embeddings"]["color"]) == 128, embedded.stderr
    page = (folder / "stopped/training/report.html").read_text()
    assert "<svg" in page and not re.search(r'(src|href|action)="?\w+:|url\((?!#)|@import', page), "the report fetches something"


def test_a_full_disk_is_told_and_the_last_checkpoint_stays(folder):
    started = train(folder, "full", "--epochs", "2")
    assert started.returncode == 0, started.stderr
    state = folder / "full/training/state.safetensors"
    size = state.stat().st_size

    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size // 2, size // 2))

    failed = subprocess.run(command(folder, "full2"), cwd=ROOT, capture_output=True, text=True, preexec_fn=limit, timeout=60)
    assert failed.returncode != 0 and "cannot be written" in failed.stderr and "--resume" in failed.stderr, failed.stderr
    before = state.read_bytes()
    again = subprocess.run(command(folder, "full", "--epochs", "2", "--resume"), cwd=ROOT, capture_output=True, text=True, preexec_fn=limit, timeout=60)
    assert again.returncode != 0 and state.read_bytes() == before, again.stderr
    assert not list((folder / "full").rglob("*.facet-tmp")), "a temporary file was left behind"


def test_rubbish_among_the_images_is_left_out_and_named(folder):
    shutil.copytree(IMAGES, folder / "mixed")
    (folder / "mixed/broken.png").write_bytes((IMAGES / "rgb.png").read_bytes()[:60])
    (folder / "mixed/empty.jpg").write_bytes(b"")
    done = train(folder, "from-mixed", "--epochs", "1", data="mixed")
    assert done.returncode == 0 and "broken.png" in done.stderr and "empty.jpg" in done.stderr, done.stderr


def test_what_cannot_start_says_what_to_do(folder):
    (folder / "nothing").mkdir()
    cases = [
        (train(folder, "a", data="nothing"), "no PNG, JPEG or WebP"), (train(folder, "b", data="missing"), "missing"),
        (train(folder, "c", "--batch", "512", "--groups", "4"), "lower --batch"), (train(folder, "d", "--resume"), "without --resume"),
        (train(folder, "e", "--factors", "smell"), "rotation"), (train(folder, "f", "--batch", "9"), "--groups"),
    ]
    for done, words in cases:
        assert done.returncode not in (0, 130) and words in done.stderr, (words, done.returncode, done.stderr)
    assert not (folder / "a").exists() and not (folder / "c").exists(), "a failed start left a folder"
    help_text = subprocess.run([FACET, "train", "--help"], capture_output=True, text=True).stdout
    assert "--resume" in help_text and "deploy/fetch-data" in help_text


def main():
    tests = [value for name, value in globals().items() if name.startswith("test_")]
    tests = [test for test in tests if len(sys.argv) < 2 or sys.argv[1] in test.__name__]
    failed = 0
    for test in tests:
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            shutil.copytree(IMAGES, folder / "images")
            try:
                test(folder)
                print("ok", test.__name__)
            except Exception as error:
                failed += 1
                print("FAILED", test.__name__, type(error).__name__, str(error)[:2000])
    print(f"{len(tests) - failed} passed, {failed} failed")
    sys.exit(failed > 0)


main()
