"""Edits of a face by hand and in words: from what somebody says, draws or chooses to entries of its stack.

The command line, the service and scripts all come through here.
"""

from dreamface.editing.adding import add_edit, added, carry
from dreamface.editing.conversation import lasting
from dreamface.editing.files import PictureKind, face_tile, normalise, size_of
from dreamface.editing.local_model import understanding
from dreamface.editing.making import (
    MADE_AS,
    TAKEN,
    NewEdit,
    NothingUnderstood,
    diffusion_edit,
    mark,
    mix_edit,
    offer_diffusion,
    picture_edit,
    sketch_edit,
    words_edit,
)
from dreamface.editing.photographs import from_photo
from dreamface.editing.reading import EditReading, check_region, read_words, vocabulary, with_corrections
from dreamface.editing.talking import Others, Reply, context_of, talk
from dreamface.pipeline import Diffusion

__all__ = [
    "MADE_AS",
    "TAKEN",
    "Diffusion",
    "EditReading",
    "NewEdit",
    "NothingUnderstood",
    "Others",
    "PictureKind",
    "Reply",
    "add_edit",
    "added",
    "carry",
    "check_region",
    "context_of",
    "diffusion_edit",
    "face_tile",
    "from_photo",
    "lasting",
    "mark",
    "mix_edit",
    "normalise",
    "offer_diffusion",
    "picture_edit",
    "read_words",
    "size_of",
    "sketch_edit",
    "talk",
    "understanding",
    "vocabulary",
    "with_corrections",
    "words_edit",
]
