"""Expressions that people have, each in three strengths, as data: `presets/expressions.json`.

A slight smile is no scaled-down laugh: the eyes come in later than the mouth, and lips part last. So every strength has
weights of its own. The extension reads the same file.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from dreamface.errors import BadRequest
from dreamface.traits import ARKIT_SHAPES

STRENGTHS: Final = ("slight", "clear", "strong")
"""How strong an expression is; who does not say it means the middle one."""

USUAL: Final = "clear"
_SIDES: Final = ("Left", "Right")
_TRAIT: Final = "expression."


@dataclass(frozen=True)
class Expression:
    """One expression in one strength.

    Attributes:
        name: of the emotion or gesture, such as "joy".
        strength: one of `STRENGTHS`; empty for the face at rest, which has none.
        label: what an animator calls it, such as "Faint smile".
        weights: ARKit shape -> 0..1; all others are 0.
        head: "yaw" (towards the person's left), "pitch" (downwards), "roll" (towards the person's left shoulder)
            -> degrees that the head turns along.
    """

    name: str
    strength: str
    label: str
    weights: Mapping[str, float]
    head: Mapping[str, float] = field(default_factory=dict)

    @property
    def words(self) -> str:
        """What it is called: "joy strong"."""
        return f"{self.name} {self.strength}".strip()

    def traits(self, worn: Iterable[str] = ()) -> dict[str, float]:
        """Return what a face is told to wear this expression: trait -> weight.

        Args:
            worn: traits that the face has; those of expressions go to rest where this one leaves them alone.
        """
        rest = {name: 0.0 for name in worn if name.startswith(_TRAIT)}
        return rest | {f"{_TRAIT}{shape}": weight for shape, weight in self.weights.items()}

    def to_json(self) -> dict[str, Any]:
        """Return plain data, as `dreamface expressions --json` prints it."""
        return {
            "name": self.name, "strength": self.strength, "label": self.label, "weights": dict(self.weights),
            "head": dict(self.head),
        }  # fmt: skip


@lru_cache
def expressions() -> tuple[Expression, ...]:
    """Return all expressions: the face at rest, then each of the others from slight to strong."""
    rows: list[dict[str, Any]] = json.loads(presets_file().read_text("utf-8"))
    return tuple(
        Expression(row["name"], row.get("strength", ""), row["label"], both_sides(row["weights"]), row.get("head", {}))
        for row in rows
    )


def expression(words: str) -> Expression:
    """Return an expression by its name and strength, in either order: "joy", "joy strong", "slight fear".

    Args:
        words: without a strength the clear one is meant.

    Raises:
        BadRequest: there is no such expression; the nearest names are offered.
    """
    said = words.casefold().replace("_", " ").replace("-", " ").split()
    strengths = [word for word in said if word in STRENGTHS]
    name = " ".join(word for word in said if word not in STRENGTHS)
    there = {(entry.name, entry.strength): entry for entry in expressions()}
    if len(strengths) <= 1:
        found = there.get((name, (strengths or [USUAL])[0])) or there.get((name, ""))
        if found is not None:
            return found
    names = list(dict.fromkeys(entry.name for entry in expressions()))
    near = difflib.get_close_matches(name, names, n=2, cutoff=0.6)
    hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(names)}."
    asks = f"; each may be {', '.join(STRENGTHS[:-1])} or {STRENGTHS[-1]}" if not near else ""
    raise BadRequest(f"There is no expression called {words!r}: {hint.rstrip('.')}{asks}{'' if near else '.'}")


def both_sides(weights: Mapping[str, float]) -> dict[str, float]:
    """Return weights by ARKit's names: "mouthSmile" stands for both of its sides, what names a side goes before it."""
    pairs = {shape: weight for shape, weight in weights.items() if shape not in ARKIT_SHAPES}
    whole = {shape + side: float(weight) for shape, weight in pairs.items() for side in _SIDES}
    return whole | {shape: float(weight) for shape, weight in weights.items() if shape not in pairs}


def presets_file() -> Path:
    """Return the file of the expressions: of the installed package, else of the checkout."""
    within = Path(__file__).resolve().parent / "presets" / "expressions.json"
    return within if within.is_file() else Path(__file__).resolve().parents[2] / "presets" / "expressions.json"
