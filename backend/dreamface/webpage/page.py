"""The page of a batch: `index.html` and what lies beside it in `page/`."""

from __future__ import annotations

import html
import json
import re
import shutil
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from PIL import Image

from dreamface._files import cannot_write, delete, whole_file
from dreamface.errors import DreamFaceError, FolderError
from dreamface.expressions import expression
from dreamface.progress import Progress
from dreamface.provenance import PICTURE
from dreamface.text import one_line
from dreamface.traits import ARKIT_SHAPES
from dreamface.webpage.entries import PREVIEW, Entry, entry_of, existing, link, mark_of, names_for, picture_of
from dreamface.webpage.facts import FACETS, expression_of, facets_of, said_of
from dreamface.webpage.heads import has_head, make_folders, script_of, write_head

MOST_HEADS: Final = 200
"""Of a larger batch no heads are written unless asked for: each takes a second and two megabytes."""

BUNDLE: Final = "page.js"
"""The 3D view, which `npm run build` makes."""

_STEP: Final = "page"
_THUMBNAIL: Final = 320  # pixels a side
_QUALITY: Final = 82  # of JPEG
_EXPRESSIONS: Final = (
    "neutral", "joy slight", "joy clear", "joy strong", "surprise clear", "sadness clear", "anger clear", "fear clear",
    "disgust clear", "doubt clear", "tiredness clear", "wink clear", "kiss clear", "sleep clear",
)  # fmt: skip
"""The expressions that the page offers, in this order."""

_HOW_TO_BUILD: Final = (
    "The 3D view is not built in this copy of DreamFace: run “npm install && npm run build” in its folder and write "
    "the page again."
)
_HOW_TO_GET: Final = "This head is not on the page in 3D: “dreamface view {face}” shows it."

_OURS: Final = b'name="generator" content="DreamFace"'
_BEGINNING: Final = 1024  # bytes of a page, in which that stands


def write_page(
    out: Path,
    faces: Sequence[Path],
    progress: Progress = Progress(),  # noqa: B008 - immutable
    *,
    heads: bool | None = None,
    title: str = "",
) -> Path:
    """Write a page of all faces into `out` that opens from disk, and return it: `index.html`.

    Pictures and heads that are there and newer than their faces are kept, so writing the page again takes little. A
    face that can't be read is on the page with the reason; one whose head can't be written shows its picture.

    Args:
        out: an existing folder.
        faces: face folders, in the order in which they are shown.
        progress: told about every face.
        heads: whether each head is to be there in 3D; None means up to `MOST_HEADS` faces. Those that `write_head` has
            written already always are.
        title: of the page; otherwise the name of `out`.

    Raises:
        FolderError: the disk refused, or an index.html of somebody's own is there.
        Cancelled: the user asked to stop.
    """
    page = out / "index.html"
    _check_ours(page)
    faces = existing(faces)
    wanted = len(faces) <= MOST_HEADS if heads is None else heads
    has_viewer = has_view()
    title = one_line(title or out.resolve().name)
    make_folders(out)
    shown: list[dict[str, Any]] = []
    for index, (name, face) in enumerate(zip(names_for(faces), faces, strict=True)):
        progress.report(_STEP, index / len(faces), f"Reading {name}")
        part = progress.part(index / len(faces), (index + 1) / len(faces))
        shown.append(_shown(entry_of(name, face), out, wanted and has_viewer, part))
    _write_data(out, title, shown, has_viewer)
    _copy_viewer(out)
    with whole_file(page) as file:
        file.write_text(_html(title), "utf-8")
    progress.report(_STEP, 1.0, f"Wrote {page.name}")
    return page


# ------------------------------------------------------------------------------------------------------------- a face


def _shown(entry: Entry, out: Path, wants_head: bool, progress: Progress) -> dict[str, Any]:
    """What the page's data has of a face; its files are written."""
    if entry.document is None:
        return {"name": entry.name, "reason": entry.reason}
    record = entry.document.record
    head = _head(entry, out, wants_head, progress)
    return {
        "name": entry.name,
        "prompt": record.prompt,
        "seed": record.seed,
        "model": record.head,
        "resolution": record.resolution,
        "thumbnail": _thumbnail(entry, out),
        "picture": link(entry.folder / PREVIEW, out) if (entry.folder / PREVIEW).is_file() else "",
        "head": head,
        "missing": "" if head else _HOW_TO_GET.format(face=entry.folder.name),
        "facets": facets_of(entry.document),
        "said": said_of(entry.document),
        "worn": dict(expression_of(entry.document)),
        "statement": entry.document.statement,
    }


def _thumbnail(entry: Entry, out: Path) -> str:
    """The link to a face's small picture; empty where it has none."""
    path = out / "page" / "thumbnails" / f"{entry.name}.jpg"
    comment = f"{PICTURE} {mark_of(entry.folder)}"
    if _comment_of(path) != comment:
        picture = picture_of(entry.folder, _THUMBNAIL)
        if picture is None:
            delete(path)
            return ""
        with whole_file(path) as file:
            picture.save(file, "JPEG", quality=_QUALITY, comment=comment)
    return link(path.relative_to(out))


def _comment_of(path: Path) -> str:
    """What a JPEG says of itself; empty where there is none."""
    try:
        with Image.open(path) as picture:
            return bytes(picture.info.get("comment", b"")).decode("utf-8", "replace")
    except (OSError, ValueError, SyntaxError):
        return ""


def _head(entry: Entry, out: Path, wanted: bool, progress: Progress) -> str:
    """The link to a face's head; empty where it can't be made, which is no reason to have no page."""
    path = script_of(out, entry.name)
    if not has_head(out, entry.name, entry.folder):
        if not wanted:
            return ""
        try:
            write_head(out, entry.folder, progress, name=entry.name)
        except DreamFaceError:
            progress.report(_STEP, 1.0)  # raises where the user has asked to stop
            return ""
    return link(path.relative_to(out))


# ------------------------------------------------------------------------------------------------------------ the page


def _write_data(out: Path, title: str, shown: Sequence[Mapping[str, Any]], has_viewer: bool) -> None:
    """Write page/faces.js. It is plain ASCII without a `<`: whatever a prompt says stays a text."""
    data = {
        "title": title,
        "facets": [facet.to_json() for facet in FACETS],
        "faces": list(shown),
        "viewer": "page/viewer.js" if has_viewer else "",
        "build": _HOW_TO_BUILD,
        "shapes": list(ARKIT_SHAPES),
        "expressions": [expression(words).to_json() for words in _EXPRESSIONS],
    }
    text = json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")
    with whole_file(out / "page" / "faces.js") as file:
        file.write_text(f"window.dreamface = {text};\n", "ascii")


def _copy_viewer(out: Path) -> None:
    """Put the 3D view beside the faces, or take an old one away where there is none."""
    bundle, target = _bundle(), out / "page" / "viewer.js"
    if bundle is None:
        delete(target)
        return
    with whole_file(target) as file:
        shutil.copyfile(bundle, file)


def has_view() -> bool:
    """Whether heads can be shown in 3D: the bundle was built."""
    return _bundle() is not None


def _check_ours(page: Path) -> None:
    """Refuse to write over a page that is somebody's own."""
    try:
        with page.open("rb") as file:
            ours = _OURS in file.read(_BEGINNING)
    except FileNotFoundError:
        return
    except OSError as error:
        raise cannot_write(page, error) from error
    if not ours:
        raise FolderError(f"{page} is a page of your own: move it away, or choose another folder.")


def _bundle() -> Path | None:
    path = Path(__file__).with_name(BUNDLE)
    return path if path.is_file() else None


def _html(title: str) -> str:
    """index.html, with its style and the gallery's script inside."""
    source = files("dreamface.webpage") / "source"
    parts = {
        "TITLE": html.escape(title),
        "STYLE": (source / "page.css").read_text("utf-8"),
        "GALLERY": (source / "gallery.js").read_text("utf-8"),
    }
    page = (source / "index.html").read_text("utf-8")
    return re.sub(r"\{\{([A-Z]+)\}\}", lambda mark: parts[mark[1]], page)
