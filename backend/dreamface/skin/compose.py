"""From ground, detail tiles and decals to maps, a band of rows at a time, and only the bands that have changed.

All relief is one height field in metres along the mesh's normal: the displacement. The normals are its slopes, by
central differences over two texels, in the tangent space of OpenGL: x along growing u, y along growing v, z outwards.
What lies deep in it mirrors less; the albedo knows nothing of it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, fields
from functools import partial
from typing import Any, Final

import torch
from torch import Tensor
from torch.nn.functional import pad

from dreamface.skin.canvas.atlas import slopes
from dreamface.skin.canvas.bands import band_rows, enlarged
from dreamface.skin.canvas.layer import Decal, DetailTiles, Ground, Window
from dreamface.skin.canvas.overlay import Patch, Spot

_CHANNELS: Final = {
    "albedo": 3, "specular": 1, "roughness": 1, "normal": 3, "displacement": 1, "subsurface": 1, "metallic": 1,
}  # fmt: skip
_GROUPS: Final = {
    "colour": ("albedo",),
    "gloss": ("roughness", "specular", "subsurface", "metallic"),
    "relief": ("displacement", "normal"),
}
"""Channels that are made together."""

_SUMS: Final = {
    "colour": ("melanin", "blood"), "gloss": ("roughness", "specular", "height"), "relief": ("height", "valley"),
}  # fmt: skip
"""What details add to each group."""

_COVERS: Final = {"colour": ("colour",), "gloss": ("roughness", "specular", "metallic")}
"""What decals that cover pull each group to."""

_BATCH_BYTES: Final = 120_000_000  # of edits that are laid on together where memory is dear

_SHELTERED: Final = 0.6  # of the specular that deep pores and grooves lose: little of what they mirror comes out
_CAVITY: Final = 45e-6  # metres of depth by which that has mostly happened

_SumOf = Callable[[str], Tensor]  # the sum of a name, made when it is first needed


@dataclass(frozen=True)
class Laid:
    """A decal or detail tiles, and the strength 0..1 that its layer is laid on with."""

    what: Decal | DetailTiles
    strength: float


@dataclass(frozen=True)
class Composition:
    """All that a tile's maps are made from.

    Attributes:
        size: of the maps.
        ground: the coarse grid.
        metric: [3, S, S], see `atlas.SkinSurface`.
        melanin_slope, blood_slope: [3] from `pigments.pigment_slopes`.
        details: decals and detail tiles, in the order of their layers.
        edits: what lies on top of them, from below.
    """

    size: int
    ground: Ground
    metric: Tensor
    melanin_slope: Tensor
    blood_slope: Tensor
    details: tuple[Laid, ...]
    edits: tuple[Edit, ...] = ()

    @property
    def channels(self) -> tuple[str, ...]:
        """The names of its maps: there is a metallic one only where something is."""
        return tuple(name for name in _CHANNELS if self.has_metal or name != "metallic")

    @property
    def has_metal(self) -> bool:
        """Whether anything in it is metal."""
        decals = [laid.what for laid in self.details if isinstance(laid.what, Decal)]
        own = bool(self.ground.metallic.any()) or any(decal.metallic is not None for decal in decals)
        return own or any(edit.has_metal for edit in self.edits)


@dataclass(frozen=True)
class Edit:
    """One edit in one tile.

    Attributes:
        id: unique among the composition's.
        strength: 0..`overlay.MOST`.
        what: patches in their order, or other skin that shows through a mask.
    """

    id: str
    strength: float
    what: tuple[Patch, ...] | OtherSkin

    @property
    def has_metal(self) -> bool:
        """Whether it lays on metal."""
        if isinstance(self.what, OtherSkin):
            return self.what.composition.has_metal
        return any(patch.metallic is not None for patch in self.what)

    @property
    def nbytes(self) -> int:
        """Memory that its images take."""
        if isinstance(self.what, OtherSkin):
            return self.what.nbytes
        return sum(patch.nbytes for patch in self.what)

    def compare(self, own: Composition) -> None:
        """Find out where it differs from the skin that it lies on; `reaches` needs to know."""
        if isinstance(self.what, OtherSkin):
            self.what.compare(own)

    def reaches(self, group: str) -> list[tuple[int, int]]:
        """Return [start, stop) of the maps' rows in which it may change a group of channels."""
        if isinstance(self.what, OtherSkin):
            return self.what.reaches(group)
        names = _PATCHED[group]
        return [patch.window.rows for patch in self.what if any(getattr(patch, name) is not None for name in names)]


@dataclass(frozen=True)
class OtherSkin:
    """The same skin with other traits, which shows through a mask.

    Attributes:
        composition: of that skin, without edits.
        spot: the mask.
    """

    composition: Composition
    spot: Spot
    _bands: dict[str, set[int]] = field(default_factory=dict)  # in which it differs from the skin it lies on, by group
    _details: list[Decal | DetailTiles] = field(default_factory=list)  # that that skin does not have

    def compare(self, own: Composition) -> None:
        """Find out where it differs from the skin that it lies on."""
        self._bands.update(_differing_bands(own, self.composition))
        known = {id(laid.what) for laid in own.details}
        self._details.extend(laid.what for laid in self.composition.details if id(laid.what) not in known)

    @property
    def nbytes(self) -> int:
        """Memory that it takes beside the skin that it was compared with."""
        images = [getattr(detail, one.name) for detail in self._details for one in fields(detail)]
        return self.spot.image.nbytes + sum(image.nbytes for image in images if isinstance(image, Tensor))

    def reaches(self, group: str) -> list[tuple[int, int]]:
        """Return [start, stop) of the maps' rows in which it may change a group of channels."""
        bands = self._bands.get(group)
        return [self.spot.window.rows] if bands is None else _within(bands, self.spot, self.composition.size)

    def differs(self, own: Composition, group: str, here: Window) -> bool:
        """Return whether a group of channels may be another one somewhere in a window."""
        if not self._bands:
            self.compare(own)
        step = band_rows(own.size)
        return any(start < here.rows[1] and here.rows[0] < start + step for start in self._bands[group])


_PATCHED: Final = {
    "colour": ("melanin", "blood", "stain", "cover"), "gloss": ("gloss",), "relief": ("flat", "height"),
}  # fmt: skip
"""What of a patch changes each group of channels."""


@dataclass(frozen=True)
class Composed:
    """A composition and its maps; the maps are never changed afterwards."""

    composition: Composition
    maps: Mapping[str, Tensor]


def compose(new: Composition, old: Composed | None = None, helpers: Executor | None = None) -> Composed:
    """Return the maps of a composition; what an earlier one has in common with it is taken over, and shared.

    Args:
        new: what to put together.
        old: what was put together before.
        helpers: threads among which bands are shared out.
    """
    every = map if helpers is None else helpers.map
    size, names = new.size, new.channels
    for edit in new.edits:
        edit.compare(new)
    if old is None or old.composition.size != size or tuple(old.maps) != names:
        maps = {name: torch.empty(size, size, _CHANNELS[name]) for name in names}
        stale = {group: set(range(0, size, band_rows(size))) for group in _GROUPS}
    else:
        stale = _stale_bands(old.composition, new)
        changed = {name for group, bands in stale.items() if bands for name in _GROUPS[group]}
        maps = {name: old.maps[name].clone() if name in changed else old.maps[name] for name in names}
    step = band_rows(size)

    differentiated = torch.is_grad_enabled()  # every thread has a setting of its own

    def finish(start: int) -> None:
        groups = {group for group, bands in stale.items() if start in bands}
        with torch.set_grad_enabled(differentiated):
            rows = (start, min(start + step, size))
            _finish_band(new, maps, rows, groups)
            _end(maps, rows, groups)

    def bend(start: int) -> None:
        with torch.set_grad_enabled(differentiated):
            _finish_normals(new.metric, maps, (start, min(start + step, size)))

    deque(every(finish, sorted(set().union(*stale.values()))), maxlen=0)
    deque(every(bend, _with_neighbours(stale["relief"], size)), maxlen=0)
    return Composed(new, maps)


def compose_large(new: Composition, edits: Iterable[Edit], helpers: Executor) -> Composed:
    """Return the maps of a composition with edits that are laid on one after the other, and needed only meanwhile.

    It gives the same maps as `compose`, with the memory of one edit.

    Args:
        new: what to put together, without edits.
        edits: from below; each is let go when the next one is taken.
        helpers: threads among which bands are shared out.
    """
    size, step = new.size, band_rows(new.size)
    maps = {name: torch.empty(size, size, _CHANNELS[name]) for name in new.channels}
    bands = [(start, min(start + step, size)) for start in range(0, size, step)]

    def over(work: Callable[[tuple[int, int]], None], rows: Iterable[tuple[int, int]]) -> None:
        def alone(span: tuple[int, int]) -> None:
            with torch.no_grad():
                work(span)

        deque(helpers.map(alone, rows), maxlen=0)

    over(lambda rows: _finish_band(new, maps, rows, _GROUPS), bands)
    for some in _batches(new, edits):
        if any(edit.has_metal for edit in some) and "metallic" not in maps:
            maps["metallic"] = torch.zeros(size, size, 1)
        reached = _bands([rows for edit in some for group in _GROUPS for rows in edit.reaches(group)], size)
        here = [(start, min(start + step, size)) for start in sorted(reached)]
        over(partial(_lay_band, new, tuple(some), maps), here)
        some.clear()
    over(lambda rows: _end(maps, rows, _GROUPS), bands)
    over(lambda rows: _finish_normals(new.metric, maps, rows), bands)
    return Composed(new, maps)


def _batches(own: Composition, edits: Iterable[Edit]) -> Iterator[list[Edit]]:
    """Share edits out into some that are laid on together: what they have in common is worked out once for all.

    Whoever takes one clears it when it was laid on: the edits are let go before the next ones are drawn.
    """
    some: list[Edit] = []
    for edit in edits:
        edit.compare(own)
        some.append(edit)
        del edit
        if sum(one.nbytes for one in some) > _BATCH_BYTES:
            yield some
    if some:
        yield some


def _lay_band(own: Composition, edits: Sequence[Edit], maps: Mapping[str, Tensor], rows: tuple[int, int]) -> None:
    """Lay edits on a band."""
    band = Window(rows, (0, own.size))
    others = [edit.what.spot.window for edit in edits if isinstance(edit.what, OtherSkin)]
    reached = [here.columns for window in others if (here := _common(window, band)) is not None]
    columns = (min(start for start, _ in reached), max(stop for _, stop in reached)) if reached else (0, own.size)
    skin = _OwnSkin(own, maps.keys(), Window(rows, columns))
    for edit in edits:
        _lay_edit(skin, edit, maps, band, _GROUPS)


def _with_neighbours(bands: Collection[int], size: int) -> list[int]:
    """Slopes take the rows above and below: next to a band that has changed, the last rows' slopes have, too."""
    band = band_rows(size)
    return sorted({start + step for start in bands for step in (-band, 0, band)} & set(range(0, size, band)))


# ------------------------------------------------------------------------------------------------- what has changed


def _stale_bands(old: Composition, new: Composition) -> dict[str, set[int]]:
    """For each group of channels, the first rows of the bands that have to be made anew."""
    stale = _differing_bands(old, new)
    return {group: stale[group] | _bands(_changed_edits(old, new, group), new.size) for group in _GROUPS}


def _differing_bands(old: Composition, new: Composition) -> dict[str, set[int]]:
    """For each group of channels, the first rows of the bands that two skins without their edits have different."""
    rows = {group: _changed_ground(old, new, group) for group in _GROUPS}
    before, after = ({(id(laid.what), laid.strength): laid for laid in one.details} for one in (old, new))
    gone = [before[key] for key in before.keys() - after.keys()]
    come = [after[key] for key in after.keys() - before.keys()]
    for group, reaches in rows.items():
        reaches += [_reach(laid.what, new.size) for laid in _not_shared(gone, come, group)]
    slopes_before = torch.stack((old.melanin_slope, old.blood_slope))
    if not torch.equal(slopes_before, torch.stack((new.melanin_slope, new.blood_slope))):
        rows["colour"].append((0, new.size))
    return {group: _bands(reaches, new.size) for group, reaches in rows.items()}


def _bands(reaches: Collection[tuple[int, int]], size: int) -> set[int]:
    """Return the first rows of the bands that ranges [start, stop) of rows lie in."""
    step = band_rows(size)
    return {band for start, stop in reaches for band in range(start // step * step, stop, step)}


def _changed_edits(old: Composition, new: Composition, group: str) -> list[tuple[int, int]]:
    """Return the maps' rows in which edits may have changed a group of channels."""
    before, after = ({edit.id: edit for edit in one.edits} for one in (old, new))
    stay = [[name for name in one if name in other] for one, other in ((before, after), (after, before))]
    found = []
    for name in before.keys() | after.keys():
        was, now = before.get(name), after.get(name)
        moved = was is not None and now is not None and stay[0].index(name) != stay[1].index(name)
        if was is None or now is None or moved or was.strength != now.strength:
            found += [rows for edit in (was, now) if edit is not None for rows in edit.reaches(group)]
        elif isinstance(was.what, OtherSkin) and isinstance(now.what, OtherSkin) and was.what.spot is now.what.spot:
            found += _within(_stale_bands(was.what.composition, now.what.composition)[group], now.what.spot, new.size)
        elif was.what is not now.what:
            found += [rows for edit in (was, now) for rows in edit.reaches(group)]
    return found


def _within(bands: Collection[int], spot: Spot, size: int) -> list[tuple[int, int]]:
    """Return the rows of bands that a mask reaches."""
    first, last = spot.window.rows
    spans = [(max(first, start), min(last, start + band_rows(size))) for start in bands]
    return [(start, stop) for start, stop in spans if start < stop]


def _changed_ground(old: Composition, new: Composition, group: str) -> list[tuple[int, int]]:
    """Return [start, stop) of the maps' rows that differing rows of the coarse grid reach."""
    before, after = ((*_ground_of(one, group), *((one.metric,) if group == "relief" else ())) for one in (old, new))
    found = []
    for first, second in zip(before, after, strict=True):
        if first is not second:
            side = first.shape[-1]
            rows = (first != second).view(-1, side, side).any(dim=2).any(dim=0).nonzero()[:, 0]
            if len(rows):
                factor = new.size // side
                found.append((max(0, int(rows[0]) - 1) * factor, min(side, int(rows[-1]) + 2) * factor))
    return found


def _ground_of(composition: Composition, group: str) -> tuple[Tensor, ...]:
    ground = composition.ground
    if group == "colour":
        return (ground.albedo,)
    if group == "relief":
        return (ground.height,)
    return ground.roughness, ground.specular, ground.subsurface, ground.metallic


def _not_shared(gone: Sequence[Laid], come: Sequence[Laid], group: str) -> list[Laid]:
    """Those that touch the group, but for pairs that do the same to it, such as moles that have only become darker."""
    left = [laid for laid in gone if _touches(laid.what, group)]
    found = []
    for laid in (laid for laid in come if _touches(laid.what, group)):
        same = next((number for number, other in enumerate(left) if _same(laid, other, group)), None)
        if same is None:
            found.append(laid)
        else:
            del left[same]
    return found + left


def _touches(what: Decal | DetailTiles, group: str) -> bool:
    if isinstance(what, DetailTiles):
        return any(bool(getattr(what, name).any()) for name in _SUMS[group] if hasattr(what, name))
    if what.cover is not None and any(getattr(what, name) is not None for name in _COVERS.get(group, ())):
        return True
    return any(getattr(what, name) is not None for name in _SUMS[group])


def _same(one: Laid, other: Laid, group: str) -> bool:
    """Return whether two do the same to a group of channels."""
    if isinstance(one.what, DetailTiles) or isinstance(other.what, DetailTiles):
        return False
    if one.strength != other.strength or one.what.window != other.what.window:
        return False
    names = (*_SUMS[group], *_COVERS.get(group, ()), *(("cover",) if group in _COVERS else ()))
    return all(_equal(getattr(one.what, name), getattr(other.what, name)) for name in names)


def trimmed(
    found: Sequence[Decal | DetailTiles], own: Sequence[Decal | DetailTiles], window: Window
) -> tuple[Decal | DetailTiles, ...]:
    """Return what a window shows of another skin's details; those that the own skin has, too, are the own ones."""
    kept: list[Decal | DetailTiles] = []
    for detail in found:
        same = next((one for one in own if _identical(one, detail)), None)
        if same is not None or isinstance(detail, DetailTiles):
            kept.append(same or detail)
        elif (here := _common(detail.window, window)) is not None:
            images = {one.name: getattr(detail, one.name) for one in fields(detail)}
            cut = {name: _cropped(image, detail.window, here) for name, image in images.items() if name != "window"}
            kept.append(Decal(here, **cut))
    return tuple(kept)


def _cropped(image: Any, window: Window, here: Window) -> Any:
    """Return the part of a decal's image; what is no image stays as it is."""
    return _part(image, window, here).clone() if isinstance(image, Tensor) and image.dim() > 1 else image


def _identical(one: Decal | DetailTiles, other: Decal | DetailTiles) -> bool:
    if isinstance(one, Decal) and isinstance(other, Decal) and one.window != other.window:
        return False
    names = [each.name for each in fields(one)]
    return type(one) is type(other) and all(_equal(getattr(one, name), getattr(other, name)) for name in names)


def _equal(one: object, other: object) -> bool:
    if isinstance(one, Tensor) and isinstance(other, Tensor):
        return torch.equal(one, other)
    return not isinstance(one, Tensor) and not isinstance(other, Tensor) and one == other


def _reach(what: Decal | DetailTiles, size: int) -> tuple[int, int]:
    """Return [start, stop) of the maps' rows that it lies on."""
    return what.window.rows if isinstance(what, Decal) else (0, size)


# ------------------------------------------------------------------------------------------------- putting together


def _finish_band(
    composition: Composition, maps: Mapping[str, Tensor], rows: tuple[int, int], groups: Collection[str]
) -> None:
    """Write rows [start, stop) of the maps in the groups, but for the normals; `_end` holds them in their range."""
    area = Window(rows, (0, composition.size))
    values = _skin(composition, maps.keys(), area, groups)
    for name, image in values.items():
        _view(maps, name, area).copy_(image)
    own = _OwnSkin(composition, maps.keys(), area, values)
    for edit in composition.edits:
        _lay_edit(own, edit, maps, area, groups)


class _OwnSkin:
    """The skin below the edits in a band: what other skin is compared with. Made when it is first needed.

    Attributes:
        composition: of it.
    """

    def __init__(
        self, composition: Composition, channels: Collection[str], area: Window, values: dict[str, Tensor] | None = None
    ) -> None:
        """Say where.

        Args:
            composition: of it.
            channels: names of its maps.
            area: the band, or the part of it that edits reach.
            values: what `_skin` gave there, if that is known.
        """
        self.composition, self._channels, self._area = composition, channels, area
        self._values = values or {}

    def at(self, part: Window, group: str) -> dict[str, Tensor]:
        """Return a group's channels in a part of the area; not to be changed."""
        names = [name for name in _GROUPS[group] if name in self._channels and name != "normal"]
        if not all(name in self._values for name in names):
            self._values |= _skin(self.composition, self._channels, self._area, (group,))
        return {name: _part(self._values[name], self._area, part) for name in names}


def _end(maps: Mapping[str, Tensor], rows: tuple[int, int], groups: Collection[str]) -> None:
    """Hold rows of the groups' channels within 0..1, where they have a range."""
    for group in groups:
        for name in _GROUPS[group]:
            if name in maps and name not in ("displacement", "normal"):
                maps[name][slice(*rows)].clamp_(0.0, 1.0)


def _view(maps: Mapping[str, Tensor], name: str, area: Window) -> Tensor:
    """Return an area of a map: [h, w], or [3, h, w] of the albedo. It is part of the map."""
    image = maps[name][area.slices]
    return image.permute(2, 0, 1) if name == "albedo" else image[..., 0]


def _skin(
    composition: Composition, channels: Collection[str], area: Window, groups: Collection[str]
) -> dict[str, Tensor]:
    """Return an area of the groups' channels, without edits: [h, w], and the albedo [3, h, w]."""
    ground, found = composition.ground, {}
    sums = _add_up(composition, area, dict.fromkeys(name for group in groups for name in _SUMS[group]))
    if "relief" in groups:
        height = _coarse(composition, ground.height[None], area)[0]
        for name in _SUMS["relief"]:
            if name in sums:
                height.add_(sums[name])
        found["displacement"] = height
    if "gloss" in groups:
        usual = [name for name in _GROUPS["gloss"] if name != "metallic"]
        gloss = dict(
            zip(usual, _coarse(composition, torch.stack([getattr(ground, one) for one in usual]), area), strict=True)
        )
        if "metallic" in channels:  # by itself: filters give the others the same bits with and without it
            gloss["metallic"] = _coarse(composition, ground.metallic[None], area)[0]
        for name, image in gloss.items():
            if name in sums:
                image.add_(sums[name])
            _pull(image, composition, area, name)
            if name == "specular" and "height" in sums:
                image.mul_(_openness(sums["height"]))
            found[name] = image
    if "colour" in groups:
        albedo = _coarse(composition, ground.albedo, area)
        if (pigments := _pigments(composition, sums)) is not None:
            albedo.mul_(pigments)
        _hide(albedo, composition, area)
        found["albedo"] = albedo
    return found


def _coarse(composition: Composition, image: Tensor, area: Window) -> Tensor:
    """Return [C, h, w] an area of a coarse image [C, S, S], enlarged."""
    return enlarged(image, area.rows, composition.size, columns=area.columns)


# --------------------------------------------------------------------------------------------------------- the edits

_DARKEST: Final = 1e-3  # albedo below which a change is no ratio any more


def _lay_edit(own: _OwnSkin, edit: Edit, maps: Mapping[str, Tensor], area: Window, groups: Collection[str]) -> None:
    """Change an area of the groups' channels in the maps by an edit."""
    if edit.strength == 0.0:
        return
    if isinstance(edit.what, OtherSkin):
        _show_other(own, edit.what, edit.strength, maps, area, groups)
        return
    for patch in edit.what:
        if (here := _common(patch.window, area)) is not None:
            _lay_patch(maps, patch, edit.strength, own.composition, here, groups)


def _show_other(
    own: _OwnSkin,
    other: OtherSkin,
    strength: float,
    maps: Mapping[str, Tensor],
    area: Window,
    groups: Collection[str],
) -> None:
    """Change an area by what the other skin has different from the own one, under the mask."""
    here = _common(other.spot.window, area)
    if here is None:
        return
    changed = [group for group in groups if other.differs(own.composition, group, here)]
    if not changed:
        return
    weight = other.spot.cut(here)
    columns = weight.any(dim=0).nonzero()[:, 0]
    rows = weight.any(dim=1).nonzero()[:, 0]
    if not len(columns):
        return
    top, left = here.rows[0], here.columns[0]
    part = Window((top + int(rows[0]), top + int(rows[-1]) + 1), (left + int(columns[0]), left + int(columns[-1]) + 1))
    weight = strength * weight[int(rows[0]) : int(rows[-1]) + 1, int(columns[0]) : int(columns[-1]) + 1]
    theirs = _skin(other.composition, maps.keys(), part, changed)
    for group in changed:
        for name, mine in own.at(part, group).items():
            below, image = _view(maps, name, part), theirs[name]
            if name == "albedo":  # by ratio: what lies on the skin, such as ink, stays on it
                ratio = image.clamp_min_(_DARKEST).div_(mine.clamp_min(_DARKEST))
                below.mul_(ratio.log_().mul_(weight).exp_())
            else:
                below.add_(image.sub_(mine).mul_(weight))


_Cut = Callable[[Tensor | float], Tensor | float]


def _lay_patch(
    maps: Mapping[str, Tensor],
    patch: Patch,
    strength: float,
    composition: Composition,
    here: Window,
    groups: Collection[str],
) -> None:
    """Lay a patch over the part of it that is `here`."""

    def cut(image: Tensor | float) -> Tensor | float:
        return _part(image, patch.window, here) if isinstance(image, Tensor) and image.dim() > 1 else image

    if "colour" in groups:
        albedo = _view(maps, "albedo", here)
        below = albedo.clone() if patch.under else None
        _lay_colour(albedo, patch, strength, composition, cut)
        if below is not None and (hidden := _hidden(composition, here)) is not None:
            albedo.lerp_(below, hidden)
    if patch.gloss is not None and "gloss" in groups:
        share = (strength * cut(patch.gloss)).clamp(max=1.0)  # type: ignore[union-attr]
        for name in _GROUPS["gloss"]:
            if (target := getattr(patch, name)) is not None and name in maps:
                below = _view(maps, name, here)
                below.add_((cut(target) - below).mul_(share))
    if "relief" in groups:
        _lay_relief(_view(maps, "displacement", here), patch, strength, composition, here, cut)


def _lay_colour(albedo: Tensor, patch: Patch, strength: float, composition: Composition, cut: _Cut) -> None:
    """Change [3, h, w] of the albedo by a patch."""
    pigments = ((patch.melanin, composition.melanin_slope), (patch.blood, composition.blood_slope))
    for amount, slope in pigments:
        if amount is not None:
            albedo.mul_(torch.exp(slope[:, None, None] * (strength * cut(amount))))
    if patch.stain is not None:
        stain = torch.as_tensor(cut(patch.stain))
        albedo.mul_(stain if strength == 1.0 else stain.clamp_min(_DARKEST).pow(strength))
    if patch.cover is not None and patch.colour is not None:
        colour = patch.colour[:, None, None] if patch.colour.dim() == 1 else cut(patch.colour)
        albedo.add_((colour - albedo).mul_((strength * torch.as_tensor(cut(patch.cover))).clamp(max=1.0)))


def _hidden(composition: Composition, area: Window) -> Tensor | None:
    """Return [h, w] 0..1 how much decals, such as brows and make-up, cover of the skin; None where none does."""
    passing: Tensor | None = None
    for laid in composition.details:
        decal = laid.what
        if not isinstance(decal, Decal) or decal.cover is None or decal.colour is None:
            continue
        if (here := _common(decal.window, area)) is not None:
            if passing is None:
                passing = torch.ones(area.shape)
            below = _part(passing, area, here)
            below.mul_(1.0 - laid.strength * _part(decal.cover, decal.window, here))
    return None if passing is None else 1.0 - passing


def _lay_relief(
    height: Tensor, patch: Patch, strength: float, composition: Composition, here: Window, cut: _Cut
) -> None:
    """Change [h, w] of the relief by a patch."""
    if patch.flat is not None:
        level = _coarse(composition, composition.ground.height[None], here)[0]
        height.add_((level - height).mul_((strength * torch.as_tensor(cut(patch.flat))).clamp(max=1.0)))
    if patch.height is not None:
        height.add_(torch.as_tensor(cut(patch.height)), alpha=strength)


def _common(window: Window, area: Window) -> Window | None:
    """Return what two windows have in common."""
    rows = max(window.rows[0], area.rows[0]), min(window.rows[1], area.rows[1])
    columns = max(window.columns[0], area.columns[0]), min(window.columns[1], area.columns[1])
    return Window(rows, columns) if rows[0] < rows[1] and columns[0] < columns[1] else None


def _part(image: Tensor, window: Window, here: Window) -> Tensor:
    """Return [..., h, w] what an image of a window has at a part of it."""
    top, left = window.rows[0], window.columns[0]
    (first, last), (start, stop) = here.rows, here.columns
    return image[..., first - top : last - top, start - left : stop - left]


def _openness(height: Tensor) -> Tensor:
    """Share of the specular that comes out of pores and grooves; 1 on what is level or raised."""
    return height.clamp(max=0.0).mul_(1.0 / _CAVITY).exp_().mul_(_SHELTERED).add_(1.0 - _SHELTERED)


def _add_up(composition: Composition, area: Window, names: Collection[str]) -> dict[str, Tensor]:
    """Return [h, w] sums of what decals and detail tiles add to an area; without those that nothing adds to."""
    sums: dict[str, Tensor] = {}

    def sum_of(name: str) -> Tensor:
        if name not in sums:
            sums[name] = torch.zeros(area.shape)
        return sums[name]

    for laid in composition.details:
        if isinstance(laid.what, DetailTiles):
            _add_tiles(laid.what, laid.strength, area, composition.size, names, sum_of)
            continue
        if (here := _common(laid.what.window, area)) is None:
            continue
        for name in names:
            image = getattr(laid.what, name)
            if isinstance(image, Tensor):
                below = _part(sum_of(name), area, here)
                below.add_(_part(image, laid.what.window, here), alpha=laid.strength)
    return sums


def _add_tiles(
    detail: DetailTiles, strength: float, area: Window, size: int, names: Collection[str], sum_of: _SumOf
) -> None:
    amounts = {name: getattr(detail, name) for name in names if hasattr(detail, name)}
    if not amounts:
        return
    chosen = torch.stack([amount != 0.0 for amount in amounts.values()]).any(dim=0).nonzero()[:, 0].tolist()
    if not chosen:
        return
    weights = enlarged(detail.weights[chosen], area.rows, size, columns=area.columns)
    side = detail.tiles.shape[-1]
    rows, columns = (torch.arange(*span).remainder(side) for span in (area.rows, area.columns))
    for number, weight in zip(chosen, weights, strict=True):
        if area.columns == (0, size):
            weight.view(len(rows), -1, side).mul_(detail.tiles[number][rows][:, None])
        else:
            weight.mul_(detail.tiles[number][rows][:, columns])
        for name, amount in amounts.items():
            if amount[number] != 0.0:
                sum_of(name).add_(weight, alpha=strength * float(amount[number]))


def _pigments(composition: Composition, sums: Mapping[str, Tensor]) -> Tensor | None:
    """Return [3, h, w] what fine melanin and blood leave of the albedo; None where there is none."""
    slopes_of = {"melanin": composition.melanin_slope, "blood": composition.blood_slope}
    parts = [slope[:, None, None] * sums[name] for name, slope in slopes_of.items() if name in sums]
    return sum(parts[1:], start=parts[0]).exp_() if parts else None


def _hide(albedo: Tensor, composition: Composition, area: Window) -> None:
    """Lay what covers over [3, h, w], in order."""
    for laid in composition.details:
        decal = laid.what
        if not isinstance(decal, Decal) or decal.cover is None or decal.colour is None:
            continue
        if (here := _common(decal.window, area)) is not None:
            share = laid.strength * _part(decal.cover, decal.window, here)
            colour = decal.colour[:, None, None] if decal.colour.dim() == 1 else _part(decal.colour, decal.window, here)
            below = _part(albedo, area, here)
            below.add_((colour - below).mul_(share))


def _pull(image: Tensor, composition: Composition, area: Window, name: str) -> None:
    """Pull [h, w] of a gloss channel to what the covering decals have, in order."""
    for laid in composition.details:
        decal = laid.what
        if not isinstance(decal, Decal) or decal.cover is None:
            continue
        value = getattr(decal, name, None)
        if value is not None and (here := _common(decal.window, area)) is not None:
            below = _part(image, area, here)
            below.add_((value - below).mul_(laid.strength * _part(decal.cover, decal.window, here)))


def _finish_normals(metric: Tensor, maps: Mapping[str, Tensor], rows: tuple[int, int]) -> None:
    """Write rows of the normals from the displacement."""
    displacement = maps["displacement"][..., 0]
    size = len(displacement)
    above, below = max(0, rows[0] - 1), min(size, rows[1] + 1)
    height = displacement[above:below]
    height = pad(height[None, None], (0, 0, above - rows[0] + 1, rows[1] + 1 - below), mode="replicate")[0, 0]
    along_u, along_v = slopes(height, enlarged(metric, rows, size), size)
    upright = torch.rsqrt(1.0 + along_u * along_u + along_v * along_v)
    normal = maps["normal"][slice(*rows)]
    normal[..., 0] = -along_u * upright
    normal[..., 1] = -along_v * upright
    normal[..., 2] = upright
