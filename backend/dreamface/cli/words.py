"""Between traits' values and the words people read and type."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping

from dreamface.errors import BadRequest
from dreamface.traits import VOCABULARY, Group, Kind, Trait, TraitValue, Value

# ----------------------------------------------------------------------------------------------------------- to words


def in_words(trait: Trait, value: Value) -> str:
    """A trait's value as an artist would say it, and the value: "hooked nose (+1.9 sd)", "62 years", "bob"."""
    from dreamface import language  # here, as below: its tables take as long to load as a fifth of this program

    exact = exactly(trait, value)
    if isinstance(value, str):
        return language.value_of(trait.name, value)
    if trait.unit == "years" or trait.name == "gender" or trait.group is Group.EXPRESSION:
        return exact
    said = language.in_words(trait.name, value)
    return said if exact == "none" or exact in said else f"{said} ({exact})"


def exactly(trait: Trait, value: Value) -> str:
    """A trait's value as `--set` takes it or nearly so, without words: "+1.9 sd", "62 years", "36 %", "#8a5a3c"."""
    from dreamface import language

    if isinstance(value, tuple):
        return _colour_in_words(value)
    return value if isinstance(value, str) else language.value_of(trait.name, value)


def seen_in_words(trait: Trait, value: Value | None, note: str) -> str:
    """Return what a face shows of a trait, and the measure behind it."""
    said = "" if value is None else in_words(trait, value)
    return f"{said}, {note}" if said and note and note != said else said or note


def summary(traits: Mapping[str, TraitValue], limit: int = 8) -> str:
    """One line on what was asked for, the surest first; more than `limit` traits are only counted."""
    surest = sorted(traits.items(), key=lambda item: -item[1].confidence)
    said = [_short(VOCABULARY[name], entry.value) for name, entry in surest[:limit]]
    rest = len(surest) - limit
    return ", ".join(said) + (f" and {rest} more" if rest > 0 else "")


def colour_hex(rgb: Iterable[float]) -> str:
    """Linear Rec. 709 (r, g, b), each 0..1, as sRGB "#rrggbb"."""
    import torch  # here, as in `_linear`, because it takes seconds to load

    from dreamface.images import encode_srgb8

    return "#" + encode_srgb8(torch.tensor([[list(rgb)]])).tobytes().hex()


def _short(trait: Trait, value: Value) -> str:
    """A trait's value in words that say what it is of, too."""
    from dreamface import language

    whole = isinstance(value, str) or trait.group is Group.EXPRESSION
    return language.in_words(trait.name, value) if whole else in_words(trait, value)


def _colour_in_words(value: tuple[float, ...]) -> str:
    from dreamface import language

    name = colour_hex(value[:3])
    if len(value) == 3:
        return name
    return f"{name}, {language.percent(value[3])}" if value[3] > 0.0 else "none"


# --------------------------------------------------------------------------------------------------------- from words


def settings(texts: Iterable[str]) -> dict[str, Value]:
    """What `--set trait=value` asks for.

    Numbers are written as such, colours as `#rrggbb` (sRGB) or linear `r,g,b`, tints as `#rrggbb` or linear
    `r,g,b,strength`.

    Raises:
        BadRequest: no such trait (the nearest names are offered), or a value that it can't have.
    """
    chosen: dict[str, Value] = {}
    for text in texts:
        name, equals, value = (part.strip() for part in text.partition("="))
        if not equals:
            raise BadRequest(f"--set takes trait=value, such as nose.width=1.5; got {text!r}.")
        if name not in VOCABULARY:
            near = difflib.get_close_matches(name, VOCABULARY, n=3, cutoff=0.5)
            hint = f"did you mean {' or '.join(near)}?" if near else "`dreamface traits` lists them."
            raise BadRequest(f"There is no trait called {name!r}; {hint}")
        chosen[name] = VOCABULARY[name].check(_value(VOCABULARY[name], value))
    return chosen


def _value(trait: Trait, text: str) -> Value:
    if trait.kind is Kind.CHOICE:
        return text
    if trait.kind is Kind.NUMBER:
        return _number(trait, text)
    if re.fullmatch(r"#[0-9a-fA-F]{6}", text):
        rgb = _linear(text)
        return (*rgb, 1.0) if trait.kind is Kind.TINT else rgb
    return tuple(_number(trait, part) for part in text.split(","))


def _linear(code: str) -> tuple[float, ...]:
    """An sRGB "#rrggbb" as linear Rec. 709 (r, g, b), each 0..1; the inverse of `colour_hex`."""
    import numpy as np

    from dreamface.images import decode_srgb8

    return tuple(decode_srgb8(np.array([[list(bytes.fromhex(code[1:]))]], dtype=np.uint8))[0, 0].tolist())


def _number(trait: Trait, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        wanted = "a number" if trait.kind is Kind.NUMBER else "#rrggbb or numbers with commas between them"
        raise BadRequest(f"{trait.name} takes {wanted}; got {text!r}.") from None
