"""Errors a user can meet. Each message is one sentence that says what to do."""

from typing import ClassVar, Final

WITH_VIDEO: Final = "press Add Video in DreamFace's preferences, or install the extra `dreamface[video]`"
"""How pictures of faces and footage can be read: the end of a `MissingDependency`."""


class DreamFaceError(Exception):
    """Base of every expected error; anything else that escapes is a bug.

    Attributes:
        code: what a program can tell it by; "" where the sentence is all there is.
    """

    code: ClassVar[str] = ""


class BadRequest(DreamFaceError):
    """What was asked for cannot be made: a bad prompt, seed, resolution, trait or file."""


class NothingRead(BadRequest):
    """Nothing of a prompt was read, so that a face would be anybody; who wants one all the same says so."""

    code = "nothing_read"


class NameTaken(BadRequest):
    """Something else has the name already."""


class UnknownName(BadRequest):
    """Nothing has that name."""


class Busy(DreamFaceError):
    """Something else is being made with what this needs; trying again in a moment may do."""


class FolderError(DreamFaceError):
    """A face folder cannot be read or written."""


class DiskFull(FolderError):
    """There is no room left: nothing else can be written either."""


class MissingDependency(DreamFaceError):
    """An optional package or model that this action needs is not installed."""


class Cancelled(DreamFaceError):
    """The user stopped the job; nothing was kept."""

    def __init__(self, message: str = "Stopped; nothing was written.") -> None:
        super().__init__(message)
