"""Decoders from a texture's latents to its specular and normal maps, trained by `dreamface train pbr-decoders`.

Zhang et al. 2023, "DreamFace", section 5.3 and equation 15.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from dreamface.errors import DreamFaceError
from dreamface.guidance.devices import Place, check_memory, compute, is_out_of_memory
from dreamface.guidance.stable_diffusion import StableDiffusion
from dreamface.guidance.texture_ldm import INDEX, head_of, read_index, unloaded, weights_in
from dreamface.models import PBR_DECODERS, model_folder
from dreamface.progress import Progress

CHANNELS: Final = ("specular", "normal")
WEIGHTS: Final = "decoder.safetensors"

_SHORTEST: Final = 1e-3  # of a normal that still has a direction
_TITLE: Final = "the PBR decoders"


class Decoder(nn.Module):
    """The way from latents back to a picture, as a base's autoencoder has it."""

    def __init__(self, autoencoder: Any) -> None:
        super().__init__()
        self.scale = float(autoencoder.config.scaling_factor)
        self.before = copy.deepcopy(autoencoder.post_quant_conv)
        self.decoder = copy.deepcopy(autoencoder.decoder)

    def forward(self, latents: Tensor) -> Tensor:
        """Return pictures [B, 3, H, W], about 0..1."""
        scaled = latents / self.scale
        pictures: Tensor = 0.5 * self.decoder(scaled if self.before is None else self.before(scaled)) + 0.5
        return pictures


@dataclass(frozen=True)
class PbrDecoders:
    """What makes specular and normal maps of the latents of an albedo map.

    Attributes:
        device: where its tensors lie.
        name: what a face remembers.
    """

    device: torch.device
    _decoders: dict[str, Decoder]
    name: str = PBR_DECODERS.name

    @classmethod
    def load(cls, folder: Path, base: StableDiffusion) -> PbrDecoders:
        """Load the folder that training has written.

        Raises:
            DreamFaceError: a file is missing or damaged, the base is of another family, or there is too little memory.
        """
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        decoders = {}
        read_index(folder, _TITLE)
        needed = sum(weights_in(folder / channel, torch.float32) for channel in CHANNELS)
        check_memory(Place(base.device, torch.float32), needed, _TITLE[0].upper() + _TITLE[1:])
        try:
            for channel in CHANNELS:
                decoder = Decoder(base.autoencoder).float()
                decoder.load_state_dict(load_file(folder / channel / WEIGHTS))
                decoders[channel] = decoder.requires_grad_(False).train(False).to(base.device)
        except (OSError, ValueError, RuntimeError, MemoryError, SafetensorError) as error:
            if is_out_of_memory(error):
                raise unloaded(folder, _TITLE, error) from error
            raise DreamFaceError(
                f"The PBR decoders in {folder} can't be loaded with {base.name}: choose the diffusion model that they "
                "were trained with, or install them again."
            ) from error
        return cls(base.device, decoders)

    def specular(self, latents: Tensor) -> Tensor:
        """Return [B, 1, H, W] 0..1 of latents [B, 4, h, w]. Differentiable."""
        return compute(self._decoders["specular"], latents.float()).mean(dim=1, keepdim=True).clamp(0.0, 1.0)

    def normal(self, latents: Tensor) -> Tensor:
        """Return [B, 3, H, W] unit vectors in tangent space of latents [B, 4, h, w]. Differentiable."""
        return normalize(2.0 * compute(self._decoders["normal"], latents.float()) - 1.0, dim=1, eps=_SHORTEST)


def installed_pbr_decoders(
    base: StableDiffusion,
    head: str,
    progress: Progress = Progress(),  # noqa: B008 - immutable
) -> PbrDecoders | None:
    """Return the decoders that are installed; None where there are none, or none of this head's layout.

    Args:
        base: the model whose latents they read; they stay in memory as long as that one.
        head: name of the head model.
        progress: told before they are loaded.

    Raises:
        DreamFaceError: they are damaged, belong to another base, or there is too little memory.
        Cancelled: the progress said so.
    """
    folder = model_folder(PBR_DECODERS.name)
    if not (folder / INDEX).is_file() or head_of(folder, _TITLE) != head:
        return None

    def load() -> PbrDecoders:
        progress.report("load", 0.0, f"Loading {_TITLE}")
        return PbrDecoders.load(folder, base)

    return base.companion(folder, load)
