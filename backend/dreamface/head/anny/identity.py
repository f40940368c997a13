"""Who a built-in head is: coefficients of MakeHuman's targets, drawn from a seed and fitted to the traits asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import scipy.sparse as sp
import torch
from torch import Tensor

from dreamface.head.anny import source
from dreamface.head.anny.bank import Bank
from dreamface.head.anny.motion import seal_lips
from dreamface.head.anny.own_targets import PREFIX
from dreamface.head.groups import Groups
from dreamface.head.measure import Points, Population, measure_raw
from dreamface.head.model import AROUND
from dreamface.head.selection.fitting import fit
from dreamface.head.tendencies import tendencies
from dreamface.traits import ANCESTRIES, ARKIT_SHAPES, SHAPE_TRAITS, VOCABULARY, Traits, TraitValue

# Ages at which MakeHuman's age targets are fully reached, and how far a face has aged from "young" to "old" in
# between.
_GROWING_YEARS: Final = (1.0, 11.0, 25.0)  # baby, child, young
_AGEING_YEARS: Final = (25.0, 40.0, 60.0, 75.0, 95.0)
_AGEING_SHARE: Final = (0.0, 0.14, 0.45, 0.75, 1.05)

# MakeHuman has three ancestries; South Asian faces lie between them.
_RACE_OF_ANCESTRY: Final = {
    "ancestry.african": {"african": 1.0},
    "ancestry.east_asian": {"asian": 1.0},
    "ancestry.south_asian": {"caucasian": 0.68, "african": 0.22, "asian": 0.10},
    "ancestry.european": {"caucasian": 1.0},
}

_SPREAD: Final = 0.22  # standard deviation of a free slider
_SPREADS: Final = {  # of sliders that look odd, or like something else, when they stray as far as the rest
    "chin-cleft": 0.18,
    "chin-jaw-drop": 0.14,
    "chin-prognathism": 0.14,
    "chin-triangle": 0.10,
    "ear-elf": 0.0,
    "ear-shape-pointed": 0.05,
    "ear-shape-round": 0.12,
    "eye-bag-out": 0.15,
    "eye-push1-out": 0.15,
    "eye-push2-out": 0.15,
    "eye-trans-out": 0.15,
    "eye-trans-up": 0.12,
    "forehead-nubian": 0.10,
    "forehead-scale-vert": 0.11,
    "forehead-trans-forward": 0.12,
    "head-age": 0.08,
    "head-angle-out": 0.06,
    "head-back-scale-depth": 0.12,
    "head-diamond": 0.10,
    "head-invertedtriangular": 0.09,
    "head-oval": 0.10,
    "head-rectangular": 0.09,
    "head-round": 0.11,
    "head-scale-depth": 0.12,
    "head-scale-horiz": 0.12,
    "head-scale-vert": 0.10,
    "head-trans-forward": 0.05,
    "head-trans-up": 0.0,
    "head-triangular": 0.09,
    "measure-neck-height": 0.10,
    "mouth-angles-up": 0.16,
    "mouth-dimples-out": 0.12,
    "mouth-laugh-lines-out": 0.10,
    "mouth-lowerlip-height": 0.16,
    "mouth-lowerlip-volume": 0.16,
    "mouth-scale-depth": 0.10,
    "mouth-scale-vert": 0.16,
    "mouth-trans-forward": 0.12,
    "mouth-trans-up": 0.14,
    "mouth-upperlip-height": 0.16,
    "mouth-upperlip-volume": 0.16,
    "neck-double": 0.10,
    "neck-scale-vert": 0.10,
    "neck-trans-forward": 0.05,
    "neck-trans-up": 0.05,
    "nose-compression-uncompress": 0.10,
    "nose-septumangle": 0.15,
}
_VARIETY: Final = ((1.0, 16.0), (0.5, 1.0))  # small children's faces differ less: years, share of the spreads
_DRAWN_LIMIT: Final = 0.75  # of a free slider
_FITTED_LIMIT: Final = 1.4  # of a slider that a trait asks for
_ASYMMETRY_SPREAD: Final = 0.16
_ASYMMETRY_LIMIT: Final = 6.0  # how many times as uneven as drawn a face can be asked to be
_REST_OPENING: Final = 0.2  # of eyeWide in every neutral head: MakeHuman's lids hang low over our iris

# Subdivision draws the lips' edges back and sliders part them, so on the mean adult's control cage they overlap.
_LIP_OVERLAP: Final = 1.3e-3  # metres

_POPULATION_SIZE: Final = 600
_POPULATION_SEED: Final = 20
_SAMPLE: Final = 300  # people whose draws show how far measurements spread

_FIT_TOLERANCE: Final = 0.06  # standard deviations by which an asked-for trait may miss
_GROUP_HOLDS: Final = (  # sliders' beginnings -> how much firmer they are held, where a group's distances are met
    ("ear-scale", 1.0),
    ("ear-", 60.0),  # moving the ears also moves what cheeks and jaw are measured from: nobody's face is meant
    ("head-", 60.0),
    ("forehead-", 60.0),
    ("cheek-bones", 5.0),  # from a half on these two are a bulge and a dent
    ("chin-bones", 5.0),
)
_FIXED: Final = 1e9  # weight of a slider that is not to move
_FREE_TOLERANCE: Final = 2.0  # standard deviations by which the others may move along


@dataclass(frozen=True)
class Identity:
    """One person's coefficients.

    Attributes:
        person: age in years, gender -1..1, ancestry weights, body.weight and body.muscle 0..1, lashes.length and
            teeth.gap 0..1.
        sliders: [S] about -1..1, in the order of the bank's sliders.
        asymmetries: [A] 0 and up, in the order of the bank's asymmetry targets.
        candidate: `AROUND`, or 0 where the draw was not around the mean of the person's group.
    """

    person: Mapping[str, float]
    sliders: Tensor
    asymmetries: Tensor
    candidate: int = 0

    @property
    def lash_length(self) -> float:
        """The trait lashes.length."""
        return self.person["lashes.length"]

    @property
    def teeth_gap(self) -> float:
        """The trait teeth.gap."""
        return self.person["teeth.gap"]


PERSON_TRAITS: Final = ("age", "gender", *ANCESTRIES, "body.weight", "body.muscle", "lashes.length", "teeth.gap")

_SINCE: Final = {"teeth.gap": 0.0}
"""Person traits that identities of earlier versions lack."""


def stored_person(named: Mapping[str, float]) -> dict[str, float]:
    """Return the person traits of a stored identity; KeyError where one is missing that it always had."""
    known = _SINCE | dict(named)
    return {name: known[name] for name in PERSON_TRAITS}


class IdentitySpace:
    """All people the built-in head can be."""

    def __init__(self, bank: Bank, refine: sp.csr_matrix) -> None:
        """Stack the targets and measure the population.

        Args:
            bank: the morph targets.
            refine: [V, Cs] subdivision of the skin, for measuring on the refined surface.
        """
        self.slider_names = bank.slider_names
        self.asymmetry_names = bank.asymmetry_names
        self._macro_names = bank.macro_names
        targets = (bank.macros, bank.sliders_high, bank.sliders_low, bank.asymmetries)
        self._targets = torch.from_numpy(np.concatenate((bank.base[None], *targets)))
        self._settle(bank)
        self._spreads = torch.tensor([_SPREADS.get(name, _SPREAD) for name in self.slider_names], dtype=torch.float64)
        names = sorted(bank.landmarks)
        rows = refine[[bank.landmarks[name] for name in names]]
        used = np.unique(rows.indices)  # the few cage vertices that landmarks depend on
        rows, near = rows[:, used], self._targets[:, used].double().numpy()
        measured = np.stack([rows @ target for target in near])
        self._measured_targets = torch.from_numpy(measured)
        self._measured_names = {name: index for index, name in enumerate(names)}
        self._drawn_count = sum(not name.startswith(PREFIX) for name in self.slider_names)
        self.population = self._sample_population()
        self._groups = self._measure_groups()

    def _settle(self, bank: Bank) -> None:
        """Put the base's face at rest: lids a little wider, and the mean adult's lips together."""
        base = self._targets[0]
        for side in ("Left", "Right"):
            base += _REST_OPENING * torch.from_numpy(bank.actions[ARKIT_SHAPES.index(f"eyeWide{side}")])
        base += seal_lips(self.mean_adult(), bank.cage.lip_rings, _LIP_OVERLAP)

    # --------------------------------------------------------------------------------------------------------- people

    def people(
        self, traits: Sequence[Traits], generators: Sequence[torch.Generator], candidates: Sequence[int | None]
    ) -> list[Identity]:
        """Draw people and fit them to the shape traits that were asked for; all at once, which is cheaper for many.

        The draw happens in full before the fit, so that two seeds stay two people whatever the prompt says. It is
        around the mean of people of the same age, sex, ancestry and build, unless the candidate is below `AROUND`.

        Args:
            traits: of N whole people.
            generators: what each is drawn from.
            candidates: of each: None, or an earlier head's.
        """
        found = [self._draw(one, generator) for one, generator in zip(traits, generators, strict=True)]
        around = [index for index, number in enumerate(candidates) if number is None or number & AROUND]
        if around:
            drawn = torch.stack([found[index].sliders for index in around])
            placed = self._groups.placed([found[index].person for index in around], drawn)
            for index, sliders in zip(around, placed.clamp(-_FITTED_LIMIT, _FITTED_LIMIT), strict=True):
                found[index] = replace(found[index], sliders=sliders, candidate=AROUND)
        asking = [index for index, one in enumerate(traits) if any(map(_asks, one.items()))]
        if asking:
            wanted = [[traits[index].number(name) for name in SHAPE_TRAITS] for index in asking]
            confidence = [[_confidence(traits[index], name) for name in SHAPE_TRAITS] for index in asking]
            fitted = self._fit([found[index] for index in asking], _doubles(wanted), _doubles(confidence))
            for index, identity in zip(asking, fitted, strict=True):
                found[index] = identity
        return found

    def _draw(self, traits: Traits, generator: torch.Generator) -> Identity:
        """Return somebody drawn around the middle of all sliders; our own sliders are not drawn."""
        spread = self._spreads[: self._drawn_count]
        sliders = torch.randn(self._drawn_count, generator=generator, dtype=torch.float64) * spread
        sliders = sliders * float(np.interp(traits.number("age"), *_VARIETY))
        uneven = torch.randn(len(self.asymmetry_names), generator=generator, dtype=torch.float64) * _ASYMMETRY_SPREAD
        return Identity(
            person={name: traits.number(name) for name in PERSON_TRAITS},
            sliders=self._with_own(sliders.clamp(-_DRAWN_LIMIT, _DRAWN_LIMIT)),
            asymmetries=uneven.clamp_min(0.0),
        )

    def _with_own(self, sliders: Tensor) -> Tensor:
        """Return [..., S] slider values with 0 for our own sliders, of those that are drawn."""
        return torch.nn.functional.pad(sliders, (0, len(self.slider_names) - self._drawn_count))

    def mean_adult(self) -> Tensor:
        """Return [C, 3] cage of a young adult halfway between the sexes and equally of MakeHuman's ancestries."""
        return self.cage_vertices(self.neutral(mean_adult_person()))

    def neutral(self, person: Mapping[str, float]) -> Identity:
        """Return the symmetric person with every slider at 0."""
        zeros = torch.zeros(len(self.slider_names), dtype=torch.float64)
        return Identity(person, zeros, torch.zeros(len(self.asymmetry_names), dtype=torch.float64))

    def cage_vertices(self, identity: Identity) -> Tensor:
        """Return [C, 3] cage positions in the base mesh's own place, metres."""
        return torch.einsum("t,tcx->cx", self.target_weights(identity).float(), self._targets)

    def to_mapping(self, identity: Identity) -> dict[str, float]:
        """Coefficients by name, for `Head.identity`; zeros are left out."""
        named = dict(identity.person)
        named |= {f"slider.{name}": float(v) for name, v in zip(self.slider_names, identity.sliders, strict=True) if v}
        uneven = zip(self.asymmetry_names, identity.asymmetries, strict=True)
        named |= {f"asymmetry.{name}": float(value) for name, value in uneven if value}
        return named | ({"candidate": identity.candidate} if identity.candidate else {})

    def from_mapping(self, named: Mapping[str, float]) -> Identity:
        """Return the inverse of `to_mapping`."""
        return Identity(
            person=stored_person(named),
            sliders=torch.tensor([named.get(f"slider.{name}", 0.0) for name in self.slider_names], dtype=torch.float64),
            asymmetries=torch.tensor(
                [named.get(f"asymmetry.{name}", 0.0) for name in self.asymmetry_names], dtype=torch.float64
            ),
            candidate=int(named.get("candidate", 0)),
        )

    # -------------------------------------------------------------------------------------------------------- weights

    def cage_at(self, coefficients: Tensor) -> Tensor:
        """Return [C, 3] cage positions, as `cage_vertices`, of weights [T - 1] of all targets but the base."""
        return self._targets[0] + torch.einsum("t,tcx->cx", coefficients, self._targets[1:])

    def cage_offsets(self, coefficients: Tensor) -> Tensor:
        """Return [K, C, 3] metres that weights [K, T - 1] move the cage by."""
        return (coefficients @ self._targets[1:].flatten(1)).view(len(coefficients), *self._targets.shape[1:])

    def target_weights(self, identity: Identity) -> Tensor:
        """Return [..., T] weight of every target, the base first."""
        macros = macro_weights(self._macro_names, identity.person)
        ones = torch.ones(1, dtype=torch.float64)
        sliders = identity.sliders
        return torch.cat((ones, macros, sliders.clamp_min(0.0), (-sliders).clamp_min(0.0), identity.asymmetries))

    def _sample_population(self) -> Population:
        """Adults of all ages, sexes and ancestries in equal parts, with free sliders."""
        generator = torch.Generator().manual_seed(_POPULATION_SEED)
        no_traits = Traits()
        weights = []
        for number in range(_POPULATION_SIZE):
            drawn = self._draw(no_traits, generator)
            age, gender, body, muscle = torch.rand(4, generator=generator, dtype=torch.float64).tolist()
            person = dict(drawn.person)
            person |= {"age": 18.0 + 62.0 * age, "gender": 1.0 if gender > 0.5 else -1.0}
            person |= {"body.weight": 0.3 + 0.4 * body, "body.muscle": 0.3 + 0.4 * muscle}
            person |= {name: float(index == number % len(ANCESTRIES)) for index, name in enumerate(ANCESTRIES)}
            weights.append(self.target_weights(replace(drawn, person=person)))
        return Population.of(self.points(torch.stack(weights)))

    def _measure_groups(self) -> Groups:
        """Return where people of every age, sex and ancestry lie."""

        def usual(person: Mapping[str, float]) -> Tensor:
            amounts = tendencies(person)
            return torch.tensor([amounts.get(name, 0.0) for name in self.slider_names], dtype=torch.float64)

        def measured(people: Sequence[Mapping[str, float]], sliders: Tensor) -> Tensor:
            fixed = self._fixed([self.neutral(person) for person in people])
            return measure_raw(self.points(self._weights(fixed, sliders)))

        generator = torch.Generator().manual_seed(_POPULATION_SEED)
        drawn = torch.stack([self._draw(Traits(), generator).sliders for _ in range(_SAMPLE)])
        hold = 1.0 / self._spreads.clamp_min(0.12).square()
        hold *= torch.tensor([_group_hold(name) for name in self.slider_names])
        hold[self._drawn_count :] = _FIXED
        return Groups(self.population, measured, usual, torch.diag(hold), drawn)

    def points(self, weights: Tensor) -> Points:
        """Landmarks of the people with target weights [..., T]."""
        return Points(torch.einsum("...t,tlx->...lx", weights, self._measured_targets), self._measured_names)

    # ------------------------------------------------------------------------------------------------------------ fit

    def _fit(self, drawn: Sequence[Identity], wanted: Tensor, confidence: Tensor) -> list[Identity]:
        """Move drawn people as little as it takes to measure as asked.

        On slider values and one common factor of the asymmetries: asked-for traits pull with their confidence, the
        others hold their drawn measurement loosely, and every slider is held by its spread.

        Args:
            drawn: N people.
            wanted: [N, T] measurements, in standard deviations.
            confidence: [N, T] 0 where nothing is asked for.
        """
        free = self._drawn_count
        start = torch.stack([one.sliders[:free] for one in drawn])
        start = torch.nn.functional.pad(start, (0, 1), value=1.0)
        spread = self._spreads[:free].clamp_min(0.12)
        hold = 1.0 / torch.cat((spread, torch.full((1,), 1.5, dtype=torch.float64))).square()
        people = self._fixed(drawn)
        before = self._deviations(people, start[:, None])[:, 0]
        target = torch.where(confidence > 0.0, wanted, before)
        pull = torch.where(confidence > 0.0, confidence.clamp_min(0.3) / _FIT_TOLERANCE, 1.0 / _FREE_TOLERANCE).square()

        def measured(rows: Tensor, values: Tensor) -> Tensor:
            return self._deviations(people.of(rows), values)

        best = fit(measured, start, target, pull, hold, self._within_limits)
        return [
            replace(one, sliders=torch.cat((values[:-1], one.sliders[free:])), asymmetries=one.asymmetries * values[-1])
            for one, values in zip(drawn, best, strict=True)
        ]

    @staticmethod
    def _within_limits(values: Tensor) -> Tensor:
        sliders = values[..., :-1].clamp(-_FITTED_LIMIT, _FITTED_LIMIT)
        return torch.cat((sliders, values[..., -1:].clamp(0.0, _ASYMMETRY_LIMIT)), dim=-1)

    def _deviations(self, people: _Fixed, values: Tensor) -> Tensor:
        """Return [N, B, T] shape traits, in standard deviations, with sliders and asymmetry factor [N, B, Sd + 1]."""
        own = people.own[:, None].expand(-1, values.shape[1], -1)
        weights = self._weights(people, torch.cat((values[..., :-1], own), dim=2), values[..., -1:])
        return self.population.standardise(measure_raw(self.points(weights)))

    def _fixed(self, people: Sequence[Identity]) -> _Fixed:
        """Return what of N people a fit leaves alone."""
        return _Fixed(
            torch.stack([macro_weights(self._macro_names, one.person) for one in people]),
            torch.stack([one.sliders[self._drawn_count :] for one in people]),
            torch.stack([one.asymmetries for one in people]),
        )

    def _weights(self, people: _Fixed, sliders: Tensor, factor: Tensor | float = 1.0) -> Tensor:
        """Return [N, B, T] weights of the targets with sliders [N, B, S], and asymmetries times a factor [N, B, 1]."""
        fixed = torch.nn.functional.pad(people.macros, (1, 0), value=1.0)[:, None].expand(-1, sliders.shape[1], -1)
        uneven = (factor * people.asymmetries[:, None]).expand(-1, sliders.shape[1], -1)
        return torch.cat((fixed, sliders.clamp_min(0.0), (-sliders).clamp_min(0.0), uneven), dim=2)


@dataclass(frozen=True)
class _Fixed:
    """What of N people a fit leaves alone.

    Attributes:
        macros: [N, M] weights of the targets of age, sex, ancestry and build.
        own: [N, O] our own sliders, which are never drawn.
        asymmetries: [N, A].
    """

    macros: Tensor
    own: Tensor
    asymmetries: Tensor

    def of(self, rows: Tensor) -> _Fixed:
        """Return that of some of them."""
        return _Fixed(self.macros[rows], self.own[rows], self.asymmetries[rows])


def _asks(named: tuple[str, TraitValue]) -> bool:
    """Whether a trait is one of shape that was asked for."""
    name, entry = named
    return name in SHAPE_TRAITS and entry.confidence > 0.0


def _confidence(traits: Traits, name: str) -> float:
    return traits[name].confidence if name in traits else 0.0


def _doubles(rows: Sequence[Sequence[float]]) -> Tensor:
    return torch.tensor(rows, dtype=torch.float64)


def _group_hold(slider: str) -> float:
    return next((hold for beginning, hold in _GROUP_HOLDS if slider.startswith(beginning)), 1.0)


def mean_adult_person() -> dict[str, float]:
    """Return the person traits of a young adult halfway between the sexes and equally of MakeHuman's ancestries."""
    third = 1.0 / 3.0
    person = {name: float(VOCABULARY[name].default) for name in PERSON_TRAITS}  # type: ignore[arg-type]
    person |= {"age": 25.0, "ancestry.south_asian": 0.0}
    return person | {f"ancestry.{name}": third for name in ("african", "east_asian", "european")}


def macro_weights(names: tuple[str, ...], person: Mapping[str, float]) -> Tensor:
    """Return [M] products of age, gender, muscle, weight and ancestry shares, as MakeHuman multiplies them.

    Args:
        names: of the macro targets, such as "universal-female-young-averagemuscle-minweight" or "asian-male-old".
        person: age in years, gender -1..1, ancestry weights, body.weight and body.muscle 0..1.
    """
    ages = _age_shares(person["age"])
    genders = {"female": 0.5 - 0.5 * person["gender"], "male": 0.5 + 0.5 * person["gender"]}
    muscle, weight = _level_shares(person["body.muscle"]), _level_shares(person["body.weight"])
    races = _race_shares(person)
    shares = []
    for name in names:
        kind, *rest = name.split("-")
        if kind == "universal":
            gender, age, muscles, weights = rest
            level = muscle[muscles.removesuffix("muscle")] * weight[weights.removesuffix("weight")]
            shares.append(genders[gender] * ages[age] * level)
        else:
            gender, age = rest
            shares.append(races[kind] * genders[gender] * ages[age])
    return torch.tensor(shares, dtype=torch.float64)


def _age_shares(years: float) -> dict[str, float]:
    """Weights of baby, child, young and old; they add up to 1."""
    ageing = float(np.interp(years, _AGEING_YEARS, _AGEING_SHARE))
    baby, child, young = (float(np.interp(years, _GROWING_YEARS, row)) for row in np.eye(3))
    return {"baby": baby, "child": child, "young": young - ageing, "old": ageing}


def _level_shares(value: float) -> dict[str, float]:
    """Weights of min, average and max for a value 0..1."""
    return {
        "min": max(0.0, 1.0 - 2.0 * value),
        "average": 1.0 - abs(2.0 * value - 1.0),
        "max": max(0.0, 2.0 * value - 1.0),
    }


def _race_shares(person: Mapping[str, float]) -> dict[str, float]:
    """Weights of MakeHuman's ancestries; equal where no ancestry is given."""
    shares = dict.fromkeys(source.RACES, 0.0)
    total = sum(person[name] for name in ANCESTRIES)
    if total <= 0.0:
        return dict.fromkeys(shares, 1.0 / len(shares))
    for name in ANCESTRIES:
        for race, part in _RACE_OF_ANCESTRY[name].items():
            shares[race] += part * person[name] / total
    return shares
