# SPDX-License-Identifier: Apache-2.0
"""schemathesis against openapi.yaml, with every check: no 5xx, no undocumented status, no violated schema."""
import os, subprocess
from common import ROOT, Report, Server, png


def run(short, options):
    report = Report("contract")
    program = ROOT / ".build/reliability-venv/bin/schemathesis"
    if not program.exists():
        report.check(False, "schemathesis is missing: run Tests/Reliability/setup")
        return report.end()
    with Server("--log-requests", "errors") as server:
        server.json("PUT", "/v1/collections/shop", {})
        server.call("PUT", "/v1/collections/shop/items/a?keep=true", png(1), {"Content-Type": "image/png"})
        done = subprocess.run(
            [program, "--config-file", ROOT / "Tests/Reliability/schemathesis.toml", "run", ROOT / "openapi.yaml", "--url", f"http://{server.host}:{server.port}",
             "--checks", "all", "--continue-on-failure", "--seed", str(options.seed), "--max-examples", "10" if short else "100", "--phases", "examples,coverage,fuzzing,stateful" if not short else "examples,coverage",
             "--suppress-health-check", "all", "--request-timeout", "30", "--warnings", "off"],
            text=True, capture_output=True, cwd=server.folder, env={**os.environ, "NO_COLOR": "1"})
        (options.out).mkdir(parents=True, exist_ok=True)
        (options.out / "contract.txt").write_text(done.stdout + done.stderr)
        tail = done.stdout.strip().splitlines()[-25:]
        print("\n".join("  | " + line for line in tail))
        report.check(done.returncode == 0, f"schemathesis ended with {done.returncode}; all of it in {options.out}/contract.txt")
        report.check(server.alive(), "the server is alive")
        wrong = [name for name in server.metrics() if name.startswith("facet_http_responses_total") and 'status="5' in name and 'status="503"' not in name]
        report.check(not wrong, f"no answer of 500 and more but 503 while a model was unloaded: {wrong}")
    return report.end()
