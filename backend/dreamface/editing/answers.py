"""Questions about a face, answered from its own traits, from what the finished face shows, and from its record."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from dreamface.editing.marks import marks_elsewhere, marks_of
from dreamface.editing.phrasing import (
    Who,
    ancestry_of,
    describe,
    is_there,
    labels_of,
    length_of_hair,
    listed,
    sex_of,
    who_is,
    with_cause,
)
from dreamface.language import (
    CAN_DO,
    NOT_UNDERSTOOD,
    Question,
    colour_family,
    hair_in_words,
    in_words,
    label_of,
    part_named,
    part_of,
    traits_of,
    value_of,
)
from dreamface.pipeline import FITS_BETTER, Seen, shown_traits
from dreamface.record import EditEntry, FaceRecord, Turn
from dreamface.traits import VOCABULARY, Group, Kind, Traits, Value

BY_HAND: Final = "set by hand"
"""What traits say that a slider has set."""

_MOST: Final = 3  # traits that one answer is about
_MOST_CHANGES: Final = 6
_MOST_SHIFTS: Final = 2  # that a change is told with
_SIDE: Final = 0.4  # standard deviations from which a shape is called so


@dataclass(frozen=True)
class Known:
    """What answers are made from.

    Attributes:
        record: the face's.
        talk: what was said so far.
        seen: what the finished face shows, by trait; empty where nobody has looked.
    """

    record: FaceRecord
    talk: Sequence[Turn]
    seen: Mapping[str, Seen]

    @property
    def traits(self) -> Traits:
        """The face's traits as it shows them."""
        return shown_traits(self.record)

    @property
    def who(self) -> Who:
        """How it is spoken of."""
        return who_is(self.traits)

    def value(self, name: str) -> Value:
        """Return what the face shows of a trait: measured where it was looked at."""
        found = self.seen.get(name)
        return self.traits.value(name) if found is None or found.value is None else found.value


def answer(question: Question, known: Known) -> str:
    """Return the answer in one or two sentences; the face stays as it is."""
    topic = question.topic
    if topic in ("trait", "why") and (said := _about_marks(question, known)):
        return said
    if topic == "age":
        return _age(known)
    if topic == "sex":
        return _sex(question, known)
    if topic == "why":
        return _why(question, known)
    if topic == "changes":
        return _changes(question, known)
    if topic == "unknown":
        return _unknown(known)
    if topic == "describe":
        age = known.value("age")
        return describe(known.traits, float(age) if isinstance(age, int | float) else known.traits.number("age"))
    if topic == "prompt":
        record = known.record
        return f"The prompt was “{record.prompt}”, the seed {record.seed}, on the {record.head} head."
    return CAN_DO if topic == "help" else _about_traits(question, known)


def _age(known: Known) -> str:
    who, age = known.who, known.traits.number("age")
    cause, set_ = cause_of("age", known), f"{who.her.capitalize()} age is set to {age:.0f}"
    seen = known.seen.get("age")
    if seen is not None and isinstance(seen.value, int | float):
        return f"By shape and skin {who.she} looks about {seen.value:.0f}. {with_cause(set_, cause)}"
    return with_cause(f"{set_} years", cause)


def _sex(question: Question, known: Known) -> str:
    gender = known.value("gender")
    assert isinstance(gender, int | float)
    who, word = known.who, sex_of(gender)
    claimed = question.claimed.number("gender") if "gender" in question.claimed else 0.0
    start = "" if not claimed else "Yes, " if claimed * gender > 0.0 and abs(gender) >= 0.2 else "No, "
    is_ = f"{who.she} is {word}" if start else f"{who.start} is {word}"
    return with_cause(f"{start}{is_}", cause_of("gender", known))


# ---------------------------------------------------------------------------------------------------------------- marks

_ASKS: Final = re.compile(
    r"^(?:is|are|was|were|does|do|did|has|have|where|what|which|why|how come|there|she|he|it|they|got|still|any|an?|the"
    r"|some|her|his|on|face|come from|\s)+\b(?= )"
)
_ON_SKIN: Final = ("scars.density", "moles.density", "freckles.density", "blemishes.density", "age_spots.density")


def _about_marks(question: Question, known: Known) -> str:
    """Return the answer to a question about marks that lie on places; "" where it is about something else."""
    if any(name not in _ON_SKIN for name in question.traits):
        return ""
    what = _ASKS.sub("", question.words).strip()
    if not what:
        return "" if question.traits else NOT_UNDERSTOOD
    edits = [edit for edit in marks_of(what, known.record.edits) if edit.strength > 0.0]
    if not edits:
        other = [edit for edit in marks_elsewhere(what, known.record.edits) if edit.strength > 0.0]
        if other:
            return f"Not there: there is only {listed(labels_of(other))}."
        return "" if question.traits else f"No, there is no {what}."
    labels = labels_of(edits)
    if question.words.startswith("where"):
        return " ".join(f"{label} lies {_where(edit)}." for label, edit in zip(labels, edits, strict=True))
    if question.topic == "why":
        talked = {one.id for turn in known.talk if turn.did == "change" for one in turn.new}
        who = "you" if edits[-1].id in talked else "the prompt or an edit"
        return f"There is {listed(labels)}, because {who} said so."
    own = [name for name in question.traits if is_there(name, known.value(name))]
    more = (
        f" Beside that, {known.who.her} {listed([_said(name, known.value(name), known) for name in own])}."
        if own
        else ""
    )
    return f"Yes, there is {listed(labels)}.{more}"


def _where(edit: EditEntry) -> str:
    """Return where an edit lies, as the end of a sentence: "on the left cheek"."""
    regions = edit.place.regions if edit.place is not None else ()
    names = listed([f"the {name.replace('_', ' ')}" for name in regions])
    if not regions:
        return "where it was painted"
    return f"everywhere but on {names}" if edit.place is not None and edit.place.inverted else f"on {names}"


# --------------------------------------------------------------------------------------------------------------- traits


def _about_traits(question: Question, known: Known) -> str:
    """Return what the face has of the traits that a question is about."""
    names = list(question.traits)
    if question.claimed:
        return _yes_or_no(question.claimed, known)
    if any(name.startswith("ancestry.") for name in names):
        said = f"{known.who.her.capitalize()} ancestry is {ancestry_of(known.traits)}"
        return with_cause(said, _cause_of_any(names, known))
    if known.traits.choice("hair.style") == "bald" and all(name.startswith("hair.") for name in names):
        return f"{known.who.start} has no hair."
    said = _colours(names, known) or _widest(names, known)
    return f"{said[0].upper()}{said[1:]}."


def _colours(names: Sequence[str], known: Known) -> str:
    """Return the colour that a question asks for in words; nothing where it asks for none."""
    her, traits = known.who.her, known.traits
    first = names[0]
    if first == "iris.colour":
        value = traits.value(first)
        return f"{her} eyes are {value_of(first, value)}" if isinstance(value, tuple) else ""
    if first == "hair.melanin":
        return f"{her} hair is {hair_in_words(traits)}"
    if first == "skin.melanin":
        melanin = known.value(first)
        assert isinstance(melanin, int | float)
        note = known.seen[first].note if first in known.seen else ""
        return f"{her} skin is {in_words(first, melanin).removesuffix(' skin')} ({note or value_of(first, melanin)})"
    if first in ("hair.length", "hair.style"):
        style = known.traits.choice("hair.style").replace("_", " ")
        note = known.seen["hair.style"].note if "hair.style" in known.seen else ""
        return f"{her} hair is {length_of_hair(traits)}, cut as {style}" + (f", {note}" if note else "")
    return ""


def _widest(names: Sequence[str], known: Known) -> str:
    """Return the traits among several that say most."""
    part = part_of(names[0]).name if len(names) == 1 else ""
    ranked = sorted(names, key=lambda name: -_weight(name, known.value(name)))
    strong = [name for name in ranked if _weight(name, known.value(name)) > 0.0][:_MOST] or ranked[:1]
    said = [_said(name, known.value(name), known) for name in strong]
    if part and VOCABULARY[names[0]].group is not Group.SHAPE and not is_there(names[0], known.value(names[0])):
        return f"{known.who.she} has no {label_of(names[0])}"
    return (
        f"{known.who.her} {listed(said)}" if not said[0].startswith(("no ",)) else f"{known.who.she} has {listed(said)}"
    )


def _weight(name: str, value: Value) -> float:
    """Return how much a value says."""
    if isinstance(value, int | float):
        trait = VOCABULARY[name]
        usual = float(trait.default) if isinstance(trait.default, int | float) else 0.0
        return abs(float(value) - usual) / (3.0 if trait.unit == "sd" else 1.0)
    if isinstance(value, tuple):
        return value[3] if len(value) == 4 else 0.3
    return 0.3


def _said(name: str, value: Value, known: Known) -> str:
    """Return a trait with its value: "nose width is +1.2 sd (wide nose)"."""
    word, plain = in_words(name, value), value_of(name, value)
    note = known.seen[name].note if name in known.seen else ""
    word = "usual" if word.startswith("usual ") else word
    told = "" if plain in word or word in label_of(name) or label_of(name) in word.split(" ", 1)[-1] else word
    more = ", ".join(text for text in (told, note) if text and text not in plain)
    return f"{label_of(name)} {'are' if label_of(name).endswith(('s', 'feet')) else 'is'} {plain}" + (
        f" ({more})" if more else ""
    )


def _yes_or_no(claimed: Traits, known: Known) -> str:
    """Return whether a face is as a question supposes, and how it is."""
    names = [name for name in claimed if name.endswith(".style")] or list(claimed)[:_MOST]
    holds = [_holds(name, claimed.value(name), known.value(name)) for name in names]
    who = known.who
    if len(names) == 1 and names[0] in _HAD and isinstance(claimed.value(names[0]), int | float | tuple):
        name = names[0]
        if not is_there(name, known.value(name)):
            return f"No, {who.she} has no {label_of(name)}."
        word = "Yes" if holds[0] else "A little"
        return f"{word}: {_said(name, known.value(name), known)}."
    if "beard.style" in names and known.value("beard.style") == "none":
        stubble = known.traits.number("stubble.density")
        return f"No, {who.she} has no beard" + (
            f", only stubble ({value_of('stubble.density', stubble)})." if stubble > 0.1 else "."
        )
    word = "Yes" if all(holds) else "Partly" if any(holds) else "No"
    said = _colours(names, known) or listed([_said(name, known.value(name), known) for name in names])
    said = said if said.startswith(who.her) else f"{who.her} {said}"
    return f"{word}: {said}."


_HAD: Final = frozenset(
    name for name, trait in VOCABULARY.items()
    if trait.group in (Group.SKIN, Group.MAKEUP, Group.HAIR) and not trait.less and trait.kind is not Kind.COLOUR
    and trait.kind is not Kind.CHOICE and trait.default != 0.5
)  # fmt: skip
"""Traits of which a face may have nothing."""


def _holds(name: str, claimed: Value, now: Value) -> bool:
    """Return whether a trait is as it is supposed to be."""
    trait = VOCABULARY[name]
    if isinstance(claimed, str):
        return claimed == now or (name == "beard.style" and claimed == "full" and now != "none")
    if isinstance(claimed, tuple):
        return isinstance(now, tuple) and _same_colour(name, claimed, now)
    assert isinstance(now, int | float) and isinstance(trait.default, int | float)
    if trait.unit == "sd":
        return bool(now >= _SIDE if claimed > 0.0 else now <= -_SIDE)
    way = claimed - float(trait.default)
    return bool((now - float(trait.default)) * way > 0.0 and abs(now - float(trait.default)) >= 0.3 * abs(way))


def _same_colour(name: str, claimed: tuple[float, ...], now: tuple[float, ...]) -> bool:
    if len(now) == 4 and now[3] < 0.1:
        return False
    return colour_family(claimed, name) == colour_family(now, name)


# ------------------------------------------------------------------------------------------------------------------ why


def cause_of(name: str, known: Known) -> str:
    """Return why a trait has its value, as the end of a sentence: "because you said “older”", "the seed drew it"."""
    record = known.record
    for edit in reversed(record.edits):
        if _sets(edit, name):
            talked = any(one.id == edit.id for turn in known.talk if turn.did == "change" for one in turn.new)
            return f"because you said “{edit.label}”" if talked else f"because of the edit “{edit.label}”"
    entry = record.traits.get(name)
    if entry is None:
        return "nothing says it, so it is as usual"
    if entry.because == BY_HAND:
        return "you set it by hand"
    if entry.because == FITS_BETTER:
        along = known.traits.value(name) != entry.value
        return f"because {FITS_BETTER}" + (f", and it went along with {_moved_along(record)}" if along else "")
    if entry.confidence > 0.0 and entry.because:
        return f"because the prompt says “{entry.because}”"
    if known.traits.value(name) != entry.value:
        return f"it went along with {_moved_along(record)}"
    if entry.confidence > 0.0:
        return "it was asked for when the face was made"
    return f"the prompt leaves it open, so the seed ({record.seed}) drew it"


def _sets(edit: EditEntry, name: str) -> bool:
    return edit.kind == "words" and edit.place is None and edit.visible and edit.strength > 0.0 and name in edit.traits


def _moved_along(record: FaceRecord) -> str:
    """Return which edit others went along with: who gets older gets grey."""
    drivers = ("age", "gender", "body.weight")
    for edit in reversed(record.edits):
        if edit.kind == "words" and edit.place is None and any(name in edit.traits for name in drivers):
            return f"“{edit.label}”"
    return "what you changed"


def _cause_of_any(names: Sequence[str], known: Known) -> str:
    """Return the cause of the first of several traits that anybody asked for."""
    causes = [cause_of(name, known) for name in names]
    return next((cause for cause in causes if cause.startswith(("because", "you"))), causes[0])


def _why(question: Question, known: Known) -> str:
    """Return why a face is as a question says; and how it is, where it is not so."""
    names = [name for name in question.traits if name in known.record.traits] or list(question.traits)
    if not names:
        return "Ask why about one thing, such as “why is she pale?” or “why is the nose wide?”."
    claimed = {name: question.claimed.value(name) for name in question.claimed}
    wrong = [name for name in names if name in claimed and not _holds(name, claimed[name], known.value(name))]
    ranked = sorted(names, key=lambda name: -_weight(name, known.value(name)))
    name = names[0] if claimed else ranked[0]
    if "hair.grey" in claimed and "hair.grey" in names:
        name = "hair.grey"
    said = _colours([name], known) or f"{known.who.her} {_said(name, known.value(name), known)}"
    start = f"That is not quite so: {said}" if wrong and len(wrong) == len(claimed) else f"{said[0].upper()}{said[1:]}"
    return with_cause(start, _cause(name, names, known))


def _cause(name: str, names: Sequence[str], known: Known) -> str:
    """Return the cause of a trait; for grey hair and wrinkles that the seed drew, the age."""
    cause = cause_of(name, known)
    if not cause.startswith("because") and len(names) > 1:
        cause = _cause_of_any([name, *names], known)
    if cause.startswith("the prompt leaves") and name.startswith(_OF_AGE) and known.traits.number("age") > 45.0:
        return f"as people of {known.traits.number('age'):.0f} have it: {cause}"
    return cause


_OF_AGE: Final = ("hair.grey", "hair.temple_grey", "wrinkles.", "age_spots.", "eyes.bags")


# ----------------------------------------------------------------------------------------------------- changes, unknown


def _changes(question: Question, known: Known) -> str:
    """Return what was changed since the face was made, or about one part of it."""
    done = [turn for turn in known.talk if turn.did == "change" and not turn.undone]
    talked = {edit.id for turn in done for edit in turn.new}
    others = [edit for edit in known.record.edits if edit.id not in talked and edit.visible]
    by_hand = [name for name, entry in known.record.traits.items() if entry.because == BY_HAND]
    if question.traits:
        done = [turn for turn in done if _is_about(turn, set(question.traits))]
        others = [edit for edit in others if set(question.traits) & set(edit.traits)]
        by_hand = [name for name in by_hand if name in question.traits]
    said = [_told(turn) for turn in done][-_MOST_CHANGES:]
    sentences = [f"{len(done)} change{'s' * (len(done) > 1)}: {'; '.join(said)}."] if done else []
    sentences += (
        [f"Edits beside that: {listed([edit.label or edit.id for edit in others][-_MOST_CHANGES:])}."] if others else []
    )
    sentences += [f"Set by hand: {listed([label_of(name) for name in by_hand][:_MOST_CHANGES])}."] if by_hand else []
    if sentences:
        return " ".join(sentences)
    if question.traits:
        part = part_of(question.traits[0]).name
        return f"Nothing about that ({part}): it is as prompt and seed made it."
    return f"Nothing yet: {known.who.she} is as prompt and seed made {known.who.him}."


def _is_about(turn: Turn, names: set[str]) -> bool:
    """Return whether a change is about any of these traits."""
    edits = [edit for edit in (*turn.new, *turn.old) if edit.kind != "mix"]  # of a mix, traits say who the other is
    parts = [part for name in turn.parts if (part := part_named(name)) is not None]
    return any(names & set(edit.traits) for edit in edits) or bool(names & set(traits_of(parts)))


def _told(turn: Turn) -> str:
    """Return what a turn was and did: "“a bit older” (age 34 years → 42 years)"."""
    did = turn.answer.partition(". ")[0].rpartition(": ")[2].removeprefix("Changed ").rstrip(".").partition(";")[0]
    label = turn.said or next((edit.label for edit in turn.new), "")
    shifts = did.split(", ")
    few = ", ".join(shifts[:_MOST_SHIFTS]) + (", ..." if len(shifts) > _MOST_SHIFTS else "")
    return f"“{label}” ({few})"


def _unknown(known: Known) -> str:
    """Return which words of the prompt nothing was made of, and what it leaves open."""
    words = known.record.not_understood
    drawn = sum(1 for entry in known.record.traits.values() if not entry.confidence)
    first = (
        f"I made nothing of {listed([f'“{word}”' for word in words])} in the prompt."
        if words
        else "I made something of every word of the prompt."
    )
    return f"{first} It leaves {drawn} traits open, which the seed ({known.record.seed}) drew."
