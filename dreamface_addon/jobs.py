"""This Blender's jobs: handed to the backend, followed, cancelled, fetched, and recovered when the connection was lost.

The id of a job is made here. A request whose answer got lost is sent again with the same id, and the backend then
answers with the job it has: nothing is ever made twice.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .job import MODEL_JOBS, RANK, TERMINAL, Job, News
from .link import Client, Download, Exchange

_TRIES = 4  # times that one request about a job is made in a row without any success
_PAUSE = 0.25  # seconds before the second try; twice as long before each further one

_NOT_UNDERSTOOD = "The engine's answer cannot be understood: update the extension and set up the engine again."
_UNKNOWN = "The engine no longer knows this job, perhaps because its folder was emptied: start it again."


class Order:
    """What has to be done about one job; at most one request about it is under way at a time."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.acknowledged = False  # the backend has it
        self.cancelling = False
        self.stale = False  # ask how it stands: events may have been missed
        self.sent = False  # the backend may have it
        self.made = False  # the backend is done; its files may still have to be fetched
        self.exchange: Exchange | None = None
        self.download: Download | None = None
        self._to_upload = list(job.files)
        self._aim = ""
        self._cancel_heard = False
        self._attempts = 0
        self._failures = 0
        self._not_before = 0.0

    def cancel(self) -> None:
        """The artist no longer wants it."""
        self.cancelling = True
        if not self.sent or self.download is not None:
            self.finish("cancelled")
        else:
            self.job.message = "Cancelling"

    def finish(self, state: str, error: str = "") -> None:
        """It ends here, whatever the backend may say later."""
        if self.job.finished:
            return
        self.job.files = {}
        if self.cancelling:
            state, error = "cancelled", ""
        self.job.state, self.job.error, self.job.eta = state, error, None
        if self.exchange is not None:
            self.exchange.cancel()
        if self.download is not None and state != "done":
            self.download.cancel()
        self.exchange = self.download = None

    def reconnect(self, client: Client) -> None:
        """The connection is there again: what was under way has to be asked once more."""
        if self.exchange is not None:
            self.exchange.cancel()
            self.exchange = None
        self.stale = self.acknowledged
        self._to_upload = list(self.job.files)  # it may be another backend
        self._cancel_heard = False
        if self.download is not None:
            self.download.use(client)

    def send_next(self, client: Client, may_post: bool) -> None:
        """Make the request that is due, if any."""
        if self.exchange is not None or self.download is not None or time.monotonic() < self._not_before:
            return
        path = f"/jobs/{self.job.id}"
        if self.cancelling and not self._cancel_heard:
            self._aim, self.exchange = "cancel", client.send("POST", f"{path}/cancel")
        elif not self.acknowledged and may_post and self._to_upload:
            digest = self._to_upload[0]
            self._aim = "upload"
            self.exchange = client.send("PUT", f"/uploads/{digest}", self.job.files[digest])
        elif not self.acknowledged and may_post:
            body = {"id": self.job.id, "kind": self.job.kind, "request": self.job.request}
            self.sent = True
            self._aim, self.exchange = "post", client.send("POST", "/jobs", body)
        elif self.stale:
            self._aim, self.exchange = "ask", client.send("GET", path)

    def take_answer(self) -> Exchange | None:
        """Look at the answer, if it is there; returns an exchange that failed because the connection did."""
        exchange = self.exchange
        if exchange is None or not exchange.done:
            return None
        self.exchange = None
        if exchange.error is None:
            if self._aim == "upload":  # failures go on being counted: one file may arrive and the next never
                del self._to_upload[0]
                return None
            self._failures = 0
            self._cancel_heard |= self._aim == "cancel"
            self.stale = False
            self.hear(exchange.json())
            return None
        if exchange.status == 404 and self._aim not in ("post", "upload"):
            self._unknown()
        elif exchange.status == 409 and self._aim == "cancel":
            self._cancel_heard = self.stale = True  # it was over before
        elif exchange.lost or exchange.status == 401 or (exchange.status or 0) >= 500:
            self._try_again(exchange)
            return exchange if exchange.lost or exchange.status == 401 else None
        else:
            self.finish("failed", exchange.error)
        return None

    def _unknown(self) -> None:
        if self.cancelling:
            self.finish("cancelled")
        else:
            self.finish("failed", _UNKNOWN)

    def _try_again(self, exchange: Exchange) -> None:
        self._not_before = time.monotonic() + _PAUSE * 2**self._failures
        self._failures += 1
        if self._failures >= _TRIES:
            self.finish("failed", exchange.error or "")

    def hear(self, said: dict[str, Any]) -> None:
        """Take over what the backend says about the job, unless something newer is known."""
        job = self.job
        if job.finished or self.made:
            return
        try:
            news = News.of(said)
        except (KeyError, TypeError, ValueError):
            self.finish("failed", _NOT_UNDERSTOOD)
            return
        self.acknowledged = self.sent = job.known = True
        job.files = {}  # megabytes; the backend has them
        if (news.attempts, RANK[news.state]) < (self._attempts, RANK[job.state]):
            return
        again = news.attempts > self._attempts
        self._attempts = news.attempts
        job.request = job.request | news.request
        job.stage, job.eta = news.stage, news.eta
        job.message = "Cancelling" if self.cancelling else news.message
        job.fraction = news.fraction if again else max(job.fraction, news.fraction)
        job.result = news.result
        if news.state == "done" and not self.cancelling:
            self.made = True
        elif news.state in TERMINAL:
            self.job.error_code = news.error_code
            self.finish(news.state, news.error)
        else:
            job.state = news.state

    def complete(self, client: Client, local: bool, downloads: Path) -> None:
        """The backend says that it is done: point to what it made, or begin to fetch it."""
        job = self.job
        said = job.result.get("folder") or job.result.get("file")
        if job.kind in MODEL_JOBS:
            job.fraction = 1.0
            self.finish("done")
        elif not isinstance(said, str):
            self.finish("failed", _NOT_UNDERSTOOD)
        elif local:
            made = Path(said)
            job.folder = made if "folder" in job.result else made.parent
            self._arrived(made.exists())
        else:
            self.download = Download(client, job.id, downloads)
            job.state, job.stage, job.message, job.fraction = "running", "Fetching the face", "", 0.0

    def fetch(self) -> Exchange | None:
        """Go on fetching; returns an exchange that failed because the connection did."""
        if self.download is None:
            return None
        failed = self.download.poll()
        self.job.fraction = self.download.fraction
        if self.download.done:
            problem, self.job.folder = self.download.problem, self.download.folder
            if problem:
                self.job.folder = None
                self.finish("failed", problem)
            else:
                self._arrived(True)
        return failed

    def _arrived(self, exists: bool) -> None:
        job = self.job
        if not exists:
            job.folder = None
            self.finish("failed", "What was made is no longer in the engine's folder: start it again.")
            return
        if "file" in job.result and job.folder is not None:
            job.result = job.result | {"file": str(job.folder / Path(str(job.result["file"])).name)}
        job.fraction = 1.0
        self.finish("done")


class Jobs:
    """All jobs of this Blender.

    Attributes:
        all: oldest first.
    """

    def __init__(self) -> None:
        self.all: list[Job] = []
        self._orders: dict[str, Order] = {}
        self._finished: list[Job] = []

    @property
    def active(self) -> list[Job]:
        """Those that are not finished."""
        return [order.job for order in self._orders.values()]

    def submit(
        self,
        kind: str,
        request: dict[str, Any],
        tag: object,
        files: Mapping[str, bytes] | None = None,
        job_id: str = "",
    ) -> Job:
        """Take a job in; it is sent when `poll` is called with a client. One that the backend may know keeps its id."""
        job = Job(job_id or uuid.uuid4().hex, kind, dict(request), tag, files or {})
        self.all.append(job)
        self._orders[job.id] = Order(job)
        return job

    def cancel(self, job: Job) -> None:
        """Cancel a job; nothing happens where it is finished."""
        if job.id in self._orders:
            self._orders[job.id].cancel()
            self._sort_out()

    def end_all(self, state: str, error: str = "") -> None:
        """Finish whatever is active."""
        for order in self._orders.values():
            order.finish(state, error)
        self._sort_out()

    def known_to_backend(self) -> list[str]:
        """Ids of active jobs that the backend has, or may have."""
        return [order.job.id for order in self._orders.values() if order.sent]

    def hear(self, said: dict[str, Any]) -> None:
        """An event about a job; other Blenders' are none of ours."""
        order = self._orders.get(str(said.get("id")))
        if order is not None:
            order.hear(said)

    def reconnect(self, client: Client) -> None:
        """A connection is there, perhaps again."""
        for order in self._orders.values():
            order.reconnect(client)

    def poll(self, client: Client, local: bool, downloads: Path) -> bool:
        """Do what is due.

        Args:
            client: of a backend that is ready.
            local: the backend's files can be read here.
            downloads: where the files of one elsewhere go.

        Returns:
            False where a request failed because the connection did.
        """
        connected = True
        may_post = True  # one at a time, so that they come in the order in which they were asked for
        for order in list(self._orders.values()):
            failures = [order.take_answer()]
            if order.made and order.download is None and not order.job.finished:
                order.complete(client, local, downloads)
            failures.append(order.fetch())
            if not order.job.finished:
                order.send_next(client, may_post)
                may_post = may_post and order.acknowledged
            connected = connected and not any(failures)
        self._sort_out()
        return connected

    def take_finished(self) -> list[Job]:
        """Jobs that have finished since the last call."""
        taken, self._finished = self._finished, []
        return taken

    def _sort_out(self) -> None:
        for order in [order for order in self._orders.values() if order.job.finished]:
            self._finished.append(order.job)
            del self._orders[order.job.id]
