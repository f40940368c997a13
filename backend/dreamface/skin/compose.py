"""From ground, detail tiles and decals to maps, a band of rows at a time, and only the bands that have changed.

All relief is one height field in metres along the mesh's normal: the displacement. The normals are its slopes, by
central differences over two texels, in the tangent space of OpenGL: x along growing u, y along growing v, z outwards.
What lies deep in it mirrors less; the albedo knows nothing of it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor
from torch.nn.functional import pad

from dreamface.skin.canvas.atlas import slopes
from dreamface.skin.canvas.bands import band_rows, enlarged
from dreamface.skin.canvas.layer import Decal, DetailTiles, Ground
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

    def reaches(self, group: str) -> list[tuple[int, int]]:
        """Return [start, stop) of the maps' rows in which it may change a group of channels."""
        if isinstance(self.what, OtherSkin):
            return [self.what.spot.window.rows]
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
            _finish_band(new, maps, (start, min(start + step, size)), groups)

    def bend(start: int) -> None:
        with torch.set_grad_enabled(differentiated):
            _finish_normals(new.metric, maps, (start, min(start + step, size)))

    deque(every(finish, sorted(set().union(*stale.values()))), maxlen=0)
    deque(every(bend, _with_neighbours(stale["relief"], size)), maxlen=0)
    return Composed(new, maps)


def _with_neighbours(bands: Collection[int], size: int) -> list[int]:
    """Slopes take the rows above and below: next to a band that has changed, the last rows' slopes have, too."""
    band = band_rows(size)
    return sorted({start + step for start in bands for step in (-band, 0, band)} & set(range(0, size, band)))


# ------------------------------------------------------------------------------------------------- what has changed


def _stale_bands(old: Composition, new: Composition) -> dict[str, set[int]]:
    """For each group of channels, the first rows of the bands that have to be made anew."""
    rows = {group: _changed_ground(old, new, group) for group in _GROUPS}
    before, after = ({(id(laid.what), laid.strength): laid for laid in one.details} for one in (old, new))
    gone = [before[key] for key in before.keys() - after.keys()]
    come = [after[key] for key in after.keys() - before.keys()]
    for group, reaches in rows.items():
        reaches += [_reach(laid.what, new.size) for laid in _not_shared(gone, come, group)]
    slopes_before = torch.stack((old.melanin_slope, old.blood_slope))
    if not torch.equal(slopes_before, torch.stack((new.melanin_slope, new.blood_slope))):
        rows["colour"].append((0, new.size))
    for group, reaches in rows.items():
        reaches += _changed_edits(old, new, group)
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


def _equal(one: Tensor | float | None, other: Tensor | float | None) -> bool:
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
    """Write rows [start, stop) of the maps in the groups, but for the normals."""
    band = slice(*rows)
    values = _skin_band(composition, maps.keys(), rows, groups)
    for name, image in _with_edits(values, composition, rows).items():
        if name == "albedo":
            maps[name][band] = image.clamp_(0.0, 1.0).permute(1, 2, 0)
        elif name == "displacement":
            maps[name][band, :, 0] = image
        else:
            maps[name][band, :, 0] = image.clamp_(0.0, 1.0)


def _skin_band(
    composition: Composition, channels: Collection[str], rows: tuple[int, int], groups: Collection[str]
) -> dict[str, Tensor]:
    """Return rows [start, stop) of the groups' channels, without edits: [h, size], and the albedo [3, h, size]."""
    size, ground, found = composition.size, composition.ground, {}
    sums = _add_up(composition, rows, dict.fromkeys(name for group in groups for name in _SUMS[group]))
    if "relief" in groups:
        height = enlarged(ground.height[None], rows, size)[0]
        for name in _SUMS["relief"]:
            if name in sums:
                height.add_(sums[name])
        found["displacement"] = height
    if "gloss" in groups:
        names = [name for name in _GROUPS["gloss"] if name in channels]
        always = [name for name in names if name != "metallic"]
        gloss = [*enlarged(torch.stack([getattr(ground, name) for name in always]), rows, size)]
        if len(names) > len(always):  # by itself: interpolating four images at once rounds the others another way
            gloss.append(enlarged(ground.metallic[None], rows, size)[0])
        for name, image in zip((*always, "metallic"), gloss, strict=False):
            if name in sums:
                image.add_(sums[name])
            _pull(image, composition, rows, name)
            if name == "specular" and "height" in sums:
                image.mul_(_openness(sums["height"]))
            found[name] = image
    if "colour" in groups:
        albedo = enlarged(ground.albedo, rows, size)
        if (pigments := _pigments(composition, sums)) is not None:
            albedo.mul_(pigments)
        _hide(albedo, composition, rows)
        found["albedo"] = albedo
    return found


# --------------------------------------------------------------------------------------------------------- the edits


def _with_edits(values: dict[str, Tensor], composition: Composition, rows: tuple[int, int]) -> dict[str, Tensor]:
    """Return a band's channels with the edits laid over them; see `_skin_band`."""
    edits = [edit for edit in composition.edits if edit.strength > 0.0]
    own = values
    if any(isinstance(edit.what, OtherSkin) and _overlap(edit.what.spot, rows) for edit in edits):
        own = {name: image.clone() for name, image in values.items()}
    for edit in edits:
        if isinstance(edit.what, OtherSkin):
            _show_other(values, own, edit.what, edit.strength, rows)
            continue
        for patch in edit.what:
            _lay_patch(values, patch, edit.strength, composition, rows)
    return values


_DARKEST: Final = 1e-3  # albedo below which a change is no ratio any more


def _show_other(
    values: Mapping[str, Tensor], own: Mapping[str, Tensor], other: OtherSkin, strength: float, rows: tuple[int, int]
) -> None:
    """Change a band by what the other skin has different from the own one, under the mask."""
    if (here := _overlap(other.spot, rows)) is None:
        return
    groups = [group for group, names in _GROUPS.items() if not values.keys().isdisjoint(names)]
    theirs = _skin_band(other.composition, values.keys(), rows, groups)
    weight = strength * _image_rows(other.spot.image, other.spot.window.rows[0], rows)
    for name, image in values.items():
        place = (*((slice(None),) if name == "albedo" else ()), *here)
        if name == "albedo":  # by ratio: what lies on the skin, such as ink, stays on it
            ratio = theirs[name][place].clamp_min(_DARKEST) / own[name][place].clamp_min(_DARKEST)
            image[place] *= ratio.pow_(weight)
        else:
            image[place] += (theirs[name][place] - own[name][place]).mul_(weight)


def _lay_patch(
    values: Mapping[str, Tensor], patch: Patch, strength: float, composition: Composition, rows: tuple[int, int]
) -> None:
    """Lay a patch over a band."""
    if (here := _overlap(patch, rows)) is None:
        return

    def cut(image: Tensor | float) -> Tensor | float:
        return (
            _image_rows(image, patch.window.rows[0], rows) if isinstance(image, Tensor) and image.dim() > 1 else image
        )

    if "albedo" in values:
        _lay_colour(values["albedo"][(slice(None), *here)], patch, strength, composition, cut)
    if patch.gloss is not None and "roughness" in values:
        share = (strength * cut(patch.gloss)).clamp(max=1.0)  # type: ignore[union-attr]
        for name in _GROUPS["gloss"]:
            if (target := getattr(patch, name)) is not None and name in values:
                below = values[name][here]
                below.add_((cut(target) - below).mul_(share))
    if "displacement" in values:
        _lay_relief(values["displacement"][here], patch, strength, composition, rows, here, cut)


_Cut = Callable[[Tensor | float], Tensor | float]


def _lay_colour(albedo: Tensor, patch: Patch, strength: float, composition: Composition, cut: _Cut) -> None:
    """Change [3, h, w] of the albedo by a patch."""
    pigments = ((patch.melanin, composition.melanin_slope), (patch.blood, composition.blood_slope))
    for amount, slope in pigments:
        if amount is not None:
            albedo.mul_(torch.exp(slope[:, None, None] * (strength * cut(amount))))
    if patch.stain is not None:
        albedo.mul_(torch.as_tensor(cut(patch.stain)).clamp_min(_DARKEST).pow(strength))
    if patch.cover is not None and patch.colour is not None:
        colour = patch.colour[:, None, None] if patch.colour.dim() == 1 else cut(patch.colour)
        albedo.add_((colour - albedo).mul_((strength * torch.as_tensor(cut(patch.cover))).clamp(max=1.0)))


def _lay_relief(
    height: Tensor,
    patch: Patch,
    strength: float,
    composition: Composition,
    rows: tuple[int, int],
    here: tuple[slice, slice],
    cut: _Cut,
) -> None:
    """Change [h, w] of the relief by a patch."""
    if patch.flat is not None:
        level = enlarged(composition.ground.height[None], rows, composition.size)[0][here]
        height.add_((level - height).mul_((strength * torch.as_tensor(cut(patch.flat))).clamp(max=1.0)))
    if patch.height is not None:
        height.add_(torch.as_tensor(cut(patch.height)), alpha=strength)


def _image_rows(image: Tensor, first: int, rows: tuple[int, int]) -> Tensor:
    """Return [..., h, w] the part that lies in a band of rows, of an image that begins at row `first`."""
    return image[..., max(0, rows[0] - first) : max(0, rows[1] - first), :]


def _openness(height: Tensor) -> Tensor:
    """Share of the specular that comes out of pores and grooves; 1 on what is level or raised."""
    return height.clamp(max=0.0).mul_(1.0 / _CAVITY).exp_().mul_(_SHELTERED).add_(1.0 - _SHELTERED)


def _add_up(composition: Composition, rows: tuple[int, int], names: Collection[str]) -> dict[str, Tensor]:
    """Return [h, size] sums of what decals and detail tiles add to some rows; without those that nothing adds to."""
    sums: dict[str, Tensor] = {}

    def sum_of(name: str) -> Tensor:
        return sums.setdefault(name, torch.zeros(rows[1] - rows[0], composition.size))

    for laid in composition.details:
        if isinstance(laid.what, DetailTiles):
            _add_tiles(laid.what, laid.strength, rows, composition.size, names, sum_of)
            continue
        for name in names:
            image = getattr(laid.what, name)
            if isinstance(image, Tensor) and (here := _overlap(laid.what, rows)) is not None:
                sum_of(name)[here].add_(_rows_of(laid.what, image, rows), alpha=laid.strength)
    return sums


def _add_tiles(
    detail: DetailTiles, strength: float, rows: tuple[int, int], size: int, names: Collection[str], sum_of: _SumOf
) -> None:
    amounts = {name: getattr(detail, name) for name in names if hasattr(detail, name)}
    if not amounts:
        return
    chosen = torch.stack([amount != 0.0 for amount in amounts.values()]).any(dim=0).nonzero()[:, 0].tolist()
    if not chosen:
        return
    weights = enlarged(detail.weights[chosen], rows, size)
    side = detail.tiles.shape[-1]
    index = torch.arange(*rows).remainder(side)
    for number, weight in zip(chosen, weights, strict=True):
        weight.view(len(index), -1, side).mul_(detail.tiles[number][index][:, None])
        for name, amount in amounts.items():
            if amount[number] != 0.0:
                sum_of(name).add_(weight, alpha=strength * float(amount[number]))


def _pigments(composition: Composition, sums: Mapping[str, Tensor]) -> Tensor | None:
    """Return [3, h, size] what fine melanin and blood leave of the albedo; None where there is none."""
    slopes_of = {"melanin": composition.melanin_slope, "blood": composition.blood_slope}
    parts = [slope[:, None, None] * sums[name] for name, slope in slopes_of.items() if name in sums]
    return sum(parts[1:], start=parts[0]).exp_() if parts else None


def _hide(albedo: Tensor, composition: Composition, rows: tuple[int, int]) -> None:
    """Lay what covers over [3, h, size], in order."""
    for laid in composition.details:
        decal = laid.what
        if not isinstance(decal, Decal) or decal.cover is None or decal.colour is None:
            continue
        if (here := _overlap(decal, rows)) is not None:
            share = laid.strength * _rows_of(decal, decal.cover, rows)
            colour = decal.colour[:, None, None] if decal.colour.dim() == 1 else _rows_of(decal, decal.colour, rows)
            below = albedo[(slice(None), *here)]
            below.add_((colour - below).mul_(share))


def _pull(image: Tensor, composition: Composition, rows: tuple[int, int], name: str) -> None:
    """Pull [h, size] of a gloss channel to what the covering decals have, in order."""
    for laid in composition.details:
        decal = laid.what
        if not isinstance(decal, Decal) or decal.cover is None:
            continue
        value = getattr(decal, name, None)
        if value is not None and (here := _overlap(decal, rows)) is not None:
            below = image[here]
            below.add_((value - below).mul_(laid.strength * _rows_of(decal, decal.cover, rows)))


def _overlap(what: Decal | Patch | Spot, rows: tuple[int, int]) -> tuple[slice, slice] | None:
    """Return where something lies in a band of rows; None where it does not reach it."""
    start, stop = max(rows[0], what.window.rows[0]), min(rows[1], what.window.rows[1])
    return (slice(start - rows[0], stop - rows[0]), slice(*what.window.columns)) if start < stop else None


def _rows_of(decal: Decal, image: Tensor, rows: tuple[int, int]) -> Tensor:
    """Return [..., h, w] the part of a decal's image that lies in a band of rows."""
    return _image_rows(image, decal.window.rows[0], rows)


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
