"""What a conversation has done to a face's stack of edits, so that it can be taken back and done again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from dreamface.language import Part, part_named
from dreamface.record import EditEntry, FaceRecord, Turn

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
        """Return a stack with the change made."""
        return _patched(stack, self.old, self.new, self.places)

    def revert(self, stack: Sequence[EditEntry]) -> Stack:
        """Return a stack with the change taken back. What an artist has taken off since stays off."""
        return _patched(stack, self.new, self.old, self.places)


def _patched(stack: Sequence[EditEntry], gone: Stack, come: Stack, places: Mapping[str, int]) -> Stack:
    known = {digest for edit in stack for digest in edit.digests}
    wanted = {edit.id: edit for edit in come if known.issuperset(edit.digests)}  # of others the pictures may be gone
    there = {edit.id for edit in stack}
    was = {edit.id for edit in gone}
    changed = [wanted.get(edit.id, edit) if edit.id in was else edit for edit in stack
               if edit.id not in was or edit.id in wanted]  # fmt: skip
    for edit in sorted(wanted.values(), key=lambda one: places.get(one.id, len(stack))):
        if edit.id not in there and edit.id not in was:
            changed.insert(min(places.get(edit.id, len(changed)), len(changed)), edit)
    return tuple(changed)


def patch_of(turn: Turn) -> Patch:
    """Return what a turn has changed."""
    return Patch(turn.old, turn.new, turn.places)


def done(talk: Iterable[Turn]) -> list[Turn]:
    """Return the changes that hold, the oldest first."""
    return [turn for turn in talk if turn.did == "change" and not turn.undone]


def undo(record: FaceRecord, count: int) -> tuple[FaceRecord, list[Turn]]:
    """Return a record with the last changes taken back, as one step; and those changes, the last first."""
    taken = list(reversed(done(record.talk)))[:count]
    step = 1 + max((turn.undone for turn in record.talk), default=0)
    stack = record.edits
    for turn in taken:
        stack = patch_of(turn).revert(stack)
    talk = tuple(replace(turn, undone=step) if any(turn is one for one in taken) else turn for turn in record.talk)
    return replace(record, edits=stack, talk=talk), taken


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
    back = waiting(record.talk)
    if not back:
        return record, []
    last = max(turn.undone for turn in back)
    again = [turn for turn in back if turn.undone == last] if count == 1 and not singly else back[:count]
    stack = record.edits
    for turn in again:
        stack = patch_of(turn).apply(stack)
    talk = tuple(replace(turn, undone=0) if any(turn is one for one in again) else turn for turn in record.talk)
    return replace(record, edits=stack, talk=talk), again


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
