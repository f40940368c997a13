"""Requests that make no sense, thousands of them, to a running service."""

from __future__ import annotations

import copy
import json
import random
import re
import socket
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.running_backend import Backend, running_backend

PATIENCE: Final = 8.0  # seconds until an answer that does not come is a hang
FEW_SECONDS: Final = """
from dreamface.service import connections
connections.HEADERS_LIMIT, connections.BODY_LIMIT = 2.0, 2.0
"""

EDITS: Final[list[dict[str, Any]]] = [
    {
        "id": "a",
        "kind": "words",
        "label": "a bruise",
        "strength": 0.5,
        "visible": True,
        "place": {"regions": ["nose"], "feather": 3.0, "mirror": True, "inverted": False},
        "traits": {"age": {"value": 80.0, "confidence": 1.0, "because": "old"}},
        "parameters": {"effects": [{"name": "bruise", "amount": 0.5, "colour": [0.1, 0.2, 0.3], "variant": ""}]},
    },
    {"id": "b", "kind": "mix", "parameters": {"take": ["skin"], "seed": 5, "candidate": None}},
    {
        "id": "c",
        "kind": "words",
        "strength": 1.5,
        "traits": {"freckles.density": {"value": 0.5, "confidence": 1.0, "because": ""}},
    },
]
"""Edits that need no upload."""

FACE: Final = {
    "face_id": "f", "prompt": "a man", "seed": 1, "resolution": 512, "head": "anny",
    "traits": {"age": {"value": 40.0, "confidence": 0.0, "because": ""}}, "not_understood": [], "history": [{"a": 1}],
    "layers": [{"id": "freckles", "kind": "freckles", "strength": 0.5, "parameters": {"a": [1, {"b": 2}]}}],
    "edits": EDITS,
}  # fmt: skip
BODIES: Final[dict[str, list[dict[str, Any]]]] = {
    "/jobs": [
        {"kind": "generate", "request": {"prompt": "a man", "seed": 1, "resolution": 512, "traits": {"age": 40.0}}},
        {"id": "0" * 32, "kind": "generate", "request": {"prompt": "a woman", "without": ["age"], "face_id": "f"}},
        {"kind": "from_photo", "request": {"photographs": [{"path": "/a.jpg"}], "words": "older", "keep": True}},
        {"kind": "from_photo", "request": {"photographs": [{"upload": "0" * 64, "name": "a.jpg"}], "resolution": 512}},
        {"kind": "edit", "request": {"face": FACE, "traits": {"age": 50.0}, "layers": {"freckles": 0.3}}},
        {"kind": "explore", "request": {"face": FACE, "axes": [{"name": "age"}, {"name": "identity", "towards": 3}]}},
        {"kind": "export", "request": {"job": "0" * 32, "format": "glb"}},
        {"kind": "install_model", "request": {"name": "ict-facekit", "path": "a.zip"}},
        {"kind": "verify_model", "request": {"name": "ict-facekit"}},
    ],
    "/read": [{"prompt": "an old man"}],
    "/reshape": [{"seed": 1, "traits": {"age": {"value": 40.0, "confidence": 1.0, "because": "old"}}, "shapes": True}],
    "/groom": [{"seed": 1, "traits": {"hair.style": "bob"}, "candidate": 3, "regions": ["scalp", "brows"]}],
    "/paint": [
        {"face": FACE, "shown": EDITS, "offset": None, "resolution": 1024},
        {"face": FACE | {"edits": []}, "shown": [EDITS[0] | {"place": {"mask": {"skin": "0" * 64}}}]},
    ],
    "/edits/read": [{"words": "a pale scar on the left cheek", "place": True}],
    "/talk": [
        {"said": "older, keep the nose", "face": FACE | {"talk": [{"said": "a", "answer": "b", "did": "nothing"}]}},
        {"said": "undo that", "face": FACE, "others": [{"name": "Anna", "record": FACE}], "folder": "/nowhere"},
    ],
    "/edits/carry": [{"edits": EDITS, "from": FACE, "to": FACE}],
    "/edits/picture": [{"picture": "0" * 64, "kind": "mask"}],
    "/styles": [
        {"name": "bob", "label": "Bob", "region": "scalp", "replace": True, "style": {"length": 0.5, "sections": [{}]}},
        {"name": "bob", "label": "Bob", "guides": [[[0.0, 0.0, 0.1], [0.0, 0.0, 0.2]]], "record": FACE, "like": "bob"},
    ],
}  # fmt: skip
PATHS: Final = (
    "/health", "/jobs", "/jobs?limit=5", "/jobs?active=true", "/jobs/{job}", "/jobs/{job}/cancel", "/jobs/{job}/files",
    "/jobs/{job}/files/face.json", "/jobs/{job}/files/maps/skin.png", "/jobs/{job}/events", "/events", "/traits",
    "/models", "/openapi.json", "/read", "/reshape", "/groom", "/styles", "/styles/bob", "/paint", "/edits",
    "/edits/read", "/talk", "/uploads/{digest}", "/", "*",
    "/docs", "/live/nowhere", "/live/nowhere/events", "/live/nowhere/record", "/live/{job}",
)  # fmt: skip
METHODS: Final = ("GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "TRACE", "CONNECT", "get", "BREW")
VALUES: Final[tuple[Any, ...]] = (
    None, True, False, 0, -1, 1, 2**31, 2**32, 2**63, 2**64, -(2**63), 10**300, 1e308, -1e308, 1e-320, 0.5,
    float("nan"), float("inf"), "", " ", "a", "\x00", "\ud800", "\udfff x", "é" * 500, "\u202e", "x" * 3000, "🙂" * 50,
    "auto", "anny", "0" * 32, "0" * 64, "../../etc/passwd", [], {}, [[]], [None], {"": None}, {"a": {"b": []}},
    {"value": 1}, {"value": "x", "confidence": 2, "because": 3}, [1.0, 2.0, 3.0], [float("nan")], list(range(500)),
)  # fmt: skip
HEADERS: Final = (
    "Range: bytes=0-1", "Range: bytes=5-1", "Range: bytes=a-b", "Range: bytes=0-,1-,2-,3-", "Range: lines=1-2",
    "Range: bytes=-99999999999999999999", "If-Range: x", "If-None-Match: *", "If-Modified-Since: yesterday",
    "Accept-Encoding: gzip, x", "Content-Encoding: gzip", "Expect: 100-continue", "Expect: tea", "Upgrade: websocket",
    "Connection: upgrade, close", "Cookie: a=b; c", "X-Forwarded-For: ::1", "X: " + "y" * 9000, "Origin: null",
    "Last-Event-ID: 5", "Content-Type: text/plain", "Content-Type: application/json; charset=utf-16",
    "Content-Type: multipart/form-data; boundary=x", "Content-Type: ;;;", "Accept: ", "TE: trailers",
)  # fmt: skip


@dataclass
class Outcome:
    """What a run has found: how many cases were answered how, and what should not be."""

    seed: int
    seconds: float
    statuses: Counter[str]
    bad: dict[str, list[str]]

    @property
    def is_clean(self) -> bool:
        return not any(self.bad.values())

    def __str__(self) -> str:
        answers = ", ".join(f"{count} x {status}" for status, count in sorted(self.statuses.items()))
        counts = ", ".join(f"{len(found)} {kind}" for kind, found in self.bad.items())
        shown = [f"  {kind}: {what}" for kind, found in self.bad.items() for what in found[:5]]
        first = f"seed {self.seed}: {self.statuses.total()} cases in {self.seconds:.1f} s: {answers}"
        return "\n".join((first, counts, *shown))


@dataclass(frozen=True)
class Case:
    """Bytes to send, and whether a whole answer must come."""

    data: bytes
    is_whole: bool = True


def odd_edits(dice: random.Random) -> Any:
    """Return a stack of edits with some of its values replaced, as JSON has it."""
    edits = json.loads(json.dumps(EDITS))
    fuzzer = Fuzzer(dice, None, "")
    for _ in range(dice.randint(1, 3)):
        fuzzer.change(edits)
    return edits


class Fuzzer:
    """Makes cases.

    Args:
        dice: what is drawn from.
        backend: whose token they carry; None where none are sent.
        job: a done one.
    """

    def __init__(self, dice: random.Random, backend: Backend | None, job: str) -> None:
        self._dice = dice
        self._token = backend.token if backend else ""
        self._job = job

    def case(self) -> Case:
        """Draw one."""
        makers: tuple[tuple[Callable[[], Case], int], ...] = (
            (self._json, 50), (self._request, 25), (self._body, 10), (self._cut_off, 5), (self._garbage, 5),
            (self._chunks, 5),
        )  # fmt: skip
        return self._dice.choices([maker for maker, _ in makers], [weight for _, weight in makers])[0]()

    def _json(self) -> Case:
        """A sound request with some of its values replaced."""
        path = self._dice.choice(list(BODIES))
        body = json.loads(json.dumps(self._dice.choice(BODIES[path])))  # what it has twice is two things now
        for _ in range(self._dice.randint(0, 2)):
            self.change(body)
        return Case(self._packed("POST", path, json.dumps(body).encode(), "Content-Type: application/json"))

    def change(self, data: Any) -> None:
        """Replace, remove or add something somewhere in JSON."""
        while isinstance(data, dict | list) and data:
            key = self._dice.choice(list(data) if isinstance(data, dict) else range(len(data)))
            if isinstance(data[key], dict | list) and data[key] and self._dice.random() < 0.7:
                data = data[key]
                continue
            action = self._dice.randrange(4)
            if action == 0:
                del data[key]
            elif action == 1 and isinstance(data, dict):
                data[self._dice.choice(("x", "", "\ud800", "id", "prompt", "k" * 300))] = self._value()
            elif action == 2:
                data[key] = self._nested()
            else:
                data[key] = self._value()
            return

    def _value(self) -> Any:
        """One of the values, which may be changed afterwards."""
        return copy.deepcopy(self._dice.choice(VALUES))

    def _nested(self) -> Any:
        data: Any = 1
        for _ in range(self._dice.choice((3, 60, 64, 66, 130, 253, 300, 900))):
            data = [data] if self._dice.random() < 0.5 else {"a": data}
        return data

    def _request(self) -> Case:
        """Any method for any path, with headers that may be wrong."""
        headers = [self._dice.choice(HEADERS) for _ in range(self._dice.randint(0, 3))]
        body = self._dice.choice((b"", b"", b"{}", b"null", bytes(100), b"\xff\xfe{}"))
        return Case(self._packed(self._dice.choice(METHODS), self._path(), body, *headers))

    def _path(self) -> str:
        job = self._dice.choice((self._job, self._job, "0" * 32, "x", "%00"))
        digest = self._dice.choice(("0" * 64, "A" * 64, "..%2f", "%ff"))
        path = self._dice.choice(PATHS).format(job=job, digest=digest)
        added = ("%00", "%2e%2e/", "//", "..", "%", "%zz", "?", "&limit=9", "?limit=%00", "#", "a" * 500, ";", "%ff")
        for _ in range(self._dice.choice((0, 0, 1, 2))):
            place = self._dice.randint(0, len(path))
            path = path[:place] + self._dice.choice(added) + path[place:]
        return path

    def _body(self) -> Case:
        """A body that is not what its path takes."""
        path = self._dice.choice((*BODIES, "/uploads/" + "0" * 64))
        bodies = (
            b"", b"{", b'{"kind"', b"[" * 50_000, b'{"a":' * 50_000, b"\x00" * 1000, b"nul", b"1" * 5000, b'"\\ud800"',
            b'{"kind": "generate", "kind": "edit"}', "{'a': 1}".encode("utf-16"), b"\xff" * 100, b" " * 2**20,
            b"-" * 2**20 + b"1", self._dice.randbytes(300),
        )  # fmt: skip
        method = "PUT" if "uploads" in path else "POST"
        kind = self._dice.choice(("Content-Type: application/json", "Content-Type: text/plain", "X: y"))
        return Case(self._packed(method, path, self._dice.choice(bodies), kind))

    def _cut_off(self) -> Case:
        """The beginning of a request."""
        whole = self._json().data
        return Case(whole[: self._dice.randrange(len(whole))], is_whole=False)

    def _garbage(self) -> Case:
        """No HTTP at all, or nearly."""
        start, noise = self._packed("GET", "/health", b""), self._dice.randbytes(200) + b"\r\n\r\n"
        damaged = bytearray(start)
        for _ in range(self._dice.randint(1, 8)):
            damaged[self._dice.randrange(len(damaged))] = self._dice.randrange(256)
        return Case(self._dice.choice((noise, bytes(damaged), start * 3)), is_whole=False)

    def _chunks(self) -> Case:
        """A body without a length."""
        head = self._head("POST", "/jobs", "Content-Type: application/json", "Transfer-Encoding: chunked")
        chunks = (
            b"2\r\n{}\r\n0\r\n\r\n",
            b"zz\r\n{}\r\n",
            b"-1\r\n",
            b"ffffffffffffffff\r\n{}",
            b"0\r\n\r\n",
            b"5\r\n{}",
        )
        return Case(head + self._dice.choice(chunks), is_whole=False)

    def _packed(self, method: str, path: str, body: bytes, *headers: str) -> bytes:
        lengths = (len(body),) * 20 + (0, -1, 10**30)
        length = self._dice.choice(lengths)
        return self._head(method, path, *headers, f"Content-Length: {length}") + body

    def _head(self, method: str, path: str, *headers: str) -> bytes:
        host = self._dice.choice(("localhost",) * 20 + ("evil.example", "[::1", "é", ""))
        token = self._dice.choice((self._token,) * 20 + ("wrong", "", "é"))
        first = (f"{method} {path} HTTP/1.1", f"Host: {host}", f"Authorization: Bearer {token}", "Connection: close")
        return "\r\n".join((*first, *headers, "", "")).encode("utf-8", "replace")


def send(backend: Backend, case: Case) -> bytes | None:
    """Send a case, and give what was answered until the service hung up; None where it hangs."""
    host, _, port = backend.url.removeprefix("http://").partition(":")
    answer = b""
    end = time.monotonic() + PATIENCE
    with socket.create_connection((host, int(port)), timeout=PATIENCE) as connection:
        try:
            connection.sendall(case.data)
            if not case.is_whole:
                connection.settimeout(0.05)
            while data := connection.recv(65536):
                answer += data
                if b"text/event-stream" in answer[:500] or time.monotonic() > end:
                    break
        except TimeoutError:
            return None if case.is_whole else answer
        except ConnectionError:
            pass
    return answer


def judge(case: Case, answer: bytes | None) -> tuple[str, str]:
    """How a case was answered, and what is wrong with that, or ""."""
    if answer is None:
        return "hang", "hangs"
    found = re.match(rb"HTTP/1\.1 (\d{3}) ", answer)
    if found is None:
        return "nothing", ""
    status = int(found[1])
    if status >= 500 and status != 503:
        return str(status), "answers of 500"
    body = answer.partition(b"\r\n\r\n")[2]
    if status >= 400 and body and b"application/json" in answer:
        try:
            json.JSONDecoder().raw_decode(body.decode())[0]["error"]  # the next request's answer may follow
        except (ValueError, KeyError, TypeError):
            return str(status), "answers that are no sentence"
    return str(status), ""


def run(folder: Path, cases: int, seed: int, seconds: float = float("inf")) -> Outcome:
    """Send as many cases to a service of its own, or as many as fit into a time."""
    dice = random.Random(seed)
    bad: dict[str, list[str]] = {
        "tracebacks": [], "hangs": [], "answers of 500": [], "answers that are no sentence": [], "deaths": [],
    }  # fmt: skip
    statuses: Counter[str] = Counter()
    start = time.monotonic()
    with running_backend(folder / "store", setup=FEW_SECONDS) as backend:
        backend.when_ready()
        job = backend.generate("a man")
        backend.outcome(job)
        fuzzer = Fuzzer(dice, backend, job)
        for number in range(cases):
            if time.monotonic() - start > seconds:
                break
            case = fuzzer.case()
            status, problem = judge(case, send(backend, case))
            statuses[status] += 1
            if problem:
                bad[problem].append(f"case {number}: {case.data[:300]!r}")
        bad["tracebacks"] += ["in the log"] * backend.log().count("Traceback (most recent call last)")
        alive = backend.health()["state"] == "ready" and backend.ask("GET", "/jobs?limit=10000")[0] == 200
        if not alive or backend.outcome(backend.generate("a woman"), 60.0)["state"] != "done":
            bad["deaths"].append("it no longer makes faces")
    return Outcome(seed, time.monotonic() - start, statuses, bad)
