"""The reader's own networks: MiniLM's last layers, trained further, and what is read off them; and readers of moments.

MiniLM's lower layers stay as they are (`minilm.SentenceEncoder.lower_states`). Each token says which columns its words
state, and how much; one attention over the tokens says what moment the whole prompt tells. `MomentReaders` tell the
moment once more, from what MiniLM as it is makes of the prompt at each of its levels; the mean of both is better than
either.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn

from dreamface.language.minilm import LAYERS, make_layers, run_layers

FAMILIES: Final = ("joy", "anger", "fear", "disgust", "sadness", "surprise", "contempt", "calm")
_WIDTH: Final = 384
_MOMENT_WIDTH: Final = 192


@dataclass(frozen=True)
class Told:
    """The moments that N prompts tell.

    Attributes:
        is_moment: [N], logit of whether the prompt tells a moment that suggests an expression.
        families: [N, 8], logits of FAMILIES.
        strength: [N], logit of how much of it shows.
        details: [N, 2, D], logits of whether a shape has a weight of its own, and of the weight.
    """

    is_moment: Tensor
    families: Tensor
    strength: Tensor
    details: Tensor

    @property
    def together(self) -> Tensor:
        """[N, 10], as `MomentReaders` tell it: `is_moment`, `strength`, `families`."""
        return torch.cat([self.is_moment[:, None], self.strength[:, None], self.families], dim=1)


@dataclass(frozen=True)
class Seen:
    """What N prompts of L tokens state.

    Attributes:
        stated: [N, L, C], logits of the columns.
        values: [N, L, V], logits of the columns' numbers, in their order.
        told: their moments.
    """

    stated: Tensor
    values: Tensor
    told: Told


class MomentNetwork(nn.Module):
    """Token states below MiniLM's last layers to the moment that a prompt tells.

    Args:
        layers: how many of MiniLM's layers it has its own version of.
        details: how many shapes a moment may set by itself.
        dropout: fraction of numbers that training leaves out.
    """

    def __init__(self, layers: int, details: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.layers = make_layers(layers, dropout)
        self.query = nn.Linear(_WIDTH, 1)
        self.dropout = nn.Dropout(2 * dropout)
        self.moment = nn.Linear(2 * _WIDTH, _MOMENT_WIDTH)
        self.told = nn.Linear(_MOMENT_WIDTH, 2 + len(FAMILIES) + 2 * details)

    @property
    def lower_layers(self) -> int:
        """How many of MiniLM's layers its states come through."""
        return LAYERS - self.layers.num_layers

    def hidden(self, states: Tensor, mask: Tensor | None) -> Tensor:
        """[N, L, 384], the states above the last layer.

        Args:
            states: [N, L, 384], above `lower_layers`.
            mask: [N, L], 1 at a token and 0 behind a prompt's end; None where all are as long.
        """
        return run_layers(self.layers, states, mask)

    def tell(self, hidden: Tensor, mask: Tensor | None) -> Told:
        """Return the moments, of the states above the last layer: their mean, and what one attention picks."""
        if mask is None:
            mask = torch.ones(hidden.shape[:2])
        asked = self.query(hidden).squeeze(-1).masked_fill(mask == 0, -1e4).softmax(dim=1).unsqueeze(-1)
        even = (mask / mask.sum(dim=1, keepdim=True)).unsqueeze(-1)
        pooled = torch.cat([(hidden * asked).sum(dim=1), (hidden * even).sum(dim=1)], dim=1)
        told = self.told(self.dropout(nn.functional.gelu(self.moment(self.dropout(pooled)))))
        families = 2 + len(FAMILIES)
        details = told[:, families:].reshape(len(told), 2, (told.shape[1] - families) // 2)
        return Told(told[:, 0], told[:, 2:families], told[:, 1], details)

    def forward(self, states: Tensor, mask: Tensor | None) -> Told:
        """Return the moments of N prompts; the arguments are those of `hidden`."""
        return self.tell(self.hidden(states, mask), mask)


class ReaderNetwork(nn.Module):
    """Token states below MiniLM's last layers to what the words state, and the moment that they tell.

    Args:
        layers: how many of MiniLM's layers it has its own version of.
        columns: how many columns there are.
        values: how many numbers all columns have.
        details: how many shapes a moment may set by itself.
        dropout: fraction of numbers that training leaves out.
    """

    def __init__(self, layers: int, columns: int, values: int, details: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.moments = MomentNetwork(layers, details, dropout)
        self.stated = nn.Linear(_WIDTH, columns)
        self.values = nn.Linear(_WIDTH, values)

    def forward(self, states: Tensor, mask: Tensor | None) -> Seen:
        """Return what N prompts state; the arguments are those of `MomentNetwork.hidden`."""
        hidden = self.moments.hidden(states, mask)
        told = self.moments.tell(hidden, mask)
        hidden = self.moments.dropout(hidden)
        return Seen(self.stated(hidden), self.values(hidden), told)


class MomentReaders(nn.Module):
    """Several small networks that tell a prompt's moment from the means of its tokens at each of MiniLM's levels.

    Each starts from other weights and learns the same; the mean of what they tell is surer than one alone. `centre` and
    `spread`, [7, 384], are the mean and the standard deviation of those means over the prompts learnt from.

    Args:
        count: how many of them.
        width: numbers in each one's middle.
        dropout: fractions of the input, and of the middle, that training leaves out.
    """

    def __init__(self, count: int, width: int, dropout: tuple[float, float] = (0.0, 0.0)) -> None:
        super().__init__()
        self.centre: Tensor
        self.spread: Tensor
        self.register_buffer("centre", torch.zeros(LAYERS + 1, _WIDTH))
        self.register_buffer("spread", torch.ones(LAYERS + 1, _WIDTH))
        self.before, self.within = nn.Dropout(dropout[0]), nn.Dropout(dropout[1])
        self.moment = nn.ModuleList(nn.Linear((LAYERS + 1) * _WIDTH, width) for _ in range(count))
        self.told = nn.ModuleList(nn.Linear(width, 2 + len(FAMILIES)) for _ in range(count))

    def each(self, means: Tensor) -> Tensor:
        """[K, N, 10], what each tells: logits of whether there is a moment, of its strength, and of FAMILIES.

        Args:
            means: [N, 7, 384], as `means_of_levels` returns them.
        """
        seen = ((means - self.centre) / self.spread).flatten(1)
        return torch.stack(
            [
                told(self.within(nn.functional.gelu(moment(self.before(seen)))))
                for moment, told in zip(self.moment, self.told, strict=True)
            ]
        )

    def forward(self, means: Tensor) -> Tensor:
        """[N, 10], the mean of what they tell; the argument is that of `each`."""
        return self.each(means).mean(dim=0)


def means_of_levels(levels: Sequence[Tensor], mask: Tensor | None) -> Tensor:
    """Return the mean over the tokens of each of MiniLM's levels, [N, 7, 384].

    Args:
        levels: as `minilm.SentenceEncoder.levels` returns them.
        mask: [N, L], 1 at a token and 0 behind a prompt's end; None where all are as long.
    """
    stacked = torch.stack(list(levels), dim=1)
    if mask is None:
        return stacked.mean(dim=2)
    even = (mask / mask.sum(dim=1, keepdim=True))[:, None, :, None]
    return (stacked * even).sum(dim=2)
