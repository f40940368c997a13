"""A face's texture sampled from a texture model at once, without score distillation.

Zhang et al. 2023, "DreamFace", section 5.2: the model knows the layout, so one run of denoising gives the whole map.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor
from torch.nn.functional import max_pool2d

from dreamface.colour import decode_srgb, encode_srgb
from dreamface.errors import DreamFaceError
from dreamface.geometry import smoothstep
from dreamface.guidance.deriving import blurred
from dreamface.guidance.distillation import Outcome
from dreamface.guidance.interface import LatentDiffusion
from dreamface.guidance.sampling import sample_latents, with_less_memory
from dreamface.guidance.sitter import Sitter, resized
from dreamface.guidance.texturing import Textured
from dreamface.progress import Progress

_ON_TOP: Final = (0.08, 0.3)  # log ratio that brows or make-up change the skin by, from which they hide it
_AROUND: Final = 1.0 / 40.0  # of the side: from how far away skin below them takes its change
_ANYWHERE: Final = 1e-3  # weight of the mean change of all the skin there
_DARKEST: Final = 1e-3  # albedo


def sample_texture(
    model: LatentDiffusion,
    sitter: Sitter,
    words: str,
    steps: int,
    guidance: float,
    seed: int,
    progress: Progress = Progress(),  # noqa: B008 - immutable
) -> Textured:
    """Return the skin's textures as a texture model makes the face's of words; other tiles stay as they are.

    Brows and make-up are in the model's textures as in ours, and ours lie on top: the skin below them changes as the
    skin around them does.

    Args:
        model: of textures of this head's layout.
        sitter: whose skin.
        words: what is wanted.
        steps: of denoising.
        guidance: how far it is led towards the words; 1 is the words alone.
        seed: of the noise that it begins with.
        progress: told about every step.

    Raises:
        DreamFaceError: the model gave no numbers, or there is too little memory also for a smaller texture.
        Cancelled: the progress said so.
    """

    def make(side: int) -> Textured:
        bare, worn = sitter.skin(side), sitter.skin(side, bare=False)
        with torch.no_grad():
            own, plain = (model.encode(some[:1].to(model.device)) for some in (worn, bare))
            latents = sample_latents(
                model, words, steps, guidance, seed=seed, shape=(1, *own.shape[1:]), what="Sampling the texture",
                progress=progress,
            )  # fmt: skip
            old, new, before = (model.decode(some).float().cpu()[0] for some in (own, latents, plain))
        if not all(bool(torch.isfinite(some).all()) for some in (old, new, before)):
            raise DreamFaceError(
                f"{model.name} gave no numbers (NaN): try another seed or less guidance, or install it again."
            )
        ratio = _change(_albedo(old), _albedo(new), sitter, model.factor)
        after = encode_srgb((_albedo(before) * ratio.exp()).clamp(0.0, 1.0))
        both = [torch.cat((some.clamp(0.0, 1.0)[None], bare[1:])) for some in (before, after)]
        return Textured(both[0], both[1], Outcome(steps), own, latents, made=1)

    return with_less_memory(make, model)


def _albedo(encoded: Tensor) -> Tensor:
    return decode_srgb(encoded.clamp(0.0, 1.0)).clamp_min(_DARKEST)


def _change(old: Tensor, new: Tensor, sitter: Sitter, factor: int) -> Tensor:
    """Return [3, S, S] the log ratio of the face's new albedo to the old one, both with brows and make-up.

    Below those it is that of the skin around them.

    Args:
        old: [3, S, S] linear.
        new: [3, S, S] linear.
        sitter: whose skin.
        factor: texels a side that one latent stands for: what is worn bleeds into as many around it.
    """
    side, maps = old.shape[-1], (sitter.maps, sitter.bare)
    worn, bare = (resized(some[sitter.tiles[0]]["albedo"].permute(2, 0, 1), side) for some in maps)
    hidden = (worn.clamp_min(_DARKEST).log() - bare.clamp_min(_DARKEST).log()).abs().amax(dim=0)
    hidden = max_pool2d(hidden[None], 2 * factor - 1, 1, factor - 1)[0]
    shows = 1.0 - smoothstep(hidden, *_ON_TOP)
    ratio = (new / old).log()
    usual = (ratio * shows).mean(dim=(1, 2)) / shows.mean().clamp_min(_ANYWHERE)
    deviation = _AROUND * side
    weight = blurred(shows, deviation) + _ANYWHERE
    around = [
        (blurred(one * shows, deviation) + _ANYWHERE * mean) / weight for one, mean in zip(ratio, usual, strict=True)
    ]
    return torch.lerp(torch.stack(around), ratio, shows)
