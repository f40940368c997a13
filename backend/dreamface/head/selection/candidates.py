"""Choosing a person: candidates from a linear model are scored, the best is kept (DreamFace, section 4.1)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

import torch
from torch import Tensor

from dreamface.head.measure import Points, Population, measure_raw
from dreamface.progress import Progress
from dreamface.random_streams import stream
from dreamface.traits import SHAPE_TRAITS

BLOCK: Final = 8192
"""Candidates that are drawn and scored at a time; they stay in the processor's cache. Stored faces know their candidate
by its number, so this may never change."""

_FURTHEST: Final = 3.0  # standard deviations; a miss larger than this counts no more than this, so that none rules


class Scorer(Protocol):
    """Judges candidates by what they measure, by how they look, ..."""

    def score(self, first: int, candidates: Tensor) -> Tensor:
        """Return [N] of candidates first, first + 1, ... of the pool, with coefficients [N, K]; higher is better."""
        ...


@dataclass(frozen=True)
class Pool:
    """People drawn from a linear model: coefficients are N(0, I), but for what `shaped` does to them.

    Candidate i is always the same person, whoever asks and how many others there are, even one past the last.

    Attributes:
        seed: two seeds have different people.
        count: of candidates.
        modes: K, how many coefficients a candidate has.
        shaped: [K, K] that the draws are multiplied by, or None.
    """

    seed: int
    count: int
    modes: int
    shaped: Tensor | None = None

    def blocks(self) -> Iterator[tuple[int, Tensor]]:
        """Return all candidates in order: the first one's number and [N, K] coefficients."""
        for first in range(0, self.count, BLOCK):
            yield first, self._block(first // BLOCK)[: self.count - first]

    def candidates(self, first: int = 0) -> Iterator[Tensor]:
        """Return [K] coefficients of each in order, from number `first` on; a block is drawn once for all in it."""
        for start in range(first - first % BLOCK, self.count, BLOCK):
            yield from self._block(start // BLOCK)[max(0, first - start) : self.count - start]

    def candidate(self, number: int) -> Tensor:
        """Return [K] coefficients of one, 0 <= number."""
        return self._block(number // BLOCK)[number % BLOCK]

    @property
    def mark(self) -> str:
        """What tells it from pools with other people under the same numbers."""
        shaped = b"" if self.shaped is None else self.shaped.numpy().tobytes()
        return hashlib.sha256(f"{self.seed} {self.modes} {BLOCK} ".encode() + shaped).hexdigest()[:16]

    def _block(self, number: int) -> Tensor:
        drawn = torch.randn(BLOCK, self.modes, generator=stream(self.seed, f"candidates {number}"))
        return drawn if self.shaped is None else drawn @ self.shaped


def choose(pool: Pool, scorer: Scorer, keep: int = 1, progress: Progress = Progress()) -> tuple[Tensor, Tensor]:  # noqa: B008 - immutable
    """Return the best candidates of a pool.

    Args:
        pool: all of them.
        scorer: what is good.
        keep: how many are wanted; at most as many as there are.
        progress: told how far it is.

    Returns:
        [keep] numbers of the candidates, the best first, and [keep] their scores.

    Raises:
        Cancelled: the progress said so.
    """
    scores = torch.empty(pool.count)
    for first, candidates in pool.blocks():
        scores[first : first + len(candidates)] = scorer.score(first, candidates)
        progress.report("head", first / pool.count, "Choosing among candidates")
    best, numbers = torch.topk(scores, min(keep, pool.count))
    return numbers, best


@dataclass(frozen=True)
class Sum:
    """Several scorers at once, each with a weight: what is measured beside what is seen."""

    scorers: tuple[tuple[float, Scorer], ...]

    def score(self, first: int, candidates: Tensor) -> Tensor:
        """Return [N] weighted sum of the scores."""
        return torch.stack([weight * scorer.score(first, candidates) for weight, scorer in self.scorers]).sum(dim=0)


class Landmarks:
    """The landmarks of a linear model: positions = base + coefficients * modes.

    Attributes:
        count: K, of coefficients.
    """

    def __init__(self, base: Tensor, modes: Tensor, names: Mapping[str, int]) -> None:
        """Keep what is needed of a head.

        Args:
            base: [L, 3] metres.
            modes: [K, L, 3] offsets at coefficient 1, metres.
            names: landmark -> index into L.
        """
        self._base, self._modes, self._names = base, modes, dict(names)
        self.count = len(modes)

    def moved(self, offsets: Tensor) -> Landmarks:
        """Return the same with a base that is offset by [..., L, 3] metres."""
        return Landmarks(self._base + offsets, self._modes, self._names)

    def of(self, people: Tensor) -> Landmarks:
        """Return those of some of the people [M] whose bases these are [N, 1, L, 3]."""
        return Landmarks(self._base[people], self._modes, self._names)

    def one(self) -> Landmarks:
        """Return those [L, 3] of the only person whose base these are [1, 1, L, 3]."""
        return Landmarks(self._base[0, 0], self._modes, self._names)

    def first(self, count: int) -> Landmarks:
        """Return the same with only the first `count` coefficients."""
        return Landmarks(self._base, self._modes[:count], self._names)

    def for_traits(self, traits: tuple[str, ...]) -> Landmarks:
        """Only what the named traits are measured on, in single precision where this is."""
        seen = _Watched(self._names)
        measure_raw(Points(self._base, seen), traits)
        chosen = sorted(seen.used)
        rows = torch.tensor([self._names[name] for name in chosen])
        return Landmarks(self._base[rows], self._modes[:, rows], {name: row for row, name in enumerate(chosen)})

    def to(self, kind: torch.dtype) -> Landmarks:
        """Return the same in another precision."""
        return Landmarks(self._base.to(kind), self._modes.to(kind), self._names)

    def points(self, coefficients: Tensor) -> Points:
        """Landmarks of people with coefficients [..., K]; their leading dimensions go with the base's."""
        moved = (coefficients @ self._modes.flatten(1)).view(*coefficients.shape[:-1], -1, 3)
        return Points(moved.add_(self._base), self._names)


class _Watched(dict[str, int]):
    """A mapping that remembers what was looked up."""

    def __init__(self, names: Mapping[str, int]) -> None:
        super().__init__(names)
        self.used: set[str] = set()

    def __getitem__(self, name: str) -> int:
        self.used.add(name)
        return super().__getitem__(name)


@dataclass(frozen=True)
class TraitScorer:
    """Scores candidates by how near their measurements come to the traits asked for; the others are free.

    Every candidate is measured, ratios and angles included: nothing is linearised and nothing rendered.

    Attributes:
        landmarks: of the model, the person's base included.
        population: what standard deviations are of.
        wanted: trait -> value in standard deviations, and the confidence 0..1 it counts with.
    """

    landmarks: Landmarks
    population: Population
    wanted: Mapping[str, tuple[float, float]]
    _needed: Landmarks = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_needed", self.landmarks.for_traits(tuple(self.wanted)).to(torch.float32))

    def score(self, first: int, candidates: Tensor) -> Tensor:
        """Minus the sum of squared misses [N] of coefficients [N, K]; 0 is a perfect match."""
        raw = measure_raw(self._needed.points(candidates), tuple(self.wanted))
        rows = torch.tensor([SHAPE_TRAITS.index(name) for name in self.wanted])
        mean, spread = self.population.mean[rows].to(raw), self.population.spread[rows].to(raw)
        value = torch.tensor([value for value, _ in self.wanted.values()])
        weight = torch.tensor([confidence for _, confidence in self.wanted.values()])
        miss = ((raw - mean) / spread - value).clamp(-_FURTHEST, _FURTHEST)
        return -(weight * miss.square()).sum(dim=-1)
