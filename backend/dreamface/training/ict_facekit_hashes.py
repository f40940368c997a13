"""Makes `models/ict_facekit.json`: what the archive of ICT-FaceKit that DreamFace uses must hold.

Run it again with: python -m dreamface.training.ict_facekit_hashes ARCHIVE_OR_FOLDER
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Final

from dreamface.models import ict_facekit
from dreamface.models.contents import Contents, open_contents

OUTPUT: Final = Path(ict_facekit.__file__).with_suffix(".json")
_TEXTS: Final = (ict_facekit.LICENCE, "FaceXModel/vertex_indices.json")


def main(source: Path) -> None:
    """Write the file."""
    with open_contents(source, ict_facekit.NEUTRAL, str(source), "choose another") as contents:
        known = describe(contents)
    OUTPUT.write_text(json.dumps(known, indent=1) + "\n", "utf-8")
    print(f"{OUTPUT}: {len(known['files'])} files")


def describe(contents: Contents) -> dict[str, Any]:
    """The fields of `ict_facekit.Known` for an archive."""
    files = {}
    counts = set()
    for name in sorted(contents.names):
        if name.endswith(".obj"):
            mesh = ict_facekit.read_mesh(contents.read(name))
            counts.add((len(mesh.vertices), mesh.face_count))
            files[name] = ict_facekit.fingerprint(mesh)
        elif name in _TEXTS:
            files[name] = ict_facekit.fingerprint(contents.read(name))
    [(vertices, faces)] = counts  # the same for every mesh
    return {"vertices": vertices, "faces": faces, "files": files}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
