"""From photographs to a person: landmarks first, then how the skin looks, then what else is known.

`problem` says what is minimised; `shading` adds the colours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dreamface.capture.landmarks import Landmarks
from dreamface.capture.population import TOLD, Population
from dreamface.capture.pose import roll_of, turned
from dreamface.capture.problem import FARTHEST_PERSON, WORST_COST, Fit, Problem
from dreamface.capture.shading import Picture, shaded
from dreamface.errors import BadRequest
from dreamface.progress import Progress

ROLLED: Final = 0.4
"""Radians from which a face is turned upright before it is fitted: the first guess of its pose is upright."""


def fit_person(
    population: Population,
    seen: Sequence[Landmarks],
    tracker: str,
    known: Mapping[str, tuple[float, float]] = MappingProxyType({}),
    pictures: Sequence[NDArray[np.uint8]] = (),
    progress: Progress = Progress(),  # noqa: B008 - immutable
) -> Fit:
    """Return the most probable person in some pictures.

    Args:
        population: who people are.
        seen: the person's landmarks in every picture.
        tracker: which has found them.
        known: trait of `TOLD` -> value and its standard deviation, where pictures or words tell.
        pictures: [H, W, 3] sRGB, in which the landmarks were seen: their colours tell, too. None: landmarks alone.
        progress: told about every step.

    Raises:
        BadRequest: no head fits.
        Cancelled: the progress said so.
    """
    rolls = np.array([roll_of(one.points) for one in seen])
    rolls[np.abs(rolls) < ROLLED] = 0.0
    upright = [
        one if not roll else replace(one, points=turned(one.points, -roll))
        for one, roll in zip(seen, rolls, strict=True)
    ]
    problem = Problem(population, upright, population.sights[tracker])
    solved = problem.solved(progress.part(0.0, _LANDMARKS_SHARE))
    _check(solved)
    if pictures:
        looks = [Picture(*one) for one in zip(pictures, upright, rolls, strict=True)]
        refined = shaded(population, problem, solved, looks, progress.part(_LANDMARKS_SHARE, 1.0))
        solved = refined if refined.far <= FARTHEST_PERSON else solved
    fit = problem.placed(informed(population, solved, known))
    return replace(fit, poses=fit.poses.rolled(rolls))


_LANDMARKS_SHARE: Final = 0.2  # of the time


def _check(fit: Fit) -> None:
    """Refuse a fit that is no plausible person.

    Raises:
        BadRequest: the person is too far from all people, or the landmarks are too far from theirs.
    """
    if fit.far > FARTHEST_PERSON or fit.cost_of_one > WORST_COST or not np.isfinite(fit.cost):
        raise BadRequest(
            "No head fits the face in the photograph: choose a picture that is upright and not distorted, in which "
            "the whole face looks towards the camera; of several photographs, try each alone."
        )


MELANIN_DOUBT: Final = 0.14
"""Standard deviation of melanin that is estimated from a colour in unknown light."""


def informed(population: Population, fit: Fit, known: Mapping[str, tuple[float, float]]) -> Fit:
    """Return the most probable person of whom it is also known what some traits are (Kalman 1960).

    Args:
        population: who people are.
        fit: what landmarks tell.
        known: trait of `TOLD` -> value and its standard deviation; others are left out.
    """
    names = [name for name in known if name in TOLD]
    if not names:
        return fit
    columns = [TOLD.index(name) for name in names]
    slopes = population.told[:, columns].T
    wanted = np.array([known[name][0] for name in names]) - population.told_mean[columns]
    doubt = np.diag(population.told_noise[columns] ** 2 + np.array([known[name][1] for name in names]) ** 2)
    gain = fit.doubt @ slopes.T @ np.linalg.inv(slopes @ fit.doubt @ slopes.T + doubt)
    values = fit.values + gain @ (wanted - slopes @ fit.values)
    return replace(fit, values=values, doubt=fit.doubt - gain @ slopes @ fit.doubt)
