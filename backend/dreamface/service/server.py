"""Running the backend: a socket, a lock, a token, and an orderly end."""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import logging
import os
import secrets
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any, Final

import uvicorn

from dreamface import __version__
from dreamface.errors import BadRequest, DreamFaceError
from dreamface.service import encryption, handover
from dreamface.service.app import API, Service, create_app
from dreamface.service.connections import HEADERS_LIMIT, Guard, Refusals, guarded_by
from dreamface.service.events import Hub
from dreamface.service.jobs import JobQueue, Workers
from dreamface.service.layout import Layout, for_the_user_alone, lock
from dreamface.service.live import COMMAND as LIVE_COMMAND
from dreamface.service.live import LONELY, LiveSessions
from dreamface.service.naming import Naming
from dreamface.service.room import Room
from dreamface.service.store import JobStore
from dreamface.service.uploads import Uploads
from dreamface.service.users import Users
from dreamface.service.worker_process import COMMAND, WorkerProcess

SHORTEST_TOKEN: Final = 16  # characters
_QUEUE: Final = 1024  # connections that wait to be taken in
_LAST_WORD: Final = 0.8  # seconds that an orderly end may take once the parent is gone


@dataclass(frozen=True)
class Options:
    """How a backend is run.

    Attributes:
        store: the folder with its jobs and faces.
        host, port: where it listens; port 0 lets the system pick one.
        token: what every request must carry; None makes one.
        hosts: names it may be asked by, besides this machine's own.
        handover: where it says how to be reached; None: in the store.
        until_stdin_closes: whether it ends when its standard input does, that is when its parent does.
        keep_variations: whether variations that nobody picks stay for longer than a week.
        tls: whether it encrypts, by a certificate of its own, and has a token of its own where none is given.
        worker: starts the worker for faces; with "models" after it, the one for models.
        live: starts the process of one live session.
        lonely: seconds after which a live session that nobody follows ends.
    """

    store: Path
    host: str = "127.0.0.1"
    port: int = 0
    token: str | None = None
    hosts: tuple[str, ...] = ()
    handover: Path | None = None
    until_stdin_closes: bool = False
    keep_variations: bool = False
    tls: bool = False
    worker: Sequence[str] = COMMAND
    live: Sequence[str] = LIVE_COMMAND
    lonely: float = LONELY


def serve(options: Options) -> None:
    """Run a backend until it is told to end.

    Raises:
        DreamFaceError: it can't start; the message says why.
    """
    _check_token(options.token, options.tls)
    listener = bind(options.host, options.port, guarded=options.token is not None or options.tls)
    with listener, for_the_user_alone() as umask:
        layout = Layout(options.store.absolute())
        with lock(layout.root):
            store_id = layout.prepare()
            store, hub = JobStore(layout.jobs), Hub()
            models = WorkerProcess((*options.worker, "models"), umask=umask)
            workers = Workers(WorkerProcess(options.worker), models, layout.styles_of)
            try:
                uploads = Uploads(layout.uploads)
                jobs = JobQueue(store, layout, workers, hub, uploads, Room(layout, store.done))
                jobs.recover()
                uploads.sweep(jobs.needed_files())
                live = LiveSessions(layout, options.live, options.lonely)
                naming = Naming(layout, jobs)
                service = Service(layout, store_id, jobs, workers, hub, uploads, live, naming, options.keep_variations)
                try:
                    _run(service, listener, options)
                finally:
                    jobs.close()
            finally:
                store.close()


def _run(service: Service, listener: socket.socket, options: Options) -> None:
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    root = service.layout.root
    certificate = encryption.own_certificate(root) if options.tls else None
    token = options.token or (encryption.own_token(root) if options.tls else secrets.token_urlsafe(32))
    _check_token(token, options.tls)
    host, port = listener.getsockname()[:2]
    url = f"{'https' if certificate else 'http'}://{_reachable(host)}:{port}"
    shown = certificate.fingerprint if certificate else ""
    place = handover.Handover(API, url, token, os.getpid(), __version__, shown)
    file = options.handover or handover.file_of(root)
    # Who knows the certificate knows whom they talk to, by whichever name.
    names = None if certificate else (*options.hosts, *([] if _is_any(host) else [host]))
    app = create_app(service, token, names, Users(root))
    guard = Guard(_descriptors())
    config = uvicorn.Config(
        app, log_config=None, log_level="error", access_log=False, http=guarded_by(guard), ws="none", loop="asyncio",
        lifespan="on", server_header=False, proxy_headers=False, timeout_graceful_shutdown=1, backlog=guard.backlog,
        ssl_certfile=certificate.file if certificate else None, ssl_keyfile=certificate.key if certificate else None,
    )  # fmt: skip
    line = encryption.write_line(root, host, port, token, certificate) if certificate else ""
    server = _Server(config, service, file, place, guard.refusals, line)
    if options.until_stdin_closes:
        threading.Thread(target=_watch_stdin, args=(server, file), daemon=True).start()
    try:
        asyncio.run(server.serve(sockets=[listener]))
    finally:
        handover.remove(file)
    if server.problem is not None:
        raise server.problem


class _Server(uvicorn.Server):
    """uvicorn that tells where it is once it answers, ends event streams when it ends, and lets us end after it."""

    def __init__(
        self,
        config: uvicorn.Config,
        service: Service,
        file: Path,
        place: handover.Handover,
        refusals: Refusals,
        line: str,
    ) -> None:
        super().__init__(config)
        self._refusals = refusals
        self.problem: DreamFaceError | None = None
        self._jobs = service.jobs
        self._hub = service.hub
        self._live = service.live
        self._store = service.layout.root
        self._file = file
        self._place = place
        self._line = line

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(self._take_problem)
        with _quick_handshakes(loop) if self._line else nullcontext():
            await super().startup(sockets)
        for listener in sockets or ():
            listener.listen(_QUEUE)  # asyncio has made it as short as what it takes in at once
        try:
            handover.write(self._file, self._place)
        except DreamFaceError as error:
            self.problem, self.should_exit = error, True
        else:
            print(f"DreamFace is listening on {self._place.url} (store {self._store})", file=sys.stderr, flush=True)
            self._say_line()

    def _say_line(self) -> None:
        """Say how artists get here; the token in the line stays out of logs."""
        if not self._line:
            return
        print(f"Certificate: SHA-256 {self._place.fingerprint}", file=sys.stderr)
        where = "Preferences > Add-ons > DreamFace > Connection > Another Machine"
        if sys.stderr.isatty():
            print(f"In Blender, paste this line into {where}:\n{self._line}", file=sys.stderr, flush=True)
        else:
            file = self._store / encryption.ADDRESS
            print(f"The line to paste in Blender ({where}) is in {file}", file=sys.stderr, flush=True)

    def _take_problem(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE):
            self._refusals.note("this process has no file descriptors left")  # asyncio tries again in a second
        else:
            loop.default_exception_handler(context)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        handover.remove(self._file)
        self._jobs.close()  # first of all: who waits for a slow client may be killed
        self._hub.close()
        self._live.close()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        # uvicorn's own raises the signal again at the end, before anything after it could tidy up.
        names = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")  # the last is Windows' Ctrl-Break
        numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
        # What is ignored stays so: `nohup dreamface serve` outlives its terminal.
        heard = [number for number in numbers if signal.getsignal(number) is not signal.SIG_IGN]
        previous = {number: signal.signal(number, self.handle_exit) for number in heard}
        try:
            yield
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self.force_exit = self.should_exit  # the second one is impatient
        self.should_exit = True


@contextmanager
def _quick_handshakes(loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    """Servers that are made meanwhile wait for TLS handshakes as long as for headers; uvicorn has no setting for it."""
    usual = loop.create_server
    loop.create_server = partial(usual, ssl_handshake_timeout=HEADERS_LIMIT)  # type: ignore[method-assign]
    try:
        yield
    finally:
        loop.create_server = usual  # type: ignore[method-assign]


def _watch_stdin(server: uvicorn.Server, file: Path) -> None:
    """End when standard input does."""
    try:
        while os.read(0, 4096):
            pass
    except OSError:
        pass
    server.should_exit = True
    time.sleep(_LAST_WORD)
    handover.remove(file)
    os._exit(0)  # the worker sees its own input end


# ------------------------------------------------------------------------------------------------------------- places


def bind(host: str, port: int, guarded: bool) -> socket.socket:
    """A socket that listens at an address.

    Args:
        host: an address or a name of this machine.
        port: 0 lets the system pick one.
        guarded: whether the artist chose the token; beyond this machine only then.

    Raises:
        BadRequest: there is no such address here, it is taken, or it reaches beyond this machine unguarded.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError) as error:
        raise BadRequest(f"{host!r} is no address of this machine: choose another with --listen.") from error
    if not guarded and not ipaddress.ip_address(str(address[0]).partition("%")[0]).is_loopback:
        raise BadRequest(
            f"Listening on {host} lets other machines in: give a token with --token-file, or listen on 127.0.0.1."
        )
    listener = socket.socket(family, kind, protocol)
    try:
        if sys.platform != "win32":  # there it would let two programs share a port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise BadRequest(_why_not(host, port, error)) from error
    return listener


def _why_not(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is taken by another program: choose another with --listen."
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"Port {port} may not be used here: choose one above 1023 with --listen."
    return f"Nothing can listen on {host}:{port} ({error.strerror}): choose another place with --listen."


def _descriptors() -> int:
    """How many files and connections this process may have open."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return 8192
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 8192 if limit == resource.RLIM_INFINITY else limit


def _check_token(token: str | None, tls: bool) -> None:
    if token is not None and (
        len(token) < SHORTEST_TOKEN or not token.isascii() or not token.isprintable() or " " in token
    ):
        raise BadRequest(f"The token must be at least {SHORTEST_TOKEN} letters, digits or signs without spaces.")
    if tls and token is not None and "#" in token:
        raise BadRequest("With --tls the token may have no #: that is what parts the line which artists paste.")


def _is_any(host: str) -> bool:
    return ipaddress.ip_address(host.partition("%")[0]).is_unspecified


def _reachable(host: str) -> str:
    """An address that a client on this machine can use, as it stands in a URL."""
    if _is_any(host):
        host = "::1" if ":" in host else "127.0.0.1"
    return f"[{host}]" if ":" in host else host
