"""Traits and a head to maps: runs the layers, and keeps their results, so that an edit costs what it changes."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from queue import Empty, SimpleQueue
from typing import Final

import torch
from torch import Tensor

from dreamface.errors import BadRequest, Cancelled
from dreamface.face import Head, Maps, TileMaps
from dreamface.hair import Region
from dreamface.progress import Progress
from dreamface.skin.canvas.atlas import coarser, surface_of
from dreamface.skin.canvas.layer import Decal, DetailTiles, Ground, Layer, Masks, Strengths
from dreamface.skin.canvas.layout import MULTIPLE, skin_tile_sides
from dreamface.skin.canvas.masks import masked, resized
from dreamface.skin.canvas.overlay import MOST, Overlay, Patch, Site, Spot
from dreamface.skin.canvas.pigments import PIGMENT_TRAITS, mix, pigment_slopes
from dreamface.skin.canvas.subject import Memo, Subject
from dreamface.skin.compose import Composed, Composition, Edit, Laid, OtherSkin, compose, compose_large, trimmed
from dreamface.skin.layers.stack import LAYER_NAMES, LAYERS
from dreamface.skin.parts.eyeball import Eyeball, eyeballs
from dreamface.skin.parts.eyes import EYE_TRAITS, paint_eyes
from dreamface.skin.parts.lashes import LASH_TRAITS, paint_lashes
from dreamface.skin.parts.mouth import MOUTH_TRAITS, paint_mouth
from dreamface.styles import own_folder, state_of, use_folder
from dreamface.traits import Traits, Value

_SMALLEST_COARSE, _LARGEST_COARSE = 256, 512  # texels a side of what is painted coarsely
_LARGEST_KEPT: Final = 2048  # texels a side: larger paintings are not kept in memory for the next edit

_FEWEST_HELPERS, _MOST_HELPERS = 2, 4  # threads that paint; where there are fewer processors, they take turns
_LOOK: Final = 0.1  # seconds between two looks at whether the user wants to stop


@dataclass
class _Threads:
    """How many threads torch uses: one setting for all."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    usual: int = 1


_threads = _Threads()

_Key = tuple[Value, ...]


@dataclass
class _Given:
    """What a layer gave at full size.

    Attributes:
        key: the values that its traits had.
        found: decals and detail tiles.
        mask: the mask under which `masked` was computed.
        masked: what that mask leaves of them.
    """

    key: _Key
    found: tuple[Decal | DetailTiles, ...]
    mask: Tensor | None = None
    masked: tuple[Decal | DetailTiles, ...] = ()

    def under(self, mask: Tensor | None) -> tuple[Decal | DetailTiles, ...]:
        """Return the details weighted by a mask [S, S]: the same objects as long as mask and details are the same."""
        if mask is None:
            return self.found
        if self.mask is None or not torch.equal(self.mask, mask):
            self.mask, self.masked = mask, tuple(masked(detail, mask) for detail in self.found)
        return self.masked


@dataclass
class _Drawn:
    """What one edit has in one tile.

    Attributes:
        key: the edit's.
        spot: its mask; None where it does not reach the tile.
        patches: what it drew.
        details: of the skin that shows through it, by layer, where that differs from the person's.
        subject: whose skin that is, where it has another seed.
    """

    key: Hashable
    spot: Spot | None
    patches: tuple[Patch, ...] = ()
    details: dict[str, _Given] = field(default_factory=dict)
    subject: Subject | None = None


@dataclass
class _Canvas:
    """One tile of a painting.

    Attributes:
        subject: whose skin; without traits.
        details: of every layer that has any, by name.
        drawn: of every edit, by id.
        composed: the maps, and what they were made from.
    """

    subject: Subject
    details: dict[str, _Given] = field(default_factory=dict)
    drawn: dict[str, _Drawn] = field(default_factory=dict)
    composed: Composed | None = None


@dataclass
class _Painting:
    """Everything that was painted for one head."""

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
        """Return whether another painting of this head can go on from here."""
        same = self.head.topology is head.topology and (self.resolution, self.seed) == (resolution, seed)
        return same and torch.equal(self.head.vertices, head.vertices)


class Painter:
    """Painter of heads. Painting the last head again takes only as long as its changes do.

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
        masks: Masks | None = None,
        overlays: Sequence[Overlay] = (),
        progress: Progress = Progress(),  # noqa: B008 - immutable
    ) -> Maps:
        """Return all textures of a head.

        Args:
            head: whose skin it is; its topology's regions say where lips, brows and so on are.
            traits: colours, marks, wrinkles, brows, make-up.
            resolution: side of the face's tile in texels, a multiple of 128; the other tiles are smaller.
            seed: of everything random; the same input gives the same bytes.
            layers: how strongly each layer of the skin is laid on.
            masks: where each layer of the skin is laid on.
            overlays: the artist's edits on top, from below.
            progress: told what is being painted.

        Raises:
            BadRequest: the resolution is no multiple of 128, or there is no such layer, strength or tile.
            Cancelled: the progress said so.
        """
        if resolution < MULTIPLE or resolution % MULTIPLE:
            raise BadRequest(f"The maps' resolution must be a multiple of {MULTIPLE}; got {resolution}.")
        check_layers(layers or {})
        _check_masks(masks or {}, head)
        _check_overlays(overlays)
        with self._busy, torch.no_grad():
            last, self._last = self._last, None
            painting = last if last and last.is_of(head, resolution, seed) else _begin(head, resolution, seed)
            maps = _go_on(painting, traits, layers or {}, masks or {}, overlays, progress)
            self._last = painting if resolution <= _LARGEST_KEPT else None
            self._wind_clock()
        return maps

    def forget(self) -> None:
        """Free the memory of the last painting."""
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
    masks: Masks | None = None,
    overlays: Sequence[Overlay] = (),
    progress: Progress = Progress(),  # noqa: B008 - immutable
) -> Maps:
    """Return all textures of a head, from scratch; see `Painter.paint`."""
    return Painter().paint(
        head, traits, resolution=resolution, seed=seed, layers=layers, masks=masks, overlays=overlays, progress=progress
    )


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


def _check_masks(masks: Masks, head: Head) -> None:
    check_layers(dict.fromkeys(masks, 1.0))
    for layer, tiles in masks.items():
        for tile, mask in tiles.items():
            if tile not in head.topology.tiles:
                names = ", ".join(head.topology.tiles)
                raise BadRequest(f"The layer {layer!r} has a mask for the tile {tile!r}: the head has {names}.")
            if mask.dim() != 2 or not mask.numel():
                raise BadRequest(f"The mask of the layer {layer!r} must have rows and columns; got {list(mask.shape)}.")


def _begin(head: Head, resolution: int, seed: int) -> _Painting:
    canvases: dict[str, _Canvas] = {}
    face: Subject | None = None
    for tile, size in skin_tile_sides(head.topology, resolution).items():
        coarse = coarser(size, min(_LARGEST_COARSE, max(size // 2, _SMALLEST_COARSE)))
        subject = Subject(head, surface_of(head, tile, coarse), size, seed, Traits(), _face=face)
        canvases[tile], face = _Canvas(subject), face or subject
    return _Painting(head, resolution, seed, canvases)


def _check_overlays(overlays: Sequence[Overlay]) -> None:
    if len({overlay.id for overlay in overlays}) != len(overlays):
        raise ValueError("two edits have the same id")
    for overlay in overlays:
        if not 0.0 <= overlay.strength <= MOST:
            raise BadRequest(f"The strength of an edit must be between 0 and {MOST:g}; got {overlay.strength!r}.")


def _go_on(
    painting: _Painting,
    traits: Traits,
    strengths: Strengths,
    masks: Masks,
    overlays: Sequence[Overlay],
    progress: Progress,
) -> Maps:
    """Return the maps of every tile.

    Grounds, pieces and the layers' details do not need each other, and are made side by side: most of them are too
    small for torch to share out by itself.
    """
    absent = {layer.amount: 0.0 for layer in LAYERS if layer.amount and strengths.get(layer.name) == 0.0}
    work = _Work(painting, traits.under(absent), strengths, masks, overlays)
    count = min(max(_FEWEST_HELPERS, os.cpu_count() or 1), _MOST_HELPERS)
    with ThreadPoolExecutor(count, initializer=use_folder, initargs=(own_folder(),)) as helpers, _one_thread_each():
        try:
            progress.report("skin", 0.0, "Mixing pigments")
            for helper in [helpers.submit(work.help) for _ in range(count)]:
                _watch(helper, work, progress.part(0.0, 0.8))
            for helper in [helpers.submit(work.draw_edits) for _ in range(count if work.keeps else 0)]:
                _watch(helper, work, progress.part(0.8, 0.9))
            found = work.composed(helpers, progress.part(0.9 if work.keeps else 0.8, 1.0))
        except BaseException:
            work.stopped = True  # the helpers are waited for
            raise
    found |= {tile: maps for _, piece in painting.pieces.values() for tile, maps in piece.items()}
    progress.report("skin", 1.0, "Painted")
    return {tile: found[tile] for tile in painting.head.topology.tiles if tile in found}


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Without torch's own threads: where others fill the processors, they would only wait for each other.

    And how many processors there are does not change a bit of the maps.
    """
    alone = _threads.lock.acquire(blocking=False)
    if not alone:
        _threads.lock.acquire()
    try:
        # A thread that began while another one painted has learnt that one is usual.
        now = torch.get_num_threads()
        _threads.usual = now if alone else max(now, _threads.usual)
        torch.set_num_threads(1)
        yield
    finally:
        torch.set_num_threads(_threads.usual)
        _threads.lock.release()


def _watch(helper: Future[None], work: _Work, progress: Progress) -> None:
    """Wait for a helper; meanwhile the progress is told, and may cancel."""
    while True:
        try:
            helper.result(timeout=_LOOK)
        except TimeoutError:
            progress.report("skin", min(1.0, work.begun / work.steps), f"Painting: {work.doing}")
        else:
            return


class _Work:
    """All that has to be made before the maps can be composed; several threads may help.

    Attributes:
        steps: how many there are.
        begun: how many of them have been begun; for show, as two threads may count as one.
        doing: the last of them.
        stopped: whether nobody wants it any more.
        keeps: whether all edits are drawn before they are laid on, and kept; else they are drawn one after the other,
            as they would take gigabytes.
    """

    def __init__(
        self, painting: _Painting, traits: Traits, strengths: Strengths, masks: Masks, overlays: Sequence[Overlay]
    ) -> None:
        self.stopped, self.begun, self.doing = False, 0, ""
        self.keeps = bool(overlays) and painting.resolution <= _LARGEST_KEPT
        self._painting, self._traits = painting, traits
        self._overlays = [_without_hidden(overlay, strengths) for overlay in overlays]
        self._strengths = {layer.name: strengths.get(layer.name, 1.0) for layer in LAYERS}
        self._masks = {layer: self._at_full_size(tiles) for layer, tiles in masks.items()}
        self._grounds: dict[str, Ground] = {}
        self._waiting: SimpleQueue[tuple[str, Callable[[], None]]] = SimpleQueue()
        face, *others = painting.canvases
        self._waiting.put(("ground", partial(self._lay_ground, face)))  # the longest
        for name in _PIECES:
            self._waiting.put((name, partial(self._paint_piece, name)))
        for tile in others:  # they take over what the face's has worked out
            self._waiting.put(("ground", partial(self._lay_ground, tile)))
        for tile in painting.canvases:
            for layer in self._detailed():
                self._waiting.put((layer.name, partial(self._lay_details, tile, layer)))
        self._edits: SimpleQueue[tuple[str, Callable[[], None]]] = SimpleQueue()
        self._other_grounds: dict[tuple[str, str], Ground] = {}
        for tile, canvas in painting.canvases.items():
            canvas.drawn = {one.id: canvas.drawn[one.id] for one in overlays if one.id in canvas.drawn}
            for overlay in overlays:
                if overlay.strength > 0.0 and self.keeps:
                    self._edits.put(("edits", partial(self._draw_edit, tile, overlay)))
        self.steps = self._waiting.qsize() + self._edits.qsize()

    def help(self) -> None:
        """Do steps that no thread has begun, until none is left. Raises `Cancelled` once the work was stopped."""
        self._empty(self._waiting)

    def draw_edits(self) -> None:
        """Do the same with the edits, which need to know the skin below."""
        self._empty(self._edits)

    def _empty(self, queue: SimpleQueue[tuple[str, Callable[[], None]]]) -> None:
        with torch.no_grad():  # every thread has a setting of its own
            while True:
                try:
                    name, step = queue.get_nowait()
                except Empty:
                    return
                if self.stopped:
                    raise Cancelled
                self.doing = name.replace("_", " ")
                self.begun += 1
                step()

    def composed(self, helpers: Executor, progress: Progress) -> dict[str, TileMaps]:
        """Return every tile's maps of the skin, made by helpers from what has changed since its last ones."""
        progress.report("skin", 0.0, "Putting the layers together")
        for tile, canvas in self._painting.canvases.items():
            laid = tuple(
                Laid(what, self._strengths[layer.name])
                for layer in self._detailed()
                for what in self._details(tile, layer)
            )
            own = self._composition(tile, self._traits, self._grounds[tile], laid)
            if self._overlays and not self.keeps:
                canvas.composed = compose_large(own, self._one_by_one(tile, own, helpers, progress), helpers)
                continue
            edits = (self._edit(tile, overlay, own) for overlay in self._overlays)
            own = replace(own, edits=tuple(edit for edit in edits if edit is not None))
            canvas.composed = compose(own, canvas.composed, helpers)
        return {tile: canvas.composed.maps for tile, canvas in self._painting.canvases.items() if canvas.composed}

    def _one_by_one(self, tile: str, own: Composition, helpers: Executor, progress: Progress) -> Iterator[Edit]:
        """Draw a tile's edits, each while the one before is laid on, and forget them when they were."""
        waiting = [overlay for overlay in self._overlays if overlay.strength > 0.0 and tile in overlay.masks]

        def drawn(number: int) -> Future[None] | None:
            return helpers.submit(self._draw_alone, tile, waiting[number]) if number < len(waiting) else None

        coming = drawn(0)
        for number, overlay in enumerate(waiting):
            progress.report("skin", number / len(waiting), "Laying the edits on")
            assert coming is not None
            coming.result()
            edit = self._edit(tile, overlay, own)
            del self._painting.canvases[tile].drawn[overlay.id]
            self._other_grounds.pop((tile, overlay.id), None)
            coming = drawn(number + 1)
            if edit is not None:
                yield edit
            del edit

    def _draw_alone(self, tile: str, overlay: Overlay) -> None:
        with torch.no_grad():
            self._draw_edit(tile, overlay)

    def _composition(self, tile: str, traits: Traits, ground: Ground, laid: tuple[Laid, ...]) -> Composition:
        subject, slopes = self._painting.canvases[tile].subject, pigment_slopes(traits.only(PIGMENT_TRAITS))
        return Composition(subject.size, ground, subject.surface.metric, *slopes, laid)

    # --------------------------------------------------------------------------------------------------- the edits

    def _draw_edit(self, tile: str, overlay: Overlay) -> None:
        """Draw what an edit has in a tile, or keep what it had if it is the same edit."""
        canvas = self._painting.canvases[tile]
        drawn = canvas.drawn.get(overlay.id)
        seed = self._painting.seed if overlay.seed is None else overlay.seed
        key = (overlay.key, seed, _values(self._traits, overlay.reads))
        if drawn is None or drawn.key != key:
            mask = overlay.masks.get(tile)
            drawn = _Drawn(key, None if mask is None else Spot.of(mask, canvas.subject.size))
            if drawn.spot is not None and overlay.draw is not None:
                subject = canvas.subject.reading(self._traits, overlay.reads)
                drawn.patches = tuple(overlay.draw(Site(subject, drawn.spot, seed, overlay.masks)))
            if overlay.traits is not None and seed != self._painting.seed:
                drawn.subject = self._of_seed(tile, seed)
            canvas.drawn[overlay.id] = drawn
        if overlay.traits is not None and drawn.spot is not None:
            self._lay_other(tile, overlay, drawn)

    def _of_seed(self, tile: str, seed: int) -> Subject:
        """Return the same skin with other patterns."""
        subject, face = self._painting.canvases[tile].subject, next(iter(self._painting.canvases.values())).subject
        fresh = replace(face, seed=seed, _memo=Memo())
        return fresh if subject is face else replace(subject, seed=seed, _memo=Memo(), _face=fresh)

    def _lay_other(self, tile: str, overlay: Overlay, drawn: _Drawn) -> None:
        """Paint the skin that shows through an edit, as far as it differs from the person's."""
        canvas, traits = self._painting.canvases[tile], overlay.traits
        assert traits is not None
        subject = drawn.subject or canvas.subject
        changed = [layer for layer in LAYERS if drawn.subject or self._differs(traits, layer.traits)]
        shaded = any(layer.pigments or layer.stain for layer in changed)
        if shaded or self._differs(traits, PIGMENT_TRAITS):
            self._other_grounds[tile, overlay.id] = self._ground(subject, traits, overlay.said)
        for layer in changed:
            if not (layer.decals or layer.detail_tiles) or self._strength(layer, overlay.said) == 0.0:
                continue
            key, kept = _values(traits, layer.traits), drawn.details.get(layer.name)
            if kept is None or kept.key != key:
                found = _given_by(layer, subject, traits)
                own = canvas.details[layer.name].found if layer.name in canvas.details else ()
                assert drawn.spot is not None
                drawn.details[layer.name] = _Given(key, trimmed(found, own, drawn.spot.window))

    def _differs(self, traits: Traits, names: tuple[str, ...]) -> bool:
        return _values(traits, names) != _values(self._traits, names)

    def _edit(self, tile: str, overlay: Overlay, own: Composition) -> Edit | None:
        """Return an edit as the composition takes it; None where it does nothing in the tile."""
        drawn = self._painting.canvases[tile].drawn.get(overlay.id)
        if overlay.strength == 0.0 or drawn is None or drawn.spot is None:
            return None
        if overlay.traits is None:
            return Edit(overlay.id, overlay.strength, drawn.patches) if drawn.patches else None
        laid = []
        for layer in LAYERS:
            strength, others = self._strength(layer, overlay.said), drawn.details.get(layer.name)
            if strength > 0.0 and (layer.decals or layer.detail_tiles):
                differs = others is not None and (drawn.subject or self._differs(overlay.traits, layer.traits))
                mask = None if overlay.said.intersection(layer.traits) else self._masks.get(layer.name)
                if others is None or not differs:
                    what = self._details(tile, layer)
                elif mask is None:
                    what = others.found
                else:
                    what = others.under(mask[tile]) if tile in mask else ()
                laid += [Laid(one, strength) for one in what]
        ground = self._other_grounds.get((tile, overlay.id), own.ground)
        other = self._composition(tile, overlay.traits, ground, tuple(laid))
        return Edit(overlay.id, overlay.strength, OtherSkin(other, drawn.spot))

    def _strength(self, layer: Layer, said: frozenset[str]) -> float:
        """Return how strongly a layer is laid on; a hidden one whose traits an edit gives is shown by that edit."""
        strength = self._strengths[layer.name]
        return 1.0 if strength == 0.0 and said.intersection(layer.traits) else strength

    def _at_full_size(self, tiles: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return a layer's masks [S, S], as large as the maps of their tiles."""
        canvases = self._painting.canvases
        return {tile: resized(mask, canvases[tile].subject.size) for tile, mask in tiles.items() if tile in canvases}

    def _details(self, tile: str, layer: Layer) -> tuple[Decal | DetailTiles, ...]:
        """Return what a layer gives at full size in a tile, as far as its mask lets it through."""
        canvas = self._painting.canvases[tile]
        tiles = self._masks.get(layer.name)
        if tiles is not None and tile not in tiles:
            return ()
        return canvas.details[layer.name].under(tiles[tile] if tiles else None)

    def _detailed(self) -> list[Layer]:
        """Return the layers that give something at full size, in their order."""
        return [layer for layer in LAYERS if self._strengths[layer.name] > 0.0 and (layer.decals or layer.detail_tiles)]

    def _paint_piece(self, name: str) -> None:
        """Paint eyes, mouth or lashes, or keep the last ones if none of their traits changed."""
        names, paint_piece = _PIECES[name]
        key, pieces = _values(self._traits, names), self._painting.pieces
        if name not in pieces or pieces[name][0] != key:
            pieces[name] = key, paint_piece(self._painting, self._traits.only(names))

    def _lay_ground(self, tile: str) -> None:
        """Paint the tile's ground."""
        self._grounds[tile] = self._ground(self._painting.canvases[tile].subject, self._traits)

    def _ground(self, subject: Subject, traits: Traits, said: frozenset[str] = frozenset()) -> Ground:
        """Paint the coarse layers in order: first pigments, then what stains or shades their colour."""
        ground = Ground.blank(subject.surface.atlas.size)
        for layer in LAYERS:
            if layer.pigments:
                ground = self._laid(layer, layer.pigments, subject, traits, ground, said)
        ground = mix(ground)
        for layer in LAYERS:
            if layer.stain:
                ground = self._laid(layer, layer.stain, subject, traits, ground, said)
        return ground

    def _laid(
        self,
        layer: Layer,
        change: Callable[[Subject, Ground], Ground],
        subject: Subject,
        traits: Traits,
        ground: Ground,
        said: frozenset[str],
    ) -> Ground:
        weight: float | Tensor = self._strength(layer, said)
        tiles = None if said.intersection(layer.traits) else self._masks.get(layer.name)
        if weight == 0.0 or (tiles is not None and subject.tile not in tiles):
            return ground
        if tiles is not None:
            weight = weight * resized(tiles[subject.tile], subject.surface.atlas.size)
        return ground.towards(change(subject.reading(traits, layer.traits), ground), weight)

    def _lay_details(self, tile: str, layer: Layer) -> None:
        """Compute the layer's full-size details, or reuse the last ones if none of its traits changed."""
        canvas, key = self._painting.canvases[tile], _values(self._traits, layer.traits)
        kept = canvas.details.get(layer.name)
        if kept is None or kept.key != key:
            canvas.details[layer.name] = _Given(key, _given_by(layer, canvas.subject, self._traits))


def _without_hidden(overlay: Overlay, strengths: Strengths) -> Overlay:
    """Return an overlay whose other skin makes no room for what is hidden, as the person's own does not."""
    if overlay.traits is None:
        return overlay
    hidden = [layer.amount for layer in LAYERS if layer.amount and strengths.get(layer.name) == 0.0]
    absent = {name: 0.0 for name in hidden if name not in overlay.said}
    return replace(overlay, traits=overlay.traits.under(absent)) if absent else overlay


def _given_by(layer: Layer, subject: Subject, traits: Traits) -> tuple[Decal | DetailTiles, ...]:
    """Return what a layer gives at full size."""
    reading = subject.reading(traits, layer.traits)
    found = tuple(layer.decals(reading)) if layer.decals else ()
    tiles = layer.detail_tiles(reading) if layer.detail_tiles else None
    return (*found, tiles) if tiles else found


_PIECES: Final[Mapping[str, tuple[tuple[str, ...], Callable[[_Painting, Traits], Mapping[str, TileMaps]]]]] = {
    "eyes": (EYE_TRAITS, lambda one, own: paint_eyes(one.head, one.eyes, own, one.resolution, one.seed)),
    "mouth": (MOUTH_TRAITS, lambda one, own: paint_mouth(one.head, own, one.resolution, one.seed)),
    "lashes": (LASH_TRAITS, lambda one, own: paint_lashes(one.head, one.eyes, own, one.resolution, one.seed)),
}
"""What is painted whole: the traits that it depends on, and how."""


_STYLED: Final[Mapping[str, Region]] = {"hair.style": "scalp", "beard.style": "beard"}
"""Traits whose value is the name of a style, which an artist may change at any time."""


def _values(traits: Traits, names: tuple[str, ...]) -> _Key:
    """Return what the traits say, and which state the files of the styles are in that they name."""
    states = (state_of(traits.choice(name), region) for name, region in _STYLED.items() if name in names)
    return (*(traits.value(name) for name in names), *states)
