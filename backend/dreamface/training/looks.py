"""What of a face's measurements tells age, sex and ancestry: ridge regression over the built-in head's people.

python -m dreamface.training.looks     writes head/selection/looks.npz, a few kilobytes
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import Tensor

from dreamface.geometry import catmull_clark
from dreamface.head.anny.bank import load_bank
from dreamface.head.anny.identity import IdentitySpace
from dreamface.head.measure import measure_raw
from dreamface.head.selection.looks import LOOKS
from dreamface.traits import ANCESTRIES, SHAPE_TRAITS, Traits

OUTPUT: Final = Path(__file__).parent.parent / "head" / "selection" / "looks.npz"
_PEOPLE: Final = 6000
_SEED: Final = 5
_YEARS: Final = (18.0, 80.0)
_RIDGE: Final = 0.02  # of a measurement's variance


def main() -> None:
    """Draw people, fit, and print how much of each look the measurements explain."""
    bank = load_bank()
    space = IdentitySpace(bank, catmull_clark(bank.cage.skin_faces, bank.cage.ranges["skin"][1]).matrix)
    raw, looks = _people(space)
    known = space.population.standardise(raw)
    centred, wanted = known - known.mean(dim=0), looks - looks.mean(dim=0)
    ridge = _RIDGE * len(centred) * torch.eye(len(SHAPE_TRAITS), dtype=torch.float64)
    weights = torch.linalg.solve(centred.T @ centred + ridge, centred.T @ wanted).T
    left = (wanted - centred @ weights.T).var(dim=0) / wanted.var(dim=0)
    for name, share in zip(LOOKS, left, strict=True):
        print(f"{name}: {100.0 * (1.0 - float(share)):.0f} % explained")
    per_raw = weights / space.population.spread
    np.savez(OUTPUT, names=np.array(LOOKS), traits=np.array(SHAPE_TRAITS), weights=per_raw.numpy().astype(np.float32))


def _people(space: IdentitySpace) -> tuple[Tensor, Tensor]:
    """[N, T] raw measurements and [N, L] looks of adults of all kinds."""
    generator = torch.Generator().manual_seed(_SEED)
    weights, looks = [], []
    for _ in range(_PEOPLE):
        drawn = space.people([Traits()], [generator], [None])[0]
        age, gender, *ancestry = torch.rand(2 + len(ANCESTRIES), generator=generator, dtype=torch.float64).tolist()
        shares = torch.tensor(ancestry).pow(4.0)  # mostly one, sometimes mixed
        person = dict(drawn.person) | {"age": _YEARS[0] + (_YEARS[1] - _YEARS[0]) * age, "gender": 2.0 * gender - 1.0}
        person |= dict(zip(ANCESTRIES, (shares / shares.sum()).tolist(), strict=True))
        weights.append(space.target_weights(replace(drawn, person=person)))
        looks.append([person[name] for name in LOOKS])
    raw = measure_raw(space.points(torch.stack(weights)))
    return raw, torch.tensor(looks, dtype=torch.float64)


if __name__ == "__main__":
    main()
