"""Clients that connect and do not get on with it; and floods of them."""

from __future__ import annotations

import json
import socket
import time
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from tests.running_backend import Backend, running_backend, wait_for

HURRIED = """
from dreamface.service import connections
connections.HEADERS_LIMIT, connections.BODY_LIMIT, connections.BODY_STEP = 0.3, 0.5, 1000
connections.Refusals.__init__.__defaults__ = (1.0,)
"""
FEW_DESCRIPTORS = "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100));"


def test_only_a_uvicorn_that_this_was_tested_with_is_taken() -> None:
    """`connections` builds on its protocol class, which its authors may change with any minor version."""
    project = tomllib.loads(Path(__file__).parents[2].joinpath("pyproject.toml").read_text("utf-8"))["project"]
    allowed = next(one for one in map(Requirement, project["dependencies"]) if one.name == "uvicorn").specifier
    installed = Version(version("uvicorn"))
    assert installed in allowed
    assert f"{installed.major}.{installed.minor}.99" in allowed
    assert f"{installed.major}.{installed.minor + 1}.0" not in allowed


@pytest.fixture(scope="module")
def backend(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    with running_backend(tmp_path_factory.mktemp("door"), setup=FEW_DESCRIPTORS + HURRIED) as backend:
        backend.when_ready()
        yield backend


def connect(backend: Backend) -> socket.socket:
    host, _, port = backend.url.removeprefix("http://").partition(":")
    return socket.create_connection((host, int(port)), timeout=5.0)


def head(backend: Backend, method: str, path: str, *headers: str) -> bytes:
    lines = (f"{method} {path} HTTP/1.1", "Host: localhost", f"Authorization: Bearer {backend.token}", *headers)
    return "\r\n".join((*lines, "", "")).encode()


def rest_of(connection: socket.socket) -> bytes:
    """All that the backend sends until it hangs up."""
    answer = b""
    try:
        while data := connection.recv(65536):
            answer += data
    except ConnectionError:
        pass
    return answer


@pytest.mark.parametrize("start", [b"", b"GET / HT", b"GET /health HTTP/1.1\r\nHost: localhost\r\nX: "])
def test_a_request_that_is_never_whole_is_cut_off(backend: Backend, start: bytes) -> None:
    with connect(backend) as connection:
        connection.sendall(start)
        begin = time.monotonic()
        answer = rest_of(connection)
        assert time.monotonic() - begin < 2.0
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert "send it again" in json.loads(answer.partition(b"\r\n\r\n")[2])["error"]


def test_headers_that_drip_are_cut_off(backend: Backend) -> None:
    begin = time.monotonic()
    with connect(backend) as connection, pytest.raises(ConnectionError):
        connection.sendall(b"GET /health HTTP/1.1\r\n")
        while time.monotonic() - begin < 5.0:
            connection.sendall(b"X: y\r\n")
            time.sleep(0.1)
    assert time.monotonic() - begin < 3.0


@pytest.mark.parametrize("path", ["/jobs", f"/uploads/{'0' * 64}"])
def test_a_body_that_does_not_come_is_cut_off(backend: Backend, path: str) -> None:
    method = "PUT" if "uploads" in path else "POST"
    with connect(backend) as connection:
        connection.sendall(head(backend, method, path, "Content-Type: application/json", "Content-Length: 100"))
        connection.sendall(b'{"kind"')
        begin = time.monotonic()
        answer = rest_of(connection)
        assert 0.4 < time.monotonic() - begin < 3.0
    assert answer.startswith(b"HTTP/1.1 408 ")
    wait_for(lambda: not list((backend.store / "uploads").iterdir()), 2.0)


def test_a_body_that_comes_slowly_but_surely_is_taken(backend: Backend) -> None:
    body = json.dumps({"kind": "generate", "request": {"prompt": "a man"}}).encode() + b" " * 6000
    with connect(backend) as connection:
        kind = "Content-Type: application/json"
        connection.sendall(head(backend, "POST", "/jobs", "Connection: close", kind, f"Content-Length: {len(body)}"))
        for start in range(0, len(body), 600):  # in all longer than a step may take
            connection.sendall(body[start : start + 600])
            time.sleep(0.08)
        assert rest_of(connection).startswith(b"HTTP/1.1 201 ")


def test_a_second_request_on_a_connection_has_its_limit_too(backend: Backend) -> None:
    with connect(backend) as connection:
        connection.sendall(head(backend, "GET", "/health"))
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")
        connection.sendall(b"GET /hea")
        begin = time.monotonic()
        assert b"408" in rest_of(connection)
        assert time.monotonic() - begin < 2.0


def test_an_event_stream_has_no_limit(backend: Backend) -> None:
    with connect(backend) as connection:
        connection.sendall(head(backend, "GET", "/events"))
        connection.settimeout(0.8)
        answer = connection.recv(65536)
        with pytest.raises(TimeoutError):
            while data := connection.recv(65536):
                answer += data
        assert answer.startswith(b"HTTP/1.1 200 ")


def test_who_has_no_token_keeps_no_connection(backend: Backend) -> None:
    with connect(backend) as connection:
        connection.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        answer = rest_of(connection)
    assert answer.startswith(b"HTTP/1.1 401 ")
    assert b"connection: close" in answer.lower()


def test_what_is_no_http_gets_a_sentence(backend: Backend) -> None:
    with connect(backend) as connection:
        connection.sendall(b"\x16\x03\x01 hello\r\n\r\n")
        answer = rest_of(connection)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["error"].endswith(".")


def test_a_flood_keeps_nobody_out_and_fills_no_log(tmp_path: Path) -> None:
    quick = HURRIED.replace("0.3, 0.5", "30.0, 30.0")
    with running_backend(tmp_path, setup=FEW_DESCRIPTORS + quick) as backend, ExitStack() as stack:
        backend.when_ready()
        for number in range(400):  # four times as many as it has descriptors
            connection = stack.enter_context(connect(backend))
            connection.sendall((b"", b"GET /health HT", head(backend, "GET", "/health")[:-2])[number % 3])
            if number % 50 == 0:
                assert backend.health()["state"] == "ready"
        job = backend.generate("a man")
        assert backend.outcome(job)["state"] == "done"
        time.sleep(1.2)
        assert "refused" in backend.log()
        assert len(backend.log().splitlines()) < 12
        assert "Traceback" not in backend.log()
