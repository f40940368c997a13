"""Networks of the small pair: an autoencoder of pictures, and a denoiser of its latents that reads words."""

from __future__ import annotations

import math
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, silu

SIDE: Final = 64  # pixels a side that they were trained on
FACTOR: Final = 4  # pixels a side that one latent stands for
CHANNELS: Final = 4  # of the latents
TOKENS: Final = 32  # of words that are read
WORD_WIDTH: Final = 384  # of a token's state

_BOUND: Final = 3.0  # of the latents before they are scaled
_GROUPS: Final = 8  # of channels that are normalised together
_HEAD_WIDTH: Final = 32  # of attention
_TIME_WIDTH: Final = 256
_NOT_THERE: Final = -1e4  # score of a token behind a text's end
_SLOWEST: Final = 1e4  # levels of the slowest wave that a noise level is written in


class Autoencoder(nn.Module):
    """Pictures [B, 3, H, W], -1..1, to latents [B, 4, H / 4, W / 4] and back; plain convolutions without a norm."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, widths: tuple[int, int] = (32, 64)) -> None:
        super().__init__()
        fine, coarse = widths
        self.encoder = nn.Sequential(
            nn.PixelUnshuffle(2), nn.Conv2d(12, fine, 3, padding=1), nn.SiLU(), nn.Conv2d(fine, coarse, 3, 2, 1),
            _Plain(coarse), nn.Conv2d(coarse, CHANNELS, 3, padding=1),
        )  # fmt: skip
        self.decoder = nn.Sequential(
            nn.Conv2d(CHANNELS, coarse, 3, padding=1), _Plain(coarse), _Plain(coarse), nn.Upsample(scale_factor=2),
            nn.Conv2d(coarse, fine, 3, padding=1), _Plain(fine), nn.Conv2d(fine, 12, 3, padding=1), nn.PixelShuffle(2),
        )  # fmt: skip
        self.register_buffer("mean", torch.zeros(CHANNELS))
        self.register_buffer("deviation", torch.ones(CHANNELS))

    def raw(self, pictures: Tensor) -> Tensor:
        """Return latents before they are scaled, within -3..3."""
        found: Tensor = self.encoder(pictures)
        return _BOUND * torch.tanh(found / _BOUND)

    def from_raw(self, latents: Tensor) -> Tensor:
        """Return pictures of latents that are not scaled."""
        pictures: Tensor = self.decoder(latents)
        return pictures

    def encode(self, pictures: Tensor) -> Tensor:
        """Return latents of mean 0 and deviation 1."""
        return (self.raw(pictures) - self.mean.view(-1, 1, 1)) / self.deviation.view(-1, 1, 1)

    def decode(self, latents: Tensor) -> Tensor:
        """Return pictures, about -1..1."""
        return self.from_raw(latents * self.deviation.view(-1, 1, 1) + self.mean.view(-1, 1, 1))


class _Plain(nn.Module):
    """A residual block of two convolutions."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(width, width, 3, padding=1), nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = x + self.second(silu(self.first(silu(x))))
        return found


class Denoiser(nn.Module):
    """A UNet of three sizes, with attention to words at the smaller two.

    What the words say as a whole is also added to the noise level: it moves every block's channels.

    Args:
        widths: channels at 16, 8 and 4 latents a side.
    """

    def __init__(self, widths: tuple[int, int, int] = (48, 96, 160)) -> None:
        super().__init__()
        fine, middle, coarse = widths
        self.level = nn.Sequential(nn.Linear(fine, _TIME_WIDTH), nn.SiLU(), nn.Linear(_TIME_WIDTH, _TIME_WIDTH))
        self.words = nn.Sequential(nn.Linear(WORD_WIDTH, _TIME_WIDTH), nn.SiLU(), nn.Linear(_TIME_WIDTH, _TIME_WIDTH))
        self.first = nn.Conv2d(CHANNELS, fine, 3, padding=1)
        self.down1, self.shrink1 = _Block(fine, fine), nn.Conv2d(fine, fine, 3, 2, 1)
        self.down2, self.look2 = _Block(fine, middle), _Attention(middle)
        self.shrink2 = nn.Conv2d(middle, middle, 3, 2, 1)
        self.down3, self.look3 = _Block(middle, coarse), _Attention(coarse)
        self.up3 = _Block(coarse, coarse)
        self.up2a, self.look2a = _Block(coarse + middle, middle), _Attention(middle)
        self.up2b = _Block(middle + fine, middle)
        self.up1a, self.up1b = _Block(middle + fine, fine), _Block(2 * fine, fine)
        self.norm, self.last = nn.GroupNorm(_GROUPS, fine), nn.Conv2d(fine, CHANNELS, 3, padding=1)
        for value in self.last.parameters():
            nn.init.zeros_(value)

    def forward(self, latents: Tensor, level: Tensor, states: Tensor) -> Tensor:
        """Return the velocity [B, 4, h, w].

        Args:
            latents: [B, 4, h, w] with noise; sides are multiples of 4.
            level: [B] of the schedule of 1000.
            states: [B, L, 384] of tokens; rows of zeros are behind a text's end.
        """
        there = states.abs().sum(dim=-1, keepdim=True) > 0.0
        whole = (states * there).sum(dim=1) / there.sum(dim=1).clamp_min(1)
        said = self.level(_waves(level, self.first.out_channels).to(latents.dtype)) + self.words(whole)
        mask = there[:, None, None, :, 0]
        start = self.first(latents)
        fine = self.down1(start, said)
        small = self.shrink1(fine)
        middle = self.look2(self.down2(small, said), states, mask)
        coarse = self.look3(self.down3(self.shrink2(middle), said), states, mask)
        x = interpolate(self.up3(coarse, said), scale_factor=2.0)
        x = self.look2a(self.up2a(torch.cat((x, middle), dim=1), said), states, mask)
        x = interpolate(self.up2b(torch.cat((x, small), dim=1), said), scale_factor=2.0)
        x = self.up1a(torch.cat((x, fine), dim=1), said)
        x = self.up1b(torch.cat((x, start), dim=1), said)
        answer: Tensor = self.last(silu(self.norm(x)))
        return answer


class _Block(nn.Module):
    """A residual block whose second half is scaled and shifted by what is said (Perez et al. 2018, "FiLM")."""

    def __init__(self, width: int, out: int) -> None:
        super().__init__()
        self.norm1, self.conv1 = nn.GroupNorm(_GROUPS, width), nn.Conv2d(width, out, 3, padding=1)
        self.said = nn.Linear(_TIME_WIDTH, 2 * out)
        self.norm2, self.conv2 = nn.GroupNorm(_GROUPS, out), nn.Conv2d(out, out, 3, padding=1)
        self.skip = nn.Identity() if width == out else nn.Conv2d(width, out, 1)
        nn.init.zeros_(self.conv2.weight)

    def forward(self, x: Tensor, said: Tensor) -> Tensor:
        scale, shift = self.said(silu(said))[:, :, None, None].chunk(2, dim=1)
        hidden = self.conv1(silu(self.norm1(x)))
        hidden = self.conv2(silu(self.norm2(hidden) * (1.0 + scale) + shift))
        found: Tensor = self.skip(x) + hidden
        return found


class _Attention(nn.Module):
    """Attention of places to each other, and to words."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.heads = width // _HEAD_WIDTH
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.own, self.own_out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.ask, self.read, self.read_out = (
            nn.Linear(width, width),
            nn.Linear(WORD_WIDTH, 2 * width),
            nn.Linear(width, width),
        )
        nn.init.zeros_(self.own_out.weight)

    def forward(self, x: Tensor, states: Tensor, mask: Tensor) -> Tensor:
        batch, width, height, breadth = x.shape
        tokens = x.flatten(2).transpose(1, 2)
        queries, keys, values = self.own(self.norm1(tokens)).chunk(3, dim=-1)
        tokens = tokens + self.own_out(self._attend(queries, keys, values, None))
        keys, values = self.read(states).chunk(2, dim=-1)
        tokens = tokens + self.read_out(self._attend(self.ask(self.norm2(tokens)), keys, values, mask))
        return tokens.transpose(1, 2).reshape(batch, width, height, breadth)

    def _attend(self, queries: Tensor, keys: Tensor, values: Tensor, mask: Tensor | None) -> Tensor:
        """Return what queries [B, Q, W] find. On a CPU this is five times as fast as torch's own at this size."""
        query, key, value = (
            one.view(*one.shape[:-1], self.heads, -1).transpose(1, 2) for one in (queries, keys, values)
        )
        scores = (query @ key.transpose(-1, -2)).float() * _HEAD_WIDTH**-0.5
        if mask is not None:
            scores = scores.masked_fill(~mask, _NOT_THERE)
        return (scores.softmax(dim=-1).to(value.dtype) @ value).transpose(1, 2).flatten(2)


def _waves(level: Tensor, width: int) -> Tensor:
    """Return noise levels [B] as sines and cosines [B, width] (Vaswani et al. 2017)."""
    rates = torch.exp(-math.log(_SLOWEST) * torch.arange(width // 2, device=level.device) / (width // 2))
    angles = level.float()[:, None] * rates
    return torch.cat((angles.sin(), angles.cos()), dim=1)
