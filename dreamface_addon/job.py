"""One job as panels see it, and what the backend says about one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

KINDS = (
    "generate", "from_photo", "edit", "cards", "explore", "glance", "export", "animate", "install_model",
    "remove_model", "verify_model", "choose_model",
)  # fmt: skip
"""What the backend can be asked for; a test compares them with its own."""

TERMINAL = ("done", "failed", "cancelled")
MODEL_JOBS = ("install_model", "verify_model", "remove_model", "choose_model")
"""Kinds of jobs that are about the backend's models and make nothing to bring in."""

RANK = {"sending": 0, "queued": 1, "running": 2, "done": 3, "failed": 3, "cancelled": 3}


@dataclass
class Job:
    """One thing that the backend was asked to make.

    Attributes:
        id: made here.
        kind: one of `KINDS`.
        request: what was asked.
        tag: the caller's own.
        files: what the request refers to and is sent ahead of it: SHA-256 -> bytes.
        state: "sending", "queued", "running", "done", "failed" or "cancelled".
        stage: what it is at, for display.
        fraction: 0..1.
        message: more about the stage.
        eta: seconds until it is done, as far as that can be said.
        error: a sentence, where it failed.
        error_code: what it can be told by, such as "nothing_read"; mostly empty.
        folder: what was made, on this machine, once it is done.
        result: what the backend says about it.
        known: whether the backend has said anything about it.
    """

    id: str
    kind: str
    request: dict[str, Any]
    tag: object = None
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    state: str = "sending"
    stage: str = ""
    fraction: float = 0.0
    message: str = ""
    eta: float | None = None
    error: str = ""
    error_code: str = ""
    folder: Path | None = None
    result: dict[str, Any] = field(default_factory=dict)
    known: bool = False

    @property
    def finished(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in TERMINAL


@dataclass(frozen=True)
class News:
    """What the backend says about a job, checked."""

    state: str
    stage: str
    fraction: float
    message: str
    eta: float | None
    error: str
    error_code: str
    attempts: int
    request: dict[str, Any]
    result: dict[str, Any]

    @classmethod
    def of(cls, said: dict[str, Any]) -> News:
        """Check it; KeyError, TypeError or ValueError where it is not a job."""
        state = str(said["state"])
        if state not in RANK:
            raise ValueError(state)
        eta = said.get("eta")
        return cls(
            state=state,
            stage=str(said.get("stage") or ""),
            fraction=min(max(float(said.get("fraction") or 0.0), 0.0), 1.0),
            message=str(said.get("message") or ""),
            eta=None if eta is None else float(eta),
            error=str(said.get("error") or ""),
            error_code=str(said.get("error_code") or ""),
            attempts=int(said.get("attempts") or 0),
            request=dict(said.get("request") or {}),
            result=dict(said.get("result") or {}),
        )
