"""A backend in a process of its own, for the service's tests."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPResponse
from pathlib import Path
from typing import Any

FAKE_WORKER = (sys.executable, str(Path(__file__).with_name("fake_worker.py")))

RUN = """
import sys
from pathlib import Path
from dreamface.errors import DreamFaceError
from dreamface.service.server import Options, serve
store, setup, *worker = sys.argv[1:]
options = {"worker": worker} if worker else {}
exec(setup)
try:
    serve(Options(Path(store), until_stdin_closes=True, **options))
except DreamFaceError as error:
    sys.exit(str(error))
"""


class Backend:
    """Started by `running_backend`.

    Attributes:
        store: its folder.
        process: it.
        url, token: where it listens and how to be let in.
    """

    def __init__(self, store: Path, worker: tuple[str, ...], setup: str) -> None:
        self.store = store
        (store / "backend.json").unlink(missing_ok=True)
        store.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-c", RUN, str(store), setup, *worker]
        with (store / "log").open("ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=log)
        wait_for(lambda: (store / "backend.json").exists() or self.process.poll() is not None)
        handover = json.loads((store / "backend.json").read_text())
        self.url, self.token = handover["url"], handover["token"]

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """Status and body; JSON is read."""
        try:
            with self.open(method, path, body, **headers) as answer:
                status, data, kind = answer.status, answer.read(), answer.headers["Content-Type"]
        except urllib.error.HTTPError as error:
            with error:
                status, data, kind = error.code, error.read(), error.headers["Content-Type"]
        return status, json.loads(data) if kind == "application/json" else data

    def open(self, method: str, path: str, body: Any = None, **headers: str) -> HTTPResponse:
        data = json.dumps(body).encode() if isinstance(body, dict | list) else body
        sent = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json", **headers}
        request = urllib.request.Request(self.url + path, data, sent, method=method)
        return urllib.request.urlopen(request, timeout=30)

    def generate(self, prompt: str, **rest: Any) -> str:
        """Ask for a face; its job's id."""
        request = {"prompt": prompt, "resolution": 512, **rest}
        status, job = self.ask("POST", "/jobs", {"kind": "generate", "request": request})
        assert status == 201, job
        return str(job["id"])

    def job(self, job: str) -> dict[str, Any]:
        status, found = self.ask("GET", f"/jobs/{job}")
        assert status == 200, found
        return dict(found)

    def outcome(self, job: str, timeout: float = 30.0) -> dict[str, Any]:
        """The job once it is over."""
        wait_for(lambda: self.job(job)["state"] not in ("queued", "running"), timeout)
        return self.job(job)

    def health(self) -> dict[str, Any]:
        status, health = self.ask("GET", "/health")
        assert status == 200
        return dict(health)

    def when_ready(self) -> None:
        wait_for(lambda: self.health()["state"] == "ready")

    def when_running(self, job: str) -> None:
        wait_for(lambda: self.job(job)["stage"] != "", 30.0)

    def log(self) -> str:
        return (self.store / "log").read_text()

    def kill(self) -> None:
        """kill -9."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait(10.0)


@contextmanager
def running_backend(store: Path, worker: tuple[str, ...] = FAKE_WORKER, setup: str = "") -> Iterator[Backend]:
    """A backend on `store`; with `worker` empty it has the real one.

    `setup` is run in it before it starts, and may change its `options`.
    """
    backend = Backend(store, worker, setup)
    try:
        yield backend
    finally:
        if backend.process.poll() is None:
            backend.stop()


def wait_for(happened: Any, timeout: float = 30.0) -> None:
    end = time.monotonic() + timeout
    while not happened():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
