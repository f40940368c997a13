"""What a diffusion model has made on a place: pictures that a face keeps, and their overlay on the skin.

No model is needed here. For each texture tile there are three pictures in its layout, RGBA:

    tint/TILE     how many times brighter the albedo became, per channel on a logarithmic scale; alpha: what was seen.
    paint/TILE    the albedo itself, sRGB; alpha: how much of the skin it hides.
    surface/TILE  red: fine relief around the middle grey; green: gloss; blue: how far decoders pull the specular to
                  all (above the middle) or to nothing (below it), where the edit names any; alpha: what was seen.
"""

from __future__ import annotations

import hashlib
import io
import threading
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Annotated, Final

import numpy as np
import torch
from cachetools import LRUCache, cached
from PIL import Image
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError
from torch import Tensor
from torch.nn.functional import pad

from dreamface.edits.drawn_images import Drawing, inside_islands, onto_texels, pushed, straight
from dreamface.edits.handling import first_problem
from dreamface.edits.seams import Seams, seams_of
from dreamface.edits.sheet import MASK_SIZE, sheet_of
from dreamface.errors import BadRequest
from dreamface.face import Head, Topology
from dreamface.images import decode_srgb8, decode_unit8, encode_srgb8, encode_unit8, png_bytes
from dreamface.limits import LONGEST_WISH
from dreamface.record import PHOTOGRAPH, EditEntry
from dreamface.skin import Overlay, Patch, Site, TopologyCache, Window, skin_tiles, texels_inside, window_of
from dreamface.units import MM

LARGEST_RATIO: Final = 2.0794415416798357
"""Natural logarithm of 8: no albedo becomes more times brighter or darker."""

MADE: Final = ("diffusion", PHOTOGRAPH)
"""Kinds of edits that keep such pictures: of diffusion, and of the skin that photographs show."""

KINDS: Final = ("tint", "paint", "surface")
"""Of pictures, one each for a tile."""

_MIDDLE, _SPAN = 128, 127  # code that means 0, and codes to either end
_LARGEST: Final = 2048  # pixels a side: what is made, and no larger ones of strangers
_KEPT: Final = 2**28  # bytes of pictures in memory: four whole ones, or many that show little
_CHANNELS: Final = 11  # of `Diffused`
_GUTTER: Final = 8  # texels beyond the islands that filters mix in
_SIZES: Final = 2  # of maps whose seams are kept
_MARGIN: Final = 16  # texels around what was made that may be looked at
_RELIEF_MM: Final = 0.06  # of relief 1, where the edit does not say
_MOST_RELIEF_MM: Final = 1.0
_MOST_STEPS: Final = 10_000  # of all stages together
_MOST_GUIDANCE: Final = 1000.0
_ROUGH, _SHINY = 0.62, 0.16  # roughness of what hides the skin, without and with gloss
_DULL, _MIRRORS = 0.34, 0.62  # specular of the same
_DEPTH_ROUGH: Final = 0.18  # roughness that deep places have more
_COVERED: Final = 0.25  # subsurface of what hides the skin
_GLOSS_OF_COVER: Final = 0.7  # of the own gloss that is hidden with the skin


_seams: TopologyCache[Seams] = TopologyCache(_SIZES)


class DiffusedEntry(BaseModel):
    """How it was made, as the parameters of its edit have it: for people, and to make it again."""

    model_config = ConfigDict(extra="forbid")
    words: str = Field(default="", max_length=LONGEST_WISH)
    model: str = Field(default="", max_length=200)
    texture_model: str = Field(default="", max_length=200, description="what judged the texture itself, or made it")
    pbr_decoders: str = Field(default="", max_length=200, description="what decoded specular and relief of the face")
    seed: int = Field(default=0, ge=0, lt=2**32)
    steps: int = Field(default=30, ge=1, le=_MOST_STEPS)
    guidance: float = Field(default=7.5, ge=0.0, le=_MOST_GUIDANCE, allow_inf_nan=False)
    fast: bool = Field(default=False, description="sampled from the texture model at once")
    sharpened_by: list[Annotated[str, Field(max_length=200)]] = Field(default=[], max_length=10)
    keep: float = Field(default=0.0, ge=0.0, le=1.0, allow_inf_nan=False)
    cut_off: str = Field(default="", max_length=LONGEST_WISH)
    stopped: str = Field(default="", max_length=LONGEST_WISH, description="why it has ended early")
    under: bool = Field(default=False, description="lies below brows, make-up and what else covers the skin")
    relief_mm: float = Field(default=_RELIEF_MM, gt=0.0, le=_MOST_RELIEF_MM, allow_inf_nan=False)
    shown: dict[str, FiniteFloat] = Field(default={}, max_length=200, description="of traits, before diffusion")


@dataclass(frozen=True)
class Diffused:
    """What has changed in a tile, [H, H] images in its layout.

    Attributes:
        ratio: [3, H, H] log ratio of the albedo.
        albedo: [3, H, H] linear, after it.
        hides: [H, H] 0..1 how much of the skin the albedo hides.
        relief: [H, H] -1..1.
        gloss: [H, H] 0..1.
        seen: [H, H] 0..1 where it is known.
        specular: [H, H] -1..1 how far decoders pull the specular to all of it, or to nothing; None: there are none.
    """

    ratio: Tensor
    albedo: Tensor
    hides: Tensor
    relief: Tensor
    gloss: Tensor
    seen: Tensor
    specular: Tensor | None = None


def diffused_pictures(
    made: Mapping[str, Diffused], topology: Topology, masks: Mapping[str, Tensor]
) -> tuple[dict[str, str], dict[str, bytes]]:
    """Return the pictures of an edit: name -> SHA-256, and SHA-256 -> PNG.

    Args:
        made: what has changed, by tile.
        topology: of the head.
        masks: tile -> [S, S] 0..1 the place that it was made on: where that lies across a seam of the layout, both
            sides are made the same.
    """
    names, pictures = {}, {}
    for tile, one in _stitched(made, topology, masks).items():
        relief = _coded(one.relief)
        specular = torch.zeros_like(relief) if one.specular is None else _coded(one.specular)
        images = {
            "tint": _rgba(_coded(one.ratio / LARGEST_RATIO), one.seen),
            "surface": _rgba(torch.stack((relief, one.gloss, specular)), one.seen),
        }
        pngs = {kind: png_bytes(encode_unit8(image)) for kind, image in images.items()}
        alpha = encode_unit8((one.hides * one.seen)[..., None])
        shown = one.albedo.permute(1, 2, 0) * torch.from_numpy(alpha > 0)
        pngs["paint"] = png_bytes(np.concatenate((encode_srgb8(shown), alpha), axis=2))
        for kind in KINDS:
            digest = hashlib.sha256(pngs[kind]).hexdigest()
            names[f"{kind}/{tile}"] = digest
            pictures[digest] = pngs[kind]
    return names, pictures


def _stitched(made: Mapping[str, Diffused], topology: Topology, masks: Mapping[str, Tensor]) -> Mapping[str, Diffused]:
    """Return the same with both sides alike along the seams that a place lies across."""
    sheet = sheet_of(topology)
    names = [tile.name for tile in sheet.tiles]
    nothing = torch.zeros(MASK_SIZE, MASK_SIZE)
    sides = sheet.seams.both_sides({name: masks.get(name, nothing).contiguous() for name in names})
    if not made or not max(float(side.max(initial=0.0)) for side in sides) > 0.0:
        return made
    size = next(iter(made.values())).hides.shape[-1]
    decoded = {tile: one.specular is not None for tile, one in made.items()}
    images = {tile: _beyond_islands(_packed(one), topology, tile) for tile, one in made.items()}
    empty = torch.zeros(size, size)
    seams = _seams.get(topology, size, lambda: seams_of(topology, names, size))
    channels = [
        seams.stitched({name: images[name][number] if name in images else empty for name in names})
        for number in range(_CHANNELS)
    ]
    return {tile: _unpacked(torch.stack([channel[tile] for channel in channels]), decoded[tile]) for tile in made}


def _packed(one: Diffused) -> Tensor:
    """Return [11, H, H] 0..1; what has a sign, around a half."""
    specular = torch.zeros_like(one.relief) if one.specular is None else one.specular
    signed = torch.cat((one.ratio / LARGEST_RATIO, one.relief[None], specular[None])) * 0.5 + 0.5
    return torch.cat((signed, one.albedo, torch.stack((one.hides, one.gloss, one.seen))))


def _unpacked(image: Tensor, decoded: bool) -> Diffused:
    signed = image[:5] * 2.0 - 1.0
    specular = signed[4] if decoded else None
    return Diffused(signed[:3] * LARGEST_RATIO, image[5:8], image[8], signed[3], image[9], image[10], specular)


def _beyond_islands(image: Tensor, topology: Topology, tile: str) -> Tensor:
    """Return [C, H, H] continued a little beyond the islands, where there is anything."""
    inside = texels_inside(topology, tile, image.shape[-1])[0] >= 0
    window = window_of((image[-1] > 0.0) & inside)
    if window is None:
        return image
    (top, bottom), (left, right) = window.rows, window.columns
    rows, columns = (slice(max(0, first - _GUTTER), last + _GUTTER) for first, last in ((top, bottom), (left, right)))
    found = image.clone()
    found[:, rows, columns] = pushed(image[:, rows, columns], inside[rows, columns], _GUTTER)
    return found


def _coded(values: Tensor) -> Tensor:
    """Return 0..1 of -1..1, with 0 on a code of its own."""
    return (_MIDDLE + _SPAN * values.clamp(-1.0, 1.0)) / 255.0


def _rgba(image: Tensor, seen: Tensor) -> Tensor:
    """Return [H, H, 4]; what was not seen is empty."""
    shown = torch.cat((image, seen[None])).permute(1, 2, 0)
    return shown * (seen >= 0.5 / 255.0)[..., None]


def diffused_entry(edit: EditEntry) -> DiffusedEntry:
    """Return how an edit was made.

    Raises:
        BadRequest: a parameter is unknown or out of its range, or a picture has no meaning.
    """
    name = edit.label or edit.id
    try:
        entry = DiffusedEntry.model_validate(dict(edit.parameters))
    except ValidationError as error:
        raise BadRequest(f"What {_maker(edit)} made of {name!r} can't be laid on ({first_problem(error)}).") from error
    tiles = tiles_in(edit.pictures)
    if not tiles or any(f"{kind}/{tile}" not in edit.pictures for tile in tiles for kind in KINDS):
        raise BadRequest(
            f"A picture of what {_maker(edit)} made of {name!r} is missing: delete the edit, or make it again."
        )
    return entry


def _maker(edit: EditEntry) -> str:
    """Return what sentences say an edit's pictures were made by."""
    return "a photograph" if edit.kind == PHOTOGRAPH else "diffusion"


def tiles_in(pictures: Mapping[str, str]) -> tuple[str, ...]:
    """Return the tiles that pictures are for, in their order."""
    return tuple(dict.fromkeys(name.partition("/")[2] for name in pictures))


def diffused_overlays(
    edit: EditEntry, head: Head, seed: int, pictures: Mapping[str, bytes], places: Mapping[str, Tensor] | None
) -> list[Overlay]:
    """Return the overlay of what diffusion made; none where the place has none of it.

    Args:
        edit: of a kind in `MADE`.
        head: whose skin.
        seed: not needed: nothing in it is random.
        pictures: SHA-256 -> PNG.
        places: masks of its place; None where it lies everywhere.

    Raises:
        BadRequest: a parameter is out of its range, or a picture is missing or damaged.
    """
    entry = diffused_entry(edit)
    tiles = [tile for tile in skin_tiles(head.topology) if tile in tiles_in(edit.pictures)]
    if not set(edit.pictures.values()) <= pictures.keys():
        raise BadRequest(
            f"A picture that {_maker(edit)} made is missing from the face: make it again, or delete the edit."
        )
    images = {tile: {kind: pictures[edit.pictures[f"{kind}/{tile}"]] for kind in KINDS} for tile in tiles}
    layers = {tile: _Layers(head, tile, pngs) for tile, pngs in images.items()}
    shown = {tile: layer for tile, layer in layers.items() if layer.shows}
    masks = {tile: places[tile] if places is not None else _everywhere() for tile in shown if _lies(places, tile)}
    if not masks:
        return []
    key = ("diffusion", tuple(sorted(edit.pictures.items())), edit.place, entry.under, entry.relief_mm)
    draw = partial(_draw, shown, entry)
    return [Overlay(f"{edit.id}/diffusion", key, masks, edit.strength, seed=seed, draw=draw, reads=())]


def _lies(places: Mapping[str, Tensor] | None, tile: str) -> bool:
    return places is None or tile in places


def _everywhere() -> Tensor:
    return torch.ones(1, 1).expand(MASK_SIZE, MASK_SIZE)


@dataclass(frozen=True)
class _Layers:
    """The pictures of a tile; put on texels when they are first needed, by whichever thread comes first."""

    head: Head
    tile: str
    pngs: Mapping[str, bytes]
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def shows(self) -> bool:
        """Whether anything was made in the tile."""
        return any(_read(png, kind) is not None for kind, png in self.pngs.items())

    def on(self, site: Site) -> dict[str, Tensor]:
        """Return [4, h, w] of the pictures that show anything, on the texels of a site, times alpha, and alpha."""
        with self._lock:
            wide = self._wide
        size = site.subject.size
        return {
            kind: onto_texels(drawing.image, inside, drawing.size[0], drawing.box, size, site.window)
            for kind, (drawing, inside) in wide.items()
        }

    @cached_property
    def _wide(self) -> dict[str, tuple[Drawing, Tensor]]:
        found = {}
        for kind, png in self.pngs.items():
            if (drawing := _read(png, kind)) is not None:
                found[kind] = _widened(drawing, self.head, self.tile)
        return found


def _widened(drawing: Drawing, head: Head, tile: str) -> tuple[Drawing, Tensor]:
    """Return a drawing with some texels around it, and [h, w] which of them lie in the islands."""
    side, (top, bottom), (left, right) = drawing.size[0], drawing.box.rows, drawing.box.columns
    box = Window(
        (max(0, top - _MARGIN), min(side, bottom + _MARGIN)), (max(0, left - _MARGIN), min(side, right + _MARGIN))
    )
    around = (left - box.columns[0], box.columns[1] - right, top - box.rows[0], box.rows[1] - bottom)
    return Drawing(drawing.size, box, pad(drawing.image, around)), inside_islands(head.topology, tile, side, box)


def _bytes_of(drawing: Drawing | None) -> int:
    return 0 if drawing is None else drawing.image.nbytes


_read_lately: Final[LRUCache[Hashable, Drawing | None]] = LRUCache(_KEPT, getsizeof=_bytes_of)


@cached(_read_lately, lock=threading.Lock())
def _read(png: bytes, kind: str) -> Drawing | None:
    """Return what shows of a picture: [4, h, w] what it means times alpha, and alpha; None where nothing does.

    Raises:
        BadRequest: it is no square PNG, is damaged, or too large.
    """
    try:
        with Image.open(io.BytesIO(png), formats=["PNG"]) as image:
            if image.width != image.height or image.width > _LARGEST:
                raise BadRequest("A picture of the skin has another size than it should: delete the edit that has it.")
            pixels = np.asarray(image.convert("RGBA"))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise BadRequest("A picture of the skin is damaged: delete the edit that has it, or make it again.") from error
    seen = pixels[..., 3] > 0
    rows, columns = np.nonzero(seen.any(axis=1))[0], np.nonzero(seen.any(axis=0))[0]
    if not len(rows):
        return None
    box = Window((int(rows[0]), int(rows[-1]) + 1), (int(columns[0]), int(columns[-1]) + 1))
    part = pixels[box.slices]
    alpha = decode_unit8(part[..., 3:])
    if kind == "paint":
        values = decode_srgb8(part[..., :3])
    else:
        signed = (torch.from_numpy(part[..., :3].astype(np.float32)) - _MIDDLE) / _SPAN
        values = signed * LARGEST_RATIO if kind == "tint" else signed
        if kind == "surface":
            values = torch.cat((signed[..., :1], decode_unit8(part[..., 1:2]), signed[..., 2:]), dim=2)
    image_of = torch.cat((values * alpha, alpha), dim=2).permute(2, 0, 1).contiguous()
    return Drawing((len(seen), len(seen)), box, image_of)


def _draw(layers: Mapping[str, _Layers], entry: DiffusedEntry, site: Site) -> Sequence[Patch]:
    """Draw what was made: a stain over the pigments, a cover where they are hidden, fine relief and gloss."""
    images, mask = layers[site.subject.tile].on(site), site.mask
    nothing = torch.zeros_like(mask)
    tint, surface, paint = (images.get(kind) for kind in ("tint", "surface", "paint"))
    stain = None if tint is None else (tint[:3].clamp(-LARGEST_RATIO, LARGEST_RATIO) * mask).exp()
    relief, gloss = (nothing, nothing) if surface is None else (surface[0], surface[1].clamp(0.0, 1.0) * mask)
    colour, hides = (None, nothing) if paint is None else straight(paint)
    hides = (hides * mask).clamp(0.0, 1.0)
    dull = _ROUGH - _DEPTH_ROUGH * relief
    specular, own = specular_of_gloss(gloss, hides)
    decoded = surface if entry.pbr_decoders else None
    first = Patch(
        site.window, stain=stain, cover=None if colour is None else hides, colour=colour, gloss=own,
        roughness=torch.lerp(dull, torch.full_like(dull, _SHINY), gloss).clamp(0.05, 0.95),
        specular=specular if decoded is None else None, height=relief.clamp(-1.0, 1.0) * mask * (entry.relief_mm * MM),
        under=entry.under,
    )  # fmt: skip
    patches = [first, Patch(site.window, gloss=hides, subsurface=_COVERED, under=entry.under)]
    if decoded is not None:
        pull = decoded[2].clamp(-1.0, 1.0) * mask
        for target, share in ((1.0, pull.clamp_min(0.0)), (0.0, (-pull).clamp_min(0.0))):
            patches.append(Patch(site.window, gloss=share, specular=target, under=entry.under))
    return patches


def specular_of_gloss(gloss: Tensor, hides: Tensor) -> tuple[Tensor, Tensor]:
    """Return the specular that gloss and what hides the skin are estimated to have, and 0..1 how far they pull to it.

    Args:
        gloss: [h, w] 0..1.
        hides: [h, w] 0..1.
    """
    return _DULL + (_MIRRORS - _DULL) * gloss, torch.maximum(_GLOSS_OF_COVER * hides, gloss)
