"""A worker without torch that misbehaves as its job's prompt asks; for the service's tests.

python fake_worker.py [FILE] [models]: dies at its start while FILE exists.

FAKE_WORKER_LATE in the environment says how many seconds a late job goes on after it was cancelled, unless the prompt
does: "late: 0.1 s". FAKE_WORKER_RUNS names a file that gets a line for every job that is begun: when, which, and
for which service.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

from dreamface.service import frames

answers = os.fdopen(os.dup(1), "wb")
os.dup2(2, 1)
writing = threading.Lock()
cancelled = threading.Event()


def send(header: dict[str, Any], payload: bytes = b"") -> None:
    try:
        with writing:
            answers.write(frames.pack(header, payload))
            answers.flush()
    except OSError:
        os._exit(0)  # the service is gone


def do(job: dict[str, Any]) -> None:
    if "FAKE_WORKER_RUNS" in os.environ:
        with Path(os.environ["FAKE_WORKER_RUNS"]).open("a") as runs:
            runs.write(f"{time.monotonic()} {job['id']} {os.getppid()}\n")
    try:
        work(job)
    except OSError as error:
        send({"type": "failed", "id": job["id"], "error": f"It could not be written: {error.strerror}."})
    except Exception as error:
        send({"type": "failed", "id": job["id"], "error": f"The fake worker can't do that: {error!r}."})


def work(job: dict[str, Any]) -> None:
    if "untouched" in str(job["request"]) and not Path(job["place"]).with_suffix(".seen").exists():
        Path(job["place"]).with_suffix(".seen").touch()
        os.kill(os.getpid(), signal.SIGKILL)  # before it says anything
    if "never begun" in str(job["request"]):
        os._exit(7)
    name, request = job["id"], job["request"]
    request = request["face"] if job["kind"] == "edit" else request
    prompt = request.get("path") or "" if job["kind"].endswith("_model") else request.get("prompt", "")
    if job["kind"] == "from_photo":
        prompt = request["words"]
        for digest, path in job.get("files", {}).items():
            if hashlib.sha256(Path(path).read_bytes()).hexdigest() != digest:
                raise OSError("it is another file")
    send({"type": "progress", "id": name, "stage": "head", "fraction": 0.25, "message": "Shaping the head"})
    if "crash" in prompt:
        os.kill(os.getpid(), signal.SIGKILL)
    if "leave" in prompt:
        os._exit(7)
    if "garbage" in prompt:
        os.write(answers.fileno(), b"Hello from a library that prints\n" * 9)
        time.sleep(60)
    if "half" in prompt:
        os.write(answers.fileno(), frames.pack({"type": "done", "id": name, "result": {}})[:-4])
        os._exit(0)
    if "nonsense" in prompt:
        send({"type": "progress", "id": name, "stage": "head", "fraction": "half", "message": ""})
        time.sleep(60)
    if "impossible" in prompt:
        send({"type": "failed", "id": name, "error": "That can't be done: ask for something else."})
        return
    if prompt == "ein Mann" and not request.get("anyway"):
        send({"type": "failed", "id": name, "error": "DreamFace reads English only.", "code": "nothing_read"})
        return
    if "slow" in prompt and cancelled.wait(20.0):
        send({"type": "failed", "id": name, "error": "Stopped; nothing was written."})
        return
    if "deaf" in prompt:
        time.sleep(60)
    if "late" in prompt:
        cancelled.wait(20.0)
        said = re.search(r"late: ([0-9.]+) s", prompt)
        time.sleep(float(said[1] if said else os.environ.get("FAKE_WORKER_LATE", "0.3")))
    if job["kind"].endswith("_model"):
        send({"type": "done", "id": name, "result": {"message": "It is installed."}})
        return
    place = Path(job["place"])
    (place / "maps").mkdir(parents=True)
    result = {"face_id": "f", "prompt": prompt, "seed": request["seed"], "resolution": 512, "not_understood": []}
    result |= {"notes": [], "moved": [], "looked": ""}
    (place / "face.json").write_text(json.dumps({"generator": {"name": "DreamFace"}, **result}))
    if "brief" in prompt and cancelled.wait(0.02):
        send({"type": "failed", "id": name, "error": "Stopped; nothing was written."})
        return
    (place / "maps" / "skin.png").write_bytes(b"\x89PNG")
    send({"type": "done", "id": name, "result": result})


def answer(call: dict[str, Any]) -> None:
    head = {"type": "answer", "call": call["call"]}
    if call["name"] == "forget":
        send({**head, "result": {}})
    elif call["name"] == "paint" and "busy" in call["arguments"]["face"]["prompt"]:
        send({**head, "error": "It is being painted: try again.", "bug": False, "kind": "Busy"})
    elif call["name"] == "paint":
        files = call["arguments"]["files"]
        send({**head, "result": {}}, b"".join(Path(files[digest]).read_bytes() for digest in sorted(files)) or b"bytes")
    elif call["name"] == "edit_vocabulary":
        word = {"name": "scar", "description": "a scar", "words": ["scar"], "variants": ["cut"]}
        region = {"name": "left_cheek", "label": "Left Cheek", "side": "left", "words": ["left cheek"]}
        send({**head, "result": {"families": [{"name": "effects", "words": [word]}], "regions": [region]}})
    elif call["name"] == "read_edit":
        effects = [{"name": "scar", "amount": 0.5}]
        read = {"traits": {}, "effects": effects, "region": None, "not_understood": [call["arguments"]["words"]]}
        send({**head, "result": {**read, "contradiction": ""}})
    elif call["name"] == "talk":
        given = call["arguments"]
        names = ", ".join(one["name"] for one in given["others"])
        turn = {"said": given["said"], "answer": f"Heard beside {names}.", "did": "nothing"}
        reply = {
            "answer": turn["answer"],
            "changed": False,
            "understood": True,
            "edits": given["face"].get("edits", []),
        }
        send({**head, "result": {**reply, "talk": [turn], "changes": []}})
    elif call["name"] == "carry_edits":
        send({**head, "result": {"edits": call["arguments"]["edits"], "pictures": {}}})
    elif call["name"] == "edit_picture":
        made = b"made of " + Path(call["arguments"]["path"]).read_bytes()
        send({**head, "result": {"width": 3, "height": 2}}, made)
    elif call["name"] in ("reshape", "groom"):
        send({**head, "result": {}}, b"bytes")
    elif call["name"] == "styles":
        send({**head, "result": {"styles": [], "problems": []}})
    elif call["name"] == "save_style":
        kept = {name: call["arguments"][name] for name in ("name", "label", "region", "summary")}
        kept["value"] = kept["name"]
        shape = {"length": 0.3, "curl": 0.0, "volume": 0.5, "fringe": 0.0, "parting": None}
        send({**head, "result": {**kept, **shape, "own": True, "picture": None}})
    elif call["name"] == "remove_style":
        send({**head, "error": "There is no such style.", "bug": False, "kind": "UnknownName"})
    elif "bug" in call["arguments"]["prompt"]:
        send({**head, "error": "DreamFace met a bug.", "bug": True})
    else:
        send({**head, "result": {"traits": {}, "not_understood": [call["arguments"]["prompt"]]}})


def main() -> None:
    if len(sys.argv) > 1 and Path(sys.argv[1]).exists():
        sys.exit("it is not my day")
    send({"type": "ready", "device": "cpu"})
    with os.fdopen(os.dup(0), "rb") as commands:
        while (frame := frames.read(commands)) is not None:
            kind = frame.header["type"]
            if kind == "job":
                cancelled.clear()
                threading.Thread(target=do, args=(frame.header,), daemon=True).start()
            elif kind == "cancel":
                cancelled.set()
            else:
                answer(frame.header)
    os._exit(0)


main()
