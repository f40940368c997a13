"""Processes killed, jobs cancelled, a full disk, a clock that jumps, eight clients; and what became of the jobs."""

from __future__ import annotations

import errno
import http.client
import json
import os
import random
import signal
import sqlite3
import subprocess
import threading
import time
import uuid
from collections import Counter
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.running_backend import FAKE_WORKER, Backend, wait_for

CLIENTS = 8
BATCH = 5  # jobs that a client has going at a time
GRACE = 0.1  # seconds
PATIENCE = 60.0  # seconds until a job that is not over is given up as lost
DISK_SIZE = 24 * 2**20  # bytes
OVER = ("done", "failed", "cancelled")

SETUP = """
import time
from dreamface.service import worker_process
worker_process.WorkerProcess.__init__.__kwdefaults__.update(grace={grace}, pause=0.02)
def jumping(clock=time.time, file=Path({clock!r})):
    try:
        return clock() + float(file.read_text())
    except (OSError, ValueError):
        return clock()
time.time = jumping
"""


@dataclass
class Asked:
    """A job as its client knows it.

    Attributes:
        id, body: what was sent.
        cancelled: whether the client asked for that.
        accepted: whether a job of that id was ever answered.
        sent, seen_over: when (monotonic seconds) it was sent first, and first seen to be over.
        over: the state and error that it was first seen to be over with.
        changed: what it was seen as after that, where that is something else.
    """

    id: str
    body: dict[str, Any]
    cancelled: bool
    accepted: bool = False
    sent: float = 0.0
    seen_over: float | None = None
    over: tuple[str, str | None] | None = None
    changed: list[str] = field(default_factory=list)

    @property
    def prompt(self) -> str:
        request = self.body["request"]
        return str(request.get("prompt") or request.get("path"))

    def see(self, job: dict[str, Any]) -> None:
        """Take note of what the service said of it."""
        self.accepted = True
        state = (job["state"], job["error"])
        if self.over is None and job["state"] in OVER:
            self.over, self.seen_over = state, time.monotonic()
        elif self.over is not None and self.over != state:
            self.changed.append(f"{self.over} became {state}")


@dataclass
class Outcome:
    """What a run has found.

    Attributes:
        seed, seconds, events: of the run.
        states: how many jobs ended how; those that failed by the beginning of the reason.
        bad: what should not be: kind -> descriptions.
        note: what could not be tried here.
    """

    seed: int
    seconds: float
    events: Counter[str]
    states: Counter[str]
    bad: dict[str, list[str]]
    note: str

    @property
    def is_clean(self) -> bool:
        return not any(self.bad.values())

    def __str__(self) -> str:
        counts = ", ".join(f"{len(found)} {kind}" for kind, found in self.bad.items())
        lines = [
            f"seed {self.seed}: {self.states.total()} jobs ({_listed(self.states)}) in {self.seconds:.1f} s",
            f"events: {_listed(self.events)}{self.note}",
            counts,
            *(f"  {kind}: {what}" for kind, found in self.bad.items() for what in found[:5]),
        ]
        return "\n".join(lines)


def _listed(counts: Counter[str]) -> str:
    return "; ".join(f"{count} {name}" for name, count in sorted(counts.items()))


class Disk:
    """A small disk of its own, which can be filled; needs the right to mount."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self._mounted = False
        self.windows: list[tuple[float, float]] = []  # when it was full, monotonic seconds

    def __enter__(self) -> Disk:
        self.place.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_SIZE}", "tmpfs", str(self.place)]
        with suppress(OSError):
            self._mounted = subprocess.run(command, capture_output=True).returncode == 0
        return self

    def __exit__(self, *problem: object) -> None:
        if self._mounted:
            subprocess.run(["umount", "-l", str(self.place)], check=True)

    @property
    def can_be_filled(self) -> bool:
        return self._mounted

    def fill(self) -> None:
        self._since = time.monotonic()
        with (self.place / "ballast").open("wb", buffering=0) as file:
            for size in (2**16, 2**12, 1):
                try:
                    while True:
                        file.write(bytes(size))
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise

    def relieve(self) -> None:
        (self.place / "ballast").unlink(missing_ok=True)
        self.windows.append((self._since, time.monotonic()))


class Chaos:
    """One run: a service, clients that use it, and what breaks it meanwhile."""

    def __init__(self, folder: Path, jobs: int, seed: int, disk: Disk, end: float) -> None:
        self._end = end  # monotonic seconds
        self._random = random.Random(seed)
        self._folder = folder
        self._disk = disk
        self._store = disk.place / "store"
        self._setup = SETUP.format(grace=GRACE, clock=str(folder / "clock"))
        self._runs = folder / "runs"
        self._lives: dict[int, float] = {}  # process of the service -> when it was started, monotonic seconds
        self._shares = [
            [_make_job(random.Random(f"{seed} {client} {number}")) for number in range(client, jobs, CLIENTS)]
            for client in range(CLIENTS)
        ]
        self.events: Counter[str] = Counter()
        self.unanswered: list[str] = []  # answers that no client should get

    @property
    def asked(self) -> list[Asked]:
        """The jobs that were sent."""
        return [job for share in self._shares for job in share if job.sent]

    def run(self) -> dict[str, list[str]]:
        """Let it happen, and give what should not be."""
        self._start()
        clients = [threading.Thread(target=self._use, args=(share,), daemon=True) for share in self._shares]
        for client in clients:
            client.start()
        while any(client.is_alive() for client in clients):
            time.sleep(self._random.uniform(0.05, 0.3))
            if time.monotonic() < self._end:
                self._break_something()
        self._backend.stop()
        self._start()  # what was answered must hold after the next start, too
        found = self._judge()
        self._backend.stop()
        return found

    def _start(self) -> None:
        begin = time.monotonic()
        self._backend = Backend(self._store, FAKE_WORKER, self._setup)
        self._lives[self._backend.process.pid] = begin

    # -------------------------------------------------------------------------------------------------------- clients

    def _ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Ask until something answers; services come and go."""
        end = time.monotonic() + PATIENCE
        while True:
            try:
                status, answer = self._backend.ask(method, path, body)
                if status != 503 or time.monotonic() > end:
                    return status, answer
            except (OSError, ValueError, http.client.HTTPException):
                if time.monotonic() > end:
                    raise
            time.sleep(0.03)

    def _use(self, share: list[Asked]) -> None:
        for start in range(0, len(share), BATCH):
            batch = share[start : start + BATCH]
            if time.monotonic() > self._end:
                return
            for job in batch:
                job.sent = time.monotonic()
                self._see(job, *self._ask("POST", "/jobs", {"id": job.id, **job.body}))
            for job in batch:
                if job.cancelled:
                    time.sleep(random.uniform(0.0, 0.1))
                    self._see(job, *self._ask("POST", f"/jobs/{job.id}/cancel"))
            end = time.monotonic() + PATIENCE
            while any(job.over is None for job in batch) and time.monotonic() < end:
                for job in batch:
                    if job.over is None:
                        self._see(job, *self._ask("GET", f"/jobs/{job.id}"))
                time.sleep(0.02)

    def _see(self, job: Asked, status: int, answer: Any) -> None:
        if status in (200, 201):
            job.see(answer)
        else:
            self.unanswered.append(f"{job.id}: {status} {answer}")

    # ------------------------------------------------------------------------------------------------- what is broken

    def _break_something(self) -> None:
        actions = [self._kill_worker] * 6 + [self._kill_service] * 3 + [self._kill_both] * 2 + [self._set_clock] * 2
        actions += [self._fill_disk] if self._disk.can_be_filled else []
        self._random.choice(actions)()

    def _worker(self) -> int | None:
        with suppress(OSError, AssertionError, ValueError, http.client.HTTPException):
            health = self._backend.health()
            workers = [health["worker_pid"], health.get("model_worker_pid")]
            return self._random.choice([pid for pid in workers if pid] or [None])
        return None

    def _kill_worker(self) -> None:
        pid = self._worker()
        if pid is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                self.events["worker killed"] += 1

    def _kill_service(self) -> None:
        self._backend.kill()
        self.events["service killed"] += 1
        self._start()

    def _kill_both(self) -> None:
        pid = self._worker()
        self._backend.kill()
        if pid is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.events["both killed"] += 1
        self._start()

    def _set_clock(self) -> None:
        (self._folder / "clock").write_text(str(self._random.choice((0, -7200, 3600, 86400 * 400, -86400 * 400))))
        self.events["clock set"] += 1

    def _fill_disk(self) -> None:
        self._disk.fill()
        self.events["disk full"] += 1
        time.sleep(self._random.uniform(0.2, 0.5))
        killed = self._random.random() < 0.3
        if killed:
            self._backend.kill()
            self.events["service killed on a full disk"] += 1
        self._disk.relieve()
        if killed:
            self._start()

    # --------------------------------------------------------------------------------------------------------- judging

    def _judge(self) -> dict[str, list[str]]:
        status, answer = self._ask("GET", "/jobs?limit=10000")
        assert status == 200, answer
        listed: dict[str, list[dict[str, Any]]] = {}
        for job in answer["jobs"]:
            listed.setdefault(job["id"], []).append(job)
        for asked in self.asked:
            for job in listed.get(asked.id, []):
                asked.see(job)
        known = {asked.id for asked in self.asked}
        missing = [asked.id for asked in self.asked if asked.over is None or asked.id not in listed]
        return {
            "lost": missing,
            "doubled": [job for job, rows in listed.items() if len(rows) > 1 or job not in known],
            "half-written": self._half_written(),
            "wrongly failed": self._wrongly_failed(),
            "wrongly revived": self._revived(),
            "wrongly answered": self.unanswered + self._tracebacks(),
        }

    def _half_written(self) -> list[str]:
        faces = [asked for asked in self.asked if not asked.body["kind"].endswith("_model")]
        done = {asked.id: asked for asked in faces if asked.over and asked.over[0] == "done"}
        found = []
        for folder in (self._store / "faces").iterdir():
            asked = done.pop(folder.name, None)
            if asked is None:
                found.append(f"{folder.name} has a folder and is not done")
                continue
            files = {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()}
            whole = files == {"face.json", "maps/skin.png"} and (folder / "maps/skin.png").stat().st_size == 4
            if not whole or json.loads((folder / "face.json").read_text())["prompt"] != asked.prompt:
                found.append(f"{folder.name} has {sorted(files)}")
        return [*found, *(f"{job} is done and has no folder" for job in done), *self._left_over()]

    def _left_over(self) -> list[str]:
        wait_for(lambda: not list((self._store / "staging").iterdir()), 5.0)
        with closing(sqlite3.connect(self._store / "jobs.sqlite")) as database:
            checked = database.execute("PRAGMA integrity_check").fetchone()[0]
        return [] if checked == "ok" else [f"jobs.sqlite: {checked}"]

    def _wrongly_failed(self) -> list[str]:
        found, killed, given_up = [], [], []
        for asked in self.asked:
            state, error = asked.over or ("", None)
            what = f"{asked.id} {asked.prompt!r} cancelled={asked.cancelled}: {state}, {error}"
            if state == "cancelled" and not asked.cancelled:
                found.append(what)
            if state != "failed":
                continue
            if "SIGKILL" in str(error):
                killed.append(what)
            elif "was stopped 3 times" in str(error):
                given_up.append(what)
            elif "disk is full" in str(error) or "No space left" in str(error):
                if not self._met_a_full_disk(asked):
                    found.append(what)
            elif "impossible" not in asked.prompt or "can't be done" not in str(error):
                found.append(what)
        services = sum(self.events[name] for name in self.events if "service" in name or "both" in name)
        found += killed[self.events["worker killed"] + self.events["both killed"] :]
        return found + given_up[services // 3 :]

    def _met_a_full_disk(self, asked: Asked) -> bool:
        seen = asked.seen_over or time.monotonic()
        return any(asked.sent <= end and start <= seen for start, end in self._disk.windows)

    def _revived(self) -> list[str]:
        """Jobs that changed after they were over, or were begun again.

        A job that is cancelled while it is on its way to the worker may be begun a moment later. In another life of the
        service it may not.
        """
        found = [f"{asked.id}: {what}" for asked in self.asked for what in asked.changed]
        over = {asked.id: asked.seen_over for asked in self.asked if asked.seen_over is not None}
        for line in self._runs.read_text().splitlines() if self._runs.exists() else []:
            begun, job, service = line.split()
            end = over.get(job, float("inf"))
            if float(begun) > end + 1.0 or self._lives.get(int(service), 0.0) > end:
                found.append(f"{job} was begun after it was over")
        return found

    def _tracebacks(self) -> list[str]:
        """The ends of tracebacks in the log."""
        parts = self._backend.log().split("Traceback (most recent call last)")[1:]
        return [part[:2000] for part in parts]


def _how_it_ended(asked: Asked) -> str:
    if asked.over is None:
        return "not over"
    state, error = asked.over
    return f"{state}: {str(error)[:48]}" if state == "failed" else state


def _make_job(dice: random.Random) -> Asked:
    kinds = {"brief": 10, "quick": 4, "impossible": 2, "late": 4, "slow": 2, "deaf": 1}
    kind = dice.choices(list(kinds), list(kinds.values()))[0]
    prompt = f"a {kind} man" if kind != "late" else f"a man, late: {dice.uniform(0.9, 1.1) * GRACE:.4f} s"
    cancelled = kind in ("late", "slow", "deaf") or dice.random() < 0.1
    if dice.random() < 0.1 and kind in ("brief", "slow", "late"):
        body = {"kind": "install_model", "request": {"name": "ict-facekit", "path": prompt}}
    else:
        body = {"kind": "generate", "request": {"prompt": prompt, "seed": dice.randrange(2**32), "resolution": 512}}
    return Asked(uuid.UUID(int=dice.getrandbits(128)).hex, body, cancelled)


def run(folder: Path, jobs: int, seed: int, seconds: float = float("inf")) -> Outcome:
    """Break a service while it does as many jobs, in a folder that may be written to.

    After `seconds` nothing is broken any more and no more jobs are asked for.
    """
    with Disk(folder / "disk") as disk, pytest.MonkeyPatch.context() as patch:
        patch.setenv("FAKE_WORKER_RUNS", str(folder / "runs"))
        start = time.monotonic()
        chaos = Chaos(folder, jobs, seed, disk, start + seconds)
        bad = chaos.run()
        took = time.monotonic() - start
        states = Counter(_how_it_ended(asked) for asked in chaos.asked)
        note = "" if disk.can_be_filled else "; the disk was not filled: mounting a small one takes root"
        return Outcome(seed, took, chaos.events, states, bad, note)
