"""The figures about the backend in docs/figures.md: when it is ready, how much memory it holds, how fast it answers.

    python benchmarks/service.py             # speed and memory
    python benchmarks/service.py --kills     # 200 jobs while worker and service are killed at random

Medians of several runs; nothing else heavy should be running. Memory and kills need Linux.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import Any

PROMPT = "an elderly man with a broad nose and freckles, as old as the hills"
JOBS = 200
AHEAD = 6  # jobs that wait at any time
PAUSE = (0.5, 12.0)  # seconds that a worker lives before the next kill, drawn evenly
OVER = ("done", "failed", "cancelled")


class Backend:
    """`dreamface serve` in a process of its own."""

    def __init__(self, store: Path) -> None:
        self.store = store
        handover = store / "backend.json"
        handover.unlink(missing_ok=True)
        store.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "dreamface", "serve", "--store", str(store), "--until-stdin-closes"]
        with (store / "log").open("ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=log)
        while not handover.exists():
            time.sleep(0.01)
        said = json.loads(handover.read_text())
        self._url, self._token = said["url"], said["token"]

    def open(self, method: str, path: str, body: Any = None) -> HTTPResponse:
        """Ask; the answer is still to be read."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        request = urllib.request.Request(self._url + path, data, headers, method=method)
        return urllib.request.urlopen(request, timeout=30)

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Ask and read JSON."""
        with self.open(method, path, body) as answer:
            return json.load(answer)

    def generate(self, **rest: Any) -> dict[str, Any]:
        """Ask for a face."""
        request = {"prompt": PROMPT, "resolution": 512, **rest.pop("request", {})}
        return self.ask("POST", "/jobs", {"kind": "generate", "request": request, **rest})

    def follow(self, job: str) -> dict[str, Any]:
        """Wait by events until a job is over."""
        last = {}
        with self.open("GET", f"/jobs/{job}/events") as answer:
            for line in answer:
                if line.startswith(b"data: "):
                    last = json.loads(line.removeprefix(b"data: "))
        return last

    def when_ready(self) -> None:
        """Wait for the worker."""
        while self.ask("GET", "/health")["state"] != "ready":
            time.sleep(0.02)

    def memory(self) -> float:
        """MB that service and worker hold, shared pages shared out (PSS)."""
        health = self.ask("GET", "/health")
        return sum(pss(health[key]) for key in ("pid", "worker_pid")) / 1024

    def end(self) -> None:
        """Close its standard input, as a parent that dies does."""
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait(10)


def pss(pid: int) -> int:
    """KB that a process holds."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


@contextmanager
def backend(store: Path) -> Iterator[Backend]:
    """A backend that is ready."""
    running = Backend(store)
    try:
        running.when_ready()
        yield running
    finally:
        running.end()


def times(action: Callable[[], object], runs: int) -> list[float]:
    """Wall times of `action` in milliseconds."""
    taken = []
    for _ in range(runs):
        start = time.perf_counter()
        action()
        taken.append(1000 * (time.perf_counter() - start))
    return taken


def start_time(scratch: Path) -> float:
    """Milliseconds from starting the process to a worker that is ready."""
    start = time.perf_counter()
    with backend(scratch / "start"):
        return 1000 * (time.perf_counter() - start)


def speed(scratch: Path) -> None:
    """Times and memory."""
    starts = [start_time(scratch) for _ in range(4)][1:]  # the first fills the disk's cache
    print(f"start to ready: {statistics.median(starts):.0f} ms (target 6000 ms)", flush=True)
    with backend(scratch / "work") as running:
        print(f"memory once ready: {running.memory():.0f} MB (target 700 MB)", flush=True)
        made = running.follow(running.generate()["id"])
        report(
            "prompt to face folder, 512 maps, warm", times(lambda: running.follow(running.generate()["id"]), 9), 1000
        )
        traits = json.loads((Path(made["result"]["folder"]) / "face.json").read_text())["traits"]
        body = {"head": "anny", "seed": made["request"]["seed"], "traits": traits}

        def reshape(**rest: Any) -> None:
            traits["nose.width"]["value"] = random.uniform(-2.0, 2.0)
            with running.open("POST", "/reshape", {**body, **rest}) as answer:
                answer.read()

        report("reshape", times(reshape, 25), 60)
        report("reshape with shapes", times(lambda: reshape(shapes=True), 7), 400)
        report("read", times(lambda: running.ask("POST", "/read", {"prompt": PROMPT}), 15), 50)
        report("cancel, answered", [cancel_time(running) for _ in range(9)], 500)
        running.follow(running.generate()["id"])
        time.sleep(5.0)  # an idle worker gives memory back after a pause
        print(f"memory after jobs: {running.memory():.0f} MB (target 700 MB)", flush=True)


def cancel_time(running: Backend) -> float:
    """Milliseconds until the cancelling of a running job is answered."""
    job = running.generate(request={"resolution": 2048})["id"]
    while not running.ask("GET", f"/jobs/{job}")["stage"]:
        time.sleep(0.02)
    time.sleep(random.uniform(0.0, 0.5))
    return times(lambda: running.ask("POST", f"/jobs/{job}/cancel"), 1)[0]


def report(what: str, taken: list[float], target: float) -> None:
    """One line of the table."""
    median, most = statistics.median(taken), max(taken)
    print(f"{what}: {median:.0f} ms, at most {most:.0f} ms (target {target:.0f} ms)", flush=True)


# ---------------------------------------------------------------------------------------------------------------- kills


class Torture:
    """Jobs that are asked for again until they are known to be taken, on a backend that is killed all the time."""

    def __init__(self, store: Path, seed: int) -> None:
        self.store = store
        self.random = random.Random(seed)
        self.kills = {"worker": 0, "service": 0}
        self.running = Backend(store)
        self.ids = [f"{self.random.getrandbits(128):032x}" for _ in range(JOBS)]

    def run(self) -> None:
        """Until every job is over."""
        asked, next_kill = 0, 0.0
        while True:
            try:
                waiting = len(self.running.ask("GET", "/jobs?active=true&limit=10000")["jobs"])
                while asked < JOBS and waiting < AHEAD:
                    self.running.generate(id=self.ids[asked], request={"seed": asked})
                    asked, waiting = asked + 1, waiting + 1
                if asked == JOBS and not waiting:
                    return
                if not next_kill and self.running.ask("GET", "/health")["state"] == "ready":
                    next_kill = time.monotonic() + self.random.uniform(*PAUSE)
                if next_kill and time.monotonic() > next_kill:
                    next_kill = 0.0
                    self.kill()
            except (OSError, HTTPException):
                pass  # killed meanwhile: asked again, with the same id
            time.sleep(self.random.uniform(0.0, 0.2))

    def kill(self) -> None:
        """End the worker or the service with signal 9."""
        if self.random.random() < 0.5:
            worker = self.running.ask("GET", "/health")["worker_pid"]
            if worker:
                os.kill(worker, signal.SIGKILL)
                self.kills["worker"] += 1
        else:
            self.running.process.kill()
            self.running.process.wait()
            self.kills["service"] += 1
            self.running = Backend(self.store)

    def verdict(self) -> dict[str, int]:
        """What became of everything."""
        from dreamface import folder
        from dreamface.errors import DreamFaceError

        jobs = {job["id"]: job for job in self.running.ask("GET", "/jobs?limit=10000")["jobs"]}
        count = {state: sum(job["state"] == state for job in jobs.values()) for state in OVER}
        done = {name for name, job in jobs.items() if job["state"] == "done"}
        half = len({path.name for path in (self.store / "faces").iterdir()} ^ done)
        for name in done:
            try:
                folder.load(self.store / "faces" / name)
            except DreamFaceError as error:
                print(error)
                half += 1
        half += sum(1 for _ in (self.store / "staging").iterdir())
        lost = sum(name not in jobs or jobs[name]["state"] not in OVER for name in self.ids)
        silent = sum(job["state"] == "failed" and not job["error"] for job in jobs.values())
        again = sum(job["attempts"] > 1 for job in jobs.values())
        return {**count, "run again": again, "failed without a reason": silent, "lost": lost, "half written": half}


def kills(scratch: Path, seed: int) -> None:
    """Jobs under random kills."""
    start = time.monotonic()
    torture = Torture(scratch / "kills", seed)
    torture.run()
    print(f"{JOBS} jobs, killed: {torture.kills}, in {time.monotonic() - start:.0f} s")
    print(torture.verdict())
    torture.running.end()


def main() -> None:
    """Run what the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", action="store_true")
    parser.add_argument("--seed", type=int, default=1, help="of the kills")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        if arguments.kills:
            kills(Path(scratch), arguments.seed)
        else:
            speed(Path(scratch))


if __name__ == "__main__":
    main()
