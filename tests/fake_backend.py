"""A backend that makes nothing and can misbehave in every way that a real one might: for tests of the Blender side.

Only the standard library; it is run as `python -m dreamface serve --store DIR ...` by way of `install`. The environment
variable DREAMFACE_FAKE names how it misbehaves, several names with commas; NAME:once does so only the first time in a
store.

    refuse         ends at once with a sentence
    missing        ends at once as a Python without dreamface does
    in_use         ends at once because another backend has the store
    slow_start     takes nearly a second to start
    warm_up        says "starting" for half a second
    hang           accepts connections and never answers
    hang_on_job    does so from the first job on
    garbage        answers with something that is not HTTP
    garbage_jobs   answers /jobs with JSON that is not a job
    unauthorised   refuses every token
    newer, older   speaks another version of the API
    half_event     breaks off in the middle of an event, again and again
    drop_answer    takes a job in, and closes the connection without an answer
    crash          ends in the middle of a job, with a traceback
    oom            is killed in the middle of a job
    drop_upload    takes a file in, and closes the connection without an answer
    refuse_upload  takes no files
    forget         knows no job any more, once it has started again
    fail_job       jobs fail with a sentence
    slow_job       a job takes 30 seconds, unless cancelled
    endless        sends a body that never ends, slowly, to /read
    huge           sends a body to /read that is larger than any memory should have to hold
    burst          sends 2000 events during a job
    escape         lists a file outside the job's folder
    short          sends less of a file than it has announced
    large          a job's folder holds a file of 30 MB
    elsewhere      its store cannot be seen from here
    busy           answers 503 to the first call of each kind
    painting       answers 409 to /paint, as a job is being painted
    garbage_models answers /models with JSON that says nothing about models
    without_model  has no head of the model that a face asks for
    unplug         its camera is unplugged after ten moments
    rush           its camera brings two hundred moments at once, then goes on as usual
    garbage_live   its camera brings what is no moment
    no_camera      has no camera
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import io
import json
import math
import os
import secrets
import shutil
import signal
import socket
import socketserver
import struct
import sys
import threading
import time
import uuid
import zipfile
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

API = 10
LARGE_FILE = 30_000_000  # bytes
BURST = 2000  # events
STEPS = 8
STEP = 0.01  # seconds of a job
LIVE_RATE = 30.0  # moments a second
RUSH = 200  # moments
JAW_OPEN = 17  # of ARKit's shapes
SHAPES = (
    "eyeBlinkLeft", "eyeLookDownLeft", "eyeLookInLeft", "eyeLookOutLeft", "eyeLookUpLeft", "eyeSquintLeft",
    "eyeWideLeft", "eyeBlinkRight", "eyeLookDownRight", "eyeLookInRight", "eyeLookOutRight", "eyeLookUpRight",
    "eyeSquintRight", "eyeWideRight", "jawForward", "jawLeft", "jawRight", "jawOpen", "mouthClose", "mouthFunnel",
    "mouthPucker", "mouthLeft", "mouthRight", "mouthSmileLeft", "mouthSmileRight", "mouthFrownLeft",
    "mouthFrownRight", "mouthDimpleLeft", "mouthDimpleRight", "mouthStretchLeft", "mouthStretchRight",
    "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper", "mouthPressLeft", "mouthPressRight",
    "mouthLowerDownLeft", "mouthLowerDownRight", "mouthUpperUpLeft", "mouthUpperUpRight", "browDownLeft",
    "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight", "cheekPuff", "cheekSquintLeft",
    "cheekSquintRight", "noseSneerLeft", "noseSneerRight", "tongueOut",
)  # fmt: skip


def install(folder: Path) -> dict[str, str]:
    """Put a module called dreamface into a folder that runs this file; returns the environment that finds it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "dreamface.py").write_text(
        f"import runpy\nrunpy.run_path({str(Path(__file__).resolve())!r}, run_name='__main__')\n", encoding="utf-8"
    )
    return {"PYTHONPATH": str(folder), "PYTHONSAFEPATH": ""}


class Fake:
    """The state that all requests share."""

    def __init__(self, store: Path) -> None:
        self.store = store
        self.token = secrets.token_hex(16)
        self.lock = threading.Condition()
        self.jobs: dict[str, dict[str, Any]] = {}
        self.uploads: dict[str, int] = {}  # SHA-256 -> bytes
        self.hidden: set[str] = set()  # ids of jobs whose answer was dropped
        self.log: list[str] = []  # "METHOD /path" of every request
        self.changes: list[dict[str, Any]] = []
        self.live: dict[str, dict[str, Any]] = {}  # id -> what was asked, and "recording", "recorded"
        self.hanging = False
        self.warm_at = time.monotonic() + 0.5
        self.wishes = dict(self._wish(word) for word in filter(None, os.environ.get("DREAMFACE_FAKE", "").split(",")))
        store.mkdir(parents=True, exist_ok=True)
        if not (store / "store_id").exists():
            (store / "store_id").write_text(uuid.uuid4().hex)
        self.store_id = (store / "store_id").read_text()
        if (store / "fake_jobs.json").exists() and not self.does("forget"):
            self.jobs = json.loads((store / "fake_jobs.json").read_text())

    @staticmethod
    def _wish(word: str) -> tuple[str, bool]:
        name, _, once = word.partition(":")
        return name, once == "once"

    def does(self, name: str) -> bool:
        """Whether it is to misbehave in this way, now."""
        if name not in self.wishes:
            return False
        marker = self.store / f"fake.{name}"
        if self.wishes[name] and marker.exists():
            return False
        marker.parent.mkdir(parents=True, exist_ok=True)
        marker.touch()
        return True

    def change(self, job: dict[str, Any], **news: Any) -> None:
        with self.lock:
            job.update(news)
            self.changes.append(dict(job))
            temporary = self.store / "fake_jobs.tmp"
            temporary.write_text(json.dumps(self.jobs))
            temporary.replace(self.store / "fake_jobs.json")
            self.lock.notify_all()

    def add(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        with self.lock:
            if body["id"] in self.jobs:
                known = self.jobs[body["id"]]
                self.hidden.discard(known["id"])
                self.lock.notify_all()
                return self._unless_dropped(200, known)
            request = {"seed": 7} | {name: value for name, value in body["request"].items() if value is not None}
            job = {
                **{"id": body["id"], "kind": body["kind"], "state": "queued", "stage": "", "fraction": 0.0},
                **{"message": "", "eta": None, "created": "2026-01-01T00:00:00Z", "started": None, "finished": None},
                **{"error": None, "request": request, "result": None, "attempts": 0},
            }
            self.jobs[job["id"]] = job
            self._unless_dropped(201, job)
        self.change(job)
        return 201, job

    def _unless_dropped(self, status: int, job: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Break the connection, and keep the job from everybody until it is asked for once more."""
        if self.does("drop_answer"):
            self.hidden.add(job["id"])
            raise ConnectionAbortedError
        return status, job

    def open_jobs(self) -> list[dict[str, Any]]:
        return [
            job for job in self.jobs.values() if job["state"] in ("queued", "running") and job["id"] not in self.hidden
        ]

    def work(self) -> None:
        """The worker: one job after the other."""
        while True:
            with self.lock:
                waiting = self.open_jobs()
                if not waiting:
                    self.lock.wait(1.0)
                    continue
            self._do(waiting[0])

    def _do(self, job: dict[str, Any]) -> None:
        self.change(job, state="running", attempts=job["attempts"] + 1, stage="head", fraction=0.0)
        for step in range(STEPS):
            time.sleep(30.0 / STEPS if self.does("slow_job") and self._wait_cancelled(job) else STEP)
            if job["state"] == "cancelled":
                return
            self.change(job, fraction=(step + 1) / STEPS, message=f"step {step + 1}", eta=(STEPS - step) * STEP)
            if step == STEPS // 2:
                self._misbehave(job)
        if self.does("fail_job"):
            self.change(job, state="failed", error="The head could not be made: choose another prompt.")
            return
        if job["kind"].endswith("_model"):
            self._change_model(job)
            return
        if job["kind"] == "animate":
            file = write_take(self.store / "exports" / job["id"] / "take.npz", Path(job["request"]["source"]).name)
            notes = ["The face is out of view from 0.5 to 0.8 s."]
            about = {"source": "a.mp4", "moments": 61, "seconds": 2.0, "seen": 0.9, "rate": 30.0, "notes": notes}
            self.change(job, state="done", fraction=1.0, result={"file": str(file), **about})
            return
        folder = self.store / "faces" / job["id"]
        self._write(folder)
        result: dict[str, Any] = {"folder": str(folder), "face_id": job["request"].get("face_id") or "f" + job["id"]}
        if job["kind"] == "export":
            (folder / "face.glb").write_bytes(b"glTF")
            result = {"file": str(folder / "face.glb")}
        self.change(job, state="done", fraction=1.0, result=result)

    @property
    def model(self) -> Path:
        """There once the model is installed."""
        return self.store / "models" / "big-head"

    def _change_model(self, job: dict[str, Any]) -> None:
        if job["kind"] == "install_model":
            self.model.mkdir(parents=True, exist_ok=True)
            (self.model / "from").write_text(job["request"].get("path") or "the net")
        elif job["kind"] == "remove_model":
            shutil.rmtree(self.model)
        elif (self.model / "from").read_text() == "":
            self.change(job, state="failed", error="Big Head is damaged: install it again.")
            return
        words = {
            "install_model": "is installed",
            "remove_model": "is removed",
            "verify_model": "is as it was installed",
        }
        self.change(job, state="done", fraction=1.0, result={"message": f"Big Head {words[job['kind']]}."})

    def _wait_cancelled(self, job: dict[str, Any]) -> bool:
        with self.lock:
            return not self.lock.wait_for(lambda: job["state"] == "cancelled", 30.0)

    def _misbehave(self, job: dict[str, Any]) -> None:
        if self.does("burst"):
            for number in range(BURST):
                self.change_quickly(job, number)
        if self.does("crash"):
            print("Traceback (most recent call last):\n  File ...\nRuntimeError: the head fell off", file=sys.stderr)
            os._exit(3)
        if self.does("oom"):
            os.kill(os.getpid(), signal.SIGKILL)

    def change_quickly(self, job: dict[str, Any], number: int) -> None:
        with self.lock:
            job.update(message=f"burst {number}")
            self.changes.append(dict(job))
            self.lock.notify_all()

    def _write(self, folder: Path) -> None:
        (folder / "maps").mkdir(parents=True, exist_ok=True)
        (folder / "face.json").write_text("{}")
        (folder / "maps" / "skin_albedo.png").write_bytes(secrets.token_bytes(5000))
        if self.does("large"):
            (folder / "geometry.npz").write_bytes(bytes(LARGE_FILE))


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    fake: Fake
    answered_busy: ClassVar[set[str]] = set()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_PUT(self) -> None:
        self._serve()

    def do_PATCH(self) -> None:
        self._serve()

    def do_DELETE(self) -> None:
        self._serve()

    def _serve(self) -> None:
        fake = self.fake
        length = int(self.headers.get("Content-Length") or 0)
        content = self.rfile.read(length)
        body = {"content": content} if self.command == "PUT" else json.loads(content) if length else {}
        fake.log.append(f"{self.command} {self.path}")
        if fake.does("hang") or fake.hanging:
            time.sleep(600)
        if fake.does("garbage"):
            self.wfile.write(b"\x00\x17 what a nice day \r\n\r\n")
            self.close_connection = True
            return
        if self.headers.get("Authorization") != f"Bearer {fake.token}" or fake.does("unauthorised"):
            self._json(401, {"error": "The token is missing or wrong."})
            return
        first, *rest = self.path.strip("/").split("/")
        getattr(self, f"_{first}", self._nothing)(rest, body)

    def _nothing(self, rest: list[str], body: dict[str, Any]) -> None:
        self._json(404, {"error": "There is no such thing."})

    def _uploads(self, rest: list[str], body: dict[str, Any]) -> None:
        if self.fake.does("drop_upload"):
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
        elif self.fake.does("refuse_upload"):
            self._json(413, {"error": "The file is too long: send at most 64 MB."})
        else:
            self.fake.uploads[rest[0]] = len(body["content"])
            self._json(201, {"sha256": rest[0]})

    def _log(self, rest: list[str], body: dict[str, Any]) -> None:
        self._json(200, {"log": self.fake.log})

    def _health(self, rest: list[str], body: dict[str, Any]) -> None:
        fake = self.fake
        warm = not fake.does("warm_up") or time.monotonic() > fake.warm_at
        api = API + 1 if fake.does("newer") else API - 1 if fake.does("older") else API
        store = "/nowhere/at/all" if fake.does("elsewhere") else str(fake.store)
        self._json(
            200,
            {
                **{"name": "DreamFace", "version": "0.1.0", "api": api, "state": "ready" if warm else "starting"},
                **{"store": store, "store_id": fake.store_id, "pid": os.getpid(), "worker_pid": None},
                **{"python": sys.version.split()[0], "device": "cpu", "active_jobs": 0},
            },
        )

    def _read(self, rest: list[str], body: dict[str, Any]) -> None:
        if self._busy("read"):
            return
        if self.fake.does("endless") or self.fake.does("huge"):
            self._pour(slowly="endless" in self.fake.wishes)
            return
        words = body["prompt"].split()
        traits = {
            f"trait.{word}": {"value": 1.0, "confidence": 0.8, "because": word} for word in words if word != "xyz"
        }
        self._json(200, {"traits": traits, "not_understood": [word for word in words if word == "xyz"]})

    def _pour(self, slowly: bool) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        piece = b"x" * (100 if slowly else 1 << 20)
        while True:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            time.sleep(0.02 if slowly else 0.0)

    def _models(self, rest: list[str], body: dict[str, Any]) -> None:
        if self.fake.does("garbage_models"):
            self._json(200, {"heads": [{"name": "round"}], "models": 5})
            return
        folder = self.fake.model
        plain = {"licence": "CC0", "stage": "head", "source": "", "download_size": 0, "installed_size": 0, "folder": ""}
        small = plain | {"name": "small", "description": "A small head.", "installed": True, "install_name": ""}
        files = {"install_name": "big-head", "title": "Big Head", "folder": str(folder)}
        page = {"source": "https://example.org/big"}
        sizes = {"download_size": 120_000_000, "installed_size": 52_000_000 if folder.is_dir() else 0}
        big = plain | {"name": "big", "description": "A big head.", "installed": folder.is_dir()} | files | page | sizes
        self._json(200, {"heads": [small, big], "models": [plain | small | {"name": "words", "stage": "language"}]})

    def _reshape(self, rest: list[str], body: dict[str, Any]) -> None:
        if self._busy("reshape"):
            return
        if self.fake.does("without_model"):
            self._json(
                400, {"error": "The head model 'ict' is not installed here: install it in DreamFace's preferences."}
            )
            return
        width = float(body["traits"].get("nose.width", 0.0))
        arrays = {"vertices.npy": _npy([width] * 300, "<f4", (100, 3))}
        if body["shapes"]:
            arrays["shape_offsets.npy"] = _npy([0, 1], "<i4", (2,))
            arrays["shape_vertices.npy"] = _npy([5], "<i4", (1,))
            arrays["shape_deltas.npy"] = _npy([0.0, 0.0, width], "<f4", (1, 3))
        if "broken" in body["head"]:
            arrays["vertices.npy"] = b"not an array"
        self._send_npz(arrays)

    def _paint(self, rest: list[str], body: dict[str, Any]) -> None:
        """Answer that a square of the face's albedo is filled with the strength of the edit that is new."""
        if self._busy("paint"):
            return
        if self.fake.does("painting"):
            self._json(409, {"error": "DreamFace is painting another face just now: try again in a moment."})
            return
        now, shown = body["face"].get("edits", []), body.get("shown", [])
        if missing := self._missing([*now, *shown]):
            self._json(400, {"error": f"There is no upload {missing}: send the file to PUT /uploads/{missing} first."})
            return
        arrays = {"whole.npy": _texts([" "], (0,)), "gone.npy": _texts([" "], (0,))}
        if now != shown:
            changed = next((one for one in reversed(now) if one not in shown), {"strength": 0.0})
            value = round(100.0 * changed.get("strength", 1.0) * changed.get("visible", True))
            arrays["skin/albedo.npy"] = _npy([value] * 48, "|u1", (4, 4, 3))
            arrays["skin/albedo/at.npy"] = _npy([8, 16], "<i4", (2,))
        self._send_npz(arrays)

    def _missing(self, edits: list[dict[str, Any]]) -> str:
        """Return a picture of edits that was not sent, or ""."""
        masks = [edit.get("pictures") or {} for edit in edits]
        masks += [(edit.get("place") or {}).get("mask") or {} for edit in edits]
        return next((one for mask in masks for one in mask.values() if one not in self.fake.uploads), "")

    def _edits(self, rest: list[str], body: dict[str, Any]) -> None:
        region = {"name": "left_cheek", "label": "Left Cheek", "side": "left", "words": ["left cheek"]}
        scar = {"name": "scar", "description": "a scar", "words": ["scar", "scars"], "variants": ["cut", "burn"]}
        if not rest:
            self._json(200, {"families": [{"name": "marks", "words": [scar]}], "regions": [region]})
        elif rest == ["read"]:
            words = body["words"].split()
            effects = [{"name": "scar", "amount": 0.5, "colour": None, "variant": ""}] if "scar" in words else []
            traits = {"age": {"value": 80.0, "confidence": 0.8, "because": "older"}} if "older" in words else {}
            there = "left_cheek" if "cheek" in words and not body["place"] else None
            against = "A beard can't be bald: say one of them." if {"bald", "beard"} <= set(words) else ""
            unknown = [word for word in words if word == "xyz"]
            found = {"traits": traits, "effects": effects, "region": there, "not_understood": unknown}
            self._json(200, {**found, "contradiction": against})
        elif rest == ["carry"]:
            if body["from"]["head"] != body["to"]["head"]:
                self._json(400, {"error": "Edits can't be carried from one head model to another yet."})
            else:
                self._json(200, {"edits": body["edits"], "pictures": {}})
        elif rest == ["picture"]:
            if body["picture"] not in self.fake.uploads:
                self._json(400, {"error": f"There is no upload {body['picture']}: send it first."})
            else:
                png = body["picture"].encode()  # stands for a picture
                made = hashlib.sha256(png).hexdigest()
                self.fake.uploads[made] = 1
                coded = base64.b64encode(png).decode()
                self._json(200, {"sha": made, "png": coded, "width": 64, "height": 64})
        else:
            self._nothing(rest, body)

    def _send_npz(self, arrays: dict[str, bytes]) -> None:
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w") as archive:
            for name, content in arrays.items():
                archive.writestr(name, content)
        self._answer(200, "application/octet-stream", made.getvalue())

    def _busy(self, call: str) -> bool:
        if not self.fake.does("busy") or call in self.answered_busy:
            return False
        self.answered_busy.add(call)
        self._json(503, {"error": "The worker is being started again."})
        return True

    def _jobs(self, rest: list[str], body: dict[str, Any]) -> None:
        fake = self.fake
        if fake.does("hang_on_job"):
            fake.hanging = True
            time.sleep(600)
        if fake.does("garbage_jobs"):
            self._json(200, {"id": 5, "state": ["what"], "fraction": "much"})
        elif not rest:
            self._json(*fake.add(body))
        elif rest[0] not in fake.jobs:
            self._json(404, {"error": "There is no such job."})
        else:
            self._job(fake.jobs[rest[0]], rest[1:])

    def _job(self, job: dict[str, Any], rest: list[str]) -> None:
        folder = self.fake.store / "faces" / job["id"]
        if rest == ["cancel"]:
            if job["state"] in ("queued", "running"):
                self.fake.change(job, state="cancelled")
            self._json(200, job)
        elif rest == ["files"]:
            files = [
                {"path": path.relative_to(folder).as_posix(), "size": path.stat().st_size}
                for path in sorted(folder.rglob("*"))
                if path.is_file()
            ]
            if self.fake.does("escape"):
                files.append({"path": "maps/../../../stolen.txt", "size": 3})
            self._json(200, {"files": files})
        elif rest:
            content = (folder / "/".join(rest[1:])).read_bytes()
            self._answer(200, "application/octet-stream", content[:-1] if self.fake.does("short") else content)
        else:
            self._json(200, job)

    def _events(self, rest: list[str], body: dict[str, Any]) -> None:
        fake = self.fake
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        if fake.does("half_event"):
            self._chunk(b'event: job\ndata: {"id": "')
            self.close_connection = True
            return
        with fake.lock:
            told = len(fake.changes)
            now = [dict(job) for job in fake.open_jobs()]
        while True:
            for job in now:
                self._chunk(b"event: job\ndata: " + json.dumps(job).encode() + b"\n\n")
            with fake.lock:
                fake.lock.wait_for(lambda: len(fake.changes) > told, 1.0)  # noqa: B023 -- used at once
                now, told = fake.changes[told:], len(fake.changes)
            if not now:
                self._chunk(b": alive\n\n")

    def _cameras(self, rest: list[str], body: dict[str, Any]) -> None:
        none = self.fake.does("no_camera")
        self._json(200, [] if none else [{"id": "camera:0", "name": "A Camera"}, {"id": "camera:1", "name": "Another"}])

    def _live(self, rest: list[str], body: dict[str, Any]) -> None:
        fake = self.fake
        if not rest:
            if fake.does("no_camera"):
                self._json(400, {"error": "There is no camera: plug one in, or close the program that uses it."})
                return
            name = uuid.uuid4().hex
            fake.live[name] = body | {"recording": False, "recorded": False}
            self._json(201, {"id": name, "name": "A Camera"})
        elif rest[0] not in fake.live:
            self._json(404, {"error": "There is no such camera."})
        elif rest[1:] == ["events"]:
            self._moments(fake.live[rest[0]])
        elif self.command == "DELETE":
            live = fake.live.pop(rest[0])
            file = write_take(fake.store / "exports" / f"{rest[0]}.npz", "camera") if live["recorded"] else None
            self._json(200, {"file": str(file) if file else None, "seconds": 2.0 if file else 0.0, "moments": 61})
        else:
            live = fake.live[rest[0]]
            if rest[1:] == ["record"]:
                live["recording"], live["recorded"] = body["on"], live["recorded"] or body["on"]
            live.update(body)
            self._json(200, {})

    def _moments(self, live: dict[str, Any]) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        rush, unplug, garbage = (self.fake.does(wish) for wish in ("rush", "unplug", "garbage_live"))
        began, number = time.monotonic(), 0
        while live in self.fake.live.values():
            if number >= (RUSH if rush else 0):
                time.sleep(max(began + number / LIVE_RATE - time.monotonic(), 0.0) if not rush else 1.0 / LIVE_RATE)
            moment = _moment(number)
            self._event("moment", {"weights": "none"} if garbage else moment)
            number += 1
            if unplug and number == 10:
                self._event("ended", {"reason": "The camera was unplugged: plug it in, then start it again."})
                break
        self.wfile.write(b"0\r\n\r\n")

    def _event(self, name: str, data: dict[str, Any]) -> None:
        self._chunk(f"event: {name}\ndata: {json.dumps(data)}\n\n".encode())

    def _chunk(self, content: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(content), content))

    def _json(self, status: int, content: Any) -> None:
        self._answer(status, "application/json", json.dumps(content).encode())

    def _answer(self, status: int, kind: str, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


class Server(ThreadingHTTPServer):
    """Threads that end with the process, and silence about connections that break."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing."""


def _moment(number: int) -> dict[str, Any]:
    """A jaw that opens and shuts once a second, and a head that turns."""
    second = number / LIVE_RATE
    weights = [0.0] * 52
    weights[JAW_OPEN] = 0.5 - 0.5 * math.cos(2.0 * math.pi * second)
    head, position = [0.3 * math.sin(second), 0.0, 0.0], [0.02 * math.sin(second), 0.6, 0.0]
    about = {"eyes": [0.0] * 4, "seen": True, "rate": LIVE_RATE, "latency_ms": 12.0, "dropped": 0}
    return {"time": second, "weights": weights, "head": head, "position": position, **about}


def write_take(path: Path, source: str) -> Path:
    """Write two seconds of `_moment` as a take."""
    path.parent.mkdir(parents=True, exist_ok=True)
    moments = [_moment(number) for number in range(61)]
    arrays = {
        "times": _npy([moment["time"] for moment in moments], "<f8", (61,)),
        "weights": _npy([weight for moment in moments for weight in moment["weights"]], "<f4", (61, 52)),
        "head": _npy([angle for moment in moments for angle in moment["head"]], "<f4", (61, 3)),
        "position": _npy([place for moment in moments for place in moment["position"]], "<f4", (61, 3)),
        "eyes": _npy([0.0] * 244, "<f4", (61, 2, 2)),
        "seen": _npy([1] * 61, "|b1", (61,)),
        "shapes": _texts(SHAPES),
        "footage": _npy([640, 480], "<i8", (2,)),
        "version": _npy([1], "<i8", ()),
        "rate": _npy([LIVE_RATE], "<f8", ()),
        "focal": _npy([1.2], "<f8", ()),
        "source": _texts([source], ()),
    }
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in arrays.items():
            archive.writestr(f"{name}.npy", content)
    return path


def _texts(texts: Sequence[str], shape: tuple[int, ...] | None = None) -> bytes:
    """Texts as an .npy file."""
    width = max(map(len, texts))
    values = b"".join(text.ljust(width, "\0").encode("utf-32-le") for text in texts if shape != (0,))
    return _npy_head(f"<U{width}", (len(texts),) if shape is None else shape) + values


def _npy_head(kind: str, shape: tuple[int, ...]) -> bytes:
    head = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}".encode()
    head += b" " * (-(len(head) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head


def _npy(values: Sequence[float], kind: str, shape: tuple[int, ...]) -> bytes:
    """An array as an .npy file."""
    letter = {"f8": "d", "f4": "f", "i8": "q", "b1": "b", "u1": "B"}.get(kind[1:], "i")
    return _npy_head(kind, shape) + struct.pack(f"<{len(values)}{letter}", *values)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("command", choices=["serve"])
    parser.add_argument("--store", type=Path, required=True)
    parser.add_argument("--until-stdin-closes", action="store_true")
    options = parser.parse_args()
    fake = Fake(options.store)
    for name, words in (
        ("refuse", "The graphics card is on fire: put it out."),
        ("in_use", f"A backend (process 1) is using {options.store} already: use that one, or stop it."),
        ("missing", f"{sys.executable}: No module named dreamface"),
    ):
        if fake.does(name):
            sys.exit(words)
    if fake.does("slow_start"):
        time.sleep(0.8)

    Handler.fake = fake
    socketserver.TCPServer.request_queue_size = 64
    server = Server(("127.0.0.1", 0), Handler)
    handover = fake.store / "backend.json"
    content = {"api": API, "url": f"http://127.0.0.1:{server.server_port}", "token": fake.token, "pid": os.getpid()}
    temporary = fake.store / "backend.tmp"
    temporary.write_text(json.dumps(content | {"version": "0.1.0"}))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    threading.Thread(target=fake.work, daemon=True).start()
    temporary.replace(handover)
    print("ready", file=sys.stderr)
    if options.until_stdin_closes:
        sys.stdin.buffer.read()
    else:
        signal.pause()
    handover.unlink(missing_ok=True)
    os._exit(0)


if __name__ == "__main__":
    main()
