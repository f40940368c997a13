"""Photographs carried onto the skin: where they see it well, without their light, as differences from our own skin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from torch import Tensor
from torch.nn.functional import grid_sample, interpolate, max_pool2d

from dreamface.arrays import FloatArray
from dreamface.capture.lighting import Light, estimate_light
from dreamface.edits import LARGEST_RATIO, MASK_SIZE, Diffused
from dreamface.errors import BadRequest
from dreamface.face import Head
from dreamface.images import decode_srgb8
from dreamface.render import RayMesh, harmonic_basis, unit, vertex_normals
from dreamface.skin import atlas_of, pigment_slopes, skin_tiles, surface_of
from dreamface.traits import ARKIT_SHAPES, Traits
from dreamface.units import MM

GRID: Final = 512
"""Texels a side on which it is told what is seen."""

LARGEST: Final = 1024
"""Texels a side of what is carried over."""

HIDDEN_BY: Final = 2.5
"""Millimetres that something has to be nearer to the camera to hide the skin."""

FACING: Final = (0.25, 0.75)
"""Cosines between the normal and the line of sight where skin begins to be seen, and from which it is seen well."""

UNSEEN: Final = {
    "brows": 0.15, "scalp": 0.25, "eye_sockets": 0.05, "lids_margin": 0.2, "mouth_inside": 0.1, "nostrils": 0.5,
    "ears": 0.3, "neck": 0.3,
}  # fmt: skip
"""Regions that are hair, hidden or no skin, and the weight from which they count."""

LIT: Final = ("cheeks", "nose", "chin", "under_eyes", "forehead")
"""Regions by whose skin the light is told."""

EDGE_MM: Final = 3.0
"""Millimetres over which what is seen fades out."""

WARP_MM: Final = 13.0
"""Millimetres around a landmark in which the picture is moved to where the landmark is."""

SAMPLES: Final = 8000
"""Texels from which the light is told."""

SHADE_MM: Final = 13.0
"""Millimetres: broader shades are rather light than skin."""

SHADE_KEPT: Final = 0.35
"""Fraction of a broad shade that is taken for skin all the same."""

RESIDUE_KEPT: Final = 0.4
"""Fraction kept of what melanin and blood do not explain."""

CUT_OFF: Final = (0.9, 0.99)
"""Linear colours from which the camera has begun to cut off, and from which nothing is left to be seen."""

FAINTEST: Final = 2e-3
"""Linear colour below which nothing is told: of skin that no light reaches, nothing is to be seen."""

UNLIT_ROUNDS: Final = 4
UNLIT_OUTLIER: Final = 0.25
"""Logarithm by which skin may differ from what its normal explains before it counts less and less (Geman-McClure)."""

MOST_RATIO: Final = 1.1
"""Logarithm: skin that differs by more from what is expected is no skin."""

SHINE: Final = 0.06
SHINE_KEPT: Final = 0.2
"""What is brighter than the skin around by more than that much of the logarithm shines, and keeps so much of it."""

STRANGE: Final = (0.5, 0.9)
"""How much darker than expected, as a logarithm, what is seen is where it begins to count as something that lies on the
skin, and where it fully does."""

HAIRY: Final = ("forehead", "temples", "scalp", "ears")
STRANGE_BY_HAIR: Final = (0.16, 0.34)
"""The same where hair hangs into the face."""

STRAND_MM: Final = 2.5
"""Millimetres around hair that are hair, too."""

MOST_BLINK: Final = 0.5
"""Weight of a blink from which an iris is not seen."""

FOLDED: Final = 0.85
"""Fraction by which skin beside the mouth counts less in a full smile: it is stretched, shines, and lies in folds."""

FOLDS: Final = (206, 216, 207, 426, 436, 427)
FOLDS_MM: Final = 9.0
"""Landmarks along the folds from the nose to beside the mouth, and how many millimetres around them are folded."""

APART: Final = (0.9, 0.6)
"""By how much, as a logarithm, a place may be darker than forehead and cheeks, and differ from them in hue. Others are
left out when the light is estimated."""

_BLINKS: Final = ("eyeBlinkLeft", "eyeBlinkRight")
_SMILES: Final = ("mouthSmileLeft", "mouthSmileRight", "cheekSquintLeft", "cheekSquintRight")


@dataclass(frozen=True)
class Shot:
    """A head before the camera that has taken a photograph.

    Attributes:
        pixels: [3, H, W] linear.
        placed: [V, 3] metres: the head with the picture's expression, in the camera's axes.
        focal: in heights of the picture.
        landmarks: [478, 2] where landmarks are seen, in heights of the picture from its middle.
        expected: [478, 3] metres: where they are on the placed head, as the tracker would see them.
        grey: whether it is black and white.
        eyes_open: whether the irises are seen.
        smile: 0..1 how far cheeks and the corners of the mouth fold the skin between them.
    """

    pixels: Tensor
    placed: Tensor
    focal: float
    landmarks: FloatArray
    expected: FloatArray
    grey: bool = False
    eyes_open: bool = True
    smile: float = 0.0

    @classmethod
    def of(
        cls,
        pixels: NDArray[np.uint8],
        placed: Tensor,
        focal: float,
        seen: tuple[FloatArray, FloatArray],
        weights: FloatArray,
        grey: bool = False,
    ) -> Shot:
        """Return the shot of sRGB pixels [H, W, 3], with landmarks as seen and expected, and an expression [52]."""
        made = dict(zip(ARKIT_SHAPES, map(float, weights), strict=True))
        blink, smile = (max(made[name] for name in names) for names in (_BLINKS, _SMILES))
        picture = decode_srgb8(pixels).permute(2, 0, 1)
        return cls(picture, placed, focal, *seen, grey, blink <= MOST_BLINK, smile)

    def sampled(self, points: Tensor) -> Tensor:
        """Return [3, N] the colours at places [N, 2], in heights of the picture from its middle."""
        height, width = self.pixels.shape[1:]
        grid = points * torch.tensor((2.0 * height / width, 2.0))
        return grid_sample(self.pixels[None], grid[None, None].float(), padding_mode="border", align_corners=False)[
            0, :, 0
        ]

    def inside(self, points: Tensor) -> Tensor:
        """Return [N] bool: which places lie in the picture."""
        height, width = self.pixels.shape[1:]
        return (points[:, 0].abs() < 0.5 * width / height) & (points[:, 1].abs() < 0.5)

    def project(self, points: Tensor) -> Tensor:
        """Return [N, 2] where points [N, 3] in the camera's axes are seen, moved to where the landmarks are."""
        seen = self._pinhole(points)
        return seen + self._moved(seen)

    def _pinhole(self, points: Tensor) -> Tensor:
        """Return [N, 2] where a pinhole camera sees points [N, 3]."""
        return self.focal * points[:, (0, 2)] * torch.tensor((1.0, -1.0)) / points[:, 1:2].clamp_min(1e-3)

    def _moved(self, seen: Tensor) -> Tensor:
        """Return [N, 2] how far the picture is off there: the mean of the landmarks around.

        It varies slowly, so it is told on a grid, and in between by interpolation.
        """
        expected = torch.from_numpy(self.expected).float()
        there = self._pinhole(expected)
        off = torch.from_numpy(self.landmarks).float() - there
        width = WARP_MM * MM * self.focal / float(expected[:, 1].mean())
        low, high = there.amin(dim=0) - _REACH * width, there.amax(dim=0) + _REACH * width
        columns, rows = (int(side) for side in ((high - low) / (_GRID_STEP * width)).ceil().clamp(2.0, _MOST_STEPS))
        y, x = torch.meshgrid(torch.linspace(0.0, 1.0, rows), torch.linspace(0.0, 1.0, columns), indexing="ij")
        grid = low + torch.stack((x, y), dim=2).view(-1, 2) * (high - low)
        share = torch.exp(-0.5 * torch.cdist(grid, there).square() / width**2)
        found = (share @ off / (share.sum(dim=1, keepdim=True) + 1.0)).T.view(1, 2, rows, columns)
        places = 2.0 * (seen - low) / (high - low) - 1.0
        return grid_sample(found, places[None, None], padding_mode="border", align_corners=True)[0, :, 0].T


_REACH: Final = 4.0  # widths beyond the landmarks in which they still count
_GRID_STEP: Final = 0.33  # of the width
_MOST_STEPS: Final = 400.0


@dataclass(frozen=True)
class View:
    """What a shot shows of a tile, on S x S texels.

    Attributes:
        places: [S, S, 2] where the texels are in the picture.
        normals: [S, S, 3] in the camera's axes.
        seen: [S, S] 0..1 how well.
    """

    places: Tensor
    normals: Tensor
    seen: Tensor


def view_of(shot: Shot, head: Head, tile: str) -> View:
    """Return what a shot shows of a tile, on `GRID` x `GRID` texels."""
    topology, size = head.topology, GRID
    atlas = atlas_of(topology, tile, size)
    skin = topology.triangles
    normals = unit(atlas.spread(vertex_normals(shot.placed, skin)).permute(1, 2, 0))
    position = atlas.spread(shot.placed).permute(1, 2, 0)
    towards = -unit(position)
    facing = (normals * towards).sum(dim=-1)
    candidates = torch.nonzero(((facing > FACING[0]) & atlas.inside).view(-1))[:, 0]
    flat = position.reshape(-1, 3)[candidates]
    places = torch.zeros(size * size, 2)
    places[candidates] = shot.project(flat)
    mesh = RayMesh(shot.placed, skin)
    depth = mesh.cast(torch.zeros(3), flat).depth
    open_ = (1.0 - depth) * flat.norm(dim=1) < HIDDEN_BY * MM
    ok = torch.zeros(size * size)
    ok[candidates] = (open_ & shot.inside(places[candidates])).float()
    low, high = FACING
    ok = ok.view(size, size) * ((facing - low) / (high - low)).clamp(0.0, 1.0)
    for region, most in UNSEEN.items():
        ok = ok * (atlas.region(region) <= most)
    if shot.smile > 0.0:
        away = torch.cdist(position.reshape(-1, 3), torch.from_numpy(shot.expected[list(FOLDS)]).float()).amin(dim=1)
        near = torch.exp(-0.5 * (away / (FOLDS_MM * MM)).square()).view(size, size)
        ok = ok * (1.0 - FOLDED * shot.smile * near)
    return View(places.view(size, size, 2), normals, _shrunk(ok, EDGE_MM * _texels_per_mm(head, tile, size)))


def _texels_per_mm(head: Head, tile: str, size: int) -> float:
    """Return how many of a tile's `size` texels a side a millimetre of skin is long, at the median."""
    return float(surface_of(head, tile, GRID).density.median()) * size * MM


def _shrunk(seen: Tensor, width: float) -> Tensor:
    """Return [S, S] that fades out over so many texels within what is seen."""
    radius = max(1, round(0.5 * width))
    eroded = 1.0 - max_pool2d(1.0 - seen[None, None], 2 * radius + 1, 1, radius)[0, 0]
    blurred = torch.from_numpy(ndimage.gaussian_filter(eroded.numpy(), 0.5 * radius))
    return torch.minimum(blurred, seen)


@dataclass(frozen=True)
class Seen:
    """What photographs show of the skin, before its tone is known.

    Attributes:
        shots: of the head.
        views: of every shot, by tile.
        lights: of every shot, times the tone of the skin.
        both: [3] linear: the mean of these lights on the face.
        hidden: of every shot, 0..1 how much of the face is not like its forehead and cheeks.
    """

    shots: tuple[Shot, ...]
    views: tuple[Mapping[str, View], ...]
    lights: tuple[Light, ...]
    both: Tensor
    hidden: tuple[float, ...] = ()


def look(head: Head, shots: Sequence[Shot], albedo: Mapping[str, Tensor], tone: Tensor) -> Seen:
    """Return what photographs show of a head's skin, and their light.

    Args:
        head: at rest, whose shape the placed heads have.
        shots: of it.
        albedo: tile -> [S, S, 3] linear: about what the skin is like.
        tone: [3] linear: of that skin at large.
    """
    views, lights, means, hidden = [], [], [], []
    for shot in shots:
        found = {tile: view_of(shot, head, tile) for tile in skin_tiles(head.topology) if tile in albedo}
        found = {tile: view for tile, view in found.items() if float(view.seen.sum()) > 0.0}
        light, mean, share = _light(head, shot, found, albedo, tone)
        views.append(found)
        lights.append(light)
        means.append(mean)
        hidden.append(share)
    coloured = [mean for mean, shot in zip(means, shots, strict=True) if not shot.grey] or means
    return Seen(tuple(shots), tuple(views), tuple(lights), torch.stack(coloured).mean(dim=0), tuple(hidden))


def _light(
    head: Head, shot: Shot, views: Mapping[str, View], albedo: Mapping[str, Tensor], tone: Tensor
) -> tuple[Light, Tensor, float]:
    """Return the light on a shot times the tone, [3] its mean on the face, and 0..1 how much of the face is hidden."""
    colours, relative, normals, weights, bare = [], [], [], [], []
    for tile, view in views.items():
        atlas = atlas_of(head.topology, tile, view.seen.shape[0])
        sure = view.seen * atlas.region(*LIT)
        chosen = torch.nonzero(sure.view(-1) > 0.05)[:, 0]
        if not len(chosen):
            continue
        chosen = chosen[:: max(1, len(chosen) // SAMPLES)]
        own = _resized(albedo[tile].permute(2, 0, 1), view.seen.shape[0]).reshape(3, -1)[:, chosen].T
        colours.append(shot.sampled(view.places.view(-1, 2)[chosen]).T)
        relative.append(own / tone)
        normals.append(view.normals.reshape(-1, 3)[chosen])
        weights.append(sure.view(-1)[chosen])
        bare.append(atlas.region(*BARE).view(-1)[chosen] > 0.5)
    if not colours:
        raise BadRequest("Too little of the face is seen: choose a picture in which it looks towards the camera.")
    seen, own, weight, normal = (torch.cat(each) for each in (colours, relative, weights, normals))
    skin = weight * _like_skin(seen / own.clamp_min(1e-3), torch.cat(bare))
    kept = _not_cut_off(seen)
    kept = kept if float((skin * kept).sum()) > _LEAST * float(skin.sum()) else torch.ones_like(kept)
    light, belief = estimate_light(seen, own, normal, skin * kept)
    share = (skin * torch.maximum(belief, 1.0 - kept))[:, None]  # where the camera has cut off, there is light, too
    mean = (light.on(normal) * share).sum(dim=0) / share.sum().clamp_min(1e-6)
    return light, mean, float(1.0 - skin.sum() / weight.sum())


def _not_cut_off(colours: Tensor) -> Tensor:
    """Return [N] 0..1 how much of colours [N, 3] the camera has kept."""
    low, high = CUT_OFF
    return ((high - colours.amax(dim=1)) / (high - low)).clamp(0.0, 1.0)


def _like_skin(lit: Tensor, bare: Tensor) -> Tensor:
    """Return [N] 1 where colours [N, 3], without what is known of the skin, are like those of bare places [N]; else 0.

    Sunglasses and hands are no skin by which the light is told.
    """
    level = lit.clamp_min(1e-4).log()
    middle = level[bare if int(bare.sum()) > _FEWEST else slice(None)].median(dim=0).values
    grey = (level - middle).mean(dim=1)
    hue = (level - middle - grey[:, None]).norm(dim=1)
    like = ((grey > -APART[0]) & (hue < APART[1])).float()
    return like if float(like.mean()) > _LEAST else torch.ones_like(like)


BARE: Final = ("forehead", "cheeks")
_FEWEST: Final = 50  # places on bare skin
_STEADY: Final = 1e-4
_LEAST: Final = 0.1  # of the face: where less is like its middle, nothing is told by that


def _resized(image: Tensor, size: int) -> Tensor:
    """Return [C, S, S] an image in another size."""
    if image.shape[-1] == size:
        return image
    smaller = image.shape[-1] > size
    return interpolate(image[None], size=(size, size), mode="bilinear", antialias=smaller, align_corners=False)[0]


@dataclass(frozen=True)
class Carried:
    """By how much the photographs' skin differs from the painted one, on a tile.

    Attributes:
        made: as an edit has it.
        mask: [S, S] 0..1 how far it is believed.
    """

    made: Diffused
    mask: Tensor


def carry(head: Head, seen: Seen, albedo: Mapping[str, Tensor], traits: Traits, tone: Tensor) -> dict[str, Carried]:
    """Return by how much the photographs' skin differs from the painted one, by tile.

    Args:
        head: whose skin.
        seen: what photographs show of it.
        albedo: tile -> [S, S, 3] linear, painted.
        traits: the person's.
        tone: [3] linear: of that skin at large.
    """
    found = {}
    slopes = torch.stack(pigment_slopes(traits), dim=1)
    size = min(LARGEST, max(image.shape[0] for image in albedo.values()))
    for tile in dict.fromkeys(tile for views in seen.views for tile in views):
        base = _resized(albedo[tile].permute(2, 0, 1), size).clamp_min(1e-3)
        total, weight = torch.zeros(3, size, size), torch.zeros(size, size)
        most = torch.zeros(size, size)
        texel = _texels_per_mm(head, tile, size)
        hairy = _resized(atlas_of(head.topology, tile, GRID).region(*HAIRY)[None], size)[0]
        for shot, views, light in zip(seen.shots, seen.views, seen.lights, strict=True):
            if tile in views:
                ratio, belief = _ratio(shot, views[tile], light, base, tone)
                if shot.grey:
                    ratio = ratio.mean(dim=0, keepdim=True).expand(3, -1, -1)
                belief = belief * (1.0 - _strange(ratio, belief, hairy, texel))
                total += ratio * belief**2
                weight += belief**2
                most = torch.maximum(most, belief)
        ratio = total / weight.clamp_min(1e-6)
        ratio = _explained(ratio, most, slopes, texel)
        nothing = torch.zeros(size, size)
        shown = (most > 0.01).float()
        made = Diffused(ratio * shown, torch.zeros(3, size, size), nothing, nothing, nothing, shown)
        found[tile] = Carried(made, _resized(most[None], MASK_SIZE)[0].clamp(0.0, 1.0))
    return found


def _ratio(shot: Shot, view: View, light: Light, base: Tensor, tone: Tensor) -> tuple[Tensor, Tensor]:
    """Return [3, S, S] log ratio of a shot's albedo to the painted one, and [S, S] how far it is believed."""
    size = base.shape[-1]
    seen = _resized(view.seen[None], size)[0]
    places = _resized(view.places.permute(2, 0, 1), size)
    normals = unit(_resized(view.normals.permute(2, 0, 1), size).permute(1, 2, 0))
    chosen = torch.nonzero(seen.view(-1) > 0.01)[:, 0]
    colours = shot.sampled(places.reshape(2, -1)[:, chosen].T)
    normal, belief = normals.reshape(-1, 3)[chosen], seen.view(-1)[chosen]
    expected = light.on(normal).T / tone[:, None] * base.reshape(3, -1)[:, chosen]
    apart = (colours.clamp_min(FAINTEST) / expected.clamp_min(FAINTEST)).log()
    belief = belief * _not_cut_off(colours.T)
    belief = belief * (expected.amax(dim=0) > FAINTEST)
    ratio = torch.zeros(3, size * size)
    ratio[:, chosen] = _unlit(apart, normal, belief)
    seen = torch.zeros(size * size)
    seen[chosen] = belief
    return ratio.view(3, size, size).clamp(-MOST_RATIO, MOST_RATIO), seen.view(size, size)


def _unlit(ratio: Tensor, normals: Tensor, weights: Tensor) -> Tensor:
    """Return a log ratio [3, N] without what of it goes with the unit normals [N, 3]: light that is still in it.

    Args:
        ratio: of an albedo, as light was divided out of a photograph, to the painted one.
        normals: in the camera's axes.
        weights: [N] how far each is believed.
    """
    step = max(1, len(normals) // SAMPLES)
    some, trust, basis = ratio.mean(dim=0)[::step], weights[::step], harmonic_basis(normals[::step])
    if float(trust.sum()) < _FEWEST:
        return ratio
    middle = (some * trust).sum() / trust.sum()
    belief, left = trust, some - middle
    found = torch.zeros(basis.shape[1])
    for _ in range(UNLIT_ROUNDS):
        scaled = basis * belief[:, None]
        normal = scaled.T @ basis + _STEADY * float(trust.sum()) * torch.eye(basis.shape[1])
        found = torch.linalg.solve(normal, scaled.T @ left)
        belief = trust / (1.0 + ((left - basis @ found) / UNLIT_OUTLIER).square()).square()
    usual = ((basis @ found) * trust).sum() / trust.sum()
    return ratio - (harmonic_basis(normals) @ found - usual)


def _strange(ratio: Tensor, seen: Tensor, hairy: Tensor, texel: float) -> Tensor:
    """Return [S, S] 0..1 where something lies on the skin: hair, glasses, a hand's shadow.

    Args:
        ratio: [3, S, S] log ratio of what is seen to what was expected.
        seen: [S, S] how far it is believed.
        hairy: [S, S] 0..1 where hair may hang into the face.
        texel: texels per millimetre.
    """
    dark = -_blurred(ratio.mean(dim=0), (seen > 0.01).float().numpy(), 0.5 * texel)
    low, high = (STRANGE[end] + (STRANGE_BY_HAIR[end] - STRANGE[end]) * hairy for end in (0, 1))
    found = ((dark - low) / (high - low)).clamp(0.0, 1.0) * (seen > 0.01)
    radius = max(1, round(STRAND_MM * texel))
    wide = max_pool2d((found * hairy)[None, None], 2 * radius + 1, 1, radius)[0, 0]
    return torch.from_numpy(ndimage.gaussian_filter(torch.maximum(found, wide).numpy(), 0.6 * radius)).clamp(0.0, 1.0)


def _explained(ratio: Tensor, seen: Tensor, slopes: Tensor, texel: float) -> Tensor:
    """Return [3, S, S] what of a log ratio is skin: pigments, without broad shades and shine.

    Args:
        ratio: [3, S, S].
        seen: [S, S] how far it is believed.
        slopes: [3, 2] change of the logarithm per step of melanin and of blood.
        texel: texels per millimetre.
    """
    weight = seen.numpy()
    grey = ratio.mean(dim=0)
    broad = _blurred(grey, weight, SHADE_MM * texel)
    middle = float((grey * seen).sum() / seen.sum().clamp_min(1e-6))
    left = ratio - (1.0 - SHADE_KEPT) * (broad - middle)
    grey = left.mean(dim=0)
    shine = (grey - _blurred(grey, weight, 3.0 * texel) - SHINE).clamp_min(0.0)
    left = left - (1.0 - SHINE_KEPT) * shine
    amounts = torch.einsum("pc,chw->phw", torch.linalg.pinv(slopes), left)
    explained = torch.einsum("cp,phw->chw", slopes, amounts)
    found = explained + RESIDUE_KEPT * (left - explained)
    return found.clamp(-LARGEST_RATIO, LARGEST_RATIO)


def _blurred(image: Tensor, weight: NDArray[np.float32], sigma: float) -> Tensor:
    """Return [S, S] the mean around each texel of what is seen."""
    factor = max(1, round(sigma / 6.0))
    small, share = (ndimage.zoom(one, 1.0 / factor, order=1) for one in (image.numpy() * weight, weight))
    top, bottom = (ndimage.gaussian_filter(one, sigma / factor) for one in (small, share))
    mean = torch.from_numpy(top / (bottom + 1e-4)).float()
    return _resized(mean[None], image.shape[0])[0]
