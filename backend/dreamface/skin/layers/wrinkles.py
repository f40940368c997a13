"""Wrinkles: creases along curves that hang on the face's landmarks, so that they lie at the same place on every head.

Lines of expression run across the pull of the muscle below them; folds lie where skin sinks (Piérard et al. 2003, "From
skin microrelief to wrinkles"). `wrinkles.json` says where they run, in which order they appear and how deep they get:
all of it was chosen by eye. A new wrinkle is a row there; `wrinkle_kinds` says what the columns mean.

Their courses depend on the head and the seed alone, and are computed once for all areas together. The traits say how
deep each one is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from functools import partial
from importlib.resources import files
from typing import Final

import torch
from torch import Tensor

from dreamface.skin.canvas.atlas import ramp
from dreamface.skin.canvas.creases import KINDS, Creases, beside, drop, ribbons, shows_fine, together, twigs
from dreamface.skin.canvas.layer import Decal, Layer
from dreamface.skin.canvas.subject import Subject
from dreamface.skin.layers.wrinkle_kinds import read_areas
from dreamface.skin.layers.wrinkle_sketch import SHARP_MM, Sketch
from dreamface.units import MM

_SAGGING_AGES: Final = (34.0, 84.0)  # years over which skin sags, and all wrinkles get deeper
_DEEPER: Final = 0.7  # how much deeper
_SUNK: Final = 1.8  # factor on the table's depth of skin that has sagged, at the end of that
_SOON, _STEEP = 0.68, 0.75  # how early wrinkles appear, and how fast they deepen: powers of the area's amount
_NECK_AGES: Final = (28.0, 78.0)  # years over which the neck's rings deepen
_NECK: Final = "neck"

_TWIG: Final = 5.0 * MM  # length of branches
_PARALLEL_AWAY, _PARALLEL_FURTHER = 0.9, 1.2  # mm from a crease to its parallel, and what is added at random
_PARALLEL_DEPTH: Final = 0.5  # over the crease's
_PARALLEL_LATER: Final = 0.15  # how much later than the crease it appears, as a fraction of what is left

_AREAS: Final = read_areas(files(__package__).joinpath("wrinkles.json").read_bytes())
_AREA_NAMES: Final = tuple(_AREAS)


def _wrinkles(area: str, subject: Subject) -> Sequence[Decal]:
    """Return an area's wrinkles; none on a smooth face."""
    age = subject.traits.number("age")
    amount = ramp(age, *_NECK_AGES) if area == _NECK else subject.traits.number(f"wrinkles.{area}")
    if subject.surface.atlas.landmark("nasion") is None or (amount == 0.0 and area != _NECK):
        return ()
    lines, old = subject.once("wrinkles", lambda: _courses(subject)), ramp(age, *_SAGGING_AGES)
    *_, start, sag = lines[:, _CURVE:].unbind(1)
    deep = lines[:, _CURVE] * ((amount**_SOON - start) / (1.0 - start)).clamp_min(0.0).pow(_STEEP)
    deep = deep * torch.lerp(torch.tensor(1.0 + _DEEPER * old), torch.tensor(_SUNK * old), sag)
    number = _AREA_NAMES.index(area)
    ends = torch.searchsorted(lines[:, -3].contiguous(), torch.tensor([number, number + 1])).float()
    found = []
    for kind in KINDS:
        points = subject.once(f"wrinkles of kind {kind}", partial(_drawn, subject, lines, kind))
        first, last = torch.searchsorted(points[3], ends).tolist()
        found.append(points[:, first:last])
    return drop(found, deep, subject.size)


_CURVE: Final = 8  # numbers of a curve, before those of a crease


def _courses(subject: Subject) -> Tensor:
    """[N, 18] all lines, by area: control points, numbers of `Creases`, beginning, area, amount to come at, and sag."""
    sketch = Sketch(subject.surface, subject.stream, _AREA_NAMES)
    for area, groups in _AREAS.items():
        sketch.begin(area)
        for group in groups:
            group.draw(sketch)
    lines, rest = sketch.finish()
    # Where each begins in the noise along it is drawn for these lines first: small maps, which show nothing finer, have
    # the same folds as large ones.
    courses = subject.stream("wrinkles' beginnings")
    begin = torch.rand(len(lines.depth), generator=courses)
    if shows_fine(subject.surface, subject.size):
        chosen = lines.width < SHARP_MM * MM
        sharp, own, generator = lines.of(chosen), rest[chosen], subject.stream("wrinkles' twigs")
        random = torch.rand(2, len(sharp.depth), generator=generator)
        away = (random[0] - 0.5).sign() * (_PARALLEL_AWAY + _PARALLEL_FURTHER * random[1]) * MM
        branches = twigs(sharp, subject.surface, generator, _TWIG)
        parallels = beside(sharp, subject.surface, away, _PARALLEL_DEPTH)
        later = own.clone()
        later[:, 1] = own[:, 1].lerp(torch.tensor(1.0), _PARALLEL_LATER)
        lines, rest = together(lines, branches, parallels), torch.cat((rest, own, later))
        begin = torch.cat((begin, torch.rand(len(lines.depth) - len(begin), generator=courses)))
    numbers = [
        getattr(lines, field.name).flatten(1) if field.name == "points" else getattr(lines, field.name)[:, None]
        for field in fields(lines)
    ]
    table = torch.cat((*numbers, begin[:, None], rest), dim=1)
    table = table[table[:, _CURVE] != 0.0]
    return table[torch.argsort(table[:, -3], stable=True)]


def _drawn(subject: Subject, lines: Tensor, kind: int) -> Tensor:
    """Return [4, M] `ribbons` of all lines."""
    *numbers, begin = lines[:, _CURVE:-3].unbind(1)
    curves = Creases(lines[:, :_CURVE].reshape(-1, 4, 2), *numbers)
    return ribbons(curves, subject.surface, subject.size, subject.stream("wrinkles' course"), kind, begin)


def _layer(where: str, description: str) -> Layer:
    traits = ("age",) if where == _NECK else (f"wrinkles.{where}", "age")
    return Layer(f"{where}_wrinkles", description, traits, decals=partial(_wrinkles, where))


WRINKLES: Final = (
    _layer("forehead", "wrinkles across the forehead, hollow temples"),
    _layer("eyes", "wrinkles and bags around the eyes"),
    _layer("cheeks", "wrinkles and folds on the cheeks"),
    _layer("mouth", "wrinkles and folds around the mouth, jowls"),
    _layer(_NECK, "rings and bands of the neck"),
)
