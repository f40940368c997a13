"""A texture model of Stable Diffusion's family: trained on maps of one UV layout by `dreamface train texture-ldm`.

Zhang et al. 2023, "DreamFace", section 5.2 and equation 9: the mask of what is no face is concatenated to the latents,
and a learned prompt of the wanted domain to the words.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from dreamface.errors import DreamFaceError
from dreamface.guidance.devices import compute
from dreamface.guidance.interface import Prompt
from dreamface.guidance.schedule import Schedule
from dreamface.guidance.stable_diffusion import StableDiffusion
from dreamface.models import TEXTURE_LDM, model_folder

DESIRED, UNDESIRED = 0, 1
"""Domains: textures as they should be, and others that only teach variety, such as ones with light baked in."""

PROMPTS: Final = "domain_prompts.safetensors"
UNET: Final = "unet"
INDEX: Final = "model.json"


@dataclass(frozen=True)
class TextureDiffusion:
    """A `LatentDiffusion` of texture maps, with the autoencoder and the text encoder of the model it was trained from.

    Attributes:
        base: that model.
        name: what a face remembers.
    """

    base: StableDiffusion
    name: str
    _unet: Any
    _domains: Tensor | None
    _mask: Tensor | None

    @classmethod
    def of(
        cls, base: StableDiffusion, unet: Any, domains: Tensor | None, mask: Tensor | None, name: str = "texture-ldm"
    ) -> TextureDiffusion:
        """Return a model of its parts.

        Args:
            base: that it was trained from.
            unet: that takes the latents, and one channel more where there is a mask.
            domains: [2, K, D] learned prompts of both domains; None: it has none.
            mask: [1, 1, h, w] 1 where the layout shows no face; None: it is not told.
            name: what a face remembers.
        """
        place = base.device
        put = [None if one is None else one.to(place, torch.float32) for one in (domains, mask)]
        return cls(base, name, unet.to(place), *put)

    @classmethod
    def load(cls, folder: Path, base: StableDiffusion, precision: torch.dtype = torch.float32) -> TextureDiffusion:
        """Load the folder that training has written.

        Args:
            folder: see `dreamface.models.trained`.
            base: that it was trained from, or another of the same family.
            precision: of the network's weights.

        Raises:
            DreamFaceError: a file is missing or damaged, or the base is of another family.
        """
        from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        said = _index(folder)
        try:
            unet = UNet2DConditionModel.from_pretrained(folder / UNET, use_safetensors=True, local_files_only=True)
            learned = load_file(folder / PROMPTS)
            width = int(unet.config.cross_attention_dim)
            extra = int(unet.config.in_channels) - 4
        except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
            raise _damaged(folder) from error
        if width != base.embed("").embedding.shape[-1] or extra != int("mask" in learned):
            raise DreamFaceError(
                f"The texture model was trained from {str(said.get('base', 'another model'))[:80]}, and the chosen "
                "diffusion model is of another family: choose that one."
            )
        unet.requires_grad_(False).eval().to(precision)
        return cls.of(base, unet, learned.get("domains"), learned.get("mask"))

    @property
    def side(self) -> int:
        """The base's."""
        return self.base.side

    @property
    def factor(self) -> int:
        """The base's."""
        return self.base.factor

    @property
    def device(self) -> torch.device:
        """The base's."""
        return self.base.device

    @property
    def schedule(self) -> Schedule:
        """The base's."""
        return self.base.schedule

    def embed(self, words: str, domain: int = DESIRED) -> Prompt:
        """Read words, and add the learned prompt of a domain."""
        said = self.base.embed(words)
        return Prompt(with_domain(said.embedding, self._domains, torch.tensor([domain])), said.cut_off)

    def encode(self, pictures: Tensor) -> Tensor:
        """Return the latents [B, 4, h, w] of texture maps [B, 3, H, W]."""
        return self.base.encode(pictures)

    def decode(self, latents: Tensor) -> Tensor:
        """Return texture maps [B, 3, H, W] of latents."""
        return self.base.decode(latents)

    def predict_noise(self, latents: Tensor, level: Tensor, embedding: Tensor) -> Tensor:
        """Return the noise [B, 4, h, w] in latents, without gradients."""
        precision = next(self._unet.parameters()).dtype

        def ask(some: Tensor, levels: Tensor, words: Tensor) -> Tensor:
            answer: Tensor = self._unet(with_mask(some, self._mask), levels, encoder_hidden_states=words).sample
            return answer

        given = latents.detach().float()
        with torch.no_grad():
            answer = compute(ask, given.to(precision), level, embedding.to(precision)).float()
            return self.schedule.noise_of(answer, given, level, self.base.prediction)


def installed_texture_model(base: StableDiffusion, head: str) -> TextureDiffusion | None:
    """Load the texture model that is installed; None where there is none, or none of this head's layout.

    Args:
        base: the model of pictures that it is to judge beside.
        head: name of the head model.

    Raises:
        DreamFaceError: it is damaged, or the base is of another family.
    """
    folder = model_folder(TEXTURE_LDM.name)
    if not (folder / INDEX).is_file():
        return None
    of_head = _index(folder).get("head") or _USUAL_HEAD
    return TextureDiffusion.load(folder, base, base.precision) if of_head == head else None


def _index(folder: Path) -> dict[str, Any]:
    """Return what the index of a texture model's folder says.

    Raises:
        DreamFaceError: it is missing or damaged.
    """
    try:
        said = json.loads((folder / INDEX).read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise _damaged(folder) from error
    if not isinstance(said, dict):
        raise _damaged(folder)
    return said


def _damaged(folder: Path) -> DreamFaceError:
    return DreamFaceError(
        f"The texture model in {folder} can't be loaded: install the folder that training has written again."
    )


_USUAL_HEAD: Final = "ict"
"""Whose layout textures have where nobody says, as of scans."""


def with_domain(embedding: Tensor, domains: Tensor | None, which: Tensor) -> Tensor:
    """Return words [B, L, D] followed by learned prompts [2, K, D] of domains [B]: [B, L + K, D]."""
    if domains is None:
        return embedding
    chosen = domains[which.to(domains.device)].to(embedding)
    return torch.cat((embedding, chosen.expand(len(embedding), -1, -1)), dim=1)


def with_mask(latents: Tensor, mask: Tensor | None) -> Tensor:
    """Return latents [B, C, h, w] with a mask [1 or B, 1, h', w'] as one channel more, at their size."""
    if mask is None:
        return latents
    there = interpolate(mask.to(latents), size=latents.shape[-2:], mode="area")
    return torch.cat((latents, there.expand(len(latents), -1, -1, -1)), dim=1)
