"""Texturing by two paths of score distillation (Zhang et al. 2023, "DreamFace", section 5.1, equations 10 to 14).

The latents of the skin's texture are optimised. A generic model judges renderings with them; a texture prior judges
them as they are, on the texture layout, and keeps features where they belong. First in latent space, where a rendering
of the latents is taken for the latents of a rendering; then in image space, through the decoder, light and relief, and
the encoder.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final, Protocol

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate, max_pool2d

from dreamface.colour import decode_srgb, encode_srgb
from dreamface.geometry import smoothstep
from dreamface.guidance.distillation import (
    Guide,
    Outcome,
    distil,
    falling_level,
    noise_like,
    optimise,
    score_gradient,
    size_of_step,
)
from dreamface.guidance.interface import BLOCK, LatentDiffusion
from dreamface.guidance.sitter import PAPER, Sitter
from dreamface.progress import Progress
from dreamface.render import FrontLight, Mesh, Seen, Views, front_light, look, random_grounds, random_light
from dreamface.skin import atlas_of

LONGEST: Final = 0.98
"""Share of the schedule that texturing begins at."""

_RATE: Final = {"latent": 0.05, "image": 0.01}  # of Adam, for latents of deviation about 1
_FEATURES: Final = (
    "lips_upper", "lips_lower", "lids_upper", "lids_lower", "lids_margin", "brows", "nostrils", "mouth_inside", "ears",
)  # fmt: skip
_LOW: Final = 8  # latents a side over which the anchor averages: what is larger is a large area
_HOLD_LOW, _HOLD_FEATURES = 0.5, 1.0  # how strongly the anchor pulls at first, per latent of difference
_RELEASED: Final = 0.7  # of the steps, after which it has let go of large areas; features are held to the end
_HELD_AT_LAST: Final = 0.2  # of the pull on features that is left at the end
_GROUNDS: Final = 8  # plain colours that are encoded once, to stand behind latents


class TexturePrior(Protocol):
    """Judges textures as they are, on the layout."""

    def gradient(self, latents: Tensor, step: int, steps: int, random: torch.Generator) -> Tensor:
        """Return the gradient [T, C, h, w] of textures' latents in one of so many steps.

        Args:
            latents: [T, C, h, w], of the skin's tiles, the face's first.
            step: 0 is the first.
            steps: how many there are.
            random: what noise is drawn from.
        """
        ...


@dataclass(frozen=True)
class LearnedPrior:
    """A diffusion model of texture maps of this layout.

    Attributes:
        guide: the model, the words and its weight lambda_tau. It knows the face's tile.
        rest: judges the other tiles.
    """

    guide: Guide
    rest: TexturePrior | None = None

    def gradient(self, latents: Tensor, step: int, steps: int, random: torch.Generator) -> Tensor:
        """See `TexturePrior`."""
        found = torch.zeros_like(latents) if self.rest is None else self.rest.gradient(latents, step, steps, random)
        face = latents[:1]
        level = falling_level(self.guide.model.schedule, step, steps, LONGEST)
        own = score_gradient(self.guide, face, noise_like(face, random), level)
        return torch.cat((own, found[1:]))


@dataclass(frozen=True)
class Anchor:
    """Our own painted skin of the same person, where no texture model is installed.

    It holds large areas at first, and what is finer where features lie; and lets go step by step. What a generic model
    makes of renderings settles around features that lie where the layout has them, in whatever colour.

    Attributes:
        own: [T, C, h, w] latents of the painted skin.
        features: [T, 1, h, w] 0..1 where features lie.
        weight: lambda_tau.
    """

    own: Tensor
    features: Tensor
    weight: float = 1.0

    @classmethod
    def of(cls, sitter: Sitter, own: Tensor, weight: float = 1.0) -> Anchor:
        """Return the anchor of a sitter whose skin has these latents."""
        size = own.shape[-1]
        places = [_feature_places(sitter, tile, size) for tile in sitter.tiles]
        return cls(own, torch.stack(places).to(own), weight)

    def gradient(self, latents: Tensor, step: int, steps: int, random: torch.Generator) -> Tensor:
        """See `TexturePrior`; nothing in it is random."""
        done = step / max(1, steps - 1)
        away = latents.detach() - self.own
        large = _lowered(away)
        low = _HOLD_LOW * float(1.0 - smoothstep(torch.tensor(done), 0.0, _RELEASED))
        at_features = _HOLD_FEATURES * (1.0 - (1.0 - _HELD_AT_LAST) * done)
        return self.weight * (low * large + at_features * self.features * (away - large))


def _feature_places(sitter: Sitter, tile: str, size: int) -> Tensor:
    """Return [1, h, w] 0..1 where features lie in a tile, with soft borders."""
    fine = atlas_of(sitter.head.topology, tile, 4 * size).region(*_FEATURES)
    small = max_pool2d(fine[None], 4)
    return avg_pool2d(small, 3, 1, 1)


def _lowered(latents: Tensor) -> Tensor:
    """Return the low frequencies of [T, C, h, w]."""
    cell = max(1, min(_LOW, latents.shape[-1] // 4))
    return interpolate(avg_pool2d(latents, cell), size=latents.shape[-2:], mode="bilinear", align_corners=False)


@dataclass(frozen=True)
class Steps:
    """How long texturing takes.

    Attributes:
        latent: steps in latent space.
        image: steps in image space, after those.
        batch: views in each.
    """

    latent: int = 200
    image: int = 200
    batch: int = 1


@dataclass(frozen=True)
class Textured:
    """What texturing has made.

    Attributes:
        before: [T, 3, S, S] sRGB-encoded textures of the skin's tiles as the autoencoder gives back our own.
        after: [T, 3, S, S] the new ones.
        outcome: of the optimisation.
        own, latents: [T, C, h, w] latents of the same with brows and make-up, before and after; None: nobody asks.
        made: how many tiles, from the first, were made anew; None: all.
    """

    before: Tensor
    after: Tensor
    outcome: Outcome
    own: Tensor | None = None
    latents: Tensor | None = None
    made: int | None = None


class Texturing:
    """The latents of a skin's texture, and what moves them."""

    def __init__(
        self,
        sitter: Sitter,
        guide: Guide,
        prior: Callable[[Tensor], TexturePrior] | None,
        seed: int,
        relief: Tensor | None = None,
        side: int | None = None,
    ) -> None:
        """Encode the painted skin, which texturing begins with.

        Args:
            sitter: whose skin.
            guide: the generic model, the words and its weight lambda_g.
            prior: takes the latents of the painted skin with brows and make-up, and gives what judges textures on the
                layout; None: nothing does.
            seed: of everything random.
            relief: [T, 3, H, H] tangent-space normals that pictures show; None are the sitter's own.
            side: texels of the textures; None are the model's.
        """
        self._sitter, self._guide, self._random = sitter, guide, torch.Generator().manual_seed(seed)
        self.side = side or guide.model.side
        with torch.no_grad():
            bare, worn = sitter.skin(self.side), sitter.skin(self.side, bare=False)
            self.own = self._encoded(bare)
            self._worn = self._encoded(worn) - self.own
            self._rest = [self._encoded(image[None])[0] for image in sitter.rest]
            self._grounds = self._encoded(_plain(self._random, BLOCK * self._model.factor)).mean(dim=(2, 3))
            self._worn_ratio = (_log_albedo(worn) - _log_albedo(bare)).exp().to(self._model.device)
            self._rest_albedo = [decode_srgb(image.to(self._model.device)) for image in sitter.rest]
            normals = sitter.relief(self.side) if relief is None else relief
            self._relief = normals.to(self._model.device)
        self.latents = self.own.clone().requires_grad_()
        self._prior = None if prior is None else prior(self.own + self._worn)
        self._vertices = sitter.head.vertices.to(self._model.device)

    @property
    def _model(self) -> LatentDiffusion:
        return self._guide.model

    def _encoded(self, pictures: Tensor) -> Tensor:
        return self._model.encode(pictures.to(self._model.device)).detach()

    def _views(self, count: int) -> Views:
        return Views.of(self._sitter.arc.draw(count, self._random), self._vertices)

    @cached_property
    def _mesh(self) -> Mesh:
        return self._sitter.mesh.to(self._vertices.device)

    def latent_step(self, step: int, steps: int, batch: int = 1) -> None:
        """Add both paths' gradients to the latents, in latent space (equations 10 and 11).

        Args:
            step: 0 is the first.
            steps: of all of texturing.
            batch: how many views.
        """
        size = self.side // self._model.factor
        chosen = torch.randint(len(self._grounds), (batch,), generator=self._random)
        seen = look(self._vertices, self._mesh, self._views(batch), size)
        values = self._sitter.paint(seen, self.latents + self._worn, self._rest)
        pictures = seen.picture(values, self._grounds[chosen], antialias=False)
        distil(self._guide, pictures, self._random, self._level(step, steps))
        self._judge_layout(step, steps)

    def image_step(self, step: int, steps: int, batch: int = 1, side: int | None = None) -> None:
        """Add both paths' gradients to the latents, through a lit picture of what they decode to (equations 12 to 14).

        Args:
            step: 0 is the first.
            steps: of all of texturing.
            batch: how many views.
            side: pixels of the picture; None are the model's.
        """
        pictures = self.lit(self._views(batch), side or self.side)
        distil(self._guide, self._model.encode(pictures), self._random, self._level(step, steps))
        self._judge_layout(step, steps)

    def lit(self, views: Views, side: int) -> Tensor:
        """Return [B, 3, S, S] sRGB-encoded pictures of what the latents decode to, in random light."""
        seen, shaded = self._shaded(views, side, random_light(views, self._random))
        return seen.picture(shaded, random_grounds(len(views), self._random, shaded), antialias=False)

    def portrait(self, side: int) -> Tensor:
        """Return [3, S, S] an sRGB-encoded picture from the front, in a light that stays; nothing in it is random."""
        with torch.no_grad():
            views = Views.of([self._sitter.arc.camera(0.0, 0.0)], self._vertices)
            seen, shaded = self._shaded(views, side, front_light(views))
            return seen.picture(shaded, shaded.new_full((1, 3), PAPER))[0]

    def _shaded(self, views: Views, side: int, light: FrontLight) -> tuple[Seen, Tensor]:
        """Return the pixels of views, and [N, 3] their sRGB-encoded colours."""
        textures = self._model.decode(self.latents)
        seen = look(self._vertices, self._mesh, views, side)
        skin = decode_srgb(textures) * self._worn_ratio
        normal = self._sitter.normals(seen, self._relief)
        return seen, encode_srgb(self._sitter.paint(seen, skin, self._rest_albedo) * light.on(normal, seen.view))

    def _level(self, step: int, steps: int) -> int:
        return falling_level(self._model.schedule, step, steps, LONGEST)

    def _judge_layout(self, step: int, steps: int) -> None:
        if self._prior is not None:
            judged = (self.latents + self._worn).detach()
            found = self._prior.gradient(judged, step, steps, self._random)
            assert self.latents.grad is not None
            self.latents.grad += found

    def run(
        self,
        steps: Steps,
        progress: Progress = Progress(),  # noqa: B008 - immutable
        seen: Callable[[int], None] | None = None,
    ) -> Textured:
        """Make all steps, and return the textures.

        Args:
            steps: how many.
            progress: told about every one.
            seen: called after every one.

        Raises:
            DreamFaceError: the model gave no numbers at once, or there is too little memory.
            Cancelled: the progress said so.
        """
        count = steps.latent + steps.image
        first = Outcome(0)
        if steps.latent:

            def in_latents(step: int, saving: bool) -> None:
                self.latent_step(step, count, size_of_step(self._model, steps.batch, self.side, saving)[0])

            first = optimise(
                {"latents": self.latents}, {"latents": _RATE["latent"]}, in_latents, steps.latent, "Texturing",
                progress.part(0.0, _share_of_latent(steps)), seen,
            )  # fmt: skip
        outcome = first if first.stopped or not steps.image else self._in_images(steps, first, count, progress, seen)
        with torch.no_grad():
            own, latents = self.own + self._worn, self.latents.detach() + self._worn
            return Textured(self._decoded(self.own), self._decoded(self.latents), outcome, own, latents)

    def _in_images(
        self, steps: Steps, first: Outcome, count: int, progress: Progress, seen: Callable[[int], None] | None
    ) -> Outcome:
        def in_images(step: int, saving: bool) -> None:
            batch, side = size_of_step(self._model, steps.batch, self.side, saving)
            self.image_step(first.steps + step, count, batch, side)

        made = optimise(
            {"latents": self.latents}, {"latents": _RATE["image"]}, in_images, steps.image, "Finishing the texture",
            progress.part(_share_of_latent(steps), 1.0), seen, begun=first.steps > 0,
        )  # fmt: skip
        return replace(made, steps=first.steps + made.steps)

    def _decoded(self, latents: Tensor) -> Tensor:
        return self._model.decode(latents).float().cpu().clamp(0.0, 1.0)


def _log_albedo(encoded: Tensor) -> Tensor:
    """Return the logarithm of the linear albedo of sRGB-encoded textures."""
    return decode_srgb(encoded).clamp_min(_DARKEST).log()


_DARKEST: Final = 1e-3  # albedo
_IMAGE_COST: Final = 3.0  # how many times as long a step in image space takes (10.5 against 3.2 TFLOP)


def _share_of_latent(steps: Steps) -> float:
    return steps.latent / max(1e-6, steps.latent + _IMAGE_COST * steps.image)


def _plain(random: torch.Generator, side: int) -> Tensor:
    colours = random_grounds(_GROUNDS, random, torch.zeros(1))
    return colours[:, :, None, None].expand(-1, -1, side, side).contiguous()
