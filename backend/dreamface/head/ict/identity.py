"""Who an ICT-FaceKit head is: a candidate chosen for the traits asked for, fitted to them, of an age, sex and ancestry.

The model's modes know nothing of age, sex and ancestry; those come from the built-in head (see `ict_person`). What the
modes could say about them is mostly taken out of the candidates, so that it is not said twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Final

import numpy as np
import torch
from torch import Tensor

from dreamface.head.anny.identity import PERSON_TRAITS, stored_person
from dreamface.head.groups import Groups
from dreamface.head.ict.parts import PAPER
from dreamface.head.ict.person import PersonOffsets
from dreamface.head.ict.source import IctSource
from dreamface.head.measure import Population, measure_raw
from dreamface.head.model import AROUND, HeadSource
from dreamface.head.selection.candidates import Landmarks, Pool, TraitScorer
from dreamface.head.selection.fitting import fit
from dreamface.head.selection.looks import look_weights
from dreamface.head.tendencies import tendencies
from dreamface.traits import SHAPE_TRAITS

MORPHS: Final = ("ear-elf",)
"""Sliders of the built-in head for what no scanned person has."""

MORPHED: Final = ("ears.pointed",)
"""The traits that they are for."""

CANDIDATES: Final = 16384
"""People that are looked at for a face: a hundredth of a second or two."""

_POPULATION_SIZE: Final = 4000
_POPULATION_SEED: Final = 21
_SAMPLE: Final = 300  # people whose draws show how far measurements spread
_LEAST_CONFIDENCE: Final = 0.3  # that an asked-for trait counts with
_FIT_TOLERANCE: Final = 0.04  # standard deviations by which an asked-for trait may miss
_DRIFT: Final = 0.25  # standard deviations by which a trait that is not asked for may drift as readily
_ROUNDS: Final = 2  # of fitting
_LIMIT: Final = 3.5  # of a mode's coefficient
_MORPH_SPREAD: Final = 0.1
_STILL: Final = 0.2e-3  # metres of skin, root mean square, that weigh as much as a mode's standard deviation
_EVEN: Final = 0.05e-3  # metres of unevenness, root mean square, that weigh as much as a mode's standard deviation
_MORPH_LIMIT: Final = 1.4
_LOCAL_SPREAD: Final = 0.3  # of a slider of one part of the face
_LOCAL_LIMIT: Final = 1.0
_LOOSE, _FIXED = torch.tensor(1e-6, dtype=torch.float64), torch.tensor(1e9, dtype=torch.float64)  # weights of a fit
_LEFT_IN: Final = 0.3  # of a candidate's own look of some age, sex or ancestry
_DIFFERENCE: Final = 1e-3  # coefficient step of the numerical derivative
_KEPT: Final = 16  # people whose offsets are kept: those that are built together
_POINTED: Final = (0.45, 2.73)  # "ears.pointed" on the built-in head without and with its morph
_VARIETY: Final = ((4.0, 18.0), (0.4, 1.0))  # small children's faces differ less: years, share of a draw


SHARED: Final = 2**31
"""Candidates from this number on are those of the pool that all seeds share."""

_SHARED_SEED: Final = 0

Choice = Callable[[Pool, TraitScorer | None], int]
"""The seed's pool and how well its candidates measure (None where no shape was asked for) -> number of a candidate.

For looks, for example: `lambda pool, traits: SHARED + int(choose(space.shared_pool(n), ClipScorer(...))[0])`.
"""


@dataclass(frozen=True)
class IctIdentity:
    """One person's coefficients.

    Attributes:
        person: age in years, gender -1..1, ancestry weights, body.weight and body.muscle 0..1, lashes.length and
            teeth.gap 0..1.
        modes: [100] coefficients, N(0, 1) in people.
        morphs: [M] in the order of `IctSpace.morph_names`.
        candidate: the number in the seed's pool that the person began as; from `AROUND` on, around the group's mean.
        broad: amounts of the sliders that go with age, sex, ancestry and build.
    """

    person: Mapping[str, float]
    modes: Tensor
    morphs: Tensor
    candidate: int
    broad: Mapping[str, float] = field(default_factory=dict)


@dataclass
class _Begun:
    """Somebody before the fit: the fields are those of `IctIdentity`, and what was asked for.

    Attributes:
        wanted: shape trait -> value and confidence.
        start: [100 + M] coefficients.
        modes: how many of them are the modes'.
    """

    person: Mapping[str, float]
    broad: Mapping[str, float]
    candidate: int
    wanted: Mapping[str, tuple[float, float]]
    start: Tensor
    modes: int

    def identity(self, values: Tensor) -> IctIdentity:
        """Return the person with coefficients [100 + M]."""
        modes, morphs = values[: self.modes].float(), values[self.modes :].float()
        return IctIdentity(self.person, modes, morphs, self.candidate, self.broad)


class IctSpace:
    """All people the ICT head can be.

    Attributes:
        mode_count: 100.
        morph_names: [M] `MORPHS`, then the built-in head's sliders that move one part of the face each.
        landmarks: over the modes and morphs, with no person's offsets.
        population: what the traits' standard deviations are of.
    """

    def __init__(
        self,
        source: IctSource,
        person: PersonOffsets,
        landmarks: Mapping[str, int],
        settle: Callable[[Tensor], Tensor],
    ) -> None:
        """Measure the population.

        Args:
            source: the model.
            person: what age, sex, ancestry and build change.
            landmarks: name -> vertex.
            settle: [V, 3] vertices -> offsets that put lids, lips and gaze right at rest; see `ict_motion.Motion`.
        """
        self._source, self._person, self._settle = source, person, settle
        self._kept: dict[tuple[tuple[tuple[str, float], ...], ...], Tensor] = {}
        self._keeping = Lock()  # several threads may shape heads
        self.mode_count = len(source.modes)
        self.morph_names = (*MORPHS, *person.local_sliders)
        number = torch.arange(self.mode_count + len(self.morph_names))
        self._is_morph = (number >= self.mode_count) & (number < self.mode_count + len(MORPHS))
        self._is_local = number >= self.mode_count + len(MORPHS)
        morphs = torch.stack([person.morph(name) for name in self.morph_names])
        self._flat_modes = torch.cat((source.modes, morphs)).flatten(1)
        rows = torch.tensor(list(landmarks.values()))
        self._rows = rows
        modes = torch.cat((source.modes[:, rows], morphs[:, rows])).double()
        names = {name: index for index, name in enumerate(landmarks)}
        self.landmarks = Landmarks(source.neutral[rows].double(), modes, names)
        self._shaped = self._without_looks()
        self._hold = self._stillness()
        self._no_morphs = self._hold.clone()  # what only goes one way would stop a fit that wants the other
        self._no_morphs[self._is_morph, self._is_morph] = _FIXED
        self.population = self._sample_population()
        self._groups = self._measure_groups()

    def _stillness(self) -> Tensor:
        """Return [100 + M, 100 + M] what it costs to move: leaving the prior, and moving skin.

        By the prior alone a wider nose would be a larger head: in scans the two go together. An artist means the nose.
        """
        count = len(self._source.neutral)
        skin = self._flat_modes.view(-1, count, 3)[:, :PAPER].flatten(1).double()
        moved = skin @ skin.T / PAPER
        moved[self._is_morph] = moved[:, self._is_morph] = 0.0  # pointed ears are large, and asked for as such
        spread = torch.where(self._is_morph, _MORPH_SPREAD, torch.where(self._is_local, _LOCAL_SPREAD, 1.0))
        return torch.diag(spread.double() ** -2) + moved / _STILL**2

    def _sample_population(self) -> Population:
        """People as the scans have them: coefficients are N(0, I). No scan is an elf's: that scale is the morph's."""
        generator = torch.Generator().manual_seed(_POPULATION_SEED)
        drawn = torch.randn(_POPULATION_SIZE, self.mode_count, generator=generator, dtype=torch.float64)
        people = Population.of(self.landmarks.points(self.with_morphs(drawn)))
        ears = torch.zeros(2, self.mode_count + len(self.morph_names), dtype=torch.float64)
        ears[1, self.mode_count + MORPHS.index("ear-elf")] = 1.0
        column = SHAPE_TRAITS.index("ears.pointed")
        low, high = measure_raw(self.landmarks.points(ears))[:, column]
        mean, spread = people.mean.clone(), people.spread.clone()
        spread[column] = (high - low) / (_POINTED[1] - _POINTED[0])
        mean[column] = low - _POINTED[0] * spread[column]
        return Population(mean, spread)

    def _measure_groups(self) -> Groups:
        """Return where people of every age, sex and ancestry lie."""

        def usual(person: Mapping[str, float]) -> Tensor:
            amounts = tendencies(person)
            morphs = torch.tensor([amounts.get(name, 0.0) for name in self.morph_names], dtype=torch.float64)
            return torch.cat((torch.zeros(self.mode_count, dtype=torch.float64), morphs))

        def measured(people: Sequence[Mapping[str, float]], coefficients: Tensor) -> Tensor:
            landmarks = self._landmarks_of(people, [self._broad(person) for person in people])
            return measure_raw(landmarks.points(coefficients))

        pool = Pool(_POPULATION_SEED, _SAMPLE, self.mode_count, self._shaped)
        drawn = self.with_morphs(torch.stack([pool.candidate(number) for number in range(_SAMPLE)]).double())
        return Groups(self.population, measured, usual, self._no_morphs + self._unevenness(), drawn)

    def _unevenness(self) -> Tensor:
        """Return [100 + M, 100 + M] what it costs to make left and right differ: a group's mean is even."""
        count = len(self._source.neutral)
        skin = self._flat_modes[: self.mode_count].view(self.mode_count, count, 3)[:, :PAPER]
        uneven = torch.zeros(len(self._flat_modes), 3 * PAPER, dtype=torch.float64)
        uneven[: self.mode_count] = (0.5 * (skin - self._person.mirrored(skin))).flatten(1).double()
        return uneven @ uneven.T / PAPER / _EVEN**2

    # ---------------------------------------------------------------------------------------------------------- people

    def shared_pool(self, count: int) -> Pool:
        """Candidates that are the same for every seed, for scorers that have looked at them once for all.

        Their numbers among all candidates begin at `SHARED`.
        """
        return Pool(_SHARED_SEED, count, self.mode_count, self._shaped)

    def build(self, sources: Sequence[HeadSource]) -> list[IctIdentity]:
        """Fit every seed's own person to the shape traits that were asked for: words add, they do not swap.

        Args:
            sources: of people who are drawn; see `HeadSource`. Who has no candidate is the seed's own person,
                candidate 0, unless the source says how to choose.
        """
        begun = [self._begun(source) for source in sources]
        around = [one for one in begun if one.candidate & AROUND]
        if around:
            placed = self._groups.placed([one.person for one in around], torch.stack([one.start for one in around]))
            for one, start in zip(around, self._within_limits(placed), strict=True):
                one.start = start
        found = [one.identity(one.start) for one in begun]
        asking = [index for index, one in enumerate(begun) if one.wanted]
        # Lids and lips settle after the fit, by a little that hardly depends on it: so once more with that in mind.
        for _ in range(_ROUNDS if asking else 0):
            some = [begun[index] for index in asking]
            settled = [self._settle(self._unsettled(found[index]))[self._rows].double() for index in asking]
            landmarks = self._landmarks_of([one.person for one in some], [one.broad for one in some])
            values = self.fitted(
                torch.stack([one.start for one in some]),
                landmarks.moved(torch.stack(settled)[:, None]),
                [one.wanted for one in some],
            )
            for index, one, row in zip(asking, some, values, strict=True):
                found[index] = one.identity(row)
        return found

    def _begun(self, source: HeadSource) -> _Begun:
        """Return who somebody is before anything is fitted."""
        seed = int(torch.randint(2**31, (), generator=source.drawn_from()))
        pool = Pool(seed, CANDIDATES, self.mode_count, self._shaped)
        traits, candidate = source.traits, source.candidate
        person = {name: traits.number(name) for name in PERSON_TRAITS}
        wanted = {
            name: (traits.number(name), entry.confidence)
            for name, entry in traits.items()
            if name in SHAPE_TRAITS and entry.confidence > 0.0
        }
        broad = self._broad(person) if candidate is None or candidate & AROUND else {}
        if candidate is None:
            chosen = 0
            if source.choice is not None:
                chosen = self._chosen(source.choice, pool, self._landmarks_of([person], [broad]).one(), wanted)
            candidate = AROUND + chosen
        variety = float(np.interp(person["age"], *_VARIETY))
        start = variety * self.with_morphs(self._modes_of(pool, candidate)[None])[0]
        return _Begun(person, broad, candidate, wanted, start, self.mode_count)

    def _chosen(
        self, choice: Choice, pool: Pool, landmarks: Landmarks, wanted: Mapping[str, tuple[float, float]]
    ) -> int:
        """Return the number of the candidate that a choice takes."""
        scored = {name: entry for name, entry in wanted.items() if name not in MORPHED}
        return choice(pool, TraitScorer(landmarks.first(pool.modes), self.population, scored) if scored else None)

    def _modes_of(self, pool: Pool, candidate: int) -> Tensor:
        """Return [100] coefficients of a candidate of the seed's pool or of the shared one."""
        number = candidate & ~AROUND
        if number >= SHARED:
            return self.shared_pool(0).candidate(number - SHARED).double()
        return pool.candidate(number).double()

    def fitted(
        self, start: Tensor, landmarks: Landmarks, wanted: Sequence[Mapping[str, tuple[float, float]]]
    ) -> Tensor:
        """Return [N, 100 + M] coefficients that measure as asked; what is not asked for is free.

        What only a morph can do, the morph does first: some person's modes could half do it, and look like nothing.

        Args:
            start: [N, 100 + M] coefficients.
            landmarks: of N people, [N, 1, L, 3].
            wanted: of each, trait -> value and confidence.
        """
        start, found = start.clone(), torch.empty_like(start)
        morphed = [{name: one[name] for name in MORPHED if name in one} for one in wanted]
        with_morph = torch.tensor([bool(one) for one in morphed])
        only_morphs = torch.where(self._is_morph, _LOOSE, _FIXED)
        for chosen, hold in ((with_morph, self._hold), (~with_morph, self._no_morphs)):
            rows = torch.nonzero(chosen)[:, 0]
            if not len(rows):
                continue
            some = landmarks.of(rows)
            if hold is self._hold:
                start[rows] = self._solve(start[rows], some, [morphed[index] for index in rows], only_morphs)
            found[rows] = self._solve(start[rows], some, [wanted[index] for index in rows], hold)
        return found

    def _solve(
        self, start: Tensor, landmarks: Landmarks, wanted: Sequence[Mapping[str, tuple[float, float]]], hold: Tensor
    ) -> Tensor:
        """Return [N, 100 + M] coefficients, held where they start with weights [100 + M] or [100 + M, 100 + M].

        Traits that are not asked for are held where they start, too, less firmly.
        """

        def measured(people: Tensor, coefficients: Tensor) -> Tensor:
            return self.population.standardise(measure_raw(landmarks.of(people).points(coefficients)))

        values = measured(torch.arange(len(start)), start[:, None])[:, 0]
        pull = torch.empty_like(values)
        for index, asked in enumerate(wanted):
            pull[index] = 1.0 / (_DRIFT**2 * max(1, len(asked)))
            for name, (value, confidence) in asked.items():
                row = SHAPE_TRAITS.index(name)
                values[index, row] = value
                pull[index, row] = (max(confidence, _LEAST_CONFIDENCE) / _FIT_TOLERANCE) ** 2
        return fit(measured, start, values, pull, hold, self._within_limits)

    def _within_limits(self, values: Tensor) -> Tensor:
        """Return [..., 100 + M] coefficients moved into their ranges."""
        limit = torch.where(self._is_local, _LOCAL_LIMIT, torch.where(self._is_morph, _MORPH_LIMIT, _LIMIT)).to(values)
        return torch.minimum(torch.maximum(values, torch.where(self._is_morph, 0.0, -limit)), limit)

    def vertices(self, identity: IctIdentity) -> Tensor:
        """Return [26719, 3] metres, in the archive's own place, lids and lips at rest."""
        vertices = self._unsettled(identity)
        return vertices + self._settle(vertices)

    def _unsettled(self, identity: IctIdentity) -> Tensor:
        """Return [26719, 3] metres, before lids and lips are put right."""
        offsets = self._offsets(identity.person, identity.broad)
        return self._summed(offsets, torch.cat((identity.modes, identity.morphs)))

    def _summed(self, offsets: Tensor, coefficients: Tensor) -> Tensor:
        """Return [26719, 3] metres: the neutral, a person's offsets [26719, 3], and what modes and morphs add."""
        return self._source.neutral + offsets + (coefficients @ self._flat_modes).view(-1, 3)

    def coefficients(self, identity: IctIdentity) -> Tensor:
        """Return [P] linear coefficients of an identity: those of the person's targets, then of modes and morphs."""
        return torch.cat((self._person.coefficients(identity.person, identity.broad), identity.modes, identity.morphs))

    def vertices_at(self, coefficients: Tensor, gap: float) -> Tensor:
        """Return [26719, 3] metres, as `vertices`, of linear coefficients [P] and the gap between the front teeth."""
        count = self._person.coefficient_count
        vertices = self._summed(self._person.offsets_at(coefficients[:count], gap), coefficients[count:])
        return vertices + self._settle(vertices)

    def skin_offsets(self, coefficients: Tensor) -> Tensor:
        """Return [K, PAPER, 3] metres that coefficients [K, P] move the skin by, lids left aside."""
        count = self._person.coefficient_count
        moved = coefficients[:, count:] @ self._flat_modes[:, : 3 * PAPER]
        return self._person.skin_offsets(coefficients[:, :count]) + moved.view(len(coefficients), PAPER, 3)

    def _offsets(self, person: Mapping[str, float], broad: Mapping[str, float]) -> Tensor:
        """Return [26719, 3] metres: what the person traits change; the last people's are kept."""
        key = tuple(person.items()), tuple(broad.items())
        with self._keeping:
            found = self._kept.get(key)
        if found is None:
            found = self._person.offsets(person, broad)
            with self._keeping:
                self._kept[key] = found
                while len(self._kept) > _KEPT:
                    del self._kept[next(iter(self._kept))]
        return found

    def _broad(self, person: Mapping[str, float]) -> dict[str, float]:
        """Return the amounts of the sliders that are never fitted."""
        known = self._person.broad_sliders
        return {name: amount for name, amount in tendencies(person).items() if name in known}

    def _landmarks_of(self, people: Sequence[Mapping[str, float]], broad: Sequence[Mapping[str, float]]) -> Landmarks:
        """Return the landmarks of N people, [N, 1, L, 3]."""
        offsets = [self._offsets(one, amounts)[self._rows] for one, amounts in zip(people, broad, strict=True)]
        return self.landmarks.moved(torch.stack(offsets)[:, None].double())

    def to_mapping(self, identity: IctIdentity) -> dict[str, float]:
        """Coefficients by name, for `Head.identity`; morphs of zero are left out."""
        named = dict(identity.person)
        named |= {f"mode.{index:03d}": float(value) for index, value in enumerate(identity.modes)}
        morphs = zip(self.morph_names, identity.morphs.tolist(), strict=True)
        named |= {f"slider.{name}": value for name, value in (*morphs, *identity.broad.items()) if value}
        return named | {"candidate": identity.candidate}

    def from_mapping(self, named: Mapping[str, float]) -> IctIdentity:
        """Return the inverse of `to_mapping`; KeyError where a coefficient is missing."""
        return IctIdentity(
            person=stored_person(named),
            modes=torch.tensor([named[f"mode.{index:03d}"] for index in range(self.mode_count)]),
            morphs=torch.tensor([named.get(f"slider.{name}", 0.0) for name in self.morph_names]),
            candidate=int(named["candidate"]),
            broad={name: named.get(f"slider.{name}", 0.0) for name in self._person.broad_sliders},
        )

    def with_morphs(self, modes: Tensor) -> Tensor:
        """Return [N, 100 + M] coefficients with no morphs."""
        return torch.nn.functional.pad(modes, (0, len(self.morph_names)))

    # ----------------------------------------------------------------------------------------------------------- looks

    def _without_looks(self) -> Tensor:
        """Return [100, 100] that leaves `_LEFT_IN` of what in a draw looks like some age, sex or ancestry."""
        _, _, basis = torch.linalg.svd(self._looks(), full_matrices=False)
        return (torch.eye(self.mode_count) - (1.0 - _LEFT_IN) * (basis.T @ basis)).float()

    def _looks(self) -> Tensor:
        """Return [L, 100] how `looks.LOOKS` change with the modes' coefficients, at the neutral."""
        steps = torch.eye(self.mode_count, dtype=torch.float64) * _DIFFERENCE
        raw = measure_raw(self.landmarks.first(self.mode_count).points(torch.cat((steps, -steps))))
        slope = (raw[: self.mode_count] - raw[self.mode_count :]) / (2.0 * _DIFFERENCE)
        return look_weights() @ slope.T
