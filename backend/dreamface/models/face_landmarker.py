"""MediaPipe's FaceLandmarker: one file with 478 landmarks of a face and 52 coefficients of its expression."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

from dreamface.models.contents import BadContents, Contents
from dreamface.progress import Progress

FILE: Final = "face_landmarker.task"
SHA256: Final = "64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff"
SIZE: Final = 3_758_596
VERSION: Final = "float16/1"
ADDRESS: Final = f"https://storage.googleapis.com/mediapipe-models/face_landmarker/face_landmarker/{VERSION}/{FILE}"
PAGE: Final = "https://ai.google.dev/edge/mediapipe/solutions/vision/face_landmarker"


def convert(contents: Contents, target: Path, progress: Progress = Progress()) -> None:  # noqa: B008 - immutable
    """Check the file and copy it into a folder.

    Raises:
        BadContents: it is another file.
        OSError: the disk refused.
        Cancelled: the progress said so.
    """
    progress.report("check", 0.0, f"Checking {FILE}")
    data = contents.read(FILE)
    if hashlib.sha256(data).hexdigest() != SHA256:
        raise BadContents(f"{contents.title} is not {FILE} of version {VERSION}, or is damaged: {contents.again}.")
    (target / FILE).write_bytes(data)
    progress.report("check", 1.0, f"{FILE} is whole")
