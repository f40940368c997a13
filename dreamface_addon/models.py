"""The models that the backend can use: the head models for a menu, and what can be installed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .job import MODEL_JOBS, Job
from .link import BackendState, Exchange
from .session import Session

AUTOMATIC = ("auto", "Automatic", "The best one installed")

NOT_UNDERSTOOD = "The backend does not say what can be installed: set the backend up again."


@dataclass(frozen=True)
class Model:
    """One thing to install; what the backend says about it.

    Attributes:
        name: what it is installed by.
        title: what people call it.
        description: what it is for, in plain words.
        licence: of its code and data.
        installed: whether it is there.
        download_size: bytes; 0 where it is not known.
        installed_size: bytes on disk; 0 where it is not there.
        source: its page on the web.
        folder: where it is, or would be, on the backend's machine.
    """

    name: str
    title: str
    description: str
    licence: str
    installed: bool
    download_size: int
    installed_size: int
    source: str
    folder: str

    @classmethod
    def of(cls, said: dict[str, Any]) -> Model:
        """Check what the backend says; KeyError, TypeError or ValueError where it is no model to install."""
        return cls(
            name=str(said["install_name"]),
            title=str(said.get("title") or said["install_name"]),
            description=str(said["description"]),
            licence=str(said["licence"]),
            installed=bool(said["installed"]),
            download_size=int(said["download_size"]),
            installed_size=int(said["installed_size"]),
            source=str(said["source"]),
            folder=str(said["folder"]),
        )

    @property
    def facts(self) -> str:
        """Size and licence in a line."""
        size = self.installed_size if self.installed else self.download_size
        words = f"{megabytes(size)} {'on disk' if self.installed else 'to download'} · " if size else ""
        return words + self.licence


def _label(head: str) -> str:
    """Such as "Anny", or "ICT": so short a name is an abbreviation."""
    return head.upper() if len(head) <= 3 else head.title()


def megabytes(size: int) -> str:
    """Such as "180 MB"."""
    return f"{max(size / 1e6, 1.0):.0f} MB" if size < 1e9 else f"{size / 1e9:.1f} GB"


class Models:
    """Asks the backend each time it becomes ready, and after each job that changes what is installed.

    Attributes:
        head_items: (name, label, tooltip) of the installed head models; Blender needs the same strings to stay alive.
        installable: what can be installed, whether it is or not; None until the backend has said it.
        problem: why that is not known, as a sentence, or nothing.
        jobs: name -> the last job about that model.
    """

    def __init__(self) -> None:
        self.head_items = [AUTOMATIC]
        self.installable: list[Model] | None = None
        self.problem = ""
        self.jobs: dict[str, Job] = {}
        self._stale = True
        self._ready = False
        self._answer: Exchange | None = None

    def find(self, name: str) -> Model | None:
        """What can be installed by that name."""
        return next((model for model in self.installable or () if model.name == name), None)

    def running(self, name: str) -> Job | None:
        """The job that installs, checks or removes a model just now."""
        job = self.jobs.get(name)
        return None if job is None or job.finished else job

    @property
    def asking(self) -> bool:
        """Whether the backend is about to say what is installed."""
        return self._stale or self._answer is not None

    @property
    def busy(self) -> bool:
        """Whether there is any such job."""
        return any(not job.finished for job in self.jobs.values())

    def submit(self, session: Session, kind: str, name: str, path: Path | None = None) -> None:
        """Have a model installed, checked or removed; `path` is a file or folder to install it from."""
        request = {"name": name} | ({"path": str(path)} if path is not None else {})
        self.jobs[name] = session.submit(kind, request)

    def finish(self, job: Job) -> None:
        """A job about a model is over: what is installed may have changed."""
        assert job.kind in MODEL_JOBS
        self._stale = True

    def outcome(self, name: str) -> tuple[bool, str]:
        """How the last job about a model ended: whether well, and a sentence, or nothing."""
        job = self.jobs.get(name)
        if job is None or job.state not in ("done", "failed"):
            return True, ""
        if job.state == "failed":
            return False, job.error
        return True, str(job.result.get("message") or "")

    def forget_outcome(self, name: str) -> None:
        """Show no more how the last job about a model ended."""
        if self.running(name) is None:
            self.jobs.pop(name, None)

    def tick(self, session: Session) -> bool:
        """Ask or take the answer; True where something has changed."""
        was_ready, self._ready = self._ready, session.state is BackendState.READY
        self._stale |= self._ready and not was_ready
        if self._ready and self._stale and session.backend.client is not None:
            self._stale = False
            self._answer = session.backend.client.send("GET", "/models")
        if self._answer is None or not self._answer.done:
            return False
        answer, self._answer = self._answer, None
        before = self.head_items, self.installable, self.problem
        if answer.error or answer.status != 200:
            self.problem = answer.error or NOT_UNDERSTOOD
        else:
            self._take(answer.json())
        return before != (self.head_items, self.installable, self.problem)

    def _take(self, said: dict[str, Any]) -> None:
        try:
            heads = [head for head in said["heads"] if head["installed"]]
            items = [AUTOMATIC, *((head["name"], _label(head["name"]), head["description"]) for head in heads)]
            if items != self.head_items:
                self.head_items = items
            entries = [entry for entry in (*said["heads"], *said["models"]) if entry.get("install_name")]
            self.installable = list({model.name: model for model in map(Model.of, entries)}.values())
            self.problem = ""
        except (KeyError, TypeError, ValueError, AttributeError):
            self.problem = NOT_UNDERSTOOD
