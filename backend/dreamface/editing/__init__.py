"""Edits of a face by hand and in words: from what somebody says, draws or chooses to entries of its stack.

The command line, the service and scripts all come through here.
"""

from dreamface.editing.adding import add_edit, added, carry
from dreamface.editing.files import PictureKind, face_tile, normalise, size_of
from dreamface.editing.making import MADE_AS, TAKEN, NewEdit, mark, mix_edit, picture_edit, sketch_edit, words_edit
from dreamface.editing.reading import EditReading, check_region, read_words, vocabulary

__all__ = [
    "MADE_AS",
    "TAKEN",
    "EditReading",
    "NewEdit",
    "PictureKind",
    "add_edit",
    "added",
    "carry",
    "check_region",
    "face_tile",
    "mark",
    "mix_edit",
    "normalise",
    "picture_edit",
    "read_words",
    "size_of",
    "sketch_edit",
    "vocabulary",
    "words_edit",
]
