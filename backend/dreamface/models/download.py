"""Downloads that go on where they stopped, as far as the server lets them."""

from __future__ import annotations

import json
import math
import time
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import requests

from dreamface import __version__
from dreamface._files import cannot_write
from dreamface.errors import Cancelled, DreamFaceError
from dreamface.progress import Progress

TRIES: Final = 5
"""In a row that got no further, before a broken connection is given up."""

PAUSE: Final = 1.0
"""Seconds before the second try; doubles with every one that got no further."""

_TIMEOUTS: Final = (10.0, 30.0)  # seconds to connect, and without a byte
_CHUNK: Final = 2**16  # bytes; so much is lost at most when the connection breaks
_LISTEN: Final = 0.1  # seconds between two looks at whether the user wants to stop
_MEGABYTE: Final = 1e6


class DownloadFailed(DreamFaceError):
    """Something could not be downloaded; what came is kept where the server lets the next try go on."""


class _Cut(Exception):
    """A temporary network failure: retrying may succeed. The message is how a sentence begins.

    Attributes:
        reached: whether the server answered at all.
    """

    def __init__(self, problem: str, reached: bool) -> None:
        super().__init__(problem)
        self.reached = reached


class Download:
    """One file to be fetched, and what earlier tries have left of it.

    Args:
        url: of the file.
        file: where it goes; its folder exists.
        size: in bytes, about, for servers that don't say.
        title: as in "Downloading ...".
        otherwise: what to do where it can't be had: the end of a sentence.
    """

    def __init__(self, url: str, file: Path, size: int, title: str, otherwise: str) -> None:
        self._url = url
        self._file = file
        self._part = file.with_name(f"{file.name}.part")
        self._note = file.with_name(f"{file.name}.json")  # whose part it is
        self._size = max(size, 1)
        self._title = title
        self._otherwise = otherwise
        self._fraction = 0.0

    @property
    def left(self) -> int:
        """Bytes still to come, about."""
        return 0 if self._file.exists() else max(0, self._size - self._have())

    def forget(self) -> None:
        """Remove what is there of it."""
        for path in (self._file, self._part, self._note):
            path.unlink(missing_ok=True)
        with suppress(OSError):  # another's download is in it
            self._file.parent.rmdir()

    def run(self, progress: Progress) -> None:
        """Fetch it, unless it is there already.

        What a broken connection, a stop or a kill leaves stays. The next try, and the next run, goes on there if the
        server takes ranges and still has the same file; else it starts over.

        Raises:
            DownloadFailed: the network or the server refused.
            FolderError: the disk refused.
            Cancelled: the progress said so.
        """
        if self._file.exists():
            return
        try:
            self._fetch_stubbornly(progress)
            self._part.replace(self._file)
        except Cancelled as stop:
            raise (Cancelled("Stopped; the next try goes on there.") if self._validator() else stop) from None
        except OSError as error:
            raise cannot_write(self._part, error) from error
        finally:
            if not self._validator():  # the server would not go on
                self._part.unlink(missing_ok=True)
            if not self._part.exists():
                self._note.unlink(missing_ok=True)

    def _fetch_stubbornly(self, progress: Progress) -> None:
        """Fetch what is missing, with as many tries as get any further and a few more."""
        furthest, failures, reached = self._have(), 0, False
        while True:
            try:
                return self._fetch(progress)
            except _Cut as cut:
                reached = reached or cut.reached
                failures = 0 if self._have() > furthest else failures + 1
                furthest = max(furthest, self._have())
                if failures >= TRIES or not reached:
                    raise DownloadFailed(f"{cut}, or {self._otherwise}.") from cut.__cause__
            self._pause(PAUSE * 2.0**failures, progress)

    def _fetch(self, progress: Progress) -> None:
        """Fetch what is missing."""
        host = urlsplit(self._url).hostname
        have, validator = self._have(), self._validator()
        headers = {"Accept-Encoding": "identity", "User-Agent": f"dreamface/{__version__}"}
        if have and validator:
            headers |= {"Range": f"bytes={have}-", "If-Range": validator}
        progress.report("download", self._fraction, f"Asking {host} for {self._title}")
        try:
            answer = requests.get(self._url, headers=headers, stream=True, timeout=_TIMEOUTS)
        except requests.exceptions.SSLError as error:
            problem = f"The connection to {host} is not safe: check this computer's clock and proxy"
            raise DownloadFailed(f"{problem}, or {self._otherwise}.") from error
        except requests.RequestException as error:
            raise _Cut(f"{host} can't be reached: check that this computer is online", reached=False) from error
        with answer:
            self._check(answer, have)
            try:
                self._receive(answer, progress)
            except requests.RequestException as error:
                raise _Cut(f"The connection to {host} keeps breaking: try again later", reached=True) from error

    def _check(self, answer: requests.Response, have: int) -> None:
        """Let an answer pass that brings the file or its rest."""
        host, code = urlsplit(answer.url).hostname, answer.status_code
        begins = answer.headers.get("Content-Range", "").partition("-")[0]
        if code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE or (
            code == HTTPStatus.PARTIAL_CONTENT and begins != f"bytes {have}"
        ):
            self._part.unlink(missing_ok=True)
            raise _Cut(f"{host} sends the wrong part: try again later", reached=True)
        if code >= HTTPStatus.INTERNAL_SERVER_ERROR or code == HTTPStatus.TOO_MANY_REQUESTS:
            raise _Cut(f"{host} is too busy (it answered {code}): try again later", reached=True)
        if code not in (HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT):
            raise DownloadFailed(f"{host} refuses {answer.url} (it answered {code}): {self._otherwise}.")

    def _receive(self, answer: requests.Response, progress: Progress) -> None:
        going_on = answer.status_code == HTTPStatus.PARTIAL_CONTENT
        if not going_on:
            self._part.unlink(missing_ok=True)  # before its validator is written: it is another file's
            note = {"url": self._url, "validator": _strong_validator(answer)}
            self._note.write_text(json.dumps(note), "utf-8")
        have = self._have() if going_on else 0
        length = answer.headers.get("Content-Length", "")
        total = have + int(length) if length.isdigit() else self._size
        with self._part.open("ab" if going_on else "wb") as file:
            for chunk in answer.iter_content(_CHUNK):
                file.write(chunk)
                have += len(chunk)
                self._fraction = min(have / total, 1.0)
                of = f"of {total / _MEGABYTE:.0f} MB" if have <= total else "MB"
                progress.report("download", self._fraction, f"Downloading {self._title}: {have / _MEGABYTE:.0f} {of}")

    def _have(self) -> int:
        return self._part.stat().st_size if self._part.exists() else 0

    def _validator(self) -> str:
        """What the server gave with the part that is there, or "" where nothing or another file is."""
        try:
            note = json.loads(self._note.read_text("utf-8"))
            return str(note["validator"]) if note["url"] == self._url else ""
        except (OSError, ValueError, KeyError, TypeError):
            return ""

    def _pause(self, seconds: float, progress: Progress) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0.0:
            message = f"The connection was lost; asking for {self._title} again in {math.ceil(left)} s"
            progress.report("download", self._fraction, message)
            time.sleep(min(_LISTEN, left))


def _strong_validator(answer: requests.Response) -> str:
    """What says that a file is the same byte for byte when its rest is asked for; "" where there is nothing (RFC 9110).

    A compressed answer has none either: the bytes that are kept are not those that are counted on the way.
    """
    tag = answer.headers.get("ETag", "")
    if answer.headers.get("Content-Encoding", "identity") != "identity" or tag.startswith("W/"):
        return ""
    return tag or answer.headers.get("Last-Modified", "")
