"""Traits and a head to maps: runs the layers, and remembers what they gave so that an edit costs what it changes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, TypeVar

import torch

from dreamface.errors import BadRequest, Cancelled
from dreamface.face import Head, Maps, TileMaps
from dreamface.progress import Progress
from dreamface.skin.atlas import coarser, surface_of
from dreamface.skin.compose import Composed, Composition, Laid, compose
from dreamface.skin.eyeball import Eyeball, eyeballs
from dreamface.skin.eyes import EYE_TRAITS, paint_eyes
from dreamface.skin.lashes import LASH_TRAITS, paint_lashes
from dreamface.skin.layer import Ground, Layer, Patch, Strengths, Weave
from dreamface.skin.layers import LAYER_NAMES, LAYERS
from dreamface.skin.layout import skin_tiles
from dreamface.skin.mouth import MOUTH_TRAITS, paint_mouth
from dreamface.skin.pigments import PIGMENT_TRAITS, mix, pigment_slopes
from dreamface.skin.subject import Subject
from dreamface.traits import Traits, Value

_MULTIPLE: Final = 128  # texels; sides are multiples of it
_SMALLEST_COARSE, _LARGEST_COARSE = 256, 512  # texels a side of what is painted coarsely
_LARGEST_KEPT: Final = 2048  # texels a side: larger paintings are not kept in memory for the next edit

_LOOK: Final = 0.1  # seconds between two looks at whether the user wants to stop

_threads = threading.Lock()  # how many torch uses is one setting for all

_Key = tuple[Value, ...]


@dataclass
class _Details:
    """What a layer gave at full size, for which traits' values."""

    key: _Key
    found: tuple[Patch | Weave, ...]


@dataclass
class _Canvas:
    """One tile of a painting.

    Attributes:
        subject: whose skin; without traits.
        details: of every layer that has any, by name.
        composed: the maps, and what they were made from.
    """

    subject: Subject
    details: dict[str, _Details] = field(default_factory=dict)
    composed: Composed | None = None


@dataclass
class _Painting:
    """Everything that was painted of one head."""

    head: Head
    resolution: int
    seed: int
    canvases: dict[str, _Canvas]
    pieces: dict[str, tuple[_Key, Mapping[str, TileMaps]]] = field(default_factory=dict)

    @cached_property
    def eyes(self) -> dict[str, Eyeball]:
        """The "left" and the "right" eye."""
        return eyeballs(self.head)

    def is_of(self, head: Head, resolution: int, seed: int) -> bool:
        """Whether another painting of this head can go on from here."""
        same = self.head.topology is head.topology and (self.resolution, self.seed) == (resolution, seed)
        return same and torch.equal(self.head.vertices, head.vertices)


class Painter:
    """Paints heads; one that was painted last is painted again in the time that what has changed takes.

    Args:
        forget_after: seconds without work after which the last painting, hundreds of megabytes at 2048, is let go; None
            keeps it.
    """

    def __init__(self, forget_after: float | None = None) -> None:
        self._last: _Painting | None = None
        self._busy = threading.Lock()
        self._forget_after = forget_after
        self._clock: threading.Timer | None = None

    def paint(
        self,
        head: Head,
        traits: Traits,
        *,
        resolution: int,
        seed: int,
        layers: Strengths | None = None,
        progress: Progress = Progress(),  # noqa: B008 - immutable
    ) -> Maps:
        """All textures of a head.

        Args:
            head: whose skin it is; its topology's regions say where lips, brows and so on are.
            traits: colours, marks, wrinkles, brows, make-up.
            resolution: side of the face's tile in texels, a multiple of 128; the other tiles are smaller.
            seed: of everything random; the same input gives the same bytes.
            layers: how strongly each layer of the skin is laid on.
            progress: told what is being painted.

        Raises:
            BadRequest: the resolution is no multiple of 128, or there is no such layer or strength.
            Cancelled: the progress said so.
        """
        if resolution < _MULTIPLE or resolution % _MULTIPLE:
            raise BadRequest(f"The maps' resolution must be a multiple of {_MULTIPLE}; got {resolution}.")
        check_layers(layers or {})
        with self._busy, torch.no_grad():
            last, self._last = self._last, None
            painting = last if last and last.is_of(head, resolution, seed) else _begin(head, resolution, seed)
            maps = _go_on(painting, traits, layers or {}, progress)
            self._last = painting if resolution <= _LARGEST_KEPT else None
            self._wind_clock()
        return maps

    def forget(self) -> None:
        """Let the last painting go."""
        with self._busy:
            self._last = None

    def _wind_clock(self) -> None:
        if self._clock is not None:
            self._clock.cancel()
        if self._forget_after is not None:
            self._clock = threading.Timer(self._forget_after, self.forget)
            self._clock.daemon = True  # nobody waits for it at exit
            self._clock.start()


def paint(
    head: Head,
    traits: Traits,
    *,
    resolution: int,
    seed: int,
    layers: Strengths | None = None,
    progress: Progress = Progress(),  # noqa: B008 - immutable
) -> Maps:
    """All textures of a head, from scratch; see `Painter.paint`."""
    return Painter().paint(head, traits, resolution=resolution, seed=seed, layers=layers, progress=progress)


def check_layers(layers: Strengths) -> None:
    """Refuse strengths that no painting can have.

    Raises:
        BadRequest: a layer is unknown, or a strength is not within 0..1.
    """
    for name, strength in layers.items():
        if name not in LAYER_NAMES:
            raise BadRequest(f"The skin has no layer called {name!r}: the layers are {', '.join(LAYER_NAMES)}.")
        if isinstance(strength, bool) or not isinstance(strength, int | float) or not 0.0 <= strength <= 1.0:
            raise BadRequest(f"The strength of the layer {name!r} must be between 0 and 1; got {strength!r}.")


def _begin(head: Head, resolution: int, seed: int) -> _Painting:
    canvases: dict[str, _Canvas] = {}
    face: Subject | None = None
    for tile in skin_tiles(head.topology):
        # Hair and shade hide what lies in the other tiles.
        size = resolution if face is None else max(_MULTIPLE, resolution // 2 // _MULTIPLE * _MULTIPLE)
        coarse = coarser(size, min(_LARGEST_COARSE, max(size // 2, _SMALLEST_COARSE)))
        subject = Subject(head, surface_of(head, tile, coarse), size, seed, Traits(), _face=face)
        canvases[tile], face = _Canvas(subject), face or subject
    return _Painting(head, resolution, seed, canvases)


def _go_on(painting: _Painting, traits: Traits, strengths: Strengths, progress: Progress) -> Maps:
    """The maps of every tile.

    The face's ground, its details, and everything else do not need each other, and are made side by side: most of what
    there is to do is too small for torch to share out by itself.
    """
    face, *others = painting.canvases
    absent = {layer.amount: 0.0 for layer in LAYERS if layer.amount and strengths.get(layer.name) == 0.0}
    canvas, work = painting.canvases[face], _Work(traits.under(absent), strengths)
    with ThreadPoolExecutor(max_workers=2) as helpers:
        try:
            progress.report("skin", 0.0, "Mixing pigments")
            with _one_thread_each():
                details = helpers.submit(_lay_details, canvas, work)
                rest = helpers.submit(_paint_rest, painting, others, work)
                ground = _lay_ground(canvas.subject, work)
                laid = _watched(details, work, progress, 0.3, 0.7)
            progress.report("skin", 0.7, "Putting the layers together")
            found = {face: _compose(canvas, ground, laid, traits)}
            elsewhere = _watched(rest, work, progress, 0.8, 1.0)
        except BaseException:
            work.stopped = True  # the helpers are waited for
            raise
    progress.report("skin", 1.0, "Painted")
    found |= elsewhere
    return {tile: found[tile] for tile in painting.head.topology.tiles if tile in found}


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Without torch's own threads: where others fill the processors, they would only wait for each other."""
    with _threads:
        usual = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            yield
        finally:
            torch.set_num_threads(usual)


@dataclass
class _Work:
    """What is painted; and, for whoever watches, how far it is."""

    traits: Traits
    strengths: Strengths
    doing: str = ""
    done: float = 0.0
    stopped: bool = False

    def at(self, number: int, count: int, name: str) -> None:
        """Say that the next of some steps begins; raises `Cancelled` where nobody wants it any more."""
        if self.stopped:
            raise Cancelled
        self.doing, self.done = name.replace("_", " "), number / count


_Made = TypeVar("_Made")


def _watched(making: Future[_Made], work: _Work, progress: Progress, start: float, end: float) -> _Made:
    """What a helper makes; meanwhile the progress is told, and may cancel."""
    while True:
        try:
            return making.result(timeout=_LOOK)
        except TimeoutError:
            progress.report("skin", start + (end - start) * work.done, f"Painting: {work.doing}")


def _paint_rest(painting: _Painting, tiles: Sequence[str], work: _Work) -> dict[str, TileMaps]:
    """The maps of some of the skin's tiles, and of eyes, mouth and lashes."""
    found: dict[str, TileMaps] = {}
    with torch.no_grad():  # every thread has a setting of its own
        for tile in tiles:
            canvas = painting.canvases[tile]
            found[tile] = _compose(canvas, _lay_ground(canvas.subject, work), _lay_details(canvas, work), work.traits)
        for number, (name, (names, painted)) in enumerate(_PIECES.items()):
            work.at(number, len(_PIECES), name)
            key = _values(work.traits, names)
            if name not in painting.pieces or painting.pieces[name][0] != key:
                painting.pieces[name] = key, painted(painting, work.traits.only(names))
            found |= painting.pieces[name][1]
    return found


_PIECES: Final[Mapping[str, tuple[tuple[str, ...], Callable[[_Painting, Traits], Mapping[str, TileMaps]]]]] = {
    "eyes": (EYE_TRAITS, lambda one, own: paint_eyes(one.head, one.eyes, own, one.resolution, one.seed)),
    "mouth": (MOUTH_TRAITS, lambda one, own: paint_mouth(one.head, own, one.resolution, one.seed)),
    "lashes": (LASH_TRAITS, lambda one, own: paint_lashes(one.head, one.eyes, own, one.resolution, one.seed)),
}
"""What is painted whole: the traits that it depends on, and how."""


def _compose(canvas: _Canvas, ground: Ground, details: tuple[Laid, ...], traits: Traits) -> TileMaps:
    """A tile's maps, made from what has changed since its last ones."""
    metric, slopes = canvas.subject.surface.metric, pigment_slopes(traits.only(PIGMENT_TRAITS))
    canvas.composed = compose(Composition(canvas.subject.size, ground, metric, *slopes, details), canvas.composed)
    return canvas.composed.maps


def _lay_ground(subject: Subject, work: _Work) -> Ground:
    """The coarse layers, one on the other: first pigments, then what stains or shades their colour."""
    ground = Ground.blank(subject.surface.atlas.size)
    for layer in LAYERS:
        if layer.pigments:
            ground = _laid(layer, layer.pigments, subject, work, ground)
    ground = mix(ground)
    for layer in LAYERS:
        if layer.stain:
            ground = _laid(layer, layer.stain, subject, work, ground)
    return ground


def _laid(
    layer: Layer, change: Callable[[Subject, Ground], Ground], subject: Subject, work: _Work, ground: Ground
) -> Ground:
    strength = work.strengths.get(layer.name, 1.0)
    if strength == 0.0:
        return ground
    return ground.towards(change(subject.reading(work.traits, layer.traits), ground), strength)


def _lay_details(canvas: _Canvas, work: _Work) -> tuple[Laid, ...]:
    """What the layers give at full size, in their order."""
    laid: list[Laid] = []
    with torch.no_grad():
        for number, layer in enumerate(LAYERS):
            work.at(number, len(LAYERS), layer.name)
            strength = work.strengths.get(layer.name, 1.0)
            if strength > 0.0 and (layer.patches or layer.weave):
                laid += [Laid(what, strength) for what in _details(canvas, layer, work.traits)]
    return tuple(laid)


def _details(canvas: _Canvas, layer: Layer, traits: Traits) -> Sequence[Patch | Weave]:
    """What the layer gives at full size: what it gave, where the traits that it reads are the same."""
    key = _values(traits, layer.traits)
    kept = canvas.details.get(layer.name)
    if kept is None or kept.key != key:
        subject = canvas.subject.reading(traits, layer.traits)
        found: list[Patch | Weave] = list(layer.patches(subject)) if layer.patches else []
        weave = layer.weave(subject) if layer.weave else None
        kept = _Details(key, (*found, weave) if weave else tuple(found))
        canvas.details[layer.name] = kept
    return kept.found


def _values(traits: Traits, names: tuple[str, ...]) -> _Key:
    return tuple(traits.value(name) for name in names)
