"""What a conversation has done to a face's stack of edits, so that it can be taken back and done again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace

from dreamface.language import Part, part_named
from dreamface.record import MOST_TURNS, EditEntry, FaceRecord, Turn

Stack = tuple[EditEntry, ...]


@dataclass(frozen=True)
class Patch:
    """What differs between two stacks: edits of either that the other has not, or has otherwise."""

    old: Stack = ()
    new: Stack = ()
    places: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def between(cls, before: Sequence[EditEntry], after: Sequence[EditEntry]) -> Patch:
        """Return what changes one stack into another."""
        was, now = {edit.id: edit for edit in before}, {edit.id: edit for edit in after}
        old = tuple(edit for edit in before if now.get(edit.id) != edit)
        new = tuple(edit for edit in after if was.get(edit.id) != edit)
        numbers = {edit.id: number for number, edit in enumerate(before)}
        numbers |= {edit.id: number for number, edit in enumerate(after)}
        return cls(old, new, {edit.id: numbers[edit.id] for edit in (*old, *new)})

    def apply(self, stack: Sequence[EditEntry]) -> Stack:
        """Return a stack with the change made; what an artist has changed since stays."""
        return _patched(stack, self.old, self.new, self.places)

    def revert(self, stack: Sequence[EditEntry]) -> Stack:
        """Return a stack with the change taken back; what an artist has changed or taken off since stays."""
        return _patched(stack, self.new, self.old, self.places)


def _patched(stack: Sequence[EditEntry], gone: Stack, come: Stack, places: Mapping[str, int]) -> Stack:
    known = {digest for edit in stack for digest in edit.digests}
    wanted = {edit.id: edit for edit in come if known.issuperset(edit.digests)}  # of others the pictures may be gone
    was = {edit.id: edit for edit in gone}
    changed: list[EditEntry] = []
    for edit in stack:
        if edit.id in wanted:
            changed.append(_merged(was.get(edit.id), edit, wanted[edit.id]))
        elif edit.id not in was:
            changed.append(edit)
        elif edit.digests:  # its pictures would be lost with it
            changed.append(replace(edit, visible=False))
    there = {edit.id for edit in stack}
    for edit in sorted(wanted.values(), key=lambda one: places.get(one.id, len(stack))):
        if edit.id not in there and edit.id not in was:
            changed.insert(min(places.get(edit.id, len(changed)), len(changed)), edit)
    return tuple(changed)


def _merged(before: EditEntry | None, now: EditEntry, wanted: EditEntry) -> EditEntry:
    """Return an edit that is in the stack as wanted, apart from what an artist has changed about it since `before`.

    Without a `before` it was hidden in place of being taken off, and is shown again.
    """
    if before is None:
        return replace(now, visible=wanted.visible)
    names = [one.name for one in fields(EditEntry)]
    untouched = [name for name in names if getattr(now, name) == getattr(before, name)]
    return replace(now, **{name: getattr(wanted, name) for name in untouched})


def _as_left(taken: Stack, others: Stack, stack: Sequence[EditEntry]) -> Stack:
    """Return the edits that a step takes off as they are in the stack, by which a step the other way brings them back.

    What an artist has taken off before is left away, so that it does not come back.

    Args:
        taken: edits that the step takes off or changes.
        others: edits that it brings or leaves changed.
        stack: before the step.
    """
    now, stay = {edit.id: edit for edit in stack}, {edit.id for edit in others}
    return tuple(edit if edit.id in stay else now[edit.id] for edit in taken if edit.id in stay or edit.id in now)


def patch_of(turn: Turn) -> Patch:
    """Return what a turn has changed."""
    return Patch(turn.old, turn.new, turn.places)


def done(talk: Iterable[Turn]) -> list[Turn]:
    """Return the changes that hold, the oldest first."""
    return [turn for turn in talk if turn.did == "change" and not turn.undone]


def undo(record: FaceRecord, count: int) -> tuple[FaceRecord, list[Turn]]:
    """Return a record with the last changes taken back, as one step; and those changes, the last first."""
    talk, stack = list(record.talk), record.edits
    step = 1 + max((turn.undone for turn in talk), default=0)
    numbers = [number for number, turn in enumerate(talk) if turn.did == "change" and not turn.undone]
    taken = list(reversed(numbers))[:count]
    for number in taken:
        turn = talk[number]
        talk[number] = replace(turn, undone=step, new=_as_left(turn.new, turn.old, stack))
        stack = patch_of(turn).revert(stack)
    return replace(record, edits=stack, talk=tuple(talk)), [record.talk[number] for number in taken]


def waiting(talk: Sequence[Turn]) -> list[Turn]:
    """Return the changes that were taken back since the last one that holds, the oldest first."""
    after = [number for number, turn in enumerate(talk) if turn.did == "change" and not turn.undone]
    return [turn for turn in talk[(after[-1] + 1 if after else 0) :] if turn.did == "change" and turn.undone]


def redo(record: FaceRecord, count: int, *, singly: bool = False) -> tuple[FaceRecord, list[Turn]]:
    """Return a record with what was taken back last done again, as far as nothing else was changed since.

    Args:
        record: the face's.
        count: 1 is the whole of the last step back; more are single changes.
        singly: whether 1 is a single change, too.
    """
    talk, stack = list(record.talk), record.edits
    changes = [number for number, turn in enumerate(talk) if turn.did == "change"]
    last_done = max((number for number in changes if not talk[number].undone), default=-1)
    back = [number for number in changes if number > last_done]
    if not back:
        return record, []
    last = max(talk[number].undone for number in back)
    again = [number for number in back if talk[number].undone == last] if count == 1 and not singly else back[:count]
    for number in again:
        turn = talk[number]
        talk[number] = replace(turn, undone=0, old=_as_left(turn.old, turn.new, stack))
        stack = patch_of(turn).apply(stack)
    return replace(record, edits=stack, talk=tuple(talk)), [record.talk[number] for number in again]


def states(record: FaceRecord) -> list[FaceRecord]:
    """Return the face before its last change, before the one before, and so on to how it was when talk began."""
    found, stack = [], record.edits
    for turn in reversed(done(record.talk)):
        stack = patch_of(turn).revert(stack)
        found.append(replace(record, edits=stack))
    return found


def held_parts(talk: Iterable[Turn]) -> tuple[Part, ...]:
    """Return the parts that no order may change."""
    names: dict[str, None] = {}
    for turn in talk:
        if turn.did == "hold":
            names |= dict.fromkeys(turn.parts)
        elif turn.did == "release":
            names = {name: None for name in names if name not in turn.parts}
    return tuple(part for name in names if (part := part_named(name)) is not None)


def remembered(talk: Sequence[Turn]) -> tuple[tuple[Turn, ...], tuple[Turn, ...]]:
    """Return the turns that a face keeps, and the changes among the others, which can't be taken back any more.

    Where there are too many, questions and steps are forgotten before changes; what holds a part never is.
    """
    holding = _holding(talk)
    idle = [number for number, turn in enumerate(talk[:-1]) if turn.did != "change" and number not in holding]
    changes = [number for number, turn in enumerate(talk[:-1]) if turn.did == "change"]
    gone = set([*idle, *changes][: max(len(talk) - MOST_TURNS, 0)])
    kept = tuple(turn for number, turn in enumerate(talk) if number not in gone)
    return kept, tuple(talk[number] for number in changes if number in gone and not talk[number].undone)


def _holding(talk: Iterable[Turn]) -> set[int]:
    """Return the numbers of the turns by which parts are held."""
    by_part: dict[str, int] = {}
    for number, turn in enumerate(talk):
        if turn.did == "hold":
            by_part |= dict.fromkeys(turn.parts, number)
        elif turn.did == "release":
            by_part = {name: held for name, held in by_part.items() if name not in turn.parts}
    return set(by_part.values())


def lasting(talk: Iterable[Turn]) -> tuple[tuple[str, ...], list[Turn]]:
    """Return what a later conversation needs of one: the names of held parts, and the changes."""
    return tuple(part.name for part in held_parts(talk)), [turn for turn in talk if turn.did == "change"]
