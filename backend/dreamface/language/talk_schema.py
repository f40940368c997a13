"""Talk understood by a language model of the user's own: what it is asked, and the steps that its JSON stands for.

A model is any function from messages and a JSON Schema to a text. What it says is checked: it can't do more than words
can.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeAlias

from dreamface.errors import BadRequest
from dreamface.language.parts import PARTS, Part, part_named
from dreamface.language.talk import (
    NOT_UNDERSTOOD,
    Change,
    Context,
    Hold,
    Nothing,
    Question,
    Redo,
    Release,
    Restart,
    Restore,
    Scale,
    Step,
    Take,
    Undo,
)
from dreamface.language.talk_reading import understand
from dreamface.traits import VOCABULARY, Group, Kind, Traits

Message: TypeAlias = Mapping[str, str]
Complete: TypeAlias = Callable[[Sequence[Message], Mapping[str, Any]], str]
"""A language model: messages with a role and a content, and the JSON Schema of its answer, to that answer."""

TOPICS: Final = ("age", "sex", "trait", "why", "changes", "unknown", "describe", "help", "prompt")
_MOST_STEPS: Final = 8
_SETTABLE: Final = tuple(
    name for name, trait in VOCABULARY.items() if trait.kind is Kind.NUMBER and trait.group is not Group.EXPRESSION
)
_PART: Final = {"enum": [part.name for part in PARTS]}
_PARTS: Final = {"type": "array", "items": _PART, "minItems": 1, "maxItems": 6}


def _step(do: str, **fields: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object", "properties": {"do": {"const": do}, **fields}, "required": ["do", *fields],
        "additionalProperties": False,
    }  # fmt: skip


SCHEMA: Final[Mapping[str, Any]] = {
    "type": "object",
    "properties": {
        "steps": {
            "type": "array", "minItems": 1, "maxItems": _MOST_STEPS,
            "items": {
                "oneOf": [
                    _step("words", words={"type": "string", "maxLength": 200},
                          strength={"type": "number", "minimum": 0.1, "maximum": 2.0}),
                    _step("set", trait={"enum": list(_SETTABLE)}, value={"type": "number"}),
                    _step("hold", parts=_PARTS),
                    _step("release", parts=_PARTS),
                    _step("undo", count={"type": "integer", "minimum": 1, "maximum": 50}),
                    _step("redo", count={"type": "integer", "minimum": 1, "maximum": 50}),
                    _step("scale", factor={"type": "number", "minimum": 0.1, "maximum": 4.0}),
                    _step("restore", parts=_PARTS),
                    _step("take", parts=_PARTS, of={"type": "string", "maxLength": 100}),
                    _step("restart"),
                    _step("question", about={"enum": list(TOPICS)},
                          traits={"type": "array", "items": {"enum": list(VOCABULARY)}, "maxItems": 6}),
                    _step("nothing"),
                ]
            },
        }
    },
    "required": ["steps"],
    "additionalProperties": False,
}  # fmt: skip
"""JSON Schema of what a model answers."""

_TASK: Final = (
    "You translate what an artist says about a portrait into steps, as JSON by the schema. `words`: a change in short "
    "plain English such as “bigger nose” or “older”, with its strength (0.5 a bit, 1 as said, 1.6 much). `set`: one "
    "trait as a number. `hold`: parts that must stay. `undo`, `redo`, `scale` (the last change: 1.5 more, 0.6 less), "
    "`restore` (a part as it was before), `take` (a part of another face), `restart`. `question`: what it is about. "
    "`nothing` where it is neither an order nor a question about the face. Never answer in any other way."
)


class ModelTalk:
    """Understanding with the help of a language model: where the built-in words suffice they have the last word."""

    def __init__(self, complete: Complete) -> None:
        """Take the model: messages and a JSON Schema to a text."""
        self._complete = complete

    def __call__(self, text: str, context: Context) -> tuple[Step, ...]:
        """Return the steps that a text asks for, as `understand` does; where the model fails, its."""
        own = understand(text, context)
        if not all(isinstance(step, Nothing) and step.why == NOT_UNDERSTOOD for step in own):
            return own
        try:
            return read_steps(self._complete(messages(text, context), SCHEMA), context)
        except (BadRequest, ValueError, RuntimeError, OSError):  # of the model's library, too
            return own


def messages(text: str, context: Context) -> tuple[Message, ...]:
    """Return what a model is asked."""
    age, gender = context.traits.number("age"), context.traits.number("gender")
    others = ", ".join(context.others) or "none"
    about = f"The face: age {age:.0f}, {'female' if gender < 0.0 else 'male'}. Other faces: {others}."
    return ({"role": "system", "content": _TASK}, {"role": "user", "content": f"{about}\nThe artist says: {text}"})


def read_steps(answer: str, context: Context) -> tuple[Step, ...]:
    """Return the steps that a model's JSON stands for.

    Raises:
        BadRequest: it is no such JSON, or asks for what can't be.
    """
    try:
        steps = json.loads(answer)["steps"][:_MOST_STEPS]
        found = tuple(_read_step(dict(step), context) for step in steps)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadRequest("The language model's answer can't be read: say it in other words.") from error
    return found or (Nothing(NOT_UNDERSTOOD),)


def _read_step(step: Mapping[str, Any], context: Context) -> Step:
    do = step["do"]
    if do == "words":
        words = str(step["words"])[:200]
        return (
            Change(words, _within(step["strength"], 0.1, 2.0), said=words)
            if context.means_something(words)
            else Nothing(NOT_UNDERSTOOD)
        )
    if do == "set":
        trait = VOCABULARY[step["trait"]]
        if trait.name not in _SETTABLE:
            raise ValueError(f"{trait.name} is no number")
        value = _within(step["value"], trait.low, trait.high)
        return Change(trait.name, 1.0, said=trait.name, traits=Traits({trait.name: value}))
    if do == "undo":
        return Undo(int(_within(step["count"], 1, 50)))
    if do == "redo":
        return Redo(int(_within(step["count"], 1, 50)))
    if do == "scale":
        return Scale(_within(step["factor"], 0.1, 4.0))
    if do == "question":
        if step["about"] not in TOPICS:
            raise ValueError("no topic")
        return Question(step["about"], tuple(name for name in step["traits"] if name in VOCABULARY))
    if do == "take":
        source = str(step["of"])
        return Take(_parts(step), "" if source.lower() in ("", "other", "the other one") else source)
    with_parts: dict[str, Callable[[tuple[Part, ...]], Step]] = {"hold": Hold, "release": Release, "restore": Restore}
    if do in with_parts:
        return with_parts[do](_parts(step))
    return Restart() if do == "restart" else Nothing(NOT_UNDERSTOOD)


def _parts(step: Mapping[str, Any]) -> tuple[Part, ...]:
    parts = tuple(part for name in step["parts"] if (part := part_named(str(name))) is not None)
    if not parts:
        raise ValueError("no parts")
    return parts


def _within(value: Any, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError("no number")
    return min(max(float(value), low), high)
