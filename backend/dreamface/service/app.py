"""The HTTP API, version 10: routes of a few lines over `JobQueue` and `Workers`."""

from __future__ import annotations

import asyncio
import os
import platform
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from fastapi import Body, FastAPI, Query, Request, Response, Security
from fastapi.responses import FileResponse, StreamingResponse
from fastapi.security import HTTPBearer

from dreamface import __version__, library, models
from dreamface.record import Digest, pictures_in
from dreamface.service import schemas
from dreamface.service.access import Access, BodyLimit
from dreamface.service.edit_routes import add_edits
from dreamface.service.events import Hub
from dreamface.service.jobs import JobQueue, NotFound, Workers
from dreamface.service.layout import Layout
from dreamface.service.live import LiveSessions
from dreamface.service.naming import Naming
from dreamface.service.problems import explain_errors
from dreamface.service.sweeping import sweep_neighbours, sweep_variations
from dreamface.service.uploads import Uploads
from dreamface.service.users import OWNER, Users, asking
from dreamface.traits import VOCABULARY

API = 10
"""Version of what is spoken here; one more with whatever an older service refuses or an older client misreads.

2: variations (`variation_of` of a request, `POST /jobs/{job}/pick`).
3: hair (`POST /groom`, the artist's own styles, `face.json` of schema 4).
4: performances (jobs `animate`, live sessions, `GET /cameras`).
5: edits (`edits` of a record, `POST /paint`, `/edits`, `face.json` of schema 6).
6: diffusion (`diffusion` of a job `edit`, `face.json` of schema 7).
7: reasons (`said`, `notes`, `alternatives` of `POST /read`; `corrections` and `anyway` of a job `generate`, which fails
   with the code `nothing_read`; `face.json` of schema 8);
   conversations (`talk` of a record, `POST /talk`).
8: photographs (jobs `from_photo`).
9: neighbours of a face (jobs `explore`).
10: people at a glance (jobs `glance`); pins (`POST /pins`); users (`DELETE /jobs/{job}/files`, `GET /room`,
    `DELETE /uploads`, 429 where somebody's quota is used up, 403 where they name what is not theirs).
"""


def _answers(media_type: str, description: str) -> dict[int | str, dict[str, Any]]:
    """OpenAPI's description of an answer that is not JSON."""
    return {200: {"content": {media_type: {}}, "description": description}}


_PAUSED = "Something has paused the worker (process {0}): continue it with `kill -CONT {0}`, or restart the backend."
_STREAM = _answers("text/event-stream", "`event: job`, its data a Job as JSON on one line")
_MOMENTS = _answers(
    "text/event-stream", "`event: moment`, its data a LiveMoment as JSON on one line; at last `event: ended`, {reason}"
)
_BYTES = _answers("application/octet-stream", "the file's bytes")


_ABOUT = """From words to a 3D head. Every request carries the backend's token, or a user's.

Every refusal is `{"error": "<one sentence>"}`: 400 for input that makes no sense, 401 without a token, 403 where a
user names a file of the backend's machine that is not theirs, 404 for what is not there or another user's, 409 for
what does not go with how a job is, for a name that is taken or while the painter is busy, 413 for more than 1 MB
(edits: 4 MB, a hair style: 8 MB, a file: 64 MB), 421 under a name that the backend does not go by, 429 for more than
a user's quota, 500 for a bug, 503 for what may work later."""


@dataclass
class Service:
    """What the routes work with."""

    layout: Layout
    store_id: str
    jobs: JobQueue
    workers: Workers
    hub: Hub
    uploads: Uploads
    live: LiveSessions
    naming: Naming
    keeps_variations: bool = False


def create_app(service: Service, token: str, hosts: Collection[str] | None, users: Users) -> FastAPI:
    """The application; while it lives, so do the workers.

    Args:
        service: what it works with.
        token: the owner's, which every request must carry, or a user's.
        hosts: names it may be asked by, besides this machine's own; None: any.
        users: who has a token of their own.
    """

    @asynccontextmanager
    async def live(app: FastAPI) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(service.workers.faces.supervise()), asyncio.create_task(service.jobs.run())]
        tasks.append(asyncio.create_task(sweep_neighbours(service.layout.root / "exports")))
        if not service.keeps_variations:
            tasks.append(asyncio.create_task(sweep_variations(service.layout.faces)))
        try:
            yield
        finally:
            service.jobs.close()
            service.live.close()
            for task in tasks:
                task.cancel()
            for task in tasks:
                with suppress(asyncio.CancelledError):
                    await task

    app = FastAPI(
        title="DreamFace",
        version=__version__,
        description=_ABOUT,
        lifespan=live,
        docs_url=None,
        redoc_url=None,
        dependencies=[Security(HTTPBearer(auto_error=False, description="the token of the handover file"))],
        responses={"4XX": {"model": schemas.Problem}, "5XX": {"model": schemas.Problem}},
    )
    explain_errors(app)
    _add_questions(app, service)
    _add_pins(app, service)
    _add_hair(app, service)
    add_edits(app, service.workers, service.uploads, service.naming)
    _add_jobs(app, service)
    _add_results(app, service)
    _add_picking(app, service)
    _add_uploads(app, service)
    _add_live(app, service)
    app.add_middleware(BodyLimit)
    app.add_middleware(Access, token=token, hosts=hosts, users=users)
    return app


def _add_questions(app: FastAPI, service: Service) -> None:
    @app.get("/health", tags=["backend"], summary="How the backend is")
    async def health() -> schemas.Health:
        worker = service.workers.faces
        state = worker.state
        return schemas.Health(
            name="DreamFace",
            version=__version__,
            api=API,
            state=state,
            problem=_PAUSED.format(worker.pid) if state == "stopped" else worker.problem,
            store=str(service.layout.root),
            store_id=service.store_id,
            pid=os.getpid(),
            worker_pid=worker.pid,
            model_worker_pid=service.workers.models.pid,
            python=platform.python_version(),
            device=worker.device,
            active_jobs=len(service.jobs.active()),
        )

    @app.get("/traits", tags=["language"], summary="Everything a face can be told to be")
    async def traits() -> list[schemas.TraitInfo]:
        return [schemas.TraitInfo.model_validate(trait.to_json()) for trait in VOCABULARY.values()]

    @app.get("/models", tags=["backend"], summary="Head models and other models, and whether they are installed")
    async def list_models() -> schemas.Models:
        """Those with an `install_name` are installed, checked and removed by jobs; see `POST /jobs`."""
        heads = [schemas.HeadInfo.model_validate(model.to_json()) for model in models.HEADS]
        others = [schemas.ModelInfo.model_validate(model.to_json()) for model in (*models.MODELS, *models.own_models())]
        return schemas.Models(heads=heads, models=others)

    @app.post("/read", tags=["language"], summary="What a prompt says")
    async def read(asked: schemas.Read) -> schemas.Reading:
        result, _ = await service.workers.ask("read", asked.model_dump())
        return schemas.Reading.model_validate(result)

    @app.post(
        "/reshape", tags=["head"], summary="A head's vertices, as .npz", responses=_BYTES, response_class=Response
    )
    async def reshape(asked: schemas.Reshape) -> Response:
        """An uncompressed .npz with float32 `vertices` [V, 3] in the order of geometry.npz, metres.

        Beside them `measured_names` and `measured`: every shape trait as it is on that head, standard deviations.

        With `shapes` also `shape_offsets`, `shape_vertices` and `shape_deltas`, as geometry.npz has them.
        """
        _, payload = await service.workers.ask("reshape", _arguments(service, asked))
        return Response(payload, media_type="application/octet-stream")


def _add_pins(app: FastAPI, service: Service) -> None:
    @app.post(
        "/pins", tags=["head"], summary="How a head follows pins in its photographs, as .npz", responses=_BYTES,
        response_class=Response,
    )  # fmt: skip
    async def follow_pins(asked: schemas.FollowPins) -> Response:
        """An uncompressed .npz: float32 `moved` [V, 3] metres by which the neutral vertices move, and `step`.

        `step` is uint8, the UTF-8 JSON of the history's new step from pins, in place of the one that there is.

        Beside them the points that are offered, without pins too: `names` [P], `points` [P] their landmarks,
        `vertices` [P] that stand for them, and `offsets` [P, 3] metres from there.
        """
        _, payload = await service.workers.ask("follow_pins", asked.model_dump())
        return Response(payload, media_type="application/octet-stream")


def _add_hair(app: FastAPI, service: Service) -> None:
    @app.post("/groom", tags=["hair"], summary="A head's hair, as .npz", responses=_BYTES, response_class=Response)
    async def groom(asked: schemas.Groom) -> Response:
        """An uncompressed .npz with the arrays of a face folder's groom.npz.

        For each region that has hair: `{region}_points` [N, P, 3] metres, `{region}_triangle` [N],
        `{region}_barycentric` [N, 3], `{region}_uv` [N, 2] and `{region}_lock` [N].

        Beside them `groom`, uint8: the UTF-8 JSON of what face.json calls so.
        """
        _, payload = await service.workers.ask("groom", _arguments(service, asked))
        return Response(payload, media_type="application/octet-stream")

    @app.get("/styles", tags=["hair"], summary="Hair styles to choose from")
    async def list_styles() -> schemas.StyleList:
        result, _ = await service.workers.ask("styles", {})
        return schemas.StyleList.model_validate(result)

    @app.post("/styles", tags=["hair"], summary="Keep a hair style of one's own", status_code=201)
    async def save_style(asked: schemas.SaveStyle) -> schemas.StyleInfo:
        """At most 8 MB. 409 where the name is taken and `replace` is false."""
        result, _ = await service.workers.ask("save_style", _arguments(service, asked))
        return schemas.StyleInfo.model_validate(result)

    @app.delete("/styles/{name}", tags=["hair"], summary="Remove a hair style of one's own", status_code=204)
    async def remove_style(name: str) -> Response:
        """One that comes along, and was hidden by it, is there again."""
        schemas.check_style_name(name)
        await service.workers.ask("remove_style", {"name": name})
        return Response(status_code=204)


def _arguments(service: Service, asked: schemas.Reshape | schemas.Groom | schemas.SaveStyle) -> dict[str, Any]:
    """What was asked, with the places of the uploads that it names.

    Raises:
        BadRequest: an upload is not here.
    """
    arguments = asked.model_dump()
    if asked.offset is not None:
        service.uploads.mine.check((asked.offset,))
        arguments["offset"] = str(service.uploads.mine.file(asked.offset))
    if isinstance(asked, schemas.Reshape | schemas.Groom):
        pictures = pictures_in({"edits": asked.edits})
        service.uploads.mine.check(pictures)
        arguments["files"] = {digest: str(service.uploads.mine.file(digest)) for digest in pictures}
    return arguments


def _add_jobs(app: FastAPI, service: Service) -> None:
    known: dict[int | str, dict[str, Any]] = {
        200: {"model": schemas.Job, "description": "There was a job of that id already: this one"}
    }

    @app.post(
        "/jobs", tags=["jobs"], summary="Ask for a face, a file, a take or a model", status_code=201, responses=known
    )
    async def submit(asked: Annotated[schemas.NewJob, Body()], response: Response) -> schemas.Job:
        """Remembered before it is answered. 200 instead of 201 where there was a job of that id already."""
        service.naming.check(asked)
        await service.jobs.measure()
        job, new = service.jobs.submit(asked)
        response.status_code = 201 if new else 200
        return job

    @app.get("/jobs", tags=["jobs"], summary="Jobs of whoever asks, newest first")
    async def list_jobs(
        active: Annotated[
            bool | None, Query(description="only those that are not over, or only those that are")
        ] = None,
        limit: Annotated[int, Query(ge=1, le=10_000)] = 100,
    ) -> schemas.JobList:
        if active is None:
            return schemas.JobList(jobs=service.jobs.newest(limit))
        return schemas.JobList(jobs=service.jobs.active()[:limit] if active else service.jobs.over(limit))

    @app.get("/jobs/{job}", tags=["jobs"], summary="One job")
    async def get_job(job: str) -> schemas.Job:
        return service.jobs.get(job)

    @app.post("/jobs/{job}/cancel", tags=["jobs"], summary="Stop a job")
    async def cancel(job: str) -> schemas.Job:
        """Answered at once; a job that is over already stays as it is."""
        return service.jobs.cancel(job)

    @app.get(
        "/events", tags=["jobs"], summary="All jobs of whoever asks, as they go", responses=_STREAM,
        response_class=StreamingResponse,
    )  # fmt: skip
    async def events() -> StreamingResponse:
        """Server-sent events: first every active job, then every change; a comment at least every five seconds."""
        return _events(service.hub.stream(lambda: reversed(service.jobs.active())))

    @app.get(
        "/jobs/{job}/events", tags=["jobs"], summary="One job as it goes", responses=_STREAM,
        response_class=StreamingResponse,
    )  # fmt: skip
    async def job_events(job: str) -> StreamingResponse:
        """Server-sent events: the job as it is, then every change until it is over."""
        service.jobs.get(job)
        return _events(service.hub.stream(lambda: [service.jobs.get(job)], only=job))


def _add_results(app: FastAPI, service: Service) -> None:
    @app.get("/jobs/{job}/files", tags=["results"], summary="What a done job made")
    async def list_files(job: str) -> schemas.FileList:
        folder = service.jobs.folder(job)
        listed = []
        for name in sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*")):
            with suppress(NotFound, OSError):  # a folder, a link that leads out, or deleted a moment ago
                listed.append(schemas.File(path=name, size=_inside(folder, name).stat().st_size))
        return schemas.FileList(files=listed)

    @app.get(
        "/jobs/{job}/files/{path:path}", tags=["results"], summary="One file", responses=_BYTES,
        response_class=FileResponse,
    )  # fmt: skip
    async def get_file(job: str, path: str) -> FileResponse:
        return FileResponse(_inside(service.jobs.folder(job), path), media_type="application/octet-stream")

    @app.delete("/jobs/{job}/files", tags=["results"], summary="Delete what a job made", status_code=204)
    async def remove_files(job: str) -> Response:
        """The job itself stays; asked for again with the same id, it is done again."""
        service.jobs.remove_files(job)
        return Response(status_code=204)

    @app.get("/room", tags=["results"], summary="What one takes of the disk")
    async def room() -> schemas.Room:
        """Of whoever asks: how much it is, how much it may be, and every done job that has files."""
        return await service.jobs.room()


def _add_picking(app: FastAPI, service: Service) -> None:
    @app.post("/jobs/{job}/pick", tags=["results"], summary="Keep a variation", status_code=204)
    async def pick(job: str) -> None:
        """Say that somebody wants this face: it stays until it is removed by hand. Any face may be picked.

        A face that is exported (`POST /jobs`) is picked, too.
        """
        library.mark_picked(service.jobs.face(job))


def _add_uploads(app: FastAPI, service: Service) -> None:
    known: dict[int | str, dict[str, Any]] = {
        200: {"model": schemas.Upload, "description": "The file was here already"},
    }

    @app.put(
        "/uploads/{sha256}", tags=["uploads"], summary="Send a file that a job needs", status_code=201, responses=known,
        openapi_extra={"requestBody": {"content": {"application/octet-stream": {}}, "required": True}},
    )  # fmt: skip
    async def upload(sha256: Digest, request: Request, response: Response) -> schemas.Upload:
        """At most 64 MB. A file that no job has asked for in a month is deleted at the next start."""
        await service.jobs.measure()
        service.jobs.check_disk()
        new = await service.uploads.mine.receive(sha256, request.stream())
        if new:
            service.jobs.count_upload(service.uploads.mine.size(sha256))
        response.status_code = 201 if new else 200
        return schemas.Upload(sha256=sha256)

    @app.get("/uploads/{sha256}", tags=["uploads"], summary="Whether a file is here")
    async def has_upload(sha256: Digest) -> schemas.Upload:
        if not service.uploads.mine.has(sha256):
            raise NotFound(f"There is no upload {sha256}.")
        return schemas.Upload(sha256=sha256)

    @app.delete("/uploads", tags=["uploads"], summary="Delete all files that were sent ahead", status_code=204)
    async def remove_uploads() -> Response:
        """Those of whoever asks. What waiting jobs need stays; faces have copies of what they need."""
        service.uploads.mine.remove_all(service.jobs.needed_files())
        return Response(status_code=204)


def _add_live(app: FastAPI, service: Service) -> None:
    live = service.live

    @app.get("/cameras", tags=["live"], summary="Cameras of this machine")
    async def cameras() -> list[schemas.Camera]:
        return await live.cameras() if asking.get() is OWNER else []

    @app.post("/live", tags=["live"], summary="Read a face while it moves", status_code=201)
    async def start(asked: schemas.StartLive) -> schemas.Live:
        """Answered when the camera is open. A session that nobody follows for half a minute ends."""
        service.naming.check(asked)
        return await live.start(asked)

    @app.get(
        "/live/{session}/events", tags=["live"], summary="What the face does", responses=_MOMENTS,
        response_class=StreamingResponse,
    )  # fmt: skip
    async def moments(session: str) -> StreamingResponse:
        """Server-sent events. Only ever the newest moment waits: others are dropped, never queued."""
        return _events(live.stream(session))

    @app.post("/live/{session}/record", tags=["live"], summary="Begin a take, or end it")
    async def record(session: str, asked: schemas.Record) -> schemas.Take:
        """The take that was ended last; a session may record several."""
        return await live.record(session, asked.on)

    @app.post("/live/{session}/neutral", tags=["live"], summary="Take the face of now as at rest", status_code=204)
    async def neutral(session: str) -> Response:
        """The mean of the last half second."""
        await live.neutral(session)
        return Response(status_code=204)

    @app.patch("/live/{session}", tags=["live"], summary="Change how moments are shaped", status_code=204)
    async def adjust(session: str, asked: schemas.Adjust) -> Response:
        """From now on; what is not said stays."""
        await live.adjust(session, asked)
        return Response(status_code=204)

    @app.delete("/live/{session}", tags=["live"], summary="End it, and get the take")
    async def stop(session: str) -> schemas.Take:
        """The take stays where it is. Also of a session that has ended by itself, or with an earlier backend."""
        return await live.stop(session)


def _events(stream: AsyncIterator[str]) -> StreamingResponse:
    return StreamingResponse(stream, media_type="text/event-stream", headers={"Cache-Control": "no-store"})


def _inside(folder: Path, name: str) -> Path:
    """The file `name` of a folder.

    Raises:
        NotFound: there is none, or it lies somewhere else.
    """
    try:
        root = folder.resolve(strict=True)
        file = (root / name).resolve(strict=True)
        if file.is_relative_to(root) and file.is_file():
            return file
    except (OSError, ValueError, RuntimeError):  # not there; a NUL; links in a circle
        pass
    raise NotFound(f"There is no file {name!r} in this result: GET .../files lists what there is.")
