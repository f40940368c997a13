"""People around the mean of their own age, sex and ancestry: a draw is moved to where such people are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import torch
from torch import Tensor

from dreamface.head import norms
from dreamface.head.measure import Population
from dreamface.head.tendencies import trait_tendencies
from dreamface.traits import ANCESTRIES, SHAPE_TRAITS

Measured = Callable[[Sequence[Mapping[str, float]], Tensor], Tensor]
"""Person traits of N people, and [N, B, P] coefficients, B sets of each -> [N, B, T] raw measurements."""

_DIFFERENCE: Final = 1e-3  # coefficient step of the numerical derivative
_TOLERANCE: Final = 0.3  # standard deviations by which a group's mean of a published distance may be missed
_LOOSE: Final = 0.5  # the same of all else: held closer, a few sliders fight each other and faces are caricatures
_STEPS: Final = 4
_LEFT_ALONE: Final = ("ears.pointed", "chin.cleft", "asymmetry")  # measurements that are far from linear
_FREE: Final = 1.8  # deviations within a group that nobody touches
_FURTHEST: Final = 2.6  # deviations that a draw comes near to and never passes
_ADULT: Final = 25.0  # years
_TRUSTED: Final = 1.6  # deviations by which a head's own mean of a group is moved at most
_BUILD: Final = {"body.weight": 0.5, "body.muscle": 0.5, "lashes.length": 0.5}


class Groups:
    """Where people of every group lie, on one head model."""

    def __init__(
        self,
        population: Population,
        measured: Measured,
        usual: Callable[[Mapping[str, float]], Tensor],
        hold: Tensor,
        drawn: Tensor,
    ) -> None:
        """Measure the mean of all adults, how coefficients move the measurements, and how far draws spread.

        Args:
            population: what standard deviations are of.
            measured: what coefficients measure on people.
            usual: person traits -> [P] coefficients of the middle of the group, before it is measured.
            hold: [P, P] what it costs to move coefficients.
            drawn: [N, P] coefficients of a sample of people, 0 in the middle.
        """
        self._population, self._measured, self._usual = population, measured, usual
        adults = [self._adult(sex, name) for sex in (-1.0, 1.0) for name in ANCESTRIES]
        self._all = measured(adults, torch.stack([usual(one) for one in adults])[:, None])[:, 0].mean(dim=0)
        middle = adults[0] | {"gender": 0.0} | dict.fromkeys(ANCESTRIES, 1.0)
        self._solver = self._solve(middle, hold)
        start = usual(middle)
        around = measured([middle], (start + drawn)[None])[0]
        self._own_spread = around.std(dim=0)
        # Sliders' two sides are not alike.
        self._own_bias = around.mean(dim=0) - measured([middle], start[None, None])[0, 0]

    @staticmethod
    def _adult(sex: float, ancestry: str) -> dict[str, float]:
        return {"age": _ADULT, "gender": sex, **_BUILD, **dict.fromkeys(ANCESTRIES, 0.0), ancestry: 1.0}

    def _solve(self, person: Mapping[str, float], hold: Tensor) -> Tensor:
        """Return [P, T] how coefficients move for a deviation of each measurement to be made good."""
        start = self._usual(person)
        steps = torch.eye(len(start), dtype=start.dtype) * _DIFFERENCE
        raw = self._measured([person], (start + torch.cat((steps, -steps)))[None])[0]
        slope = (raw[: len(start)] - raw[len(start) :]).T / (2.0 * _DIFFERENCE) / self._population.spread[:, None]
        tolerance = torch.tensor([_TOLERANCE if name in norms.NORMS else _LOOSE for name in SHAPE_TRAITS])
        held = torch.tensor([name not in _LEFT_ALONE for name in SHAPE_TRAITS])
        pulled = slope.T * held / tolerance.square()
        return torch.linalg.solve(pulled @ slope + hold, pulled)

    def mean(self, person: Mapping[str, float]) -> tuple[Tensor, Tensor]:
        """Return [T] raw measurements of the middle of somebody's group, and [T] the spread in it."""
        return self._expected(person, self._measured([person], self._usual(person)[None, None])[0, 0])

    def _expected(self, person: Mapping[str, float], own: Tensor) -> tuple[Tensor, Tensor]:
        mean, spread = own.clone(), self._own_spread.clone()
        for name, (share, deviation) in norms.shares(person).items():
            row = SHAPE_TRAITS.index(name)
            far = _TRUSTED * self._population.spread[row]
            mean[row] = own[row] + far * torch.tanh((share * self._all[row] - own[row]) / far)
            spread[row] = deviation * self._all[row]
        for name in _LEFT_ALONE:
            row = SHAPE_TRAITS.index(name)
            mean[row], spread[row] = self._population.mean[row], self._population.spread[row]
        for name, amount in trait_tendencies(person).items():
            row = SHAPE_TRAITS.index(name)
            mean[row] += amount * self._population.spread[row]
        return mean, spread

    def placed(self, people: Sequence[Mapping[str, float]], drawn: Tensor) -> Tensor:
        """Return [N, P] coefficients of people who differ from their group's mean as a draw does from the middle.

        Args:
            people: of each: age in years, gender -1..1, ancestry weights, body.weight and body.muscle 0..1.
            drawn: [N, P] coefficients, 0 in the middle.
        """
        usual = torch.stack([self._usual(person) for person in people])
        raw = self._measured(people, torch.stack((usual, usual + drawn), dim=1))
        expected = [self._expected(person, own) for person, own in zip(people, raw[:, 0], strict=True)]
        mean, spread = (torch.stack(part) for part in zip(*expected, strict=True))
        wanted = mean + spread * _within((raw[:, 1] - raw[:, 0] - self._own_bias) / self._own_spread)
        values = usual + drawn
        for step in range(_STEPS):
            now = self._measured(people, values[:, None])[:, 0] if step else raw[:, 1]
            values = values + ((wanted - now) / self._population.spread) @ self._solver.T
        return values


def _within(deviations: Tensor) -> Tensor:
    """Return deviations that come near to `_FURTHEST` at most."""
    room = _FURTHEST - _FREE
    beyond = (deviations.abs() - _FREE).clamp_min(0.0)
    return deviations.sign() * (deviations.abs().clamp_max(_FREE) + room * torch.tanh(beyond / room))
