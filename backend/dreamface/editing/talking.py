"""A conversation with a face: what somebody says becomes another stack of edits, or an answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeAlias

from dreamface.editing.adding import added
from dreamface.editing.answers import Known, answer
from dreamface.editing.conversation import Patch, done, held_parts, patch_of, redo, remembered, states, undo, waiting
from dreamface.editing.making import NothingUnderstood, words_edit
from dreamface.editing.marks import MARK_STAYS, Removal, changed_marks, marks_of, removal_message, without_marks
from dreamface.editing.phrasing import labels_of, listed, parts_of, shifts_in_words
from dreamface.editing.reading import read_words
from dreamface.errors import BadRequest
from dreamface.language import (
    NOT_UNDERSTOOD,
    PARTS,
    Change,
    Context,
    Difference,
    Hold,
    Nothing,
    Part,
    Question,
    Redo,
    Release,
    Restart,
    Restore,
    Scale,
    Step,
    Take,
    Undo,
    UndoBut,
    UndoOne,
    Version,
    combined,
    difference,
    label_of,
    mark_of,
    thing_of,
    traits_held_by,
    traits_of,
    understand,
)
from dreamface.pipeline import Seen, shown_traits
from dreamface.record import (
    MOST_STRENGTH,
    MOST_TURNS,
    Correction,
    EditEntry,
    FaceRecord,
    Place,
    Turn,
    TurnKind,
    corrected,
)
from dreamface.text import one_line
from dreamface.traits import VOCABULARY, Kind, Traits, TraitValue, Value

Understand: TypeAlias = Callable[[str, Context], Sequence[Step]]
"""From what was said to steps: `language.understand`, or a model of one's own behind the same interface."""

Look: TypeAlias = Callable[[FaceRecord], Mapping[str, Seen]]
"""What a finished face shows, by trait."""

MOST_WHOLE_FACE: Final = 1.5
"""Strength up to which a slider moves an edit of the whole face; what is more, goes into its traits."""

_MOVED: Final = 1e-3  # of a number, that is a difference
_LONGEST_LABEL: Final = 120  # characters
_NOTHING_DONE: Final = "There is nothing to take back: nothing was changed in this conversation yet."
_STAYS: Final = "Edits that were not made by talking stay: delete them in the stack."
_NOTHING_TAKEN_BACK: Final = "There is nothing to do again: nothing was taken back since the last change."
_NOTHING_TO_SCALE: Final = "There is nothing yet that could be more or less: say first what should be different."

_NO_OPPOSITE: Final = "There is no opposite of that: say what should be there instead."
_TAKEN_WHOLE: Final = "That was taken over whole already: say “half of that”, or what should be more."


@dataclass(frozen=True)
class Others:
    """Other faces that somebody may speak of.

    Attributes:
        names: what they are called.
        find: returns the record of one by its name; "" is "the other one". Raises `BadRequest` where there is none.
    """

    names: tuple[str, ...] = ()
    find: Callable[[str], FaceRecord] = field(default=lambda name: _nobody(name))

    @classmethod
    def of(cls, records: Mapping[str, FaceRecord]) -> Others:
        """Return those of a few faces by name; with a single one, that is "the other one"."""

        def find(name: str) -> FaceRecord:
            if name in records:
                return records[name]
            if not name and len(records) == 1:
                return next(iter(records.values()))
            if not name and records:
                raise BadRequest(f"Say which other face: {listed(list(records))}.")
            return _nobody(name)

        return cls(tuple(records), find)


def _nobody(name: str) -> FaceRecord:
    raise BadRequest(
        f"There is no face called “{name}” here." if name else "There is no other face here to take it from."
    )


@dataclass(frozen=True)
class Reply:
    """What came of something that was said.

    Attributes:
        answer: a sentence or a few.
        record: the face's, with another stack of edits where it was changed, and with the conversation.
        changed: whether the stack is another one.
        understood: whether everything in it was followed or answered.
        shifts: traits that are otherwise now, with their values before and after: first those that were meant.
    """

    answer: str
    record: FaceRecord
    changed: bool = False
    understood: bool = True
    shifts: tuple[tuple[str, Value, Value], ...] = ()


def talk(
    record: FaceRecord,
    said: str,
    *,
    others: Others | None = None,
    look: Look | None = None,
    understand_with: Understand = understand,
) -> Reply:
    """Return what comes of something that somebody says to a face. Nothing is made: the record says what to make.

    Args:
        record: the face's.
        said: orders, steps through the history or questions, in English; nothing is refused.
        others: other faces that it may speak of.
        look: returns what the finished face shows, by trait, as the record is that it gets: what was said before in
            the same line is in it. Asked for questions about that alone.
        understand_with: understands it.
    """
    others = others or Others()
    steps = understand_with(said, _context(record, others.names))
    changes: list[Change] = []
    replies: list[Reply] = []
    now, rest = record, one_line(said)[:2000]
    typed = rest
    for step in (*steps, None):
        if isinstance(step, Change):
            changes.append(step)
            continue
        if changes:
            replies.append(_kept(now, _change(now, changes, rest), rest, "change"))
            now, rest, changes = replies[-1].record, "", []
        if step is not None:
            replies.append(_follow(now, step, rest, typed, others, look))
            now, rest = replies[-1].record, ""
    shifts = _shifts(shown_traits(record), shown_traits(now), _meant(replies))
    answers = " ".join(dict.fromkeys(reply.answer for reply in replies))
    return Reply(answers, now, now.edits != record.edits, all(reply.understood for reply in replies), shifts)


def _context(record: FaceRecord, others: Sequence[str]) -> Context:
    """Return what understanding needs to know of a face and of what was said to it."""
    last, count = _last_order(record)
    before = shown_traits(undo(record, count)[0]) if count else None
    turns = done(record.talk)
    edits = turns[-count].new if count else ()
    moved = tuple(
        dict.fromkeys(name for edit in edits for name, entry in edit.traits.items() if entry.because != "held")
    )
    context = context_of(shown_traits(record), others, _last_thing(record))
    mark, is_last = _last_mark(record)
    return replace(context, last=last, before=before, moved=moved, mark=mark, is_mark_last=is_last)


def _last_order(record: FaceRecord) -> tuple[str, int]:
    """Return what the last change was asked for with, and how many turns were made of it: "more" is of it, too."""
    turns = done(record.talk)
    for count, turn in enumerate(reversed(turns), 1):
        ids, old = {edit.id for edit in turn.new}, {edit.id for edit in turn.old}
        if not ids or not ids <= old:
            return _as_heard(turn.said), count
    return "", 0


def _as_heard(said: str) -> str:
    """Return a line in lower case, without the question that may be beside its order."""
    return " ".join(said.lower().split()).strip(" .!?")


def _last_thing(record: FaceRecord) -> str:
    """Return what was laid on a place last, such as "a scar"; nothing where that is no single thing."""
    labels = [edit.label for edit in record.edits if edit.place is not None and edit.kind == "words" and edit.visible]
    return next((thing for label in reversed(labels) if (thing := thing_of(label.lower()))), "")


def _last_mark(record: FaceRecord) -> tuple[str, bool]:
    """Return what was laid on a place or changed there last, and whether the last change was of nothing else."""
    for number, turn in enumerate(reversed(done(record.talk))):
        placed = [edit for edit in turn.new if edit.place is not None and edit.kind == "words"]
        if placed:
            return mark_of(placed[-1].label.lower()), not number and len(placed) == len(turn.new)
    return "", False


def context_of(traits: Traits, others: Sequence[str] = (), thing: str = "") -> Context:
    """Return what understanding needs to know of a face: also marks at places are orders.

    Args:
        traits: as the face shows them.
        others: names of other faces.
        thing: what was laid on a place last.
    """

    def reads_more(words: str) -> bool:
        try:
            reading = read_words(words, place=False, traits=traits)
        except BadRequest:
            return False
        return bool(reading.effects or reading.traits or reading.contradiction)

    return Context(traits, tuple(others), thing, reads_more)


def _follow(record: FaceRecord, step: Step, said: str, typed: str, others: Others, look: Look | None) -> Reply:
    """Return what comes of one step that is no change in words."""
    if isinstance(step, Question):
        seen = look(record) if look is not None and step.topic in _LOOKED_AT else {}
        return _kept(record, Reply(answer(step, Known(record, record.talk, seen)), record), said, "question")
    if isinstance(step, Hold | Release):
        return _hold(record, step, said)
    if isinstance(step, Undo | Restart):
        return _undo(record, step, said)
    if isinstance(step, UndoBut):
        return _kept(record, _undo_but(record, step), said, "change")
    if isinstance(step, UndoOne):
        return _kept(record, _undo_one(record, step.number), said, "change")
    if isinstance(step, Redo):
        return _redo(record, step, said)
    if isinstance(step, Version):
        return _to_version(record, step.number, said)
    if isinstance(step, Nothing):
        return _kept(record, Reply(step.why, record, understood=False), said, "nothing")
    if isinstance(step, Scale):
        return _kept(record, _scale(record, step.factor), said, "change")
    assert isinstance(step, Restore | Take)
    return _kept(record, _put(record, step, others, said, typed), said, "change", step.parts)


_LOOKED_AT: Final = ("age", "sex", "trait", "describe")
"""Topics of questions whose answers are measured on the finished face."""


def _kept(before: FaceRecord, reply: Reply, said: str, did: TurnKind, parts: Sequence[Part] = ()) -> Reply:
    """Return a reply whose record has the conversation with one more turn."""
    patch = Patch.between(before.edits, reply.record.edits) if did == "change" else Patch()
    if did == "change" and before.edits == reply.record.edits:
        did = "nothing"
    turn = Turn(said, reply.answer[:4000], did, patch.old, patch.new, patch.places, tuple(part.name for part in parts))
    kept, forgotten = remembered((*reply.record.talk, turn))
    if forgotten:
        names = listed([f"“{_called(one)}”" for one in forgotten])
        reply = replace(reply, answer=f"{reply.answer} {names} can't be taken back by “undo” any more.")
        kept = (*kept[:-1], replace(turn, answer=reply.answer[:4000]))
    return replace(reply, record=replace(reply.record, talk=kept))


# -------------------------------------------------------------------------------------------------------------- changes


@dataclass
class _Followed:
    """What the orders of one line add up to so far.

    Attributes:
        stack: the face's edits with marks changed and taken off.
        whole: what is to change about the whole face.
        placed: edits that mark places.
        lost: words that nothing was made of.
        problems: sentences on what can't be followed.
        taken: sentences on marks that were changed or taken off.
        besides: differences that only go along with marks that were taken off.
    """

    stack: tuple[EditEntry, ...]
    whole: list[Difference] = field(default_factory=list)
    placed: list[EditEntry] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)
    besides: list[Difference] = field(default_factory=list)


def _change(record: FaceRecord, changes: Sequence[Change], said: str) -> Reply:
    """Return the face with orders in words followed: one edit of the whole face, and one for each marked place."""
    before, record = record, _before_corrected(record, changes)
    traits = shown_traits(record)
    now = _Followed(record.edits)
    for change in changes:
        _follow_order(change, record, traits, now)
    label = one_line(said)[:_LONGEST_LABEL] or listed([change.said for change in changes])[:_LONGEST_LABEL]
    made = combined([*now.whole, *now.besides], traits) if now.whole or now.besides else Difference()
    moves = any(_differ(traits.value(name), made.of(traits).value(name)) for name in made.traits)
    stack = now.stack
    if made.traits and (moves or not now.taken):
        entry = EditEntry("", "words", label, min(made.strength, MOST_WHOLE_FACE), traits=_reach(made, traits))
        stack = added(stack, _with_held(entry, replace(record, edits=stack), made.held))
    stack = added(stack, *now.placed) if now.placed else stack
    after = replace(record, edits=stack)
    named = set(made.traits) | {name for edit in before.edits if edit not in record.edits for name in edit.traits}
    return _told(before, after, named, now, made, _unmoved(now.whole, traits, shown_traits(after)))


def _follow_order(change: Change, record: FaceRecord, traits: Traits, now: _Followed) -> None:
    """Add what one order comes to: marks changed or taken off, marks laid, or a difference of the whole face.

    Args:
        change: the order.
        record: the face's before the line.
        traits: as it shows them then.
        now: what the orders before it came to; this one's is added.
    """
    other, sentence = _with_marks_changed(change, now.stack)
    if sentence:
        (now.problems if other == now.stack else now.taken).append(sentence)
        now.stack = other
        return
    stays = traits_held_by(held_parts(record.talk))
    removed = without_marks(change.words, now.stack) if not change.traits else Removal(now.stack)
    now.stack = removed.stack
    if removed.labels:
        now.taken.append(removal_message(removed))
        if removed.is_many:  # also what the skin has of them
            now.besides.append(_meant_by(change, record, stays))
    elif removed.elsewhere:
        now.problems.append(removal_message(removed))
    else:
        entries, why, words = _placed(change, traits, record.corrections)
        why = MARK_STAYS if why and marks_of(change.words, now.stack) else why
        now.lost += words
        now.placed += entries
        now.problems += [why] * bool(why)
        if not entries and not why:
            now.whole.append(_meant_by(change, record, stays))


def _unmoved(whole: Sequence[Difference], before: Traits, after: Traits) -> list[str]:
    """Return sentences about orders among several that changed nothing, such as to take off what is not there."""
    still = [
        listed([label_of(name) for name in sorted(one.traits)][:3])
        for one in whole
        if one.traits and not any(_differ(before.value(name), after.value(name)) for name in one.traits)
    ]
    return [f"There was nothing to change about the {names}." for names in still]


def _with_marks_changed(change: Change, stack: tuple[EditEntry, ...]) -> tuple[tuple[EditEntry, ...], str]:
    """Return a stack with marks moved, fainter or stronger as an order says, and a sentence; "" of other orders."""
    for words in () if change.traits else dict.fromkeys((change.words, change.said)):
        other, sentence = changed_marks(words, stack, change.strength)
        if sentence:
            return other, sentence
    return stack, ""


def _meant_by(change: Change, record: FaceRecord, stays: Collection[str]) -> Difference:
    """Return what an order changes about the whole face, but for what stays."""
    one = difference(change, shown_traits(record), stays)
    meant = corrected(one.traits, record.corrections)
    return replace(one, traits=Traits({name: meant[name] for name in meant if name not in stays}))


def _before_corrected(record: FaceRecord, changes: Sequence[Change]) -> FaceRecord:
    """Return the face before its last change, where orders take its place; else as it is."""
    if not any(change.instead for change in changes):
        return record
    return replace(record, edits=undo(record, _last_order(record)[1])[0].edits)


def _reach(made: Difference, traits: Traits) -> Traits:
    """Return the traits of a difference; one that goes further than a slider does has its strength in them."""
    if made.strength <= MOST_WHOLE_FACE:
        return made.traits
    far = traits.towards(made.traits, made.strength / MOST_WHOLE_FACE)
    return Traits({name: replace(entry, value=far[name].value) for name, entry in made.traits.items()})


def _placed(
    change: Change, traits: Traits, corrections: Sequence[Correction]
) -> tuple[list[EditEntry], str, tuple[str, ...]]:
    """Return the edits of an order that marks a place, why it can't be followed, and words nothing was made of.

    All are empty where the order is about the whole face.
    """
    if change.traits:
        return [], "", ()
    reading = read_words(change.words, place=False, traits=traits)
    if not reading.contradiction and not any(part.regions or part.effects for part in reading.parts):
        return [], "", ()
    try:
        new = words_edit(
            change.words, None, traits=traits, strength=min(change.strength, MOST_STRENGTH), label=change.said,
            corrections=corrections,
        )  # fmt: skip
    except NothingUnderstood as error:
        return [], error.reason, ()
    except BadRequest as error:
        return [], str(error), ()
    return list(new.entries), "", (*new.not_understood, *change.lost)


def _with_held(entry: EditEntry, record: FaceRecord, held: Sequence[str]) -> EditEntry:
    """Return an edit that also says of what is held that it stays, where it would go along with the rest."""
    before = shown_traits(record)
    for _ in range(2):  # what is held may bring something else along that is
        after = shown_traits(replace(record, edits=(*record.edits, replace(entry, id="held"))))
        moved = {
            name: TraitValue(before.value(name), 1.0, "held")
            for name in held
            if before.value(name) != after.value(name)
        }
        if not moved:
            return entry
        entry = replace(entry, traits=entry.traits.under(moved))
    return entry


def _told(
    before: FaceRecord, after: FaceRecord, meant: set[str], now: _Followed, made: Difference, notes: Sequence[str]
) -> Reply:
    """Return the reply to orders: what changed, what was held, and what nothing was made of.

    Args:
        before: the face before the line.
        after: the face with the orders followed.
        meant: names of the traits that the orders set.
        now: what the orders added up to.
        made: what of it changes the whole face.
        notes: sentences about orders that changed nothing beside others that did.
    """
    held, placed = made.held, now.placed
    shifts = _shifts(shown_traits(before), shown_traits(after), meant)
    direct = [shift for shift in shifts if shift[0] in meant]
    sentences = list(dict.fromkeys((*now.taken, *now.problems)))
    if direct:
        along = len(shifts) - len(direct)
        went = f"; {along} more went along ({listed(_along(shifts, meant))})" if along else ""
        sentences.insert(0, f"Changed {shifts_in_words(direct)}{went}.")
    if placed:
        sentences.insert(0, f"Laid on {listed(labels_of(placed))}.")
    followed = bool(direct or placed or now.taken)
    if not followed:
        sentences += [] if now.problems else [_why_not_moved(meant, held)]
        after = before
    elif held and direct:
        sentences.append(f"Kept {listed(_parts_held(held))}.")
    if followed:
        sentences += notes
    words = list(dict.fromkeys((*now.lost, *made.not_understood)))
    if words:
        sentences.append(f"I made nothing of {listed([f'“{word}”' for word in words])}.")
    return Reply(" ".join(sentences), after, after.edits != before.edits, followed and not now.problems)


def _along(shifts: Sequence[tuple[str, Value, Value]], meant: set[str]) -> list[str]:
    return [label_of(name) for name, _, _ in shifts if name not in meant][:3]


def _parts_held(names: Sequence[str]) -> list[str]:
    """Return what parts are held; expressions that would move them are theirs."""
    return parts_of([name for name in names if not name.startswith("expression.")] or names)[:3]


def _why_not_moved(meant: set[str], held: Sequence[str]) -> str:
    if meant:
        names = listed([label_of(name) for name in sorted(meant)][:3])
        return f"That is as far as it goes: the {names} can't go further."
    if held:
        parts = _parts_held(held)
        return f"I keep the {listed(parts)} as you asked; say “you may change the {parts[0]} again” first."
    return NOT_UNDERSTOOD


def _shifts(before: Traits, after: Traits, first: set[str]) -> tuple[tuple[str, Value, Value], ...]:
    """Return traits that differ with both values, those in `first` before others."""
    names = [name for name in VOCABULARY if _differ(before.value(name), after.value(name))]
    names.sort(key=lambda name: name not in first)
    return tuple((name, before.value(name), after.value(name)) for name in names)


def _differ(one: Value, other: Value) -> bool:
    if isinstance(one, int | float) and isinstance(other, int | float):
        return abs(one - other) > _MOVED
    return one != other


def _meant(replies: Sequence[Reply]) -> set[str]:
    """Return the traits that the last edits of replies set."""
    return {
        name for reply in replies for turn in reply.record.talk[-1:] for edit in turn.new
        for name in edit.traits if edit.kind != "mix"
    }  # fmt: skip


# ------------------------------------------------------------------------------------------------------------- history


def _undo(record: FaceRecord, step: Undo | Restart, said: str) -> Reply:
    """Return the face with changes taken back."""
    count = step.count if isinstance(step, Undo) else MOST_TURNS
    now, taken = undo(record, count)
    if not taken:
        why = f"{_NOTHING_DONE} {_STAYS}" if record.edits else _NOTHING_DONE
        return _kept(record, Reply(why, record, understood=False), said, "nothing")
    names = listed([f"“{_called(turn)}”" for turn in taken[:4]])
    start = f"Back to how it was before {names}."
    if isinstance(step, Restart):
        start = f"Back to the start: {_counted(len(taken))} taken back; “redo” brings them again."
    if isinstance(step, Undo) and len(taken) < step.count:
        start += f" There were only {len(taken)}."
    return _kept(record, Reply(start + _what_stays(now, taken), now, True), said, "undo")


def _undo_but(record: FaceRecord, step: UndoBut) -> Reply:
    """Return the face with its changes taken back but some: those of parts, or the first or last. It is one change."""
    turns = done(record.talk)
    if not turns:
        return Reply(_NOTHING_DONE, record, understood=False)
    start = {edit.id: edit for edit in states(record)[-1].edits}
    chosen = turns[-step.last :] if step.last else turns[: step.first]
    ids = {edit.id for turn in chosen for edit in turn.new} if not step.parts else set()
    stack: list[EditEntry] = []
    for edit in record.edits:
        if edit.id in ids or (step.parts and edit.place is not None and _lies_on(edit, step.parts)):
            stack.append(edit)
        elif edit.id in start:
            stack.append(start[edit.id])
        elif (own := _of_parts(edit, step.parts)) is not None:
            stack.append(own)
    there = {edit.id for edit in record.edits}
    gone = {edit.id for turn in chosen for edit in turn.old} if not step.parts else set()
    stack += [edit for edit in start.values() if edit.id not in there | gone]
    after = replace(record, edits=tuple(stack))
    if after.edits == record.edits:
        return Reply("There is nothing else to take back.", record, understood=False)
    which = "last" if step.last else "first"
    kept = f"the {listed([part.name for part in step.parts])}" if step.parts else f"the {which} {_counted(len(chosen))}"
    shifts = _shifts(shown_traits(record), shown_traits(after), set())
    what = f": {shifts_in_words(shifts)}" if shifts else ""
    return Reply(f"Back to the start but for {kept}{what}. “Undo” brings the rest again.", after, True)


def _undo_one(record: FaceRecord, number: int) -> Reply:
    """Return the face with one change taken back, while later ones stay. It is one change."""
    turns = done(record.talk)
    if not 1 <= number <= len(turns):
        why = f"There were only {_counted(len(turns))}." if turns else _NOTHING_DONE
        return Reply(why, record, understood=False)
    turn = turns[number - 1]
    after = replace(record, edits=patch_of(turn).revert(record.edits))
    return Reply(f"Without “{_called(turn)}”; what came later stays.", after, after.edits != record.edits)


def _of_parts(edit: EditEntry, parts: Sequence[Part]) -> EditEntry | None:
    """Return what an edit of the whole face does to parts; None where that is nothing."""
    if edit.place is not None or not parts:
        return replace(edit, visible=False) if edit.digests else None
    names = set(traits_of(parts))
    own = Traits({name: entry for name, entry in edit.traits.items() if name in names})
    return replace(edit, traits=own) if own else None


def _what_stays(now: FaceRecord, taken: Sequence[Turn]) -> str:
    """Return a sentence about edits of talk that stay although it is taken back, because of what an artist painted."""
    made = {edit.id for turn in taken for edit in turn.new} - {edit.id for turn in taken for edit in turn.old}
    names = labels_of(edit for edit in now.edits if edit.id in made)
    if not names:
        return ""
    they, them = ("they are", "them") if len(names) > 1 else ("it is", "it")
    return f" What you painted for {listed(names)} stays: {they} hidden; delete {them} in the stack."


def _counted(count: int) -> str:
    return "1 change" if count == 1 else f"{count} changes"


def _called(turn: Turn) -> str:
    return turn.said or next((edit.label for edit in (*turn.new, *turn.old)), "") or "the last change"


def _redo(record: FaceRecord, step: Redo, said: str) -> Reply:
    now, again = redo(record, step.count)
    if not again:
        return _kept(record, Reply(_NOTHING_TAKEN_BACK, record, understood=False), said, "nothing")
    names = listed([f"“{_called(turn)}”" for turn in again[:4]])
    return _kept(record, Reply(f"Again: {names}.", now, True), said, "redo")


def _to_version(record: FaceRecord, number: int, said: str) -> Reply:
    """Return the face as it was after so many changes less one: version 1 is before the first."""
    now = 1 + len(done(record.talk))
    last = now + len(waiting(record.talk))
    if number == now or not 1 <= number <= last:
        newest = "this one" if now == last else f"this is version {now}"
        why = f"This is version {now} already." if number == now else (
            f"There is no version {number}: 1 is how it was before we began to talk, {last} the newest; {newest}."
        )  # fmt: skip
        return _kept(record, Reply(why, record, understood=False), said, "nothing")
    if number < now:
        after, turns = undo(record, now - number)
        did: TurnKind = "undo"
    else:
        after, turns = redo(record, number - now, singly=True)
        did = "redo"
    names = listed([f"“{_called(turn)}”" for turn in turns[:4]])
    what = f"before {names}" if did == "undo" else f"with {names} again"
    return _kept(record, Reply(f"Version {number}: {what}.", after, True), said, did)


def _scale(record: FaceRecord, factor: float) -> Reply:
    """Return the face with its last change so many times as strong."""
    turns = done(record.talk)
    if turns and turns[-1].parts and factor > 1.0 and all(edit.strength >= 1.0 for edit in turns[-1].new):
        return Reply(_TAKEN_WHOLE, record, understood=False)
    if factor < 0.0 and turns and not _has_opposite(turns[-1]):
        return Reply(_NO_OPPOSITE, record, understood=False)
    ids = [edit.id for edit in turns[-1].new] if turns else []
    stack = list(record.edits)
    for number, edit in enumerate(stack):
        if edit.id in ids:
            stack[number] = _stronger(edit, replace(record, edits=tuple(stack[:number])), factor)
    after = replace(record, edits=tuple(stack))
    if not ids or not any(edit.id in ids for edit in record.edits):
        return Reply(_NOTHING_TO_SCALE, record, understood=False)
    meant = {name for edit in stack if edit.id in ids and edit.kind != "mix" for name in edit.traits}
    shifts = _shifts(shown_traits(record), shown_traits(after), meant)
    direct = [shift for shift in shifts if shift[0] in meant]
    strengths = {edit.strength for edit in stack if edit.id in ids and (edit.place is not None or edit.kind == "mix")}
    if not direct and strengths and after.edits != record.edits:
        return Reply(f"Strength {strengths.pop():.0%} now.".replace("%", " %"), after, True)
    if not direct:
        return Reply(_why_not_moved(meant, ()), record, understood=False)
    return Reply(f"Changed {shifts_in_words(direct)}.", after, True)


def _has_opposite(turn: Turn) -> bool:
    """Return whether a change can be made the other way round: all that it moves are numbers of the whole face."""
    numbers = [VOCABULARY[name].kind is Kind.NUMBER for edit in turn.new for name in edit.traits]
    return bool(numbers) and all(numbers) and all(edit.kind == "words" and edit.place is None for edit in turn.new)


def _stronger(edit: EditEntry, below: FaceRecord, factor: float) -> EditEntry:
    """Return an edit so many times as strong; beyond what a slider allows, its traits go further instead."""
    if factor < 0.0:
        return _mirrored(edit, below)
    strength = edit.strength * factor
    most = MOST_WHOLE_FACE if edit.kind == "words" and edit.place is None else MOST_STRENGTH
    if strength <= most:
        return replace(edit, strength=strength)
    if most == MOST_STRENGTH:
        return replace(edit, strength=most)
    under = shown_traits(below)
    held = {name for name, entry in edit.traits.items() if entry.because == "held"}
    far = under.towards(edit.traits, strength)
    traits = {
        name: entry if name in held else replace(entry, value=far[name].value) for name, entry in edit.traits.items()
    }
    return replace(edit, strength=1.0, traits=Traits(traits))


def _mirrored(edit: EditEntry, below: FaceRecord) -> EditEntry:
    """Return an edit of the whole face that goes as far the other way."""
    under = shown_traits(below)
    traits = {
        name: entry
        if entry.because == "held"
        else replace(entry, value=VOCABULARY[name].clamp(2.0 * under.number(name) - float(entry.value)))  # type: ignore[arg-type]
        for name, entry in edit.traits.items()
    }
    return replace(edit, traits=Traits(traits))


def _hold(record: FaceRecord, step: Hold | Release, said: str) -> Reply:
    known = [part for part in step.parts if part.words]
    if not known:
        return _kept(record, Reply(NOT_UNDERSTOOD, record, understood=False), said, "nothing")
    names = listed([part.name for part in known])
    if isinstance(step, Hold) and step.free:
        return _hold_all_but(record, step, said)
    if isinstance(step, Release):
        what = "Everything" if step.parts == PARTS else f"The {names}"
        return _kept(record, Reply(f"{what} may change again.", record), said, "release", known)
    return _kept(
        record, Reply(f"The {names} will stay from now on, until you say otherwise.", record), said, "hold", known
    )


def _hold_all_but(record: FaceRecord, step: Hold, said: str) -> Reply:
    """Return the face of which only some parts may change; what held those is let go."""
    free = listed([part.name for part in step.free])
    answer = f"Only the {free} will change from now on, until you say “you may change everything again”."
    held = set(traits_of(step.free))
    over = [part for part in held_parts(record.talk) if held & set(part.names)]
    if over:
        released = _kept(record, Reply("", record), said, "release", over)
        record, said = released.record, ""
    return _kept(record, Reply(answer, record), said, "hold", step.parts)


# ------------------------------------------------------------------------------------------------- from another state


def _put(record: FaceRecord, step: Restore | Take, others: Others, said: str, typed: str) -> Reply:
    """Return the face with parts from an earlier state, or of another face."""
    names, plural = listed([part.name for part in step.parts]), step.parts[0].is_plural
    try:
        source = _earlier(record, step) if isinstance(step, Restore) else others.find(step.source)
    except BadRequest as error:
        return Reply(_as_typed(str(error), getattr(step, "source", ""), typed), record, understood=False)
    whose = "before" if isinstance(step, Restore) else step.source or "the other one"
    label = one_line(said)[:_LONGEST_LABEL] or f"{names} as {whose}"
    traits, theirs = shown_traits(record), shown_traits(source)
    differing = [name for name in traits_of(step.parts) if _differ(traits.value(name), theirs.value(name))]
    stack = _lying(record, source, step.parts) if isinstance(step, Restore) else record.edits
    if differing:
        wanted = {name: TraitValue(theirs.value(name), 1.0, label) for name in differing}
        share = step.share if isinstance(step, Take) else 1.0
        stack = added(stack, EditEntry("", "words", label, share, traits=Traits(wanted)))
    shape = (
        _own_shape(replace(record, edits=stack), source, step, f"shape of {label}") if isinstance(step, Take) else []
    )
    stack = added(stack, *shape) if shape else stack
    if stack == record.edits:
        why = f"The {names} {'are' if plural else 'is'} the same there."
        if record.head != source.head and _shaped(step.parts):
            why += " An exact shape can't be taken from a head of another model."
        return Reply(why, record, understood=False)
    after = replace(record, edits=stack)
    shifts = [shift for shift in _shifts(traits, shown_traits(after), set(differing)) if shift[0] in differing]
    where = "as before" if isinstance(step, Restore) else f"as {whose} has {'them' if plural else 'it'}"
    return Reply(f"The {names} {where}" + (f": {shifts_in_words(shifts)}." if shifts else "."), after, True)


_SHAPED: Final[Mapping[str, tuple[str, ...]]] = {
    "nose": ("nose",), "nostrils": ("nose_wings",), "lips": ("lips",), "mouth": ("lips", "around_mouth"),
    "chin": ("chin",), "jaw": ("jaw",), "cheekbones": ("cheekbones",), "cheeks": ("cheeks",), "ears": ("ears",),
    "neck": ("neck",), "forehead": ("forehead",), "temples": ("temples",), "brows": ("brow_bones",),
    "eyes": ("around_eyes", "eyelids"), "face shape": (), "face": (),
}  # fmt: skip
"""Part that has a shape of its own beside its traits -> regions that it lies in; none are the whole head."""


def _shaped(parts: Sequence[Part]) -> list[Part]:
    return [part for part in parts if part.name in _SHAPED]


def _own_shape(record: FaceRecord, source: FaceRecord, step: Take, label: str) -> list[EditEntry]:
    """Return the edit that gives parts the shape that another person has beside traits; none where they have the same.

    Two people with the same traits still have two noses: what differs was drawn from their seeds. The traits stay the
    face's, which an edit in words has changed already.

    Args:
        record: the face's, with the other's traits.
        source: the other one's.
        step: what is taken.
        label: of the edit.
    """
    parts = _shaped(step.parts)
    is_other = (record.seed, record.candidate or 0) != (source.seed, source.candidate or 0)
    if not parts or not is_other or record.head != source.head:
        return []
    regions = tuple(dict.fromkeys(region for part in parts for region in _SHAPED[part.name]))
    place = Place(regions) if all(_SHAPED[part.name] for part in parts) else None
    parameters: dict[str, Any] = {"take": ["shape"], "seed": source.seed, "candidate": source.candidate or 0}
    traits = shown_traits(record)
    return [EditEntry("", "mix", label, step.share, place=place, traits=traits, parameters=parameters)]


def _as_typed(sentence: str, name: str, said: str) -> str:
    """Return a sentence with a name as it was typed, capitals and all."""
    found = re.search(re.escape(name), said, re.IGNORECASE) if name else None
    return sentence.replace(name, found[0]) if found else sentence


def _earlier(record: FaceRecord, step: Restore) -> FaceRecord:
    """Return the last state in which parts were different, or the first of all.

    Raises:
        BadRequest: they never were.
    """
    traits, names = shown_traits(record), traits_of(step.parts)
    found = [
        state
        for state in states(record)
        if any(_differ(traits.value(name), shown_traits(state).value(name)) for name in names)
        or _lying(record, state, step.parts) != record.edits
    ]
    if not found:
        parts = listed([part.name for part in step.parts])
        if marks := [edit for edit in record.edits if _lies_on(edit, [p for p in step.parts if p.name in _MARKS])]:
            named = listed(labels_of(marks))
            raise BadRequest(f"Talking has not changed {named}: say “remove the {parts}” to take that off.")
        raise BadRequest(
            f"The {parts} {'have' if step.parts[0].is_plural else 'has'} not changed since we began to talk."
        )
    return found[-1] if step.to_start else found[0]


def _lying(record: FaceRecord, state: FaceRecord, parts: Sequence[Part]) -> tuple[EditEntry, ...]:
    """Return the stack with what lies on parts as it was in an earlier state."""
    then = {edit.id: edit for edit in state.edits}
    now = {edit.id for edit in record.edits}
    kept = [
        then.get(edit.id, edit) if _lies_on(edit, parts) else edit
        for edit in record.edits
        if edit.id in then or not _lies_on(edit, parts)
    ]
    return (*kept, *(edit for edit in state.edits if edit.id not in now and _lies_on(edit, parts)))


_MARKS: Final = frozenset({"scars", "moles", "freckles", "age spots", "blemishes", "vitiligo"})
"""Parts that can also be laid on a place."""


def _lies_on(edit: EditEntry, parts: Sequence[Part]) -> bool:
    """Return whether an edit lies on parts, or is what they name, such as a scar; what was painted never is."""
    if edit.place is None or edit.digests:
        return False
    names = [part.name for part in parts if part.name in _MARKS]
    if any(marks_of(word, (edit,)) for name in names for word in (name, name.removesuffix("s"))):
        return True
    return any(piece in region for region in edit.place.regions for part in parts for piece in part.regions)
