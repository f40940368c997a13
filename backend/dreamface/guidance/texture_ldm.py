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
from dreamface.guidance.devices import SLOW, Place, check_memory, compute, is_out_of_memory
from dreamface.guidance.interface import Prompt
from dreamface.guidance.schedule import Schedule
from dreamface.guidance.stable_diffusion import StableDiffusion
from dreamface.models import TEXTURE_LDM, model_folder
from dreamface.progress import Progress

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
            DreamFaceError: a file is missing or damaged, the base is of another family, or there is too little memory.
        """
        from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        said = read_index(folder, _TITLE)
        check_memory(Place(base.device, precision), weights_in(folder / UNET, precision), _TITLE.capitalize())
        try:
            unet = UNet2DConditionModel.from_pretrained(folder / UNET, use_safetensors=True, local_files_only=True)
            learned = load_file(folder / PROMPTS)
            width = int(unet.config.cross_attention_dim)
            extra = int(unet.config.in_channels) - 4
        except (OSError, ValueError, KeyError, TypeError, RuntimeError, MemoryError, SafetensorError) as error:
            raise unloaded(folder, _TITLE, error) from error
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


def installed_texture_model(
    base: StableDiffusion,
    head: str,
    progress: Progress = Progress(),  # noqa: B008 - immutable
) -> TextureDiffusion | None:
    """Return the texture model that is installed; None where there is none, or none of this head's layout.

    Args:
        base: the model of pictures that it is to judge beside; it stays in memory as long as that one.
        head: name of the head model.
        progress: told before it is loaded.

    Raises:
        DreamFaceError: it is damaged, or the base is of another family.
        Cancelled: the progress said so.
    """
    folder = model_folder(TEXTURE_LDM.name)
    if not (folder / INDEX).is_file() or head_of(folder, _TITLE) != head:
        return None

    def load() -> TextureDiffusion:
        progress.report("load", 0.0, f"Loading {_TITLE}")
        return TextureDiffusion.load(folder, base, base.precision)

    return base.companion(folder, load)


def why_no_texture_model(head: str) -> str:
    """Return why no installed texture model makes textures of a head, as a sentence; empty where one does.

    Args:
        head: name of the head model.

    Raises:
        DreamFaceError: what is installed is damaged.
    """
    folder = model_folder(TEXTURE_LDM.name)
    if not (folder / INDEX).is_file():
        return f"{_TITLE.capitalize()} is not installed: {TEXTURE_LDM.how}. Nobody publishes one: you train it."
    if (known := head_of(folder, _TITLE)) != head:
        return (
            f"The installed texture model knows the layout of the head {known!r}, and this one is {head!r}: choose the "
            f"head {known!r}, or detail by diffusion."
        )
    return ""


_TITLE: Final = "the texture model"
_USUAL_HEAD: Final = "ict"  # whose layout textures have where nobody says, as of scans


# ------------------------------------------------------------------------------------ folders that training has written


def head_of(folder: Path, what: str) -> str:
    """Return the head model whose layout a trained model has learnt.

    Args:
        folder: that training has written.
        what: is in it, as a sentence names it.

    Raises:
        DreamFaceError: its index is missing or damaged.
    """
    return str(read_index(folder, what).get("head") or _USUAL_HEAD)


def read_index(folder: Path, what: str) -> dict[str, Any]:
    """Return what the index of a trained model says; arguments and errors as of `head_of`."""
    try:
        said = json.loads((folder / INDEX).read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise unloaded(folder, what, error) from error
    if not isinstance(said, dict):
        raise unloaded(folder, what)
    return said


def weights_in(folder: Path, precision: torch.dtype) -> float:
    """Return the bytes that weights take which training has written into a folder, in single precision."""
    sizes = sum(file.stat().st_size for file in folder.glob("*.safetensors"))
    return sizes * precision.itemsize / torch.float32.itemsize


def unloaded(folder: Path, what: str, error: BaseException | None = None) -> DreamFaceError:
    """Return what to say where a trained model can't be loaded."""
    if error is not None and is_out_of_memory(error):
        return DreamFaceError(f"There is too little memory for {what}: close other programs, or choose {SLOW}.")
    return DreamFaceError(
        f"{what[0].upper()}{what[1:]} in {folder} can't be loaded: install the folder that training has written again."
    )


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
