"""Diffusion on a marked place of the skin: in views of it, or in the texture itself where a model knows textures.

Without a texture model, the place is in-painted in rendered views and projected back. Each view is rendered with what
the ones before have made, and makes anew only what they have not seen well; so the views agree where they meet.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import torch
from torch import Tensor
from torch.nn.functional import grid_sample

from dreamface.colour import encode_srgb
from dreamface.edits import Diffused
from dreamface.errors import BadRequest
from dreamface.face import Head, Maps, Material
from dreamface.geometry import smoothstep
from dreamface.guidance.blending import Blended, Wish, blend
from dreamface.guidance.deriving import CHANNELS, changes, changes_in
from dreamface.guidance.interface import LatentDiffusion, Mixed
from dreamface.guidance.projecting import Gathered, Texels, project, texels_of
from dreamface.guidance.sampling import with_less_memory
from dreamface.guidance.sitter import resized
from dreamface.guidance.views import Cloud, look_at_place
from dreamface.progress import Progress
from dreamface.render import Camera, CloseUp, close_up, vertex_normals
from dreamface.skin import window_of

LAYER_SIZE: Final = 2048
"""Texels a side of what is made."""

_MADE: Final = (0.08, 0.3)  # weight of earlier views between which a place is not made anew
_SEEN: Final = (0.004, 0.05)  # weight of all views between which a texel begins to show what was made
_DRAWN: Final = (0.3, 1.0)  # log ratio of a sketch's albedo from which it hides the skin, and at which all of it
_DARKEST: Final = 1e-3
_AROUND: Final = 0.4  # of a mask's window that is shown around it, in the texture


@dataclass(frozen=True)
class Canvas:
    """The skin that diffusion works on.

    Attributes:
        head: whose.
        materials: of its parts.
        maps: its textures.
        masks: tile -> [S, S] 0..1 where something is to be made.
        start: textures that it begins with, where they are others: with a sketch on them.
    """

    head: Head
    materials: Mapping[str, Material]
    maps: Maps
    masks: Mapping[str, Tensor]
    start: Maps | None = None

    @cached_property
    def normals(self) -> Tensor:
        """[V, 3] of length 1."""
        return vertex_normals(self.head.vertices, self.head.topology.triangles)

    def view(self, camera: Camera, size: int) -> CloseUp:
        """Return a view of what is begun with."""
        maps = self.maps if self.start is None else self.start
        return close_up(self.head.vertices, self.head.topology, self.materials, maps, camera, size)

    def own_albedo(self, view: CloseUp) -> Tensor:
        """Return [3, S, S] the skin's own albedo in a view."""
        if self.start is None:
            return view.albedo.permute(2, 0, 1)
        images = {tile: self.maps[tile]["albedo"].permute(2, 0, 1) for tile in self.masks}
        return torch.where(self._known(view), self.in_view(view, images), view.albedo.permute(2, 0, 1))

    def in_view(self, view: CloseUp, images: Mapping[str, Tensor]) -> Tensor:
        """Return [C, S, S] images [C, H, H] by tile in the pixels of a view; 0 where a pixel shows none of them."""
        grid = torch.stack((2.0 * view.uv[..., 0] - 1.0, 1.0 - 2.0 * view.uv[..., 1]), dim=-1)[None]
        tiles, found = self._tiles(view), torch.zeros(len(next(iter(images.values()))), view.size, view.size)
        for tile, image in images.items():
            here = grid_sample(image[None], grid, mode="bilinear", padding_mode="border", align_corners=False)[0]
            found = torch.where(tiles == self.head.topology.tiles.index(tile), here, found)
        return found

    def _known(self, view: CloseUp) -> Tensor:
        numbers = torch.tensor([self.head.topology.tiles.index(tile) for tile in self.masks])
        return torch.isin(self._tiles(view), numbers)

    def _tiles(self, view: CloseUp) -> Tensor:
        """Return [S, S] the number of each pixel's tile; -1 where there is none."""
        return torch.where(view.triangle >= 0, self._tile_of_triangle[view.triangle.clamp_min(0)], -1)

    @cached_property
    def _tile_of_triangle(self) -> Tensor:
        topology, numbers = self.head.topology, []
        for part in topology.parts:
            tile = part.tile or self.materials[part.material].tile
            number = topology.tiles.index(tile) if tile in topology.tiles else -1
            numbers.append(torch.full((2 * (part.faces[1] - part.faces[0]),), number))
        return torch.cat(numbers)


def diffuse(
    model: LatentDiffusion,
    canvas: Canvas,
    wish: Wish,
    *,
    texture: LatentDiffusion | None = None,
    share: float = 0.5,
    size: int = LAYER_SIZE,
    progress: Progress = Progress(),  # noqa: B008 - immutable
) -> dict[str, Diffused]:
    """Make what words say on a place, and return what it changes of the skin, by tile.

    Args:
        model: knows pictures of anything.
        canvas: the skin, and the place on it.
        wish: what is to be there.
        texture: knows the textures of this head's UV layout, with the same latents as `model`; None: there is none.
        share: 0..1 of the texture model, mixed with the generic one.
        size: texels a side of what is given.
        progress: told about every step.

    Raises:
        BadRequest: nothing is marked, or too faintly, or where no camera sees it.
        DreamFaceError: the model gave no numbers, or there is too little memory for it.
        Cancelled: the progress said so.
    """
    if not any(bool(mask.any()) for mask in canvas.masks.values()):
        raise BadRequest("Nothing is marked: paint a mask or choose a region for diffusion to work on.")
    made = _on_place(model, canvas, wish, texture, share, size, progress)
    if not made:
        raise BadRequest(
            "No camera sees the marked place: mark more of it, or paint it more strongly, outside of folds, the mouth "
            "and the nostrils."
        )
    return made


def _on_place(
    model: LatentDiffusion,
    canvas: Canvas,
    wish: Wish,
    texture: LatentDiffusion | None,
    share: float,
    size: int,
    progress: Progress,
) -> dict[str, Diffused]:
    if texture is not None:
        mixed = Mixed(model, texture, share)
        return with_less_memory(lambda side: _in_texture(mixed, canvas, wish, side, size, progress), mixed)
    return with_less_memory(lambda side: _in_views(model, canvas, wish, side, size, progress), model)


# -------------------------------------------------------------------------------------------------------------- views


def _in_views(
    model: LatentDiffusion, canvas: Canvas, wish: Wish, side: int, size: int, progress: Progress
) -> dict[str, Diffused]:
    head, masks = canvas.head, canvas.masks
    progress.report("diffusion", 0.0, "Looking at the place")
    cameras = look_at_place(Cloud.of(head, canvas.normals, masks))
    gathered = {one.tile: Gathered(one, CHANNELS) for one in texels_of(head, canvas.normals, masks, size)}
    for number, camera in enumerate(cameras):
        part = progress.part(number / len(cameras), (number + 1) / len(cameras))
        part.report("diffusion", 0.0, f"Rendering view {number + 1} of {len(cameras)}")
        view = canvas.view(camera, side)
        made = _one_view(model, canvas, gathered, view, replace(wish, seed=(wish.seed + number) % 2**32), part)
        for one in gathered.values():
            one.add(*project(one.texels, view, made))
    return {tile: _finished(canvas, one) for tile, one in gathered.items() if bool((one.weight > 0.0).any())}


def _one_view(
    model: LatentDiffusion,
    canvas: Canvas,
    gathered: Mapping[str, Gathered],
    view: CloseUp,
    wish: Wish,
    progress: Progress,
) -> Tensor:
    """Return [6, S, S] what is changed of the skin in a view, by it and by the ones before."""
    so_far = {
        tile: one.texels.image(torch.cat((one.values, one.weight[:, None]), dim=1)) for tile, one in gathered.items()
    }
    known = canvas.in_view(view, so_far)
    known, made = known[:CHANNELS], smoothstep(known[CHANNELS].clone(), *_MADE)
    mask = canvas.in_view(view, {tile: image[None] for tile, image in canvas.masks.items()})[0] * (1.0 - made)
    own = canvas.own_albedo(view).clamp_min(_DARKEST).log()
    begun = view.albedo.permute(2, 0, 1).clamp_min(_DARKEST).log() - own
    ratio = torch.lerp(begun, known[:3], made)
    albedo = (own + ratio).exp().clamp(0.0, 1.0)
    picture = encode_srgb(view.linear(albedo.permute(1, 2, 0))).permute(2, 0, 1)
    if not bool((mask > 0.0).any()):
        return known
    blended = blend(model, picture, mask, wish, progress)
    # Whole latents were made anew; what earlier views have made of them is kept.
    found = changes_in(view, blended.before, blended.after) * (1.0 - made)
    hides = found[5]
    if canvas.start is not None:  # a sketch hides the skin as far as it changes it
        hides = torch.maximum(hides, smoothstep(begun.abs().amax(dim=0), *_DRAWN) * (1.0 - made))
    rest = torch.stack((found[3], found[4], hides)) + made * known[3:]
    return torch.cat((found[:3] + ratio, rest))


def _finished(canvas: Canvas, gathered: Gathered) -> Diffused:
    """Return what views have shown of a tile as images in its layout."""
    texels, values = gathered.texels, gathered.values
    seen = smoothstep(gathered.weight.clone(), *_SEEN)
    images = texels.image(torch.cat((values, seen[:, None], _albedo_at(canvas, texels, values)), dim=1))
    return Diffused(
        ratio=images[:3], albedo=images[7:], hides=images[5], relief=images[3], gloss=images[4], seen=images[6]
    )


def _albedo_at(canvas: Canvas, texels: Texels, values: Tensor) -> Tensor:
    """Return [N, 3] linear albedo at texels after the change."""
    image = canvas.maps[texels.tile]["albedo"].permute(2, 0, 1)
    uv = texels.uv
    grid = torch.stack((2.0 * uv[:, 0] - 1.0, 1.0 - 2.0 * uv[:, 1]), dim=-1)[None, None]
    own = grid_sample(image[None], grid, mode="bilinear", padding_mode="border", align_corners=False)[0, :, 0].T
    return (own * values[:, :3].exp()).clamp(0.0, 1.0)


# ------------------------------------------------------------------------------------------------------- the texture


def _in_texture(
    model: LatentDiffusion, canvas: Canvas, wish: Wish, side: int, size: int, progress: Progress
) -> dict[str, Diffused]:
    """Make each tile's place in the tile's own layout: there is no light in it that would have to be taken out."""
    made, count = {}, len(canvas.masks)
    for number, (tile, mask) in enumerate(canvas.masks.items()):
        rows, columns = _square(mask, size)
        maps = canvas.maps if canvas.start is None else canvas.start
        window = (slice(*rows), slice(*columns))
        own, begun = (resized(one[tile]["albedo"].permute(2, 0, 1), size)[:, *window] for one in (canvas.maps, maps))
        small = resized(encode_srgb(begun), side)
        here = resized(mask[None], size)[:, *window]
        blended = blend(model, small, resized(here, side)[0], wish, progress.part(number / count, (number + 1) / count))
        made[tile] = _placed(own, begun, blended, window, size)
    return made


def _placed(own: Tensor, begun: Tensor, blended: Blended, window: tuple[slice, slice], size: int) -> Diffused:
    """Return what has changed in a window of a tile as images of the whole tile."""
    lit = torch.ones_like(blended.before)
    found = resized(changes(blended.before, blended.after, lit, torch.zeros_like(lit)), own.shape[-1])
    ratio = found[:3] + begun.clamp_min(_DARKEST).log() - own.clamp_min(_DARKEST).log()
    images = torch.zeros(CHANNELS + 4, size, size)
    albedo = (own * ratio.exp()).clamp(0.0, 1.0)
    images[:, *window] = torch.cat((ratio, found[3:], torch.ones_like(found[:1]), albedo))
    return Diffused(
        ratio=images[:3], albedo=images[7:], hides=images[5], relief=images[3], gloss=images[4], seen=images[6]
    )


def _square(mask: Tensor, size: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return rows and columns of `size` texels a side: a square around what a mask [S, S] covers."""
    window = window_of(mask > 0.0)
    assert window is not None  # masks that cover nothing are left out
    scale = size / mask.shape[-1]
    span = min(size, round((1.0 + _AROUND) * scale * max(window.shape)))
    spans = []
    for first, last in (window.rows, window.columns):
        start = min(max(0, round(scale * 0.5 * (first + last) - 0.5 * span)), size - span)
        spans.append((start, start + span))
    return spans[0], spans[1]
