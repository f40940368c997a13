"""A head for the page: a small GLB in a script file.

A page that was opened from disk may not read other files of the disk, but it may load scripts that lie there. So the
GLB is handed to the page by a call: `dreamfaceHead("name", "<gzip, base64>")`.
"""

from __future__ import annotations

import base64
import json
import zlib
from pathlib import Path
from typing import Final

from dreamface import folder
from dreamface._files import whole_file
from dreamface.export import light_glb
from dreamface.progress import Progress

_GZIP: Final = 31  # zlib's window bits: the largest window, in gzip's format
_LEVEL: Final = 6


def write_head(name: str, face_folder: Path, script: Path, progress: Progress) -> None:
    """Write the script of a face's head.

    Args:
        name: what the page calls the face.
        face_folder: where it is.
        script: the file.
        progress: told about it.

    Raises:
        DreamFaceError: the face can't be read, or the disk refused.
        Cancelled: the user asked to stop.
    """
    glb = light_glb(folder.load(face_folder), progress)
    packer = zlib.compressobj(_LEVEL, wbits=_GZIP)
    data = base64.b64encode(packer.compress(glb) + packer.flush()).decode("ascii")
    with whole_file(script) as file:
        file.write_text(f'dreamfaceHead({json.dumps(name)}, "{data}");\n', "ascii")
