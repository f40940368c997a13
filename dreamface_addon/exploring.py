"""Explore: pictures of a head's neighbours, to go to by a click."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy

from . import interface, regions, scene, shaping
from .job import Job
from .making import Making
from .part import IDLE_INTERVAL, READY_INTERVAL, Part
from .session import Session, staged
from .setting_up import SettingUp
from .vocabulary import TRAITS, Trait

IDENTITY = "identity"
"""The axis along which a head becomes another person of the same description."""

SIDE = 5
"""Neighbours in a row and in a column."""

PICTURE_SIZE = 160
"""Pixels a side of their pictures."""

_USUAL_STEPS = {"sd": 1.0, "years": 12.0}
_USUAL_AMOUNT = 0.2  # of a range of 1
_USUAL_IDENTITY, _MOST_IDENTITY = 0.5, 1.0
_LIST = "neighbours.json"

AXES: dict[str, Trait] = {name: trait for name, trait in TRAITS.items() if trait.kind == "number"}
"""Traits that a head's neighbours can differ in."""


def label_of(axis: str) -> str:
    """Return what artists read for an axis."""
    if axis == IDENTITY:
        return "Identity"
    trait = AXES.get(axis)
    if trait is None:
        return axis
    return trait.label if trait.label.startswith(trait.family) else f"{trait.family}: {trait.label}"


def ends_of(axis: str) -> tuple[str, str]:
    """Return what lies at the low and at the high end of an axis."""
    if axis == IDENTITY:
        return "unlike the other person", "the other person"
    trait = AXES[axis]
    return trait.less or f"less {trait.label.lower()}", trait.more or f"more {trait.label.lower()}"


def value_in_words(axis: str, value: float) -> str:
    """Return a value of an axis, as short as it can be."""
    if axis == IDENTITY:
        return f"{100.0 * value:.0f} %"
    decimals = {"years": 0, "sd": 1}.get(AXES[axis].unit, 2)
    return f"{value:.{decimals}f}"


def step_of(axis: str, factor: float) -> float:
    """Return the step of an axis, so many times the usual one, as far as five fit into a trait's range."""
    if axis == IDENTITY:
        return min(_USUAL_IDENTITY * factor, _MOST_IDENTITY)
    trait = AXES[axis]
    usual = _USUAL_STEPS.get(trait.unit, _USUAL_AMOUNT * (trait.high - trait.low))
    return min(usual * factor, (trait.high - trait.low) / (SIDE - 1))


@dataclass(frozen=True)
class Cell:
    """A neighbour.

    Attributes:
        picture: its file.
        values: along the first and the second axis.
        traits: trait -> {"value", "confidence", "because"} of all in which it differs from the head.
        is_face: whether it is the head itself.
    """

    picture: Path
    values: tuple[float, float]
    traits: shaping.Entries
    is_face: bool


@dataclass(frozen=True)
class Grid:
    """Which head's neighbours are shown, and along which axes.

    Attributes:
        face_id: the head's.
        right: axis from left to right.
        up: axis from below to above.
        traits: the head's as they were when its neighbours were asked for.
    """

    face_id: str
    right: str
    up: str
    traits: shaping.Entries


class Exploring(Part):
    """The neighbours of the selected head, as far as their pictures are there.

    Attributes:
        grid: what is shown, or None.
        cells: (row, column) from the upper left -> what is there by now.
        picked: where the head has gone; None until one is picked.
        problem: why there are no pictures, until dismissed.
    """

    kinds = ("explore",)

    def __init__(
        self, session: Session, setup: SettingUp, making: Making, follow: Callable[[bpy.types.Object], None],
        wake: Callable[[], None],
    ) -> None:  # fmt: skip
        """Show nothing yet.

        Args:
            session: the backend.
            setup: starts it.
            making: paints the skin where a neighbour has another one.
            follow: lets a head's mesh follow its traits.
            wake: called when there is something to do.
        """
        self.grid: Grid | None = None
        self.cells: dict[tuple[int, int], Cell] = {}
        self.picked: tuple[int, int] | None = None
        self.problem = ""
        self._session, self._setup, self._making = session, setup, making
        self._follow, self._wake = follow, wake
        self._job: Job | None = None
        self._read: tuple[Path, int] | None = None  # the list that was read last, and when it was written
        self._unpainted = False  # a neighbour was picked whose skin may be another
        self._spent: list[Path] = []  # folders that nothing shows any more

    @property
    def running(self) -> Job | None:
        """The job that takes the pictures, until it is over."""
        return self._job if self._job is not None and not self._job.finished else None

    def why_not_explore(self, context: bpy.types.Context) -> str:
        """Return why no neighbours of the selected head can be shown now, or nothing."""
        fields = context.window_manager.dreamface
        for axis in (fields.explore_right, fields.explore_up):
            if axis != IDENTITY and axis not in AXES:
                return "Choose an axis for both directions first"
        if fields.explore_right == fields.explore_up:
            return "Both axes are the same: choose another one for one of them"
        return interface.why_not_edit(context) or self._setup.why_no_backend()

    def explore(self, skin: bpy.types.Object, right: str, up: str, factor: float = 1.0, towards: int = 1) -> None:
        """Ask for a head's neighbours.

        Args:
            skin: the head's.
            right: axis from left to right.
            up: axis from below to above.
            factor: times the usual step.
            towards: seed of the person whom an axis of identity leads to.

        Raises:
            SceneError: the face has lost what it is made from.
        """
        self.close()
        face_id = interface.own_id(skin)
        record = scene.record(skin)
        files, offset = scene.files_of(skin, record)
        axes = [
            {"name": axis, "step": step_of(axis, factor)} | ({"towards": towards} if axis == IDENTITY else {})
            for axis in (right, up)
        ]
        locked = [name for name in regions.locked_traits(skin) if TRAITS[name].group == "shape"]
        request = {"face": record, "offset": offset, "axes": axes, "size": PICTURE_SIZE, "keep": locked}
        self.grid = Grid(face_id, right, up, dict(shaping.traits_of(skin)))
        self._job = self._session.submit("explore", request, self.grid, files)
        self._wake()

    def cancel(self) -> None:
        """Stop taking pictures; those that are there go, because nothing keeps them."""
        self.close()

    def close(self) -> None:
        """Show no neighbours any more."""
        job = self._job
        if job is not None and not job.finished:
            self._session.cancel(job)
        elif job is not None and job.folder is not None:
            self._spent.append(job.folder)
        self.grid, self._job, self._read, self.picked, self._unpainted = None, None, None, None, False
        self.cells, self.problem = {}, ""
        self._wake()

    def pick(self, skin: bpy.types.Object, row: int, column: int) -> bool:
        """Let a head become one of its neighbours; return whether that neighbour is there.

        What other neighbours have and this one has not goes back to what it was, so that the grid can be walked about.
        """
        cell = self.cells.get((row, column))
        if cell is None or self.grid is None or skin[scene.FACE_ID] != self.grid.face_id:
            return False
        names = {name for other in self.cells.values() for name in other.traits}
        before = {name: entry for name, entry in shaping.traits_of(skin).items() if name in names}
        shaping.lay_over(skin, before, self._wanted(cell, names))
        self.picked = row, column
        self._follow(skin)
        self._unpainted = any(TRAITS[name].textured for name in names)
        self._paint(skin)
        return True

    def _paint(self, skin: bpy.types.Object) -> None:
        """Paint a head that has gone to where the skin is another, as soon as nothing else is made."""
        if self._unpainted and not self._making.running:
            self._unpainted = False
            if shaping.textures_are_old(skin):
                self._making.paint(skin, int(skin["dreamface_resolution"]))

    def _wanted(self, cell: Cell, names: set[str]) -> shaping.Entries:
        """Return what traits of some names are at a neighbour; those that the head had none of are left out."""
        known = self.grid.traits if self.grid is not None else {}
        return {name: known[name] for name in names if name in known} | cell.traits

    def _note_undo(self, skin: bpy.types.Object) -> bool:
        """Forget which neighbour was picked, where the head is not there any more; return whether that is so."""
        cell = self.cells.get(self.picked) if self.picked is not None else None
        if cell is None:
            return False
        now = shaping.traits_of(skin)
        wanted = self._wanted(cell, set(cell.traits))
        if all(now.get(name) == entry for name, entry in wanted.items()) and not (cell.is_face and self._differs(now)):
            return False
        self.picked = None
        return True

    def _differs(self, now: shaping.Entries) -> bool:
        """Return whether a head has other traits than when its neighbours were asked for."""
        names = {name for cell in self.cells.values() for name in cell.traits}
        return self.grid is not None and any(now.get(name) != self.grid.traits.get(name) for name in names)

    # --------------------------------------------------------------------------------------- what the application calls

    @property
    def interval(self) -> float:
        """Frequent while pictures are on their way."""
        return READY_INTERVAL if self.running is not None else IDLE_INTERVAL

    def tick(self) -> bool:
        """Look for new pictures; put the grid away once another head is selected."""
        for folder in self._spent:
            shutil.rmtree(folder, ignore_errors=True)
        self._spent = []
        if self.grid is None:
            return False
        with interface.in_window():
            skin = scene.skin_of(bpy.context.active_object)
        if skin is None or skin.get(scene.FACE_ID) != self.grid.face_id:
            self.close()
            return True
        self._paint(skin)
        return self._note_undo(skin) | self._look()

    def finish(self, job: Job) -> None:
        """Show all of them, or why there are none."""
        if job is not self._job:  # nobody waits for it any more
            if job.folder is not None:
                self._spent.append(job.folder)
            return
        if job.state == "failed":  # the engine takes the pictures that were there away
            self.close()
            self.problem = job.error
        elif job.state == "cancelled":
            self.close()
        else:
            self._look()

    def _look(self) -> bool:
        """Read the list of neighbours, where there is a new one; return whether there was."""
        folder = self._folder()
        if folder is None:
            return False
        try:
            file = folder / _LIST
            seen = file, file.stat().st_mtime_ns
            if seen == self._read:
                return False
            self.cells = read_cells(folder, json.loads(file.read_text("utf-8")))
        except (OSError, ValueError, KeyError, TypeError):  # not there yet, or on its way to its last place
            return False
        self._read = seen
        return True

    def _folder(self) -> Path | None:
        """Return where the pictures are that were taken by now; they can be seen before the last only on one disk."""
        job = self._job
        if job is None or job.folder is not None or job.finished:
            return None if job is None else job.folder
        return staged(self._session.backend.settings, job)

    def dismiss_messages(self) -> None:
        """Stop showing why there are no pictures."""
        self.problem = ""

    def file_opened(self) -> None:
        """Put the grid of another file's head away."""
        self.close()

    def shut_down(self) -> None:
        """Delete what nothing shows any more."""
        if self._job is not None and self._job.finished:
            self.close()
        for folder in self._spent:
            shutil.rmtree(folder, ignore_errors=True)


def read_cells(folder: Path, said: Mapping[str, Any]) -> dict[tuple[int, int], Cell]:
    """Return neighbours as their list says them; unknown traits, as a newer engine has, are left out.

    Raises:
        KeyError, TypeError, ValueError: it is no such list.
    """
    cells = {}
    for one in said["neighbours"]:
        picture = folder / Path(str(one["picture"])).name
        across, along = (float(value) for value in one["values"])
        traits = {str(name): dict(entry) for name, entry in one["shown"].items() if name in TRAITS}
        cells[int(one["row"]), int(one["column"])] = Cell(picture, (across, along), traits, bool(one["is_face"]))
    return cells
