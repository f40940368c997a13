"""The HTTP client of the Blender side, against servers that do exactly what a test says."""

from __future__ import annotations

import json
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from dreamface_addon.link import client as client_module
from dreamface_addon.link.client import Client, Exchange
from dreamface_addon.link.downloads import Download
from dreamface_addon.link.events import EventParser

Script = Callable[[socket.socket], None]
Serve = Callable[..., str]

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 8\r\n\r\n" + b'{"a": 1}'


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serves each connection with the next script, the last one for all that follow; gives the URL."""
    listeners = []

    def start(*scripts: Script, tls: ssl.SSLContext | None = None) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def run() -> None:
            waiting = list(scripts)
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                script = waiting.pop(0) if len(waiting) > 1 else waiting[0]
                threading.Thread(target=play, args=(script, connection), daemon=True).start()

        def play(script: Script, connection: socket.socket) -> None:
            try:
                with closing(tls.wrap_socket(connection, server_side=True) if tls else connection) as spoken:
                    script(spoken)
            except OSError:
                pass  # the client has had enough

        threading.Thread(target=run, daemon=True).start()
        return f"http{'s' if tls else ''}://127.0.0.1:{listener.getsockname()[1]}"

    yield start
    for listener in listeners:
        listener.close()


def finish(client: Client, *exchanges: Exchange, seconds: float = 5.0) -> None:
    until = time.monotonic() + seconds
    while not all(exchange.done for exchange in exchanges):
        assert time.monotonic() < until, "the exchange never ends"
        client.poll()
        time.sleep(0.001)


def request(connection: socket.socket) -> bytes:
    """The whole of a request."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            raise ConnectionResetError
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    length = next((int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def answer(*replies: bytes) -> Script:
    """Answers one request after the other, then waits for the client to go."""

    def script(connection: socket.socket) -> None:
        for reply in replies:
            request(connection)
            connection.sendall(reply)
        connection.recv(1)

    return script


def silence(connection: socket.socket) -> None:
    """Takes a request and never answers."""
    request(connection)
    connection.recv(1)


def breaking(*pieces: bytes) -> Script:
    """Sends the pieces and closes."""

    def script(connection: socket.socket) -> None:
        request(connection)
        for piece in pieces:
            connection.sendall(piece)
            time.sleep(0.005)

    return script


def chunked(*pieces: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"".join(
        b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces
    )


def test_a_request_says_who_asks_and_what(serve: Serve) -> None:
    seen = []

    def script(connection: socket.socket) -> None:
        seen.append(request(connection))
        connection.sendall(OK)
        connection.recv(1)

    url = serve(script)
    client = Client(url + "/behind/proxy/", "secret")
    exchange = client.send("POST", "/jobs/ü x?limit=5", {"prompt": "größer"})
    finish(client, exchange)
    head, _, body = seen[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /behind/proxy/jobs/%C3%BC%20x?limit=5 HTTP/1.1\r\n")
    assert b"Authorization: Bearer secret" in head
    assert b"Host: " + url.removeprefix("http://").encode() in head
    assert json.loads(body) == {"prompt": "größer"}
    assert (exchange.status, exchange.error, exchange.json()) == (200, None, {"a": 1})
    client.close()


def test_a_connection_serves_request_after_request(serve: Serve) -> None:
    connections = []

    def script(connection: socket.socket) -> None:
        connections.append(connection)
        answer(OK, OK, OK)(connection)

    client = Client(serve(script), "")
    for _ in range(3):
        exchange = client.send("GET", "/health")
        finish(client, exchange)
        assert exchange.json() == {"a": 1}
    assert len(connections) == 1
    client.close()


def test_a_connection_that_went_stale_is_replaced_without_a_word(serve: Serve) -> None:
    client = Client(serve(breaking(OK), answer(OK)), "")
    first = client.send("GET", "/health")
    finish(client, first)
    time.sleep(0.02)
    second = client.send("GET", "/health")
    finish(client, second)
    assert second.error is None
    assert second.json() == {"a": 1}
    client.close()


def test_several_exchanges_go_on_at_the_same_time(serve: Serve) -> None:
    def slow(connection: socket.socket) -> None:
        request(connection)
        time.sleep(0.2)
        connection.sendall(OK)

    client = Client(serve(slow), "")
    start = time.monotonic()
    finish(client, *[client.send("GET", f"/{number}") for number in range(8)])
    assert time.monotonic() - start < 1.0
    client.close()


@pytest.mark.parametrize("size", [1, 7, 4096])
def test_an_answer_may_come_in_any_pieces(serve: Serve, size: int) -> None:
    whole = chunked(b'{"a"', b": 1}", b"")
    pieces = [whole[start : start + size] for start in range(0, len(whole), size)]
    client = Client(serve(breaking(*pieces)), "")
    exchange = client.send("GET", "/")
    finish(client, exchange)
    assert (exchange.error, exchange.json()) == (None, {"a": 1})
    client.close()


def refusal(status: int, body: bytes) -> Script:
    return answer(b"HTTP/1.1 %d No\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body))


@pytest.mark.parametrize(
    ("script", "sentence", "lost"),
    [
        (refusal(400, b'{"error": "The prompt is empty."}'), "The prompt is empty.", False),
        (refusal(500, b"<html>"), "Something else answered in the engine's place (HTTP 500)", False),
        (breaking(b"\x00\x01 hello\r\n\r\n"), "is not DreamFace", True),
        (breaking(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"), "is not DreamFace", True),
        (
            breaking(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"),
            "The connection to the engine was lost: check",
            True,
        ),
        (breaking(chunked(b"half")), "The connection to the engine was lost: check", True),
        (breaking(), "The connection to the engine was lost: check", True),
        (breaking(b"HTTP/1.1 200 OK\r\n" + b"X-Long: " + b"x" * 200_000 + b"\r\n\r\n"), "is not DreamFace", True),
    ],
)
def test_whatever_goes_wrong_is_a_sentence(serve: Serve, script: Script, sentence: str, lost: bool) -> None:
    client = Client(serve(script), "")
    exchange = client.send("GET", "/health")
    finish(client, exchange)
    assert exchange.error is not None
    assert sentence in exchange.error
    assert exchange.lost is lost
    client.close()


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("http://127.0.0.1:1", "Nothing answers at http://127.0.0.1:1: check"),
        ("127.0.0.1:8000", "is not the address of an engine"),
        ("ftp://127.0.0.1", "is not the address of an engine"),
        ("http://127.0.0.1:99999", "is not the address of an engine"),
        ("", "is not the address of an engine"),
        ("http://no-such-host.invalid:80", "cannot be found"),
    ],
)
def test_a_url_that_leads_nowhere_is_a_sentence(url: str, sentence: str) -> None:
    client = Client(url, "")
    exchange = client.send("GET", "/health")
    finish(client, exchange, seconds=10.0)
    assert sentence in (exchange.error or "")


@pytest.mark.parametrize("token", ["two\nlines", "“quoted”"])
def test_a_token_that_cannot_be_one_is_a_sentence(serve: Serve, token: str) -> None:
    client = Client(serve(answer(OK)), token)
    exchange = client.send("GET", "/health")
    finish(client, exchange)
    assert "check the preferences" in (exchange.error or "")
    client.close()


def test_localhost_is_tried_at_each_of_its_addresses(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    port = int(serve(answer(OK)).rpartition(":")[2])
    both = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 1)),  # nobody there
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port)),
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: both)
    client = Client(f"http://localhost:{port}", "")
    exchange = client.send("GET", "/health")
    finish(client, exchange)
    assert exchange.error is None
    client.close()


def test_a_silent_server_is_given_up(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "ANSWER_TIMEOUT", 0.2)
    client = Client(serve(silence), "")
    exchange = client.send("GET", "/health")
    finish(client, exchange)
    assert "has not answered" in (exchange.error or "")
    assert exchange.lost


def test_time_in_which_nobody_polls_counts_for_little(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "ANSWER_TIMEOUT", 1.3)

    def script(connection: socket.socket) -> None:
        request(connection)
        time.sleep(1.6)
        connection.sendall(OK)

    client = Client(serve(script), "")
    exchange = client.send("GET", "/health")
    client.poll()
    time.sleep(1.45)  # Blender renders
    finish(client, exchange)
    assert exchange.error is None
    client.close()


def test_a_server_that_cannot_be_reached_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "CONNECT_TIMEOUT", 0.2)
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        crowd = [socket.socket() for _ in range(4)]
        for visitor in crowd:
            visitor.setblocking(False)
            visitor.connect_ex(full.getsockname())
        client = Client(f"http://127.0.0.1:{full.getsockname()[1]}", "")
        exchange = client.send("GET", "/health")
        finish(client, exchange)
        for visitor in crowd:
            visitor.close()
    assert "Nothing answers" in (exchange.error or "")


def test_a_body_too_large_or_too_slow_is_not_kept(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    def pour(connection: socket.socket) -> None:
        request(connection)
        connection.sendall(chunked())
        while True:
            connection.sendall(b"400\r\n" + bytes(1024) + b"\r\n")
            time.sleep(0.001)

    url = serve(pour)
    monkeypatch.setattr(client_module, "LARGEST_BODY", 20_000)
    client = Client(url, "")
    large = client.send("GET", "/read")
    finish(client, large)
    assert "too large: update the extension" in (large.error or "")
    assert not large.lost
    monkeypatch.setattr(client_module, "LARGEST_BODY", 1 << 30)
    monkeypatch.setattr(client_module, "TOTAL_TIMEOUT", 0.2)
    slow = client.send("GET", "/read")
    finish(client, slow)
    assert slow.error == "The engine's answer takes too long: try again."
    client.close()


def test_a_file_goes_to_disk(serve: Serve, tmp_path: Path) -> None:
    content = bytes(range(256)) * 4000
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(content)
    client = Client(serve(answer(head + content)), "")
    exchange = client.send("GET", "/file", into=tmp_path / "файл один.bin")
    finish(client, exchange)
    assert (tmp_path / "файл один.bin").read_bytes() == content
    assert (exchange.error, exchange.received, exchange.body) == (None, len(content), b"")
    client.close()


def test_a_refused_file_leaves_no_file(serve: Serve, tmp_path: Path) -> None:
    client = Client(serve(refusal(404, b'{"error": "There is no such file."}')), "")
    exchange = client.send("GET", "/file", into=tmp_path / "file")
    finish(client, exchange)
    assert exchange.error == "There is no such file."
    assert list(tmp_path.iterdir()) == []
    client.close()


def test_a_full_disk_is_a_sentence(serve: Serve) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("only Linux has /dev/full")
    client = Client(serve(answer(OK)), "")
    exchange = client.send("GET", "/file", into=Path("/dev/full"))
    finish(client, exchange)
    assert exchange.error == "full cannot be written (No space left on device): make room on the disk, then try again."
    assert not exchange.lost
    client.close()


def test_events_arrive_whole_and_in_order(serve: Serve) -> None:
    text = ": alive\r\n\r\n" + "".join(f'event: job\ndata: {{"n": {n},\ndata: "ü": "ü"}}\nid: 5\n\n' for n in range(50))
    data = text.encode()
    pieces = [chunked(), *(chunked(data[at : at + 11])[len(chunked()) :] for at in range(0, len(data), 11))]
    heard = []
    client = Client(serve(breaking(b"".join(pieces) + b"0\r\n\r\n")), "")
    stream = client.send("GET", "/events", on_event=lambda name, said: heard.append((name, said)))
    finish(client, stream)
    assert heard == [("job", {"n": number, "ü": "ü"}) for number in range(50)]
    assert stream.error is None


@pytest.mark.parametrize(
    ("end", "sentence"),
    [
        (b'event: job\ndata: {"n": ', "The connection to the engine was lost: check"),
        (b"event: job\ndata: nonsense\n\n", "is not DreamFace"),
        (b"event: job\ndata: [1]\n\n", "is not DreamFace"),
        (b"event: job\ndata: \xff\xfe\n\n", "is not DreamFace"),
    ],
)
def test_half_an_event_or_nonsense_is_never_handed_out(serve: Serve, end: bytes, sentence: str) -> None:
    heard = []
    client = Client(serve(breaking(chunked(b'event: job\ndata: {"n": 1}\n\n', end))), "")
    stream = client.send("GET", "/events", on_event=lambda name, said: heard.append(said))
    finish(client, stream)
    assert heard == [{"n": 1}]
    assert sentence in (stream.error or "")


def test_a_silent_stream_is_given_up_and_one_that_lives_is_not(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "EVENTS_TIMEOUT", 0.3)

    def script(connection: socket.socket) -> None:
        request(connection)
        connection.sendall(chunked())
        for _ in range(6):
            connection.sendall(b"9\r\n: alive\n\n\r\n")
            time.sleep(0.1)
        connection.recv(1)

    start = time.monotonic()
    client = Client(serve(script), "")
    stream = client.send("GET", "/events", on_event=lambda *_: None)
    finish(client, stream)
    assert time.monotonic() - start > 0.8
    assert "has not answered" in (stream.error or "")


def test_an_event_without_end_is_refused() -> None:
    parser = EventParser()
    with pytest.raises(ValueError, match="without an end"):
        for _ in range(100):
            parser.feed(b"data: " + bytes(100_000))


def test_cancelling_and_closing_end_everything(serve: Serve) -> None:
    client = Client(serve(silence), "")
    one, two = client.send("GET", "/1"), client.send("GET", "/2")
    client.poll()
    one.cancel()
    assert one.done
    assert not two.done
    client.close()
    assert two.done
    client.poll()


def test_a_poll_stays_inside_its_budget(serve: Serve) -> None:
    """A sanity check; benchmarks/client.py measures."""

    def flood(connection: socket.socket) -> None:
        request(connection)
        connection.sendall(chunked())
        event = b'event: job\ndata: {"id": "x", "state": "running"}\n\n'
        while True:
            connection.sendall(chunked(event)[len(chunked()) :] * 100)

    client = Client(serve(flood), "")
    heard = []
    client.send("GET", "/events", on_event=lambda *said: heard.append(said))
    times = []
    until = time.monotonic() + 0.5
    while time.monotonic() < until:
        start = time.perf_counter()
        client.poll(0.002)
        times.append(time.perf_counter() - start)
        time.sleep(0.001)
    client.close()
    assert len(heard) > 100
    assert sorted(times)[len(times) // 2] < 0.02


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for 127.0.0.1 with its key, signed by itself."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed")
    file = tmp_path / "certificate.pem"
    command = f"{openssl} req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=test -addext subjectAltName=IP:127.0.0.1"
    subprocess.run(
        [*command.split(), "-keyout", tmp_path / "key.pem", "-out", file],
        check=True,
        capture_output=True,
    )
    file.write_bytes(file.read_bytes() + (tmp_path / "key.pem").read_bytes())
    return file


def test_tls(serve: Serve, certificate: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    content = bytes(2_000_000)
    reply = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(content) + content
    url = serve(answer(OK, reply), tls=context)

    stranger = Client(url, "")
    refused = stranger.send("GET", "/health")
    finish(stranger, refused)
    assert "certificate of 127.0.0.1 was not accepted" in (refused.error or "")

    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    client = Client(url, "")
    exchange = client.send("GET", "/health")
    finish(client, exchange)
    assert exchange.json() == {"a": 1}
    file = client.send("GET", "/file", into=tmp_path / "file")
    finish(client, file)
    assert (tmp_path / "file").read_bytes() == content
    client.close()


def test_tls_where_there_is_none(serve: Serve) -> None:
    def plain(connection: socket.socket) -> None:
        connection.recv(100)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    url = serve(plain)
    client = Client(url.replace("http:", "https:"), "")
    exchange = client.send("GET", "/health")
    finish(client, exchange)
    assert "No encrypted connection" in (exchange.error or "")


# ------------------------------------------------------------------------------------------------------------ downloads


def test_a_download_goes_on_where_the_line_broke(serve: Serve, tmp_path: Path) -> None:
    content = bytes(range(251)) * 800
    listed = json.dumps({"files": [{"path": "maps/albedo.png", "size": len(content)}]}).encode()
    asked: list[bytes] = []

    def script(connection: socket.socket) -> None:
        """Gives the list, and of the file at most a quarter at a time before the line breaks."""
        while True:
            head = request(connection)
            if b"/files " in head:
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(listed) + listed)
                continue
            first = next((int(line[13:-1]) for line in head.split(b"\r\n") if line.startswith(b"Range: bytes=")), 0)
            asked.append(b"%d" % first)
            rest = content[first:]
            status = b"206 Partial Content" if first else b"200 OK"
            connection.sendall(b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n" % (status, len(rest)))
            connection.sendall(rest[: len(content) // 6])
            if len(rest) > len(content) // 6:
                return

    client = Client(serve(script), "")
    download = Download(client, "a" * 32, tmp_path)
    until = time.monotonic() + 10.0
    while not download.done:
        assert time.monotonic() < until, download.fraction
        download.poll()
        client.poll()
        time.sleep(0.001)
    assert (download.problem, download.fraction) == ("", 1.0)
    assert (download.folder / "maps" / "albedo.png").read_bytes() == content
    assert len(asked) > 5, "more often than a line that brings nothing is tried"
    assert asked == sorted(asked, key=int)
    assert len(set(asked)) == len(asked)


def test_a_server_that_knows_no_ranges_sends_all_again(serve: Serve, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"wrong")
    client = Client(serve(answer(b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nall of i")), "")
    exchange = client.send("GET", "/file", into=file, beginning=3)
    finish(client, exchange)
    assert (file.read_bytes(), exchange.received) == (b"all of i", 8)
    client.close()
