"""Prompt to traits: what the words of an English prompt say about a face; and what is said to a face that is there."""

from dreamface.language.alternatives import Option, alternatives
from dreamface.language.changes import read_change, read_degrees
from dreamface.language.differences import Difference, combined, difference, edit
from dreamface.language.encoder import cut_off_of, token_states
from dreamface.language.notes import Cause, Note
from dreamface.language.parts import PARTS, Part, find_parts, part_named, part_of, traits_held_by, traits_of
from dreamface.language.reader import Reading, read, read_many
from dreamface.language.removals import with_removals
from dreamface.language.saying import (
    PEOPLES,
    colour_family,
    colour_name,
    hair_colour,
    hair_in_words,
    in_words,
    label_of,
    percent,
    value_of,
)
from dreamface.language.slips import is_english
from dreamface.language.talk import (
    CAN_DO,
    LONGEST_SAID,
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
    UndoBut,
    UndoOne,
    Version,
)
from dreamface.language.talk_reading import understand
from dreamface.language.talk_references import mark_of, thing_of
from dreamface.language.talk_schema import SCHEMA as TALK_SCHEMA
from dreamface.language.talk_schema import Message, ModelTalk
from dreamface.language.unmade import SMALL_TALK

__all__ = [
    "CAN_DO",
    "LONGEST_SAID",
    "NOT_UNDERSTOOD",
    "PARTS",
    "PEOPLES",
    "SMALL_TALK",
    "TALK_SCHEMA",
    "Cause",
    "Change",
    "Context",
    "Difference",
    "Hold",
    "Message",
    "ModelTalk",
    "Note",
    "Nothing",
    "Option",
    "Part",
    "Question",
    "Reading",
    "Redo",
    "Release",
    "Restart",
    "Restore",
    "Scale",
    "Step",
    "Take",
    "Undo",
    "UndoBut",
    "UndoOne",
    "Version",
    "alternatives",
    "colour_family",
    "colour_name",
    "combined",
    "cut_off_of",
    "difference",
    "edit",
    "find_parts",
    "hair_colour",
    "hair_in_words",
    "in_words",
    "is_english",
    "label_of",
    "mark_of",
    "part_named",
    "part_of",
    "percent",
    "read",
    "read_change",
    "read_degrees",
    "read_many",
    "thing_of",
    "token_states",
    "traits_held_by",
    "traits_of",
    "understand",
    "value_of",
    "with_removals",
]
