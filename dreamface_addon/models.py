"""The models that the backend can use: the head models for a menu, and what can be installed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .job import MODEL_JOBS, Job
from .link import BackendState, Exchange
from .part import Part
from .session import Session

CLIP = "clip-vit-l-14"
"""The model that looks at portraits, by the name that it is installed by."""

DIFFUSION = "stable-diffusion-v1-5"
"""The model that diffusion works with where no other is chosen, by the name that it is installed by."""

TEXTURE_MODEL = "texture-ldm"
"""The model of skin in the head's texture layout, by the name that it is installed by."""

AUTOMATIC = ("auto", "Automatic", "The best one installed")

NOT_UNDERSTOOD = "The engine does not say what can be installed: set the engine up again."


@dataclass(frozen=True)
class Model:
    """One thing that can be installed, as the backend describes it.

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
        diffuses: whether diffusion can work with it.
        chosen: whether diffusion works with it now.
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
    diffuses: bool = False
    chosen: bool = False

    @classmethod
    def of(cls, said: dict[str, Any]) -> Model:
        """Return the model that the backend describes.

        Raises:
            KeyError, TypeError, ValueError: it does not describe a model to install.
        """
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
            diffuses=bool(said.get("diffuses")),  # an older engine says nothing of it
            chosen=bool(said.get("chosen")),
        )

    @property
    def facts(self) -> str:
        """Size and licence in a line."""
        size = self.installed_size if self.installed else self.download_size
        words = f"{megabytes(size)} {'on disk' if self.installed else 'to download'} · " if size else ""
        return words + self.licence


def _label(head: str) -> str:
    """Return a name for the menu, such as "Anny"; up to three letters are an abbreviation, such as "ICT"."""
    return head.upper() if len(head) <= 3 else head.title()


def megabytes(size: int) -> str:
    """Return a size in words, such as "180 MB"."""
    return f"{max(size / 1e6, 1.0):.0f} MB" if size < 1e9 else f"{size / 1e9:.1f} GB"


class Models(Part):
    """The models that there are, and their installation, check and removal.

    The backend is asked for them each time it becomes ready, and after each job that changes what is installed.

    Attributes:
        head_items: (name, label, tooltip) of the installed head models; Blender needs the same strings to stay alive.
        installable: what can be installed, whether it is or not; None until the backend has said it.
        problem: why that is not known, as a sentence, or nothing.
        jobs: name -> the last job about that model.
    """

    kinds = MODEL_JOBS

    def __init__(
        self,
        session: Session,
        why_no_backend: Callable[[], str],
        why_offline: Callable[[], str],
        on_installed: Callable[[], None],
        wake: Callable[[], None],
    ) -> None:
        """Know nothing yet.

        Args:
            session: the backend and our jobs.
            why_no_backend: gives the reason why the backend cannot be used, or nothing.
            why_offline: gives the reason why nothing can be downloaded, or nothing.
            on_installed: called when a model has been installed.
            wake: called after each action.
        """
        self.head_items = [AUTOMATIC]
        self.installable: list[Model] | None = None
        self.problem = ""
        self.jobs: dict[str, Job] = {}
        self._session = session
        self._why_no_backend = why_no_backend
        self._why_offline = why_offline
        self._on_installed = on_installed
        self._wake = wake
        self._answer: Exchange | None = None
        self._ready = False
        self._stale = False

    # ---------------------------------------------------------------------------------------------------- what is known

    def find(self, name: str) -> Model | None:
        """Return the installable model of that name."""
        return next((model for model in self.installable or () if model.name == name), None)

    @property
    def diffusion(self) -> Model | None:
        """The model that diffusion works with, or, where none is installed, the one that can be downloaded for it."""
        return next((model for model in self.installable or () if model.chosen), None) or self.find(DIFFUSION)

    def running(self, name: str) -> Job | None:
        """Return the job that is installing, checking, choosing or removing a model."""
        job = self.jobs.get(name)
        return None if job is None or job.finished else job

    @property
    def asking(self) -> bool:
        """Whether the backend is about to say what is installed."""
        return self._stale or self._answer is not None

    @property
    def busy(self) -> bool:
        """Whether any model is being installed, checked, chosen or removed."""
        return any(not job.finished for job in self.jobs.values())

    def outcome(self, name: str) -> tuple[bool, str]:
        """Return how the last job about a model ended: whether well, and a sentence, or nothing."""
        job = self.jobs.get(name)
        if job is None or job.state not in ("done", "failed"):
            return True, ""
        if job.state == "failed":
            return False, job.error
        return True, str(job.result.get("message") or "")

    # ---------------------------------------------------------------------------------------------------------- actions

    def why_not_install(self, online: bool = True) -> str:
        """Return why no model can be installed now, or nothing.

        Args:
            online: whether it is to be downloaded; otherwise it is installed from a file.
        """
        here = self._session.shares_disk
        if not online and not here:
            return "The engine is on another machine: run `dreamface models install` with the file there"
        return (self._why_offline() if online and here else "") or self._why_no_backend()

    def why_not_change(self) -> str:
        """Return why no model can be checked or removed now, or nothing."""
        return self._why_no_backend()

    def change(self, kind: str, name: str, path: Path | None = None) -> None:
        """Install, check, choose or remove a model.

        Args:
            kind: one of `job.MODEL_JOBS`.
            name: the model's.
            path: the file or folder to install it from; None to download it.
        """
        request = {"name": name} | ({"path": str(path)} if path is not None else {})
        self.jobs[name] = self._session.submit(kind, request)
        self._wake()

    def cancel(self, name: str) -> None:
        """Cancel what is being done about a model."""
        job = self.running(name)
        if job is not None:
            self._session.cancel(job)
        self._wake()

    def forget_outcome(self, name: str) -> None:
        """Stop showing how the last job about a model ended."""
        if self.running(name) is None:
            self.jobs.pop(name, None)

    # --------------------------------------------------------------------------------------- what the application calls

    def finish(self, job: Job) -> None:
        """Ask the backend again, because what is installed may have changed."""
        self._stale = True
        if job.kind == "install_model" and job.state == "done":
            self._on_installed()

    def tick(self) -> bool:
        """Ask the backend what is installed, or take its answer."""
        self._ask()
        if self._answer is None or not self._answer.done:
            return False
        answer, self._answer = self._answer, None
        before = self.head_items, self.installable, self.problem
        if answer.error or answer.status != 200:
            self.problem = answer.error or NOT_UNDERSTOOD
        else:
            self._take(answer.json())
        return before != (self.head_items, self.installable, self.problem)

    def _ask(self) -> None:
        was_ready, self._ready = self._ready, self._session.state is BackendState.READY
        self._stale |= self._ready and not was_ready
        client = self._session.backend.client
        if self._ready and self._stale and client is not None:
            self._stale = False
            self._answer = client.send("GET", "/models")

    def _take(self, answer: dict[str, Any]) -> None:
        try:
            heads = [head for head in answer["heads"] if head["installed"]]
            items = [AUTOMATIC, *((head["name"], _label(head["name"]), head["description"]) for head in heads)]
            if items != self.head_items:
                self.head_items = items
            entries = [entry for entry in (*answer["heads"], *answer["models"]) if entry.get("install_name")]
            self.installable = list({model.name: model for model in map(Model.of, entries)}.values())
            self.problem = ""
        except (KeyError, TypeError, ValueError, AttributeError):
            self.problem = NOT_UNDERSTOOD
