"""Variations to choose from: pictures, or small faces, of people of one prompt."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .placing import Purpose
from .session import Job

RESOLUTION = 512
"""Pixels of the maps of variations that are made to fit the words; the chosen one is made again at full size."""

PICTURE_SIZE = 160
"""Pixels a side of the pictures of people at a glance, of whom only the chosen one is made."""


@dataclass
class Gallery:
    """Jobs that make the faces to choose from.

    Attributes:
        jobs: in the order of their seeds; "glance" of people who are only pictures, or "generate".
        request: of the chosen one, but for its seed.
        resolution: the size of the maps that the artist wants.
        detail: how diffusion is to make the detail of the chosen one; None: it is not to.
        purpose: where the chosen one goes.
        picked: ids of the jobs whose faces were chosen.
    """

    jobs: list[Job] = field(default_factory=list)
    request: dict[str, Any] = field(default_factory=dict)
    resolution: int = RESOLUTION
    detail: dict[str, Any] | None = None
    purpose: Purpose = field(default_factory=Purpose)
    picked: set[str] = field(default_factory=set)

    def job(self, job_id: str) -> Job | None:
        """Return the job of that id, if it is one of these."""
        return next((job for job in self.jobs if job.id == job_id), None)

    def clear(self) -> None:
        """Stop showing faces."""
        self.jobs = []
        self.picked.clear()
