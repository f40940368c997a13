"""Explore: pictures of 25 neighbours of a face, along two axes, and the traits that make each of them.

A neighbour is nothing but traits laid over the face: whoever picks one gives its traits to `edit`. Only what an axis
changes is made anew for it. Hair goes along with the skin, the maps are the face's own, and an expression moves every
neighbour as it moves the face.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from dreamface.axes import (
    IDENTITY,
    IDENTITY_STEP,
    LARGEST_PICTURE,
    SIDE,
    SMALLEST_PICTURE,
    Axis,
    check_axes,
    number_trait,
    ticks,
)
from dreamface.edits import hair_of, overlays
from dreamface.errors import BadRequest
from dreamface.face import Face, Head, Maps, Material, expression_weights
from dreamface.groom import RootedHairs, Surface, grow, rooted_hairs, strands_on
from dreamface.hair import REGIONS, Groom, Region, Strands
from dreamface.head import load_model
from dreamface.limits import SEED_LIMIT
from dreamface.pipeline.painting import faded, needed_pictures, read_masks
from dreamface.pipeline.people import (
    build_head,
    build_heads,
    measure,
    mixed,
    pictures_of,
    remembered,
    shaped_head,
    shown_materials,
    shown_traits,
    with_changes,
)
from dreamface.progress import Progress
from dreamface.record import FaceRecord
from dreamface.render import Camera, portrait_camera, preview
from dreamface.skin import Painter, materials
from dreamface.styles import own_folder, use_folder
from dreamface.traits import EXPLORED, SHAPE_TRAITS, VOCABULARY, Group, Traits, TraitValue, Value

if TYPE_CHECKING:
    from torch import Tensor

_IDENTITY_CONFIDENCE: Final = 0.5  # shapes of a person who was chosen give way to what is asked for
_RESOLUTION: Final = 256  # texels a side of the face's maps: finer ones do not show in small pictures
_MOST_STRANDS: Final = 2000  # for a picture of 160 pixels
_USUAL_SIZE: Final = 160
_YAW: Final = 0.35  # radians off the front, as in a face's preview
_CLOSER: Final = 0.8  # share of a portrait's height that small pictures show
_RAISED: Final = 0.075  # of it, by which their middle is higher
_THREADS: Final = 2
_HEADS_AT_ONCE: Final = 4  # are fitted together; more would let the first pictures wait


@dataclass(frozen=True)
class Neighbour:
    """A face beside another one.

    Attributes:
        row: 0..4 from above: the second axis grows upwards.
        column: 0..4 from the left: the first axis grows to the right.
        picture: [S, S, 3] sRGB-encoded 0..1.
        traits: what makes it of the face: for `edit`. The face itself has none.
        shows: those, and all that goes along with them, such as grey hair with age.
        values: where it is along the first and the second axis: the trait's value, or how much of the way to the other
            person.
    """

    row: int
    column: int
    picture: Tensor
    traits: Traits
    shows: Traits
    values: tuple[float, float]

    @property
    def is_face(self) -> bool:
        """Whether it is the face itself."""
        return not self.traits


def explore(
    face: Face | FaceRecord,
    axes: tuple[Axis, Axis],
    *,
    size: int = _USUAL_SIZE,
    keep: Collection[str] = (),
    offset: Tensor | None = None,
    pictures: Mapping[str, bytes] | None = None,
    shown: Callable[[Neighbour], None] = lambda neighbour: None,
    progress: Progress = Progress(),  # noqa: B008 - immutable
) -> list[Neighbour]:
    """Return 25 neighbours of a face in five rows from above: itself in the middle, others around it along two axes.

    Where a trait's range ends, steps become shorter, or the face stands nearer to the edge: no two are the same.

    Args:
        face: whose. Its record is enough, with the offset and the pictures that belong to it, if it has any.
        axes: to the right, and upwards.
        size: side of the pictures in pixels, 64 to 512.
        keep: shape traits that stay as they are on an axis of identity; so do those that somebody asked for.
        offset: [V, 3] metres on top of what the traits say; None keeps the face's.
        pictures: SHA-256 -> PNG of pictures that layers and edits refer to, beside the face's own.
        shown: called with each as soon as it is there, the face first, then in rings around it.
        progress: told about every picture.

    Raises:
        BadRequest: there is no such axis, both are the same, a value is out of range, a picture is missing, or the
            face's head model is not installed here.
        Cancelled: the progress said so.

    >>> from dreamface.pipeline import generate
    >>> face = generate("an old man", seed=1, resolution=512, head="anny")
    >>> found = explore(face, (Axis("nose.width"), Axis("identity")), size=64)
    >>> len(found), found[12].is_face, found[13].traits.number("nose.width") > found[11].traits.number("nose.width")
    (25, True, True)
    """
    record, kept_offset = remembered(face)
    check_axes(axes)
    if not SMALLEST_PICTURE <= size <= LARGEST_PICTURE:
        raise BadRequest(f"Pictures have {SMALLEST_PICTURE} to {LARGEST_PICTURE} pixels a side; got {size}.")
    progress.report("head", 0.0, "Shaping the head")
    known = needed_pictures(record, {**pictures_of(face), **(pictures or {})})
    offset = kept_offset if offset is None else offset
    head = face.head if isinstance(face, Face) else shaped_head(record, offset, known)
    studio = Studio(record, head, offset, known, size, face.shapes if isinstance(face, Face) else None)
    found: list[Neighbour] = []
    for cell, picture in _taken(studio, axes, keep):
        shows = studio.changes_of(cell)
        found.append(Neighbour(cell.row, cell.column, picture, cell.traits, shows, cell.values))
        shown(found[-1])
        progress.report("preview", len(found) / SIDE**2, f"Picture {len(found)} of {SIDE**2}")
    return sorted(found, key=lambda one: (one.row, one.column))


# ---------------------------------------------------------------------------------------------------------- the grid


@dataclass(frozen=True)
class _Cell:
    """A neighbour to be: what of the face is otherwise."""

    row: int
    column: int
    traits: Traits
    values: tuple[float, float]
    ring: int


@dataclass(frozen=True)
class _Line:
    """An axis as it is for one face.

    Attributes:
        values: five, of the trait or of the way to the other person.
        own: which of them is the face's.
        way: of an identity: trait -> how far it is to the other person; None for a trait.
        name: of the axis.
    """

    name: str
    values: tuple[float, ...]
    own: int
    way: Mapping[str, float] | None = None


def _line(studio: Studio, axis: Axis) -> _Line:
    """Return where a face is along an axis; the way of an identity is still missing."""
    if axis.name != IDENTITY:
        return _line_of_trait(axis.name, studio.traits, studio.measured, axis.step)
    step = IDENTITY_STEP if axis.step is None else axis.step
    return _Line(axis.name, tuple(step * (index - SIDE // 2) for index in range(SIDE)), SIDE // 2)


def _cell(right: _Line, up: _Line, x: int, y: int, traits: Traits) -> _Cell:
    ring = max(abs(x - right.own), abs(y - up.own))
    return _Cell(SIDE - 1 - y, x, traits, (right.values[x], up.values[y]), ring)


def _others(studio: Studio, axes: tuple[Axis, Axis], keep: Collection[str], lines: tuple[_Line, _Line]) -> list[_Cell]:
    """Return all neighbours to be but the face itself, in rings around it."""
    traits = studio.traits
    stays = {*keep, *(axis.name for axis in axes), *(name for name, entry in traits.items() if entry.is_asked)}
    free = [name for name in SHAPE_TRAITS if name not in stays]
    asked = {name for name, entry in traits.items() if entry.is_asked}
    # A fit would let what nobody asked for move along: what is to stay is held where it is.
    held = dict.fromkeys((set(keep) & set(SHAPE_TRAITS)) - asked - {axis.name for axis in axes}, 0.0)
    right, up = (
        replace(line, way=studio.way_to_another(axis.towards, free) | held) if axis.name == IDENTITY else line
        for axis, line in zip(axes, lines, strict=True)
    )
    places = [(x, y) for x in range(SIDE) for y in range(SIDE)]
    bases: dict[tuple[int, int], Mapping[str, float]] = dict.fromkeys(places, studio.measured)
    if (right.way is None) != (up.way is None):  # who is older becomes another old person
        beside = [(right.own, index) if up.way is None else (index, up.own) for index in range(SIDE)]
        alone = [_cell(right, up, x, y, _moved((right, x), (up, y), {})) for x, y in beside]
        for index, measured in enumerate(studio.measures(alone)):
            bases |= {place: measured for place in places if place[1 if up.way is None else 0] == index}
    cells = [_cell(right, up, x, y, _moved((right, x), (up, y), bases[x, y])) for x, y in places]
    return sorted((cell for cell in cells if cell.ring), key=lambda cell: (cell.ring, cell.row, cell.column))


def _line_of_trait(name: str, traits: Traits, measured: Mapping[str, float], step: float | None) -> _Line:
    trait = number_trait(name)
    value = traits.number(name) if name in traits or name not in measured else measured[name]
    found = ticks(trait, value, step)
    own = found.index(None)
    return _Line(name, tuple(value if one is None else one for one in found), own)


def _moved(right: tuple[_Line, int], up: tuple[_Line, int], measured: Mapping[str, float]) -> Traits:
    """Return the traits of a neighbour that are not the face's."""
    changes: dict[str, TraitValue] = {}
    whole: dict[str, float] = {}
    for line, index in (right, up):
        if index == line.own:
            continue
        if line.way is None:
            changes[line.name] = TraitValue(line.values[index])
        for name, far in (line.way or {}).items():
            whole[name] = whole.get(name, measured[name]) + line.values[index] * far
    for name, value in whole.items():
        changes[name] = TraitValue(VOCABULARY[name].clamp(value), _IDENTITY_CONFIDENCE, EXPLORED)
    return Traits(changes)


# ------------------------------------------------------------------------------------------------------- the pictures


def _portrait_camera(vertices: Tensor, strands: Strands) -> Camera:
    top = float(strands.points[..., 2].max()) if len(strands) else None
    return portrait_camera(vertices, yaw=_YAW, top=top)


def _camera(vertices: Tensor, _: Strands) -> Camera:
    """Return what looks at the face [V, 3] in metres, closer than a portrait, which has hair and shoulders."""
    whole = portrait_camera(vertices, yaw=_YAW)
    up = 2.0 * _RAISED * math.dist(whole.position, whole.target) * math.tan(0.5 * whole.fov)
    (x, y, z), (u, v, w) = whole.position, whole.target
    return replace(whole, position=(x, y, z + up), target=(u, v, w + up), fov=_CLOSER * whole.fov)


Made = TypeVar("Made")


class _Once(Generic[Made]):
    """What several neighbours share, made by the first that needs it."""

    def __init__(self) -> None:
        self._made: dict[tuple[Value, ...], Future[Made]] = {}  # what is being made counts
        self._lock = threading.Lock()

    def get(self, key: tuple[Value, ...], make: Callable[[], Made]) -> Made:
        """Return what belongs to a key; whoever comes second waits for the first."""
        with self._lock:
            known = self._made.get(key)
            if known is None:
                mine = self._made[key] = Future()
        if known is not None:
            return known.result()
        try:
            mine.set_result(make())
        except BaseException as error:
            mine.set_exception(error)
            raise
        return mine.result()


_Hairs = tuple[Surface, Groom, list[RootedHairs]]


class Studio:
    """A face and its neighbours are photographed here: all that they share is made once."""

    def __init__(
        self,
        record: FaceRecord,
        head: Head,
        offset: Tensor | None,
        pictures: Mapping[str, bytes],
        size: int,
        shapes: Tensor | None,
        regions: Collection[Region] = REGIONS,
    ) -> None:
        self._record = replace(record, layers=faded(record.layers))
        self._head, self._offset, self._pictures, self._size = head, offset, pictures, size
        self.traits = shown_traits(record)
        self._model = load_model(record.head)
        self.measured = measure(head)
        weights = expression_weights(self.traits, self._model.shape_names)
        self._expression: Tensor | None = None
        if weights.any():
            shapes = self._model.shapes(head) if shapes is None else shapes
            self._expression = (weights[:, None, None].to(shapes) * shapes).sum(dim=0)
        self._regions = regions
        self._painter, self._painting = Painter(), threading.Lock()
        self._hair: _Once[_Hairs] = _Once()
        self._maps: _Once[Maps] = _Once()

    def way_to_another(self, towards: int | None, free: Collection[str]) -> dict[str, float]:
        """Return how far some traits of the face's shape are to another person's of the same description.

        Args:
            towards: seed of that person; None is the next after the face's.
            free: those traits.
        """
        record = self._record
        seed = (record.seed + 1) % SEED_LIMIT if towards is None else towards
        described = Traits({name: entry for name, entry in self.traits.items() if name not in free})
        other = self._model.measure(build_head(record.head, described, seed))
        return {name: other[name] - self.measured[name] for name in free}

    def measures(self, cells: Sequence[_Cell]) -> list[Mapping[str, float]]:
        """Return the shape traits that neighbours measure."""
        return [self._model.measure(head) for head in self.heads(cells)]

    def heads(self, cells: Sequence[_Cell]) -> list[Head]:
        """Return the heads of neighbours, fitted together."""
        record, traits = self._record, [self.traits_of(cell) for cell in cells]
        count = len(cells)
        built = build_heads(record.head, traits, [record.seed] * count, [record.candidate or 0] * count, self._offset)
        return [mixed(head, record.edits, self._pictures) for head in built]

    def traits_of(self, cell: _Cell) -> Traits:
        """Return all traits of a neighbour, as they show."""
        record = self._record
        return shown_traits(replace(record, traits=with_changes(record, cell.traits)))

    def changes_of(self, cell: _Cell) -> Traits:
        """Return what of a neighbour's traits is otherwise than the face's."""
        before = self._record.traits
        after = with_changes(self._record, cell.traits)
        return Traits({name: entry for name, entry in after.items() if before.get(name) != entry})

    def picture(self, cell: _Cell, head: Head | None) -> Tensor:
        """Return the picture of a neighbour; without a head it has the face's own."""
        return self._taken(self.traits_of(cell), (self._head if head is None else head).vertices, _camera)

    def portrait(self) -> Tensor:
        """Return a picture of the face itself, framed as its preview."""
        with _pool() as pool:
            painted = pool.submit(self.maps_of, self.traits)  # while the hair grows
            self._hairs(self.traits)
            painted.result()
        return self._taken(self.traits, self._head.vertices, _portrait_camera)

    def _taken(self, traits: Traits, neutral: Tensor, framed: Callable[[Tensor, Strands], Camera]) -> Tensor:
        vertices = self._posed(neutral)
        surface, groom, hairs = self._hairs(traits)
        surfaces: Mapping[str, Material] = shown_materials(materials(self._head, traits), groom)
        strands = strands_on(hairs, surface, vertices)
        return preview(
            vertices, self._head.topology, surfaces, self.maps_of(traits), size=self._size,
            camera=framed(vertices, strands), strands=strands,
        )  # fmt: skip

    def _posed(self, vertices: Tensor) -> Tensor:
        return vertices if self._expression is None else vertices + self._expression

    def _hairs(self, traits: Traits) -> _Hairs:
        """Return the hair of whoever has such traits, on the face's own head."""

        def make() -> _Hairs:
            wanted, marks = hair_of(self._record.edits, self._head, traits, self._pictures)
            surface = Surface(self._head, marks)
            groom = grow(self._head, wanted, self._record.seed, self._regions, surface=surface)
            most = round(_MOST_STRANDS * self._size / _USUAL_SIZE)
            return surface, groom, rooted_hairs(groom, wanted, self._record.seed, surface, most)

        return self._hair.get(_look(traits, _HAIR), make)

    def maps_of(self, traits: Traits) -> Maps:
        """Return the maps of whoever has such traits, on the face's own head."""

        def make() -> Maps:
            record, head, pictures = self._record, self._head, self._pictures
            laid = overlays(record.edits, head, traits, record.seed, pictures)
            with self._painting:
                return self._painter.paint(
                    head, traits, resolution=_RESOLUTION, seed=record.seed, layers=record.strengths,
                    masks=read_masks(record, pictures), overlays=laid,
                )  # fmt: skip

        return self._maps.get(_look(traits, _PAINTED), make)


_HAIR: Final = tuple(name for name, trait in VOCABULARY.items() if trait.group is Group.HAIR)
"""Traits that hair grows by; the shape of the head is the face's own."""

_PAINTED: Final = tuple(
    name for name, trait in VOCABULARY.items() if trait.group not in (Group.SHAPE, Group.EXPRESSION)
)
"""Traits that the maps show."""


def _look(traits: Traits, names: Collection[str]) -> tuple[Value, ...]:
    """Return the values of some traits."""
    return tuple(traits.value(name) for name in names)


def _taken(studio: Studio, axes: tuple[Axis, Axis], keep: Collection[str]) -> Iterator[tuple[_Cell, Tensor]]:
    """Take the pictures, the face's first, then in rings; while some are taken, the next heads are shaped."""
    right, up = _line(studio, axes[0]), _line(studio, axes[1])
    own = _cell(right, up, right.own, up.own, Traits())
    with _pool() as pool:
        painted = pool.submit(studio.maps_of, studio.traits)  # while the hair grows
        first = pool.submit(studio.picture, own, None)
        painted.result()
        others = _others(studio, axes, keep, (right, up))
        groups = [others[start : start + _HEADS_AT_ONCE] for start in range(0, len(others), _HEADS_AT_ONCE)]
        waiting = [(own, first)]
        heads = pool.submit(studio.heads, groups[0])
        for number, group in enumerate(groups):
            following = pool.submit(studio.heads, groups[number + 1]) if number + 1 < len(groups) else heads
            waiting += [(cell, pool.submit(_picture, studio, cell, heads, index)) for index, cell in enumerate(group)]
            heads = following
        for cell, picture in waiting:
            yield cell, picture.result()


def _picture(studio: Studio, cell: _Cell, heads: Future[list[Head]], index: int) -> Tensor:
    return studio.picture(cell, heads.result()[index])


@contextmanager
def _pool() -> Iterator[ThreadPoolExecutor]:
    """Give threads; what they have not begun when this is left is not done."""
    pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="explore", initializer=use_folder, initargs=(own_folder(),))
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
