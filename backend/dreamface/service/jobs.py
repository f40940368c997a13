"""The jobs, from being asked for to being over."""

from __future__ import annotations

import asyncio
import logging
import secrets
import shutil
import statistics
import time
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from dreamface import library
from dreamface._files import cannot_write, delete, sibling
from dreamface.errors import DreamFaceError, FolderError
from dreamface.limits import SEED_LIMIT
from dreamface.service import schemas
from dreamface.service.events import Hub
from dreamface.service.glances import AHEAD
from dreamface.service.layout import Layout, forming_picture, has_folder, is_face
from dreamface.service.room import Room, size_of
from dreamface.service.schemas import JOB_KINDS, Export, FaceResult, Job, Kind, NewJob, WorkerName, needed_files
from dreamface.service.store import ERROR_CODE, JobStore, Record, StoreError, iso, to_job
from dreamface.service.uploads import Uploads
from dreamface.service.users import GIGABYTE, OWNER, asking
from dreamface.service.worker_process import CALL_LIMIT, JobFailed, NotStarted, WorkerLost, WorkerProcess

_MOST_ATTEMPTS: Final = 3
_GIVEN_UP: Final = f"DreamFace was stopped {_MOST_ATTEMPTS} times while it worked on this: "
_RENAME_TRIES: Final = 20  # every 0.1 s: on Windows a virus scanner may hold a new file for a moment
_FORGET_PATIENCE: Final = 2.0  # seconds that the worker for faces has to let go of a model before it is replaced
_SAVE_AGAIN: Final = 2.0  # seconds after which what the disk refused is tried again
_TELLING: Final = 0.1  # of a job: how far it must be before its own speed says when it ends

log = logging.getLogger(__name__)


class Conflict(DreamFaceError):
    """What was asked for does not go with how a job is."""


class QuotaUsed(DreamFaceError):
    """A user has as many jobs waiting, or as much on the disk, as they may."""


class NotFound(DreamFaceError):
    """There is no such job or file."""


@dataclass
class Workers:
    """Who does the jobs.

    Attributes:
        faces: always alive, as it must have everything loaded.
        models: alive while there is something to install, check or remove. Faces go on meanwhile.
        heads: held while a face is made, and while a model is removed: nobody takes it away from under a face.
        styles_of: gives the folder of a user's own hair styles; None for the owner's, which is the usual one.
    """

    faces: WorkerProcess
    models: WorkerProcess
    styles_of: Callable[[str], Path | None] = lambda _: None
    heads: asyncio.Lock = field(default_factory=asyncio.Lock)
    _forgetting: set[asyncio.Task[None]] = field(default_factory=set)

    def of(self, record: Record) -> WorkerProcess:
        """Return the one that does a job."""
        return self.models if JOB_KINDS[record.kind].worker == "models" else self.faces

    async def ask(
        self, name: str, arguments: dict[str, Any], limit: float = CALL_LIMIT
    ) -> tuple[dict[str, Any], bytes]:
        """Ask the worker for faces something, for whoever asks; see `WorkerProcess.call`.

        Raises:
            DreamFaceError: as there.
        """
        return await self.faces.call(name, {**arguments, **self.styles_for(asking.get().name)}, limit)

    def styles_for(self, owner: str) -> dict[str, str]:
        """Return what tells the worker which hair styles are somebody's own."""
        folder = self.styles_of(owner)
        return {} if folder is None else {"styles": str(folder)}

    @asynccontextmanager
    async def ready_for(self, record: Record) -> AsyncIterator[WorkerProcess]:
        """Give the worker for a job, ready, and keep models where they are as long as the job needs that.

        Raises:
            WorkerLost: it does not start.
        """
        if self.of(record) is self.faces:
            await self.faces.ready()
            async with self.heads:
                await self.faces.ready()
                yield self.faces
            return
        async with self.models.alive():
            await self.models.ready()
            async with self.heads if record.kind == "remove_model" else nullcontext():
                changes = record.kind != "verify_model"
                if changes:
                    await self._forget()  # Windows does not replace files that are in use
                try:
                    yield self.models
                finally:
                    if changes:
                        await self._forget()

    async def _forget(self) -> None:
        """Have the faces' worker load its models anew when it next needs them; it is told so, but not waited for long.

        One that is too busy to answer does it before whatever it is asked next.
        """
        if self.faces.state in ("starting", "restarting"):  # it is loading them right now
            task = asyncio.create_task(self._forget_when_ready())
            self._forgetting.add(task)  # the loop itself keeps no task alive
            task.add_done_callback(self._forgetting.discard)
        else:
            with suppress(DreamFaceError, TimeoutError):  # it died: the next one loads them anew
                await asyncio.wait_for(self.faces.call("forget", {}), _FORGET_PATIENCE)

    async def _forget_when_ready(self) -> None:
        with suppress(DreamFaceError):
            await self.faces.ready()
            await self.faces.call("forget", {})


class JobQueue:
    """Takes jobs, has the workers do them, each one after the other, and keeps the store true to what has happened.

    A job's result is there when its folder has been renamed into place and its row says done, in that order. A crash
    before the rename leaves only staging to sweep, one between the two a folder of a row that still says running: the
    next start enters it as done. What the table does not take is kept and tried again; a result is never taken back.
    """

    def __init__(
        self, store: JobStore, layout: Layout, workers: Workers, hub: Hub, uploads: Uploads, room: Room
    ) -> None:
        self._store = store
        self._layout = layout
        self._workers = workers
        self._hub = hub
        self._uploads = uploads
        self._room = room
        self._active: dict[str, Record] = {}  # in the order they came
        self._unsaved: dict[str, Record] = {}  # what became of them is not on the disk yet, which would not take it
        self._not_started: set[str] = set()  # jobs whose worker died before it began them
        self._refusal = ""  # why nothing could be written when that was last tried
        self._turns: dict[str, int] = {}  # owner -> when one of their jobs was chosen last
        self._came = asyncio.Event()
        self._closed = False

    # --------------------------------------------------------------------------------------------------------- asking

    def submit(self, asked: NewJob) -> tuple[Job, bool]:
        """Take a job, and say whether it is new: the same id twice is the same job.

        One that is done is done again where its files were deleted.

        Raises:
            BadRequest: a file that the job needs was not sent.
            Conflict: the id belongs to another job, or what is to be exported is not done.
            NotFound: there is no job to export.
            QuotaUsed: the user may have no more jobs waiting, or no more on the disk.
            StoreError: it can't be remembered.
        """
        request = asked.request.model_dump(mode="json")
        if asked.kind == "edit" and request["resolution"] is None:
            request["resolution"] = request["face"]["resolution"]
        known = self._find(asked.id) if asked.id else None
        if known is not None and known.owner != asking.get().name:
            raise Conflict(f"The id {known.id} belongs to another job: choose a new one.")
        if known is not None:
            if request.get("seed", 0) is None:
                request["seed"] = known.request.get("seed")
            if (known.kind, _completed(known)) != (asked.kind, request):
                raise Conflict(f"The id {known.id} belongs to another job: choose a new one.")
            if not self._is_lost(known):
                if not known.is_active:
                    # They were sent again with the question.
                    self._forget_photographs(known.kind, known.request, known.owner)
                return self._describe(known), False
        try:
            self._check(asked, request)
        except QuotaUsed:
            # Nobody is to keep what no face is made of.
            self._forget_photographs(asked.kind, request, asking.get().name)
            raise
        if known is not None:
            record = Record(known.id, known.kind, known.request, known.created, owner=known.owner)
            self._store.update(record)
            self._unsaved.pop(record.id, None)
        else:
            if request.get("seed", 0) is None:
                request["seed"] = secrets.randbelow(SEED_LIMIT)
            owner = asking.get().name
            record = Record(asked.id or uuid.uuid4().hex, asked.kind, request, time.time(), owner=owner)
            self._store.add(record)
        self._save_rest()
        self._active[record.id] = record
        self._came.set()
        return self._publish(record), known is None

    def _check(self, asked: NewJob, request: dict[str, Any]) -> None:
        """Refuse a job that lacks what it needs, or is more than a user may; keep what it is made of."""
        self._check_quota(asked)
        self._uploads.mine.check(needed_files(asked.kind, request))
        if isinstance(asked.request, Export):
            source = self.face(asked.request.job)
            with suppress(FolderError):  # of a folder that can't be written to, a copy can still be made
                library.mark_picked(source)

    def _check_quota(self, asked: NewJob) -> None:
        user = asking.get()
        if user is not OWNER and asked.kind in ("install_model", "remove_model", "choose_model"):
            raise Conflict("Models are shared by everybody here: ask whoever runs the service to change them.")
        waiting = sum(record.owner == user.name and record.state == "queued" for record in self._active.values())
        if user.waiting is not None and waiting >= user.waiting:
            jobs = "job" if waiting == 1 else "jobs"
            raise QuotaUsed(
                f"You have {waiting:,} {jobs} waiting, and may have {user.waiting:,}: wait until some are done, or "
                "cancel some."
            )
        if has_folder(asked.kind):
            self.check_disk()

    def check_disk(self) -> None:
        """Refuse to keep more for a user whose faces and files take as much as they may; `measure` comes before.

        Raises:
            QuotaUsed: they do.
        """
        user = asking.get()
        if user.room is not None and (used := self._room.used(user.name)) >= user.room:
            raise QuotaUsed(
                f"Your faces and files take {used / GIGABYTE:.2f} GB on the machine that makes them, and may take "
                f"{user.disk:g} GB: delete some there (in Blender: Free Space), or ask whoever runs it for more."
            )

    def count_upload(self, size: int) -> None:
        """Count bytes that whoever asks has sent."""
        self._room.add_upload(asking.get().name, size)

    async def measure(self) -> None:
        """Find out what whoever asks takes of the disk, where there is a limit to it."""
        user = asking.get()
        if user.room is not None:
            await self._room.measure(user.name, user.room)

    async def room(self) -> schemas.Room:
        """Return what whoever asks takes of the disk, the largest jobs first."""
        user = asking.get()
        await self._room.measure(user.name, 0)
        sizes = self._room.of_jobs(user.name)
        items = [
            schemas.RoomItem(job=job, kind=kind, label=label, created=iso(created) or "", size=sizes[job])
            for job, kind, created, label in self._store.labels(user.name)
            if job in sizes
        ]
        uploads, styles = self._room.of_others(user.name)
        return schemas.Room(
            used=self._room.used(user.name),
            allowed=user.room,
            uploads=uploads,
            styles=styles,
            items=sorted(items, key=lambda item: -item.size),
        )

    def _is_lost(self, record: Record) -> bool:
        """Whether the files of a done job were deleted."""
        made = record.state == "done" and has_folder(record.kind)
        return made and not self._layout.result(record.kind, record.id).is_dir()

    def cancel(self, job: str) -> Job:
        """Stop a job that is not over; one that is stays as it is.

        Raises:
            NotFound: there is none of that id.
        """
        record = self._known(job)
        if record.is_active:
            was_running = record.state == "running"
            self._finish(record, "cancelled")
            if was_running:
                self._workers.of(record).cancel(job)
        return self._describe(record)

    def get(self, job: str) -> Job:
        """A job as it is now.

        Raises:
            NotFound: there is none of that id.
        """
        return self._describe(self._known(job))

    def active(self) -> list[Job]:
        """The jobs of whoever asks that are not over, newest first."""
        owner = asking.get().name
        return [self._describe(record) for record in reversed(self._active.values()) if record.owner == owner]

    def newest(self, limit: int) -> list[Job]:
        """The newest jobs of whoever asks, newest first."""
        return [self._describe(self._live(record)) for record in self._store.newest(limit, asking.get().name)]

    def over(self, limit: int) -> list[Job]:
        """The newest jobs of whoever asks that are over, newest first."""
        records = map(self._live, self._store.newest(limit + len(self._active), asking.get().name))
        return [self._describe(record) for record in records if not record.is_active][:limit]

    def folder(self, job: str) -> Path:
        """Where a done job's files are.

        Raises:
            NotFound: there is none of that id, or its folder was deleted.
            Conflict: it is not done.
        """
        return self._folder(self._known(job))

    def _folder(self, record: Record) -> Path:
        job = record.id
        if record.state != "done":
            raise Conflict(f"Job {job} is {record.state}: only a done job has files.")
        if not has_folder(record.kind):
            raise Conflict(f"Job {job} made no files.")
        folder = self._layout.result(record.kind, job)
        if not folder.is_dir():
            raise NotFound(f"The files of job {job} were deleted: make the face again.")
        return folder

    def face(self, job: str) -> Path:
        """Where the face that a job made lies.

        Raises:
            NotFound: there is no such job, or the face was deleted.
            Conflict: it is not done, or made something else.
        """
        return self._face(self._known(job))

    def _face(self, record: Record) -> Path:
        if not is_face(record.kind):
            raise Conflict(f"Job {record.id} made no face: name the job that did.")
        return self._folder(record)

    def remove_files(self, job: str) -> None:
        """Delete what a job made; the job itself stays.

        Raises:
            NotFound: there is none of that id, or its files were deleted.
            Conflict: it is not done.
            FolderError: the disk refused; the files are whole, still.
        """
        folder = self.folder(job)
        gone = sibling(folder, "part")  # if we are killed now, the next start deletes the rest
        try:
            folder.rename(gone)
        except OSError as error:  # on Windows, one that a program has open
            raise cannot_write(folder, error) from error
        self._room.forget_job(asking.get().name, job)
        delete(gone)

    # ---------------------------------------------------------------------------------------------------------- doing

    def recover(self) -> None:
        """Take up what an earlier backend left: what waited waits, what ran is run again, but not for ever."""
        for record in self._store.active():
            self._active[record.id] = record
            if record.state == "running":
                result = self._found(record)
                if result is not None:
                    self._finish(record, "done", result=result)
                    continue
                self._remove_result(record)  # half of one, which no version of ours leaves
                if record.attempts >= _MOST_ATTEMPTS:
                    advice = "try a lower resolution." if is_face(record.kind) else "try again."
                    self._finish(record, "failed", error=_GIVEN_UP + advice)
                else:
                    record.state = "queued"
                    self._save(record)
        self._came.set()

    def _found(self, record: Record) -> dict[str, Any] | None:
        """Return the result that was renamed into place just before the last backend ended, or None."""
        if not is_face(record.kind):
            return None  # a file is soon exported again
        try:
            return FaceResult.model_validate(library.describe(self._layout.result(record.kind, record.id))).model_dump()
        except ValidationError:
            return None

    def needed_files(self) -> set[str]:
        """Return the SHA-256 of the uploads that jobs need which are not over."""
        return {digest for record in self._active.values() for digest in needed_files(record.kind, record.request)}

    def is_mine(self, job: str) -> bool:
        """Return whether whoever asks has asked for a job."""
        record = self._find(job)
        return record is not None and record.owner == asking.get().name

    async def run(self) -> None:
        """Do the jobs until this is cancelled; each worker its own."""
        async with asyncio.TaskGroup() as group:
            for worker in ("faces", "models"):
                group.create_task(self._run(worker))
            group.create_task(self._save_again())

    async def _run(self, worker: WorkerName) -> None:
        while True:
            record = self._next(worker)
            if record is None:
                self._came.clear()
                await self._came.wait()
                continue
            try:
                await self._do(record)
            except DreamFaceError as error:
                self._finish(record, "failed", error=str(error))
            except Exception as error:
                log.exception("A job met a bug in the service.")
                self._finish(record, "failed", error=f"DreamFace met a bug ({error!r}): please report it with the log.")

    def _next(self, worker: WorkerName) -> Record | None:
        """The job that has waited longest for a worker, of the user whose turn it is: who was served longest ago."""
        waiting = (record for record in self._active.values() if record.state == "queued" and not self._closed)
        ready = [record for record in waiting if JOB_KINDS[record.kind].worker == worker]
        if not ready:
            return None
        chosen = min(ready, key=lambda record: self._turns.get(record.owner, 0))  # the first of several
        self._turns[chosen.owner] = max(self._turns.values(), default=0) + 1
        return chosen

    def close(self) -> None:
        """Before an orderly end: jobs that run have not failed, they wait for the next start; no other is begun."""
        if not self._closed:
            self._closed = True
            for record in self._active.values():
                if record.state == "running":
                    record.state, record.attempts = "queued", record.attempts - 1
                    self._save(record)
        self._save_rest()

    async def _do(self, record: Record) -> None:
        async with self._workers.ready_for(record) as worker:
            if record.state != "queued" or self._closed:
                return  # cancelled meanwhile
            self._begin(record)
            staged = self._layout.staging(record.id, record.attempts)
            try:
                result = await worker.do(self._order(record, staged), self._progress_of(record))
                await self._keep(record, staged, result)
            except NotStarted as error:
                self._put_off(record, error)
            except (JobFailed, WorkerLost) as error:
                self._end(record, error)
            finally:
                await asyncio.to_thread(shutil.rmtree, staged, ignore_errors=True)
                with suppress(OSError):  # swept later
                    forming_picture(staged).unlink(missing_ok=True)

    def _begin(self, record: Record) -> None:
        record.state, record.started, record.attempts = "running", time.time(), record.attempts + 1
        # How long a download takes says nothing of the next one.
        made = has_folder(record.kind) and not record.request.get("detail")  # diffusion says it by itself
        with suppress(StoreError):  # a guess is all that is lost
            seconds = self._store.durations(record.kind, record.request.get("resolution")) if made else []
            record.usual = statistics.median(seconds) if seconds else None
        self._save(record)
        self._publish(record)

    def _order(self, record: Record, staged: Path) -> dict[str, Any]:
        """A job as the worker is told it."""
        order: dict[str, Any] = {
            "id": record.id, "kind": record.kind, "request": _completed(record), "place": str(staged),
        }  # fmt: skip
        order |= self._workers.styles_for(record.owner)
        needed = needed_files(record.kind, record.request)
        if needed:
            uploads = self._uploads.of(record.owner)
            order["files"] = {digest: str(uploads.file(digest)) for digest in needed}
        if record.kind == "glance":
            order["ahead"] = self._next_glances(record)
        if record.kind == "export":
            order["source"] = str(self._face(self._known(record.request["job"], record.owner)))
        return order

    def _next_glances(self, record: Record) -> list[dict[str, Any]]:
        """Return what the jobs ask for that are done after one of people at a glance, if nobody else's turn comes."""
        waiting = [other for other in self._active.values() if other.state == "queued"]
        if any(other.owner != record.owner for other in waiting):
            return []
        return [_completed(other) for other in waiting[:AHEAD] if other.kind == "glance"]

    def _put_off(self, record: Record, error: NotStarted) -> None:
        """Have a job done by the next worker, as the last one died before it had begun; a second time it fails."""
        if record.id in self._not_started or record.state != "running":
            self._end(record, error)
            return
        self._not_started.add(record.id)
        record.state, record.started, record.attempts = "queued", None, record.attempts - 1
        self._save(record)
        self._publish(record)

    def _end(self, record: Record, error: DreamFaceError) -> None:
        """The job failed, unless it was cancelled, or is put back because the service ends."""
        if record.state == "running":
            reason = error.reason if isinstance(error, JobFailed) else ""
            self._finish(record, "failed", error=str(error), result={ERROR_CODE: reason} if reason else None)

    async def _keep(self, record: Record, staged: Path, result: dict[str, Any]) -> None:
        """Make a result part of the store: the folder first, if there is one, then the row."""
        size = await asyncio.to_thread(size_of, staged) if record.owner else 0
        for attempt in range(_RENAME_TRIES if has_folder(record.kind) else 0):
            place = self._layout.result(record.kind, record.id)
            if record.state != "running":
                return  # cancelled meanwhile
            try:
                staged.chmod(0o700)
                staged.rename(place)
                if record.owner:
                    self._room.add_job(record.owner, record.id, size)
                break
            except PermissionError as error:
                if attempt + 1 == _RENAME_TRIES:
                    raise cannot_write(place, error) from error
                await asyncio.sleep(0.1)
            except OSError as error:
                raise cannot_write(place, error) from error
        self._finish(record, "done", result=result)

    def _progress_of(self, record: Record) -> Callable[[str, float, str], None]:
        def take(stage: str, fraction: float, message: str) -> None:
            if record.state == "running":
                record.stage, record.fraction, record.message = stage, fraction, message
                self._publish(record)

        return take

    def _finish(
        self, record: Record, state: Any, *, error: str | None = None, result: dict[str, Any] | None = None
    ) -> None:
        """The end of a job; the first one counts."""
        if not record.is_active:
            return
        record.state, record.finished, record.error, record.result = state, time.time(), error, result
        record.stage, record.fraction, record.message = "", 1.0 if state == "done" else 0.0, ""
        self._active.pop(record.id, None)
        self._not_started.discard(record.id)
        self._forget_photographs(record.kind, record.request, record.owner)
        if not self._save(record) and state == "done":
            record.message = f"It is done, though the list of jobs does not say so yet. {self._refusal}"
        self._publish(record)

    def _forget_photographs(self, kind: Kind, request: Mapping[str, Any], owner: str) -> None:
        """Delete the photographs that were sent for a job which is over or refused, unless another one needs them."""
        if kind == "from_photo":
            self._uploads.of(owner).remove(set(needed_files(kind, request)) - self.needed_files())

    # ---------------------------------------------------------------------------------------------------------- pieces

    def _save(self, record: Record) -> bool:
        """Write a job's state, and whatever the disk would not take before; whether it took this."""
        if not self._write(record):
            self._unsaved[record.id] = record
            return False
        self._unsaved.pop(record.id, None)
        self._save_rest()
        return True

    def _save_rest(self) -> None:
        for record in list(self._unsaved.values()):
            if not self._write(record):
                return
            self._unsaved.pop(record.id)

    async def _save_again(self) -> None:
        while True:
            await asyncio.sleep(_SAVE_AGAIN)
            self._save_rest()

    def _write(self, record: Record) -> bool:
        try:
            self._store.update(record)
        except StoreError as error:
            if not self._refusal:
                log.error("%s What becomes of jobs is written as soon as that works.", error)
            self._refusal = str(error)
            return False
        self._refusal = ""
        return True

    def _find(self, job: str) -> Record | None:
        return self._active.get(job) or self._unsaved.get(job) or self._store.get(job)

    def _live(self, record: Record) -> Record:
        return self._active.get(record.id) or self._unsaved.get(record.id) or record

    def _known(self, job: str, owner: str | None = None) -> Record:
        """Return a job of a user; None: of whoever asks."""
        record = self._find(job)
        if record is None or record.owner != (asking.get().name if owner is None else owner):
            raise NotFound(f"There is no job {job}.")
        return record

    def _publish(self, record: Record) -> Job:
        job = self._describe(record)
        self._hub.publish(job, record.owner)
        return job

    def _describe(self, record: Record) -> Job:
        return to_job(record, self._layout, self._eta(record))

    def _eta(self, record: Record) -> float | None:
        """Seconds until a running job is done, by the last ones like it, else by how far it is."""
        if record.state != "running" or record.started is None:
            return None
        gone = time.time() - record.started
        if gone < 0.0:  # somebody has set the clock back
            return None
        if record.usual is not None and gone < record.usual:
            return record.usual - gone
        return None if record.fraction <= _TELLING else gone / record.fraction * (1.0 - record.fraction)

    def _remove_result(self, record: Record) -> None:
        if has_folder(record.kind):
            shutil.rmtree(self._layout.result(record.kind, record.id), ignore_errors=True)


def _completed(record: Record) -> dict[str, Any]:
    """A job's request, with the defaults of what requests had not yet when an older version took it in."""
    try:
        return JOB_KINDS[record.kind].request.model_validate(record.request).model_dump(mode="json")
    except ValidationError:  # it is of a newer version, or names a model that was removed since
        return record.request
