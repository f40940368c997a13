"""Random expressions as faces make them: few muscles at a time, mostly both sides alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from dreamface.arrays import Float32Array
from dreamface.traits import ARKIT_SHAPES

Weights = dict[str, float]

ALONE: Final = 0.25
"""Share of the expressions in which one shape moves alone, with its other side or without."""

NEUTRAL: Final = 0.06
"""Share in which nothing moves."""

UNREST: Final = 0.04
"""Standard deviation of what some shapes move besides: no face is ever quite still."""

TENSE: Final = (
    "mouthFunnel", "mouthPucker", "mouthStretch*", "mouthShrugLower", "mouthShrugUpper", "mouthPress*",
    "mouthRollLower", "mouthRollUpper", "mouthDimple*", "mouthLowerDown*", "mouthUpperUp*", "mouthFrown*", "browDown*",
    "eyeSquint*", "cheekSquint*", "noseSneer*",
)  # fmt: skip
"""Shapes that move a little along with all others on a living face: hardly any muscle pulls alone."""

TENSE_SHARE: Final = 0.6
"""Of the faces that are made."""

TENSION: Final = 0.22
"""Standard deviation of such a shape's weight on the tensest of them."""

ASYMMETRIC: Final = 0.4
"""Share of pairs whose sides differ."""

ONE_SIDED: Final = 0.5
"""Share of those whose other side does nothing: winks, half smiles."""

MOUTHS: Final[Mapping[str, tuple[tuple[str, float], ...]]] = {
    "smile": (("mouthSmile*", 1.0), ("mouthDimple*", 0.3), ("cheekSquint*", 0.5), ("mouthUpperUp*", 0.25)),
    "frown": (("mouthFrown*", 1.0), ("mouthShrugLower", 0.4)),
    "pucker": (("mouthPucker", 1.0),),
    "funnel": (("mouthFunnel", 1.0),),
    "stretch": (("mouthStretch*", 1.0), ("mouthLowerDown*", 0.3)),
    "press": (("mouthPress*", 1.0),),
    "rolled": (("mouthRollLower", 1.0), ("mouthRollUpper", 0.9)),
    "bitten": (("mouthRollLower", 1.0),),
    "shrug": (("mouthShrugLower", 1.0), ("mouthShrugUpper", 0.8)),
    "teeth below": (("mouthLowerDown*", 1.0),),
    "teeth above": (("mouthUpperUp*", 1.0), ("noseSneer*", 0.4)),
    "snarl": (("noseSneer*", 1.0), ("mouthUpperUp*", 0.7), ("browDown*", 0.5)),
    "dimple": (("mouthDimple*", 1.0),),
    "left": (("mouthLeft", 1.0),),
    "right": (("mouthRight", 1.0),),
    "puffed": (("cheekPuff", 1.0), ("mouthPress*", 0.2)),
}
"""What a mouth does, as shapes and their shares; * stands for both sides."""

SMILES: Final = 0.2
"""Share of mouths that smile, besides their turn: nothing is commoner."""

BROWS: Final[Mapping[str, tuple[tuple[str, float], ...]]] = {
    "raised": (("browInnerUp", 1.0), ("browOuterUp*", 0.9), ("eyeWide*", 0.3)),
    "sad": (("browInnerUp", 1.0),),
    "lowered": (("browDown*", 1.0), ("eyeSquint*", 0.3)),
    "outer": (("browOuterUp*", 1.0),),
    "worried": (("browInnerUp", 0.8), ("browDown*", 0.5)),
}
"""What brows do, in the same way."""


def random_expression(generator: np.random.Generator) -> Float32Array:
    """Draw [52] weights 0..1 in the order of `ARKIT_SHAPES`."""
    kind = generator.uniform()
    weights: Weights = {}
    if kind < ALONE:
        _add(weights, generator, ((_pair(str(generator.choice(ARKIT_SHAPES))), 1.0),), generator.uniform(0.2, 1.0))
    elif kind < 1.0 - NEUTRAL:
        _make_a_face(weights, generator)
    if kind < 1.0 - NEUTRAL:
        for name in generator.choice(ARKIT_SHAPES, 10, replace=False):
            weights[name] = weights.get(name, 0.0) + abs(generator.normal(0.0, UNREST))
    weights["mouthClose"] = min(weights.get("mouthClose", 0.0), weights.get("jawOpen", 0.0))
    return np.array([min(max(weights.get(name, 0.0), 0.0), 1.0) for name in ARKIT_SHAPES], np.float32)


def _pair(name: str) -> str:
    for side in ("Left", "Right"):
        if name.endswith(side) and name not in ("mouthLeft", "mouthRight", "jawLeft", "jawRight"):
            return name.removesuffix(side) + "*"
    return name


def _add(
    weights: Weights, generator: np.random.Generator, shapes: tuple[tuple[str, float], ...], amount: float
) -> None:
    sides = (1.0, 1.0)
    if generator.uniform() < ASYMMETRIC:
        other = 0.0 if generator.uniform() < ONE_SIDED else generator.uniform(0.0, 0.8)
        sides = (1.0, other) if generator.uniform() < 0.5 else (other, 1.0)
    for name, share in shapes:
        varied = amount * share * (1.0 if share == 1.0 else generator.uniform(0.0, 2.0))
        if name.endswith("*"):
            for side, strength in zip(("Left", "Right"), sides, strict=True):
                weights[name[:-1] + side] = weights.get(name[:-1] + side, 0.0) + varied * strength
        else:
            weights[name] = weights.get(name, 0.0) + varied


def _make_a_face(weights: Weights, generator: np.random.Generator) -> None:
    chance = generator.uniform
    if chance() < 0.35:
        _add(weights, generator, (("eyeBlink*", 1.0),), chance())
    if chance() < 0.25:
        _add(weights, generator, ((str(generator.choice(["eyeWide*", "eyeSquint*", "cheekSquint*"])), 1.0),), chance())
    if chance() < 0.6:
        _look(weights, generator.normal(0.0, 0.5), generator.normal(0.0, 0.4))
    if chance() < 0.45:
        _add(weights, generator, BROWS[str(generator.choice(list(BROWS)))], chance())
    for _ in range(int(generator.choice([0, 1, 2, 3], p=[0.2, 0.4, 0.3, 0.1]))):
        mouth = "smile" if chance() < SMILES else str(generator.choice(list(MOUTHS)))
        _add(weights, generator, MOUTHS[mouth], chance())
    if chance() < 0.5:
        weights["jawOpen"] = weights.get("jawOpen", 0.0) + chance() ** 1.5
        if chance() < 0.15:
            weights["mouthClose"] = chance()
    if chance() < TENSE_SHARE:
        tension = chance() * TENSION
        for shape in TENSE:
            _add(weights, generator, ((shape, 1.0),), abs(generator.normal(0.0, tension)))
    for name, share in (("jawLeft", 0.05), ("jawRight", 0.05), ("jawForward", 0.08), ("tongueOut", 0.04)):
        if chance() < share:
            weights[name] = weights.get(name, 0.0) + chance()


def _look(weights: Weights, left: float, up: float) -> None:
    """Both eyes look the same way."""
    for side, outwards in (("Left", left), ("Right", -left)):
        weights[f"eyeLookOut{side}"] = max(outwards, 0.0)
        weights[f"eyeLookIn{side}"] = max(-outwards, 0.0)
        weights[f"eyeLookUp{side}"] = max(up, 0.0)
        weights[f"eyeLookDown{side}"] = max(-up, 0.0)
