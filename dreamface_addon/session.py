"""Everything between Blender's sidebar and the backend, for Blender's whole run.

`Session.poll` is called by one timer: quickly while `active`, now and then otherwise. It takes no longer than its
budget and one small step, and never raises for anything that the backend, the network or the disk does.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from . import diagnostics
from .feed import Feed
from .job import Job
from .jobs import Jobs
from .link import Backend, BackendState, Client, Exchange, Settings
from .live import Chip, Grower, Hair, Meaning, Painted, Pinned, Pinner, Reader, Reading, Repainter, Reshaper, Shape

__all__ = [
    "BackendState",
    "Chip",
    "Hair",
    "Job",
    "Meaning",
    "Painted",
    "Pinned",
    "Reading",
    "Session",
    "Settings",
    "Shape",
    "staged",
]

CANCEL_WAIT = 0.5  # seconds that cancelling the open jobs may take when the backend is stopped
_LAST_CANCEL_WAIT = 0.1  # seconds that it may take when Blender quits
_STREAM_TRIES = 5  # streams of events in a row that break off without having brought anything
_STREAM_PAUSE = 0.2  # seconds before the second of them; twice as long before each further one
_STREAM_GOOD = 5.0  # seconds after which a stream counts as good even if nothing has happened


class Session:
    """The jobs, readings, shapes and hair of this Blender, and the backend that makes them.

    Settings whose url names a host, rather than an address, make `start` look it up, which may block.

    Attributes:
        backend: the process or the machine that does the work: its client, health, log and settings.
        feed: the camera that moves a face now.
    """

    def __init__(self, settings: Settings) -> None:
        self.backend = Backend(settings)
        self._former: list[Backend] = []  # whose processes are still on their way out
        self._jobs = Jobs()
        self._reader = Reader()
        self._reshaper = Reshaper()
        self._pinner = Pinner()
        self._grower = Grower()
        self._repainter = Repainter()
        self.feed = Feed()
        self._client: Client | None = None  # the one that streams and jobs run over; None while not READY
        self._local = False
        self._stream: Exchange | None = None
        self._stream_at = self._stream_began = 0.0
        self._stream_failures = 0
        self._streams_from: object = None  # the process whose streams were counted
        self._stopping: tuple[float, list[Exchange]] | None = None
        self._given_up: list[str] = []  # jobs that the backend would run again although nobody waits for them
        self._picks: dict[str, Exchange | None] = {}  # jobs that somebody wants, and the requests that say so
        self._shown: object = None

    # ------------------------------------------------------------------------------------------------------ the backend

    def configure(self, settings: Settings) -> None:
        """Use these settings; where they are others than before, what was running is stopped first."""
        if settings == self.backend.settings:
            self.backend.settings = settings
            return
        self._cancel_and_leave()
        self._stopping, self._given_up = None, []
        self.backend.stop()
        self._former.append(self.backend)
        self.backend = Backend(settings)

    def start(self) -> None:
        """Start the backend, or join it."""
        if self._stopping is not None:
            self._stop_now()
        self.backend.start()

    def stop(self) -> None:
        """Cancel the open jobs and end the backend, or leave it where it is not ours."""
        cancels = self._cancel_jobs()
        if cancels:
            self._stopping = time.monotonic() + CANCEL_WAIT, cancels
        else:
            self._stop_now()

    def shutdown(self) -> None:
        """Blender quits: cancel the open jobs and let go of everything, within a third of a second."""
        self._cancel_and_leave()
        self.backend.shutdown()

    @property
    def state(self) -> BackendState:
        """What can be expected of the backend."""
        return BackendState.STOPPED if self._stopping is not None else self.backend.state

    @property
    def problem(self) -> str:
        """A sentence about what is wrong with the backend, or why it takes so long; "" if nothing is."""
        return "" if self._stopping is not None else self.backend.problem

    @property
    def shares_disk(self) -> bool:
        """Whether the backend finds the files of this machine; before it has answered, as far as that can be told."""
        return self._local if self._client is not None else not self.backend.settings.url

    @property
    def active(self) -> bool:
        """Whether something is going on, so that `poll` should be called many times a second."""
        return bool(
            self._jobs.active
            or self.backend.state is BackendState.STARTING
            or self.backend.ending
            or self._stopping
            or self.feed.state == "starting"
            or (self.backend.state is BackendState.READY and self._is_awaited)
        )

    @property
    def _is_awaited(self) -> bool:
        """Whether a running backend owes an answer."""
        return self.feed.active or any(live.pending for live in self._live)

    def diagnostics(self) -> str:
        """What to send along with a report: versions, state, the log's end; no token, no name of the home folder."""
        return diagnostics.describe(self.backend)

    # ------------------------------------------------------------------------------------------------------------- jobs

    @property
    def jobs(self) -> list[Job]:
        """This Blender's jobs, oldest first."""
        return self._jobs.all

    def submit(
        self,
        kind: str,
        request: Mapping[str, Any],
        tag: object = None,
        files: Mapping[str, bytes] | None = None,
        job_id: str = "",
    ) -> Job:
        """Ask for something to be made; the backend is started where it is not running.

        Args:
            kind: "generate", "edit", "export" or one of job.MODEL_JOBS.
            request: see the backend's API.
            tag: anything, for the caller.
            files: what the request refers to by its SHA-256, and is sent ahead of it.
            job_id: of a job that the backend may have already; empty for a new one.
        """
        job = self._jobs.submit(kind, dict(request), tag, files, job_id)
        if self.state in (BackendState.STOPPED, BackendState.FAILED):
            self.start()
        return job

    def cancel(self, job: Job) -> None:
        """Cancel a job; nothing happens where it is finished."""
        self._jobs.cancel(job)

    def pick(self, job: Job) -> None:
        """Say that somebody wants a variation, so that it is not deleted; said again until the backend has heard it."""
        self._picks[job.id] = None
        self._send_picks()

    def give_up(self, jobs: list[str]) -> None:
        """Have jobs of an earlier Blender cancelled, which the backend would make although nobody wants them."""
        if self._client is not None:
            self._send_cancels(self._client, jobs)
        else:
            self._given_up += jobs

    def take_finished(self) -> list[Job]:
        """Jobs that are done, failed or cancelled since the last call."""
        return self._jobs.take_finished()

    # ------------------------------------------------------------------------------------------------------------- live

    def read(self, prompt: str) -> None:
        """Find out what a prompt means, once typing pauses and the backend is ready; see `reading`."""
        self._reader.read(prompt)

    @property
    def reading(self) -> Reading | None:
        """Of the newest prompt that was read; its `prompt` says which that is."""
        return self._reader.reading

    def reshape(
        self,
        face_id: str,
        head: str,
        seed: int,
        traits: Mapping[str, Any],
        candidate: int | None = None,
        shapes: bool = False,
        edits: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        """Ask for a face's head with these traits; see `take_shape`.

        Args:
            face_id: whose.
            head: head model.
            seed: the face's.
            traits: all of the face's.
            candidate: the face's, where its head model has candidates.
            shapes: also its blend shapes, as for the end of a drag.
            edits: those of the face's that mix other shapes in.
        """
        body = {"head": head, "seed": seed, "traits": dict(traits), "candidate": candidate, "shapes": shapes}
        body |= {"edits": list(edits)} if edits else {}
        self._wish(self._reshaper, face_id, body)

    def _wish(
        self,
        asker: Reshaper | Pinner | Grower | Repainter,
        face_id: str,
        body: dict[str, Any],
        files: Mapping[str, bytes] | None = None,
    ) -> None:
        """Take a wish, and send it without waiting for the next poll: a slider is to feel direct."""
        asker.wish(face_id, body, files)
        if self._client is not None:
            asker.ask(self._client)

    def take_shape(self) -> Shape | None:
        """A head that has arrived; each is handed out once, oldest first."""
        return self._reshaper.take()

    @property
    def reshape_refused(self) -> str:
        """Why the head that was asked for last will not come, as a sentence; "" while it may, or has."""
        return "" if self._reshaper.pending else self._reshaper.problem

    def follow_pins(
        self,
        face_id: str,
        head: str,
        history: Sequence[Mapping[str, Any]],
        pins: Sequence[Mapping[str, Any]] | None = None,
    ) -> None:
        """Ask how a head follows pins in its photographs; see `take_pinned`.

        Args:
            face_id: whose.
            head: head model.
            history: what the face's history says of photographs and pins.
            pins: all that there are to be; None asks only what points there are.
        """
        body = {"head": head, "history": list(history), "pins": None if pins is None else list(pins)}
        self._wish(self._pinner, face_id, body)

    def take_pinned(self) -> Pinned | None:
        """An answer that has arrived; each is handed out once, oldest first."""
        return self._pinner.take()

    @property
    def follow_refused(self) -> str:
        """Why what was asked for last will not come, as a sentence; "" while it may, or has."""
        return "" if self._pinner.pending else self._pinner.problem

    def forget_pins(self) -> None:
        """Nobody waits for an answer any more."""
        self._pinner.forget()

    def grow(
        self,
        face_id: str,
        head: str,
        seed: int,
        traits: Mapping[str, Any],
        candidate: int | None = None,
        regions: Sequence[str] = (),
        edits: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        """Ask for the hair of a face's head with these traits; see `take_hair`.

        Args:
            face_id: whose.
            head: head model.
            seed: the face's.
            traits: all of the face's.
            candidate: the face's, where its head model has candidates.
            regions: of the head, such as "scalp".
            edits: those of the face's that change its shape, or hair in places.
        """
        body = {"head": head, "seed": seed, "traits": dict(traits), "candidate": candidate, "regions": list(regions)}
        body |= {"edits": list(edits)} if edits else {}
        self._wish(self._grower, face_id, body)

    def take_hair(self) -> Hair | None:
        """Hair that has arrived; each is handed out once, oldest first."""
        return self._grower.take()

    @property
    def grow_refused(self) -> str:
        """Why the hair that was asked for last will not come, as a sentence; "" while it may, or has."""
        return "" if self._grower.pending else self._grower.problem

    def repaint(
        self,
        face_id: str,
        record: Mapping[str, Any],
        shown: Sequence[Mapping[str, Any]],
        offset: str | None,
        files: Mapping[str, bytes],
    ) -> None:
        """Ask what differs in a face's maps with its record's edits; see `take_painted`.

        Args:
            face_id: whose.
            record: the face's, with the edits that it is to show.
            shown: the edits that its maps show now.
            offset: SHA-256 of what was sculpted, among the files; None for nothing.
            files: SHA-256 -> bytes of what the edits refer to.
        """
        body = {"face": dict(record), "shown": list(shown), "offset": offset, "resolution": record["resolution"]}
        self._wish(self._repainter, face_id, body, files)

    def take_painted(self) -> Painted | None:
        """An answer that has arrived; each is handed out once, oldest first."""
        return self._repainter.take()

    @property
    def repaint_refused(self) -> str:
        """Why what was asked for last will not come, as a sentence; "" while it may, or has."""
        return "" if self._repainter.pending else self._repainter.problem

    def cannot_repaint(self, face_id: str) -> bool:
        """Whether a face's edits show only once its whole folder is made: an old engine, or too large an answer."""
        return self._repainter.unknown or face_id in self._repainter.too_much

    def forget_large(self, face_id: str) -> None:
        """A face's folder shows its edits: the next change may be small again."""
        self._repainter.too_much.discard(face_id)

    @property
    def call_problem(self) -> str:
        """A sentence about the last reading, reshaping, growing or repainting; "" if it went well."""
        return next((live.problem for live in self._live if live.problem), "")

    def forget_call_problem(self) -> None:
        """Whoever had to know about it has read it, or it is no longer true."""
        for live in self._live:
            live.problem = ""

    @property
    def _live(self) -> tuple[Reshaper, Pinner, Grower, Repainter, Reader]:
        return self._reshaper, self._pinner, self._grower, self._repainter, self._reader

    # ------------------------------------------------------------------------------------------------------------- poll

    def poll(self, budget: float = 0.005) -> bool:
        """Move everything on.

        Args:
            budget: seconds.

        Returns:
            Whether something that is shown may have changed.
        """
        self.backend.poll(budget)
        for former in self._former:
            former.poll()
        self._former = [former for former in self._former if former.ending]
        if self._stopping is not None:
            self._keep_stopping()
        elif self.backend.state is BackendState.READY and self.backend.client is not None:
            if self._client is not self.backend.client:
                self._connect(self.backend.client)
            self._work(self.backend.client)
        elif self.backend.state is BackendState.FAILED:
            self._disconnect()
            self._given_up += self._jobs.known_to_backend()
            self._jobs.end_all("failed", self.backend.problem)
        return self._changed()

    def _work(self, client: Client) -> None:
        self._send_picks()
        connected = (
            self._keep_listening(client)
            and self._jobs.poll(client, self._local, self.backend.settings.store / "downloads")
            and all(live.poll(client) for live in self._live)
            and self.feed.poll(client)
        )
        if not connected:
            self._disconnect()
            self.backend.connection_lost()

    def _send_picks(self) -> None:
        """Say of every picked job that somebody wants it, until an answer comes."""
        for job, exchange in list(self._picks.items()):
            if exchange is not None and exchange.done and not exchange.lost:
                del self._picks[job]
            elif self._client is not None and (exchange is None or exchange.done):
                self._picks[job] = self._client.send("POST", f"/jobs/{job}/pick")

    def _connect(self, client: Client) -> None:
        self._client = client
        self._local = _same_machine(self.backend.health)
        self._stream = None
        self._stream_at = 0.0
        process = (client.url, self.backend.health.get("pid"))
        if process != self._streams_from:  # what broke off with another one says nothing about this one
            self._streams_from, self._stream_failures = process, 0
        self._send_cancels(client, self._given_up)
        self._given_up = []
        self._jobs.reconnect(client)
        for live in self._live:
            live.reconnect()

    def _disconnect(self) -> None:
        if self._stream is not None:
            self._stream.cancel()
        self._client = self._stream = None
        self.feed.lost()
        self._picks = dict.fromkeys(self._picks)

    def _keep_listening(self, client: Client) -> bool:
        """Have a stream of events; False where it broke off."""
        now = time.monotonic()
        if self._stream is None:
            if now >= self._stream_at:
                self._stream_began = now
                self._stream = client.send("GET", "/events", on_event=self._hear)
            return True
        if not self._stream.done:
            return True
        if now - self._stream_began > _STREAM_GOOD:
            self._stream_failures = 0
        self._stream_failures += 1
        self._stream_at = now + _STREAM_PAUSE * 2**self._stream_failures
        self._stream = None
        if self._stream_failures >= _STREAM_TRIES:
            self.backend.fail("The engine keeps breaking off its reports: restart it; its log may say more.")
        return False

    def _hear(self, name: str, said: dict[str, Any]) -> None:
        if name == "job":
            self._stream_failures = 0
            self._jobs.hear(said)

    # --------------------------------------------------------------------------------------------------------- stopping

    def _cancel_and_leave(self) -> None:
        """End the open jobs without later polls: a backend that goes on would make what nobody waits for."""
        cancels, client = self._cancel_jobs(), self._client
        until = time.monotonic() + _LAST_CANCEL_WAIT
        while client is not None and time.monotonic() < until and not all(exchange.done for exchange in cancels):
            client.poll()
            time.sleep(0.001)
        self._disconnect()

    def _cancel_jobs(self) -> list[Exchange]:
        """End the open jobs; what was sent to the backend about it."""
        known = self._jobs.known_to_backend()
        self._jobs.end_all("cancelled")
        return self._send_cancels(self._client, known) if self._client is not None else []

    @staticmethod
    def _send_cancels(client: Client, jobs: list[str]) -> list[Exchange]:
        return [client.send("POST", f"/jobs/{job}/cancel") for job in jobs]

    def _keep_stopping(self) -> None:
        assert self._stopping is not None
        until, cancels = self._stopping
        if time.monotonic() >= until or all(exchange.done for exchange in cancels):
            self._stop_now()

    def _stop_now(self) -> None:
        self._stopping = None
        self._disconnect()
        self.backend.stop()

    def _changed(self) -> bool:
        jobs = [(job.id, job.state, job.stage, job.fraction, job.message, job.eta) for job in self._jobs.active]
        arrived = [id(answer) for answer in (*self._reshaper.arrived, *self._grower.arrived, *self._repainter.arrived)]
        feed = (self.feed.state, self.feed.recording, self.feed.problem, self.feed.cameras)
        live = (self.reading, self.call_problem, arrived, feed)
        shown = (self.state, self.problem, jobs, len(self._jobs.all), live)
        changed = shown != self._shown
        self._shown = shown
        return changed


def _same_machine(health: Mapping[str, Any]) -> bool:
    """Whether the backend's files can be used directly: its store's id is found where it says that its store is."""
    try:
        there = (Path(str(health["store"])) / "store_id").read_text(encoding="utf-8").strip()
    except (OSError, ValueError, KeyError):
        return False
    return there == health.get("store_id")


def staged(settings: Settings, job: Job, ending: str = "") -> Path | None:
    """Return what a job has in the engine's staging folder by now; None where there is nothing, or no disk in common.

    Args:
        settings: the engine's.
        job: one that is not finished.
        ending: of the file beside its folder; empty for the folder itself.
    """
    if settings.url:
        return None
    # A job that is made again, after the engine has died, has one of its own each time.
    found = sorted(one for one in (settings.store / "staging").glob(f"{job.id}-*{ending}") if ending or one.is_dir())
    return found[-1] if found else None
