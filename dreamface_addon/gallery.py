"""Variations to choose from: small faces of one prompt, and the pictures of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import bpy
import bpy.utils.previews

from .placing import Purpose
from .session import Job

RESOLUTION = 512
"""Pixels of the maps of faces that are only shown to choose from; the chosen one is made again at full size."""


@dataclass
class Gallery:
    """Jobs that make the faces to choose from.

    Attributes:
        jobs: in the order of their seeds.
        resolution: the size of the maps that the artist wants.
        purpose: where the chosen one goes.
        picked: ids of the jobs whose faces were chosen.
    """

    jobs: list[Job] = field(default_factory=list)
    resolution: int = RESOLUTION
    purpose: Purpose = field(default_factory=Purpose)
    picked: set[str] = field(default_factory=set)
    _previews: Any = None

    def job(self, job_id: str) -> Job | None:
        """Return the job of that id, if it is one of these."""
        return next((job for job in self.jobs if job.id == job_id), None)

    def icon(self, job: Job) -> int:
        """Return Blender's number of the picture, or 0 while there is none."""
        if job.state != "done" or job.folder is None:
            return 0
        if self._previews is None:
            self._previews = bpy.utils.previews.new()
        if job.id not in self._previews:
            self._previews.load(job.id, str(job.folder / "preview.png"), "IMAGE")
        return int(self._previews[job.id].icon_id)

    def clear(self) -> None:
        """Stop showing faces, and free their pictures."""
        self.jobs = []
        self.picked.clear()
        if self._previews is not None:
            bpy.utils.previews.remove(self._previews)
            self._previews = None
