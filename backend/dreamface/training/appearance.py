"""What measures on a finished face tell of its age, its sex and its skin: ridge regression over people of our own.

python -m dreamface.training.appearance [--people 400]     writes appearance/readouts.npz, some kilobytes
"""

from __future__ import annotations

import argparse
import random
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch import Tensor

from dreamface.appearance import features
from dreamface.appearance.looking import READ_OUT, READOUTS
from dreamface.appearance.skin import SkinSeen
from dreamface.face import Head, Maps
from dreamface.groom import Surface, grow
from dreamface.head import HEADS, HeadSource, load_model
from dreamface.prior import complete
from dreamface.random_streams import stream
from dreamface.skin import Painter
from dreamface.traits import Traits, TraitValue

_SEED: Final = 11
_MAPS: Final = 1024  # texels a side
_YEARS: Final = (4.0, 92.0)
_SHARE_NONE: Final = 0.35  # of people who have no marks of a kind
_RIDGE: Final = 0.1  # of a measure's variance
_HELD_OUT: Final = 5  # every so manyth person is not learnt from
_MARKED: Final = tuple(name for name in READ_OUT if name not in ("age", "gender"))


@dataclass(frozen=True)
class _Painted:
    """As much of a face as is looked at."""

    head: Head
    maps: Maps


def main() -> None:
    """Draw people, measure, fit, and print how near held-out people come."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=260)
    options = parser.parse_args()
    rows = [_person(number) for number in range(options.people)]
    names = sorted({name for measures, _ in rows for name in measures})
    measures = torch.tensor([[found.get(name, 0.0) for name in names] for found, _ in rows], dtype=torch.float64)
    wanted = torch.tensor([[known[name] for name in READ_OUT] for _, known in rows], dtype=torch.float64)
    mean, scale = measures.mean(dim=0), measures.std(dim=0).clamp_min(1e-6)
    inputs = _inputs((measures - mean) / scale)
    held_out = torch.arange(len(rows)) % _HELD_OUT == 0
    allowed = _allowed(names)
    weights = _fit(inputs[~held_out], wanted[~held_out], allowed)
    for index, name in enumerate(READ_OUT):
        miss = inputs[held_out] @ weights[:, index] - wanted[held_out, index]
        spread = float(wanted[held_out, index].std())
        print(f"{name:22} misses by {float(miss.abs().median()):6.3f} (spread {spread:.3f})")
    weights = _fit(inputs, wanted, allowed)
    np.savez_compressed(
        READOUTS, measures=np.array(names), traits=np.array(READ_OUT), mean=mean.float().numpy(),
        scale=scale.float().numpy(), weights=weights.float().numpy(),
    )  # fmt: skip


def _inputs(rows: Tensor) -> Tensor:
    """Return [N, 2 F + 1] standardised measures, their squares, and 1."""
    return torch.cat((rows, rows.square(), torch.ones(len(rows), 1, dtype=rows.dtype)), dim=1)


def _allowed(names: list[str]) -> Tensor:
    """Return [2 F + 1, T] bool: which inputs tell of which trait.

    Age and sex show in everything, and 100 measures of a few hundred people allow no squares; what the skin has is
    told by the skin alone.
    """
    of_skin = torch.tensor(["/" in name for name in names])
    everything = torch.cat((torch.ones(len(names)), torch.zeros(len(names)), torch.ones(1))).bool()
    skin = torch.cat((of_skin, of_skin, torch.ones(1).bool()))
    return torch.stack([everything if name in ("age", "gender") else skin for name in READ_OUT], dim=1)


def _fit(inputs: Tensor, wanted: Tensor, allowed: Tensor) -> Tensor:
    """Return [2 F + 1, T] weights; the constant is not held back."""
    weights = torch.zeros(inputs.shape[1], wanted.shape[1], dtype=inputs.dtype)
    for index in range(wanted.shape[1]):
        own = inputs[:, allowed[:, index]]
        hold = _RIDGE * len(own) * torch.ones(own.shape[1], dtype=own.dtype)
        hold[-1] = 0.0
        weights[allowed[:, index], index] = torch.linalg.solve(own.T @ own + torch.diag(hold), own.T @ wanted[:, index])
    return weights


def _person(number: int) -> tuple[dict[str, float], dict[str, float]]:
    """Return what is measured on a person of either head, and what they are."""
    draw, heads = random.Random(f"{_SEED}/{number}"), [name for name in HEADS if name != "auto"]
    said: dict[str, float] = {"age": draw.uniform(*_YEARS), "gender": draw.choice((-1.0, 1.0)) * draw.uniform(0.6, 1.0)}
    for name in _MARKED:
        said[name] = 0.0 if draw.random() < _SHARE_NONE else draw.random()
    # Half of them are as the prior draws them, so that what goes together does so here.
    natural = number // len(heads) % 2 == 0
    stated = {name: said[name] for name in ("age", "gender")} if natural else said
    traits = complete(Traits({name: TraitValue(value) for name, value in stated.items()}), number)
    model = load_model(heads[number % len(heads)])
    head = model.build(HeadSource(traits, stream(number, "head")))
    groom = grow(head, traits, number, surface=Surface(head))
    maps = Painter().paint(head, traits, resolution=_MAPS, seed=number)
    measures = features(SkinSeen(_Painted(head, maps)), model.measure(head), groom)
    return measures, {name: traits.number(name) for name in READ_OUT}


if __name__ == "__main__":
    main()
