"""A new skin made sharper by installed networks: Real-ESRGAN on the textures, RestoreFormer on a picture of the face.

Real-ESRGAN knows pictures of anything, so it works on the textures as they are, a square after the other.
RestoreFormer knows faces alone, looked straight at and aligned as those that it has learnt from; a texture is none. So
it is given such a picture of the head with its new skin, and what it makes finer is laid back onto the texels which
that picture shows. Colours, and everything else that is larger than a few millimetres, stay.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, max_pool2d, pad

from dreamface.colour import decode_srgb, encode_srgb
from dreamface.errors import Cancelled, DreamFaceError
from dreamface.face import Head, Maps, Material
from dreamface.geometry import smoothstep
from dreamface.guidance.deriving import blurred, changes_in
from dreamface.guidance.devices import SLOW, release_memory, within_memory
from dreamface.guidance.painting import Canvas
from dreamface.guidance.projecting import project, texels_of
from dreamface.guidance.sitter import Sitter, resized
from dreamface.guidance.texturing import Textured
from dreamface.guidance.upscaling import Upscaler
from dreamface.models import REALESRGAN, RESTOREFORMER, Installation
from dreamface.progress import Progress
from dreamface.render import Camera
from dreamface.skin import atlas_of

LARGEST: Final = 2048
"""Texels a side of what is made: as many as an edit keeps."""

_SQUARE, _OVERLAP = 192, 16  # texels of a texture that are enlarged at once, and of them on each side for both
_DARKEST: Final = 1e-3  # albedo

_PICTURE: Final = 512  # pixels a side of the pictures that RestoreFormer has learnt from
_EYES, _MOUTH = 239.9, 371.4  # their rows in those (FFHQ as facexlib aligns it)
_APART: Final = 125.9  # pixels between both eyes in those
_DISTANCE: Final = 1.0  # metres from which the picture is taken
_FINE: Final = 8.0  # pixels, deviation: what is larger stays; about 4 mm
_MOST: Final = 0.7  # log ratio by which it makes anything darker or brighter
_SEEN: Final = (0.1, 0.5)  # weight of a texel in the picture between which it begins to take what was made
_BORDER: Final = 4  # pixels beside an outline, lips and lids that are left alone
_FACE_SIDE: Final = 1024  # texels a side onto which the picture is laid: no finer than its pixels
_TOO_LITTLE: Final = f"there is too little memory, close other programs that use it, or choose {SLOW}."
_LEFT_ALONE: Final = ("mouth_inside", "eye_sockets", "lids_margin", "ears", "nostrils")


@dataclass(frozen=True)
class Sharpeners:
    """Networks that make a skin sharper; None: there is none of a kind.

    Attributes:
        enlarger: Real-ESRGAN.
        restorer: RestoreFormer.
    """

    enlarger: Upscaler | None = None
    restorer: Upscaler | None = None


def sharpen_with_installed(
    textured: Textured,
    sitter: Sitter,
    progress: Progress = Progress(),  # noqa: B008 - immutable
) -> tuple[Textured, tuple[str, ...], tuple[str, ...]]:
    """Return textures made sharper by what is installed, one network in memory after the other.

    What fails is said, and the textures stay as they were before it: nothing that took minutes is lost.

    Returns:
        The textures, the names of the networks that had a part in them, and sentences on what has failed.

    Raises:
        Cancelled: the progress said so.
    """
    names, said, wanted = [], [], [model for model in (REALESRGAN, RESTOREFORMER) if model.installed]
    for number, model in enumerate(wanted):
        part = progress.part(number / len(wanted), (number + 1) / len(wanted))
        try:
            textured = _sharpened_by(model, textured, sitter, part)
            names.append(model.name)
        except Cancelled:
            raise
        except DreamFaceError as error:
            said.append(f"The skin was not sharpened by {model.title}: {error}")
        release_memory()
    return textured, tuple(names), tuple(said)


def _sharpened_by(model: Installation, textured: Textured, sitter: Sitter, progress: Progress) -> Textured:
    network = Upscaler.load(model, progress)
    kind = Sharpeners(enlarger=network) if model == REALESRGAN else Sharpeners(restorer=network)
    return sharpened(textured, sitter, kind, progress)


def sharpened(
    textured: Textured,
    sitter: Sitter,
    networks: Sharpeners,
    progress: Progress = Progress(),  # noqa: B008
) -> Textured:
    """Return textures made sharper.

    Args:
        textured: of the skin's tiles.
        sitter: whose skin.
        networks: that do it.
        progress: told about every square and picture.

    Raises:
        DreamFaceError: a network gave no numbers, there is too little memory also for half of it, or the graphics card
            has stopped working.
        Cancelled: the progress said so.
    """
    if networks.enlarger is not None:
        textured = _enlarged(textured, sitter, networks.enlarger, progress)
    if networks.restorer is not None:
        textured = _restored(textured, sitter, networks.restorer, progress)
    return textured


# ---------------------------------------------------------------------------------------------------------- Real-ESRGAN


def _enlarged(textured: Textured, sitter: Sitter, network: Upscaler, progress: Progress) -> Textured:
    """Return larger textures: the new one by the network, the old one with the detail that our painter knows."""
    made = textured.after if textured.made is None else textured.after[: textured.made]
    large = [
        enlarge(network, image, progress.part(number / len(made), (number + 1) / len(made)))
        for number, image in enumerate(made)
    ]
    side = min(LARGEST, large[0].shape[-1])
    before, after = [], []
    for number, tile in enumerate(sitter.tiles):
        own = resized(sitter.bare[tile]["albedo"].permute(2, 0, 1), side).clamp_min(_DARKEST)
        coarse = resized(resized(own, textured.before.shape[-1]), side).clamp_min(_DARKEST)
        old = decode_srgb(resized(textured.before[number], side)).clamp_min(0.0)
        detailed = encode_srgb((old * own / coarse).clamp(0.0, 1.0))
        before.append(detailed)
        after.append(resized(large[number], side) if number < len(large) else detailed)
    return replace(textured, before=torch.stack(before), after=torch.stack(after))


def enlarge(network: Upscaler, image: Tensor, progress: Progress = Progress()) -> Tensor:  # noqa: B008 - immutable
    """Return [3, k S, k S] an image [3, S, S] enlarged by a network, a square after the other; they overlap.

    Raises:
        DreamFaceError: the network gave no numbers, or there is too little memory also for smaller squares.
        Cancelled: the progress said so.
    """
    squares = (_SQUARE, _SQUARE // 2)
    made = within_memory(lambda square: _in_squares(network, image, square, progress), squares, _TOO_LITTLE)
    return made.clamp(0.0, 1.0)


def _in_squares(network: Upscaler, image: Tensor, square: int, progress: Progress) -> Tensor:
    side, scale, margin = image.shape[-1], network.scale, min(_OVERLAP, square // 4)
    wide = pad(image[None], (margin,) * 4, mode="replicate")[0]
    found = torch.zeros(3, scale * wide.shape[-1], scale * wide.shape[-1])
    weight = torch.zeros(1, *found.shape[1:])
    places = list(_starts(wide.shape[-1], square, 2 * margin))
    for number, (top, left) in enumerate((top, left) for top in places for left in places):
        progress.report("sharpen", number / len(places) ** 2, f"Enlarging, square {number + 1} of {len(places) ** 2}")
        made = network.sharpen(wide[None, :, top : top + square, left : left + square], progress)[0].cpu()
        ramp = _ramp(made.shape[-1], 2 * margin * scale)
        share = ramp[:, None] * ramp
        here = (..., slice(scale * top, scale * top + len(ramp)), slice(scale * left, scale * left + len(ramp)))
        found[here] += made * share
        weight[here] += share
    whole = slice(scale * margin, scale * (margin + side))
    return (found / weight)[:, whole, whole]


def _starts(side: int, square: int, overlap: int) -> Iterator[int]:
    """Return where squares of a side begin that overlap by at least so much and reach both ends."""
    count = 1 + max(0, math.ceil((side - square) / (square - overlap)))
    for number in range(count):
        yield round(number * max(0, side - square) / max(1, count - 1))


def _ramp(length: int, overlap: int) -> Tensor:
    """Return [L] weights that rise from 0 at both ends to 1; the very ends know too little of what is beyond them."""
    place = torch.arange(length) + 0.5
    return (torch.minimum(place, length - place) / overlap - 0.25).mul(2.0).clamp(0.0, 1.0)


# -------------------------------------------------------------------------------------------------------- RestoreFormer


def _restored(textured: Textured, sitter: Sitter, network: Upscaler, progress: Progress) -> Textured:
    """Return textures of which the network has made finer what a picture of the face from the front shows."""
    progress.report("sharpen", 0.0, "Looking at the face")
    canvas = Canvas(sitter.head, _without_lashes(sitter), _worn_maps(textured, sitter), {})
    view = canvas.view(aligned_camera(sitter.head), _PICTURE)
    before = encode_srgb(view.linear()).permute(2, 0, 1)
    progress.report("sharpen", 0.3, "Sharpening the face")
    after = within_memory(lambda _: network.sharpen(before[None], progress)[0].cpu(), (1, 1), _TOO_LITTLE)
    progress.report("sharpen", 0.8, "Laying the sharper face on")
    ratio = changes_in(view, before, resized(after, _PICTURE))[:3]
    fine = torch.stack([one - blurred(one, _FINE) for one in ratio]).clamp(-_MOST, _MOST)
    allowed = {tile: 1.0 - _left_alone(sitter, tile) for tile in sitter.tiles}
    fine = fine * _away_from_borders(canvas.in_view(view, {tile: one[None] for tile, one in allowed.items()}))
    side = max(textured.after.shape[-1], _FACE_SIDE)
    masks = {tile: torch.ones(_FACE_SIDE, _FACE_SIDE) for tile in sitter.tiles}
    made = torch.stack([resized(one, side) for one in textured.after])
    for texels in texels_of(sitter.head, canvas.normals, masks, _FACE_SIDE):
        values, weight = project(texels, view, fine)
        change = texels.image(values * smoothstep(weight, *_SEEN)[:, None]) * allowed[texels.tile]
        number = sitter.tiles.index(texels.tile)
        made[number] = encode_srgb((decode_srgb(made[number]) * resized(change, side).exp()).clamp(0.0, 1.0))
    return replace(textured, before=torch.stack([resized(one, side) for one in textured.before]), after=made)


def _left_alone(sitter: Sitter, tile: str) -> Tensor:
    """Return [S, S] 0..1 where a tile is left alone."""
    return atlas_of(sitter.head.topology, tile, _FACE_SIDE).region(*_LEFT_ALONE)


def _away_from_borders(mask: Tensor) -> Tensor:
    """Return [1, S, S] what is left of a mask some pixels inside its borders: an outline is no skin's."""
    inner = -max_pool2d(-mask[None], 2 * _BORDER + 1, 1, _BORDER)
    return avg_pool2d(inner, 2 * _BORDER + 1, 1, _BORDER)[0]


def aligned_camera(head: Head) -> Camera:
    """Return a camera whose pictures show a face where RestoreFormer has learnt to find it."""
    corners = torch.stack([head.landmark(f"multipie_{number}") for number in (36, 39, 42, 45, 48, 54)])
    eyes, mouth = corners[:4].mean(dim=0), corners[4:].mean(dim=0)
    apart = float((corners[2:4].mean(dim=0) - corners[:2].mean(dim=0)).norm())
    pixel = 0.5 * (apart / _APART + float(eyes[2] - mouth[2]) / (_MOUTH - _EYES))
    middle = 0.5 * (eyes + mouth)
    raised = (0.5 * (_EYES + _MOUTH) - 0.5 * _PICTURE) * pixel
    target = (float(middle[0]), float(middle[1]), float(middle[2]) + raised)
    return Camera.around(target, _DISTANCE, 0.0, 0.0, 2.0 * math.atan(0.5 * _PICTURE * pixel / _DISTANCE))


def _without_lashes(sitter: Sitter) -> dict[str, Material]:
    """Return the head's materials with lashes that are looked through: their shadows would stay on the lids."""
    return {
        name: replace(one, transmission=1.0, ior=1.0) if name == "lashes" else one
        for name, one in sitter.materials.items()
    }


def _worn_maps(textured: Textured, sitter: Sitter) -> Maps:
    """Return the head's maps with the new skin, and brows and make-up on top."""
    found = dict(sitter.maps)
    for number, tile in enumerate(sitter.tiles):
        worn, bare = (some[tile]["albedo"].clamp_min(_DARKEST) for some in (sitter.maps, sitter.bare))
        new = decode_srgb(resized(textured.after[number], len(bare))).permute(1, 2, 0)
        found[tile] = {**sitter.maps[tile], "albedo": (new * worn / bare).clamp(0.0, 1.0)}
    return found
