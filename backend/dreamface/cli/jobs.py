"""Looking after the running backend's jobs."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from argparse import Namespace
from collections.abc import Iterator
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import Any

from dreamface.cli.serve import default_store
from dreamface.cli.terminal import Terminal, table
from dreamface.errors import BadRequest, Cancelled, DreamFaceError
from dreamface.service import handover
from dreamface.service.encryption import trusting
from dreamface.service.handover import Handover

SHOWN = 20
"""Jobs in the table; --json has more."""

_LISTED = 100
_PATIENCE = 10.0  # seconds; a living backend sends something every five
_ID_LENGTH = 32
_PROMPT_LENGTH = 60
_OVER = ("done", "failed", "cancelled")


def run(options: Namespace, terminal: Terminal) -> bool:
    """List jobs, follow one or stop one."""
    store = (options.store or default_store()).absolute()
    backend = _running(store)
    if options.action == "list":
        return _list(store, backend, terminal)
    if backend is None:
        raise DreamFaceError(
            f"No backend is running on {store}: start one with `dreamface serve`, or name its --store."
        )
    if not options.id:
        raise BadRequest(f"Name the job to {options.action}; `dreamface jobs` lists them.")
    job = _find(backend, options.id)
    return (_follow if options.action == "follow" else _cancel)(backend, job, terminal)


def _list(store: Path, backend: Handover | None, terminal: Terminal) -> bool:
    jobs = _ask(backend, "GET", f"/jobs?limit={_LISTED}")["jobs"] if backend else _stored(store)
    terminal.result({"running": backend is not None, "jobs": jobs})
    if not jobs:
        terminal.show("There are no jobs.")
    else:
        rows = table("", "job", "created", "kind", "state", "of", "how it went")
        for job in jobs[:SHOWN]:
            rows.add_row(
                job["id"][:8],
                job["created"][:19].replace("T", " "),
                job["kind"],
                job["state"],
                _subject(job),
                _news(job),
            )
        terminal.show(rows)
    if backend is None:
        terminal.show(f"No backend is running on {store}; what is queued starts when one does.")
    return True


def _follow(backend: Handover, job: str, terminal: Terminal) -> bool:
    last: dict[str, Any] = {}
    try:
        with terminal.progress() as progress, _open(backend, "GET", f"/jobs/{job}/events") as answer:
            for last in _events(answer):
                progress.report(last["stage"] or last["state"], last["fraction"], last["message"] or last["state"])
    except Cancelled:
        raise Cancelled("Stopped following; the job goes on.") from None
    except (OSError, HTTPException, ValueError) as error:
        raise DreamFaceError("The backend ended: start it again, and it goes on with its jobs.") from error
    if last.get("state") not in _OVER:
        raise DreamFaceError("The backend ended: start it again, and it goes on with its jobs.")
    return _told(last, terminal)


def _cancel(backend: Handover, job: str, terminal: Terminal) -> bool:
    after = _ask(backend, "POST", f"/jobs/{job}/cancel")
    terminal.result(after)
    over = "was stopped" if after["state"] == "cancelled" else f"was {after['state']} already"
    terminal.show(f"Job {job[:8]} {over}.")
    return True


def _told(job: dict[str, Any], terminal: Terminal) -> bool:
    """Show how a job ended; whether it is done."""
    terminal.result(job)
    if job["state"] == "failed":
        terminal.show(f"Failed    {job['error']}")
    elif job["state"] == "cancelled":
        terminal.show("Cancelled")
    else:
        terminal.show(f"Done      {_made(job)}")
    return bool(job["state"] == "done")


def _subject(job: dict[str, Any]) -> str:
    """What a job is about; "" where its entry is damaged or another version's."""
    request = job["request"]
    try:
        if job["kind"] == "export":
            return f"{request['format']} of {request['job'][:8]}"
        if "name" in request:
            return str(request["name"])  # of a model
        if "photographs" in request:
            return ", ".join(Path(one["path"] or one["name"]).name for one in request["photographs"])
        prompt = " ".join(request.get("face", request)["prompt"].split())
    except (KeyError, TypeError, AttributeError):
        return ""
    return prompt if len(prompt) <= _PROMPT_LENGTH else f"{prompt[: _PROMPT_LENGTH - 1]}…"


def _made(job: dict[str, Any]) -> str:
    """What a done job has made."""
    result = job["result"]
    return str(result.get("folder") or result.get("file") or result.get("message"))


def _news(job: dict[str, Any]) -> str:
    if job["state"] == "running":
        left = f", {job['eta']:.0f} s left" if job["eta"] is not None else ""
        return f"{job['fraction']:.0%} {job['message']}{left}"
    if job["state"] == "done":
        return _made(job)
    return job["error"] or ""


# -------------------------------------------------------------------------------------------------------- the backend


def _running(store: Path) -> Handover | None:
    """The backend of a store, if one is there and answers."""
    place = handover.read(handover.file_of(store))
    if place is None:
        return None
    try:
        _ask(place, "GET", "/health")
    except DreamFaceError:
        return None
    return place


def _stored(store: Path) -> list[dict[str, Any]]:
    from dreamface.service.layout import Layout
    from dreamface.service.store import read_jobs, to_job

    layout = Layout(store)
    return [to_job(record, layout).model_dump() for record in read_jobs(layout.jobs, _LISTED)]


def _find(backend: Handover, start: str) -> str:
    """The id that begins so."""
    if len(start) == _ID_LENGTH:
        return start
    found = [job["id"] for job in _ask(backend, "GET", "/jobs?limit=10000")["jobs"] if job["id"].startswith(start)]
    if len(found) != 1:
        many = "several jobs' ids begin" if found else "no job's id begins"
        raise BadRequest(f"{many.capitalize()} with {start!r}; `dreamface jobs --json` has the whole ids.")
    return str(found[0])


def _events(answer: HTTPResponse) -> Iterator[dict[str, Any]]:
    for line in answer:
        if line.startswith(b"data: "):
            yield json.loads(line.removeprefix(b"data: "))


def _ask(backend: Handover, method: str, path: str) -> Any:
    try:
        with _open(backend, method, path) as answer:
            return json.load(answer)
    except (OSError, HTTPException, ValueError) as error:
        raise DreamFaceError(f"The backend at {backend.url} does not answer ({error}): start it again.") from error


def _open(backend: Handover, method: str, path: str) -> HTTPResponse:
    """Ask the backend.

    Raises:
        DreamFaceError: it refuses; in its own words.
        OSError: it does not answer.
    """
    request = urllib.request.Request(
        backend.url + path, method=method, headers={"Authorization": f"Bearer {backend.token}"}
    )
    handlers: list[urllib.request.BaseHandler] = [urllib.request.ProxyHandler({})]  # it is on this machine
    if backend.fingerprint:
        handlers.append(urllib.request.HTTPSHandler(context=trusting(backend.url, backend.fingerprint)))
    direct = urllib.request.build_opener(*handlers)
    try:
        answer: HTTPResponse = direct.open(request, timeout=_PATIENCE)
    except urllib.error.HTTPError as error:
        with error:
            raise DreamFaceError(json.load(error)["error"]) from error
    return answer
