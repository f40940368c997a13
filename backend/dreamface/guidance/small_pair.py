"""The built-in pair of small diffusion models: one of texture maps, one of pictures of heads.

They do all that Stable Diffusion and a texture model do, on 64 pixels a side and only as well as networks of that size
can: they are there for tests, and for proving what is built on such models. No artist is offered them in Stable
Diffusion's place.
`training/small_pair.py` has made them of synthetic people alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from dreamface.errors import MissingDependency
from dreamface.guidance.devices import choose_place, compute
from dreamface.guidance.interface import Prompt
from dreamface.guidance.schedule import Schedule
from dreamface.guidance.small_networks import (
    FACTOR,
    SIDE,
    TOKENS,
    WORD_WIDTH,
    Autoencoder,
    Denoiser,
)
from dreamface.language import cut_off_of, token_states

WEIGHTS: Final = Path(__file__).parent / "small_pair.npz"
KINDS: Final = ("texture", "picture")
AUTOENCODER: Final = "autoencoder"

_SCALE: Final = ".scale"  # ends the name of what whole numbers are multiplied by
_MOST: Final = 127  # of a whole number of eight bits

Packed = Mapping[str, NDArray[np.generic]]
"""Network / weight -> array, as the file keeps them."""


@dataclass(frozen=True)
class SmallDiffusion:
    """A `LatentDiffusion` of small networks. Their weights get no gradients.

    Its pictures have sides that are multiples of 16 pixels.
    """

    name: str
    device: torch.device
    schedule: Schedule
    side: int
    factor: int
    _denoiser: Denoiser
    _autoencoder: Autoencoder

    @classmethod
    def of(cls, name: str, denoiser: Denoiser, autoencoder: Autoencoder) -> SmallDiffusion:
        """Return a model of networks, on the device that was chosen."""
        device = choose_place().device
        for network in (denoiser, autoencoder):
            network.requires_grad_(False).train(False).to(device)
        return cls(name, device, Schedule.scaled_linear(), SIDE, FACTOR, denoiser, autoencoder)

    def embed(self, words: str) -> Prompt:
        """Read words; those beyond 32 tokens, or about 25 words, are cut off, and told.

        Raises:
            MissingDependency: the package with the text encoder is not installed.
        """
        try:
            states = token_states([words], TOKENS)[0]
        except RuntimeError as error:
            raise MissingDependency("The text encoder is missing: set DreamFace up again.") from error
        embedding = torch.zeros(1, TOKENS, WORD_WIDTH)
        embedding[0, : len(states)] = states
        return Prompt(embedding.to(self.device), cut_off_of(words, TOKENS))

    def encode(self, pictures: Tensor) -> Tensor:
        """Return the latents [B, 4, h, w] of pictures [B, 3, H, W]."""
        return compute(self._autoencoder.encode, 2.0 * pictures.float() - 1.0)

    def decode(self, latents: Tensor) -> Tensor:
        """Return pictures [B, 3, H, W] of latents."""
        return 0.5 * compute(self._autoencoder.decode, latents.float()) + 0.5

    def predict_noise(self, latents: Tensor, level: Tensor, embedding: Tensor) -> Tensor:
        """Return the noise [B, 4, h, w] in latents, without gradients."""
        given = latents.detach().float()
        with torch.no_grad():
            answer = compute(self._denoiser, given, level, embedding)
            return self.schedule.noise_of(answer, given, level, "v_prediction")


@dataclass(frozen=True)
class SmallPair:
    """Two models of the same latents.

    Attributes:
        texture: of sRGB albedo maps in the UV layout of the built-in head's face tile.
        picture: of pictures of heads without grown hair, seen within 45 degrees of the front.
    """

    texture: SmallDiffusion
    picture: SmallDiffusion


@cache
def small_pair() -> SmallPair:
    """Return the pair that comes with DreamFace, loaded once."""
    with np.load(WEIGHTS, allow_pickle=False) as packed:
        return unpack(dict(packed))


def unpack(packed: Packed) -> SmallPair:
    """Return the pair whose weights `pack` has packed."""
    autoencoder = Autoencoder()
    _fill(autoencoder, packed, AUTOENCODER)
    models = []
    for kind in KINDS:
        denoiser = Denoiser()
        _fill(denoiser, packed, kind)
        models.append(SmallDiffusion.of(f"small-{kind}", denoiser, autoencoder))
    return SmallPair(*models)


def pack(autoencoder: Autoencoder, texture: Denoiser, picture: Denoiser) -> dict[str, NDArray[np.generic]]:
    """Return weights as small arrays.

    The denoisers' matrices and kernels are whole numbers of eight bits with a scale for each output; all else is in
    half precision.
    """
    packed: dict[str, NDArray[np.generic]] = {}
    for name, network in zip((AUTOENCODER, *KINDS), (autoencoder, texture, picture), strict=True):
        for part, value in network.state_dict().items():
            key = f"{name}/{part}"
            if name == AUTOENCODER or value.dim() < 2:
                packed[key] = value.half().numpy()
                continue
            rows = value.reshape(len(value), -1)
            scale = (rows.abs().amax(dim=1) / _MOST).clamp_min(torch.finfo(torch.float16).tiny).half()
            packed[key] = (
                (rows / scale.float()[:, None]).round().clamp(-_MOST, _MOST).to(torch.int8).view(value.shape).numpy()
            )
            packed[key + _SCALE] = scale.numpy()
    return packed


def _fill(network: nn.Module, packed: Packed, name: str) -> None:
    """Set a network's weights to the packed ones."""
    state = {}
    for part, value in network.state_dict().items():
        key = f"{name}/{part}"
        kept = torch.from_numpy(np.asarray(packed[key])).float()
        if key + _SCALE in packed:
            scale = torch.from_numpy(np.asarray(packed[key + _SCALE])).float()
            kept = kept * scale.view(-1, *[1] * (kept.dim() - 1))
        state[part] = kept.view(value.shape)
    network.load_state_dict(state)
