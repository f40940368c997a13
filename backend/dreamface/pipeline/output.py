"""A face as files: motion, exports, cards."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from dreamface.bones import BoneNames
from dreamface.face import Face
from dreamface.hair import Groom
from dreamface.motion import Changes, Tracker, Wishes, check_changes, make_take
from dreamface.performance import Performance
from dreamface.pipeline.hair import grow_hair
from dreamface.pipeline.people import expressions, shaped_head, shown_traits
from dreamface.progress import Progress
from dreamface.record import FaceRecord

if TYPE_CHECKING:
    from torch import Tensor


def animate(
    source: Path,
    *,
    tracker: Tracker = "auto",
    face: int | None = None,
    start: float | None = None,
    end: float | None = None,
    neutral: float | None = None,
    mirror: bool = False,
    smoothing: float | None = None,
    gains: Mapping[str, float] | None = None,
    rate: float | None = None,
    progress: Progress = Progress(),  # noqa: B008 - immutable
) -> Performance:
    """Return what a face does in a video, a folder of pictures, a CSV file of Live Link Face, or a take (.npz).

    Args:
        source: the file or folder.
        tracker: reads faces in pictures: "auto", "face-mesh" or "face-landmarker".
        face: which of several faces, counted from the left; None is the largest.
        start: of the part that is read, seconds; None is the beginning.
        end: of that part; None is the end.
        neutral: second in which the face is at rest; None is the first ones of footage, and nothing of a take.
        mirror: whether left and right are exchanged.
        smoothing: 0..1; None is 0.5 for footage and 0 for a take, which has been smoothed.
        gains: region (brows, eyes, jaw, mouth, cheeks, head, gaze) or ARKit shape -> factor 0..3.
        rate: moments a second, even in time; None is the source's own.
        progress: told how far it is.

    Raises:
        BadRequest: the source is not there or no such thing, has no face in it, or a value is out of range.
        MissingDependency: no tracker is installed, and there are pictures to be read.
        Cancelled: the progress said so.
    """
    wishes = Wishes(tracker, face, start, end, neutral, mirror)
    return make_take(source, wishes, Changes(smoothing, gains or {}, rate), progress)


def check_animation(**wishes: Any) -> None:
    """Refuse what `animate` would, by its arguments but source and progress, before anything slow starts.

    Raises:
        BadRequest: a value is out of range.
    """
    changes = {name: wishes.pop(name) for name in ("smoothing", "gains", "rate") if name in wishes}
    check_changes(Wishes(**wishes), Changes(**changes))


def export(
    face: Face,
    path: Path,
    *,
    progress: Progress = Progress(),  # noqa: B008 - immutable
    face_folder: Path | None = None,
    hair: Literal["cards", "none"] = "cards",
    level: int = 0,
    rig: BoneNames | None = None,
    detail: int = 0,
    visemes: bool = False,
    take: Performance | None = None,
) -> Path:
    """Write a face as .glb, .obj or .blend, chosen by the path's suffix; gives the path back.

    Args:
        face: what to write.
        path: the file.
        progress: told about every step.
        face_folder: where the face is saved already, if it is; a .blend is then made from there.
        hair: what GLB and OBJ have of the hair: "cards", or "none".
        level: of detail of the cards, 0 is the finest.
        rig: whose names the bones have, one of `BONE_NAMES`; None leaves bones away. OBJ has none.
        detail: of the head in GLB and OBJ, 0 is the whole one, 1 to 3 have fewer triangles.
        visemes: whether the 15 visemes of lip sync are further blend shapes.
        take: what the face does, in a .glb or .blend.
    """
    from dreamface.export import export as write

    return write(
        face, path, progress, face_folder,
        hair=hair, level=level, rig=rig, detail=detail, visemes=visemes, take=take,
    )  # fmt: skip


def write_cards(
    face: Face | FaceRecord,
    folder: Path,
    *,
    groom: Groom | None = None,
    offset: Tensor | None = None,
    level: int = 0,
    resolution: int = 1024,
    pictures: Mapping[str, bytes] | None = None,
    progress: Progress = Progress(),  # noqa: B008 - immutable
) -> Path:
    """Write the cards of a face's hair into a folder, for Blender; gives the folder back.

    Args:
        face: whose; of a record the head is built anew, and its hair is grown.
        folder: that gets `cards.npz` and `cards/<channel>.png`.
        groom: other hair than the face's, on the same head.
        offset: [V, 3] metres on top of what a record's traits say.
        level: of detail, 0 is the finest.
        resolution: texels a side of the pictures.
        pictures: SHA-256 -> PNG of places that a record's edits lie on.
        progress: told about every step.
    """
    from dreamface.export import write_cards as write

    if isinstance(face, FaceRecord):
        progress.report("head", 0.0, "Building the head")
        head = shaped_head(face, offset, pictures or {})
        shapes = expressions(head)
        if groom is None:
            groom = grow_hair(head, shown_traits(face), face.seed, edits=face.edits, pictures=pictures)
        progress = progress.part(0.3, 1.0)
    else:
        head, shapes, groom = face.head, face.shapes, face.groom if groom is None else groom
    return write(groom, head, shapes, folder, seed=face.seed, level=level, resolution=resolution, progress=progress)
