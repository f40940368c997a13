"""Vector pictures: an SVG as pixels. Its scripts are not run, and its links are not followed."""

from __future__ import annotations

import gzip
import io
import re
import zlib
from importlib import import_module
from typing import Final
from xml.etree import ElementTree

from dreamface.errors import BadRequest

LARGEST_SVG: Final = 8 * 2**20
"""Bytes of an SVG, unpacked."""

_MOST_ELEMENTS: Final = 200_000  # drawn, with every use of a symbol counted again
_LONGEST_SHAPE: Final = 50.0  # width over height, or height over width
_PIXELS_PER: Final = {
    "": 1.0, "px": 1.0, "pt": 4.0 / 3.0, "pc": 16.0, "mm": 96.0 / 25.4, "cm": 960.0 / 25.4, "in": 96.0,
}  # fmt: skip
_LENGTH: Final = re.compile(r"\s*\+?(\d*\.?\d+(?:[eE][+-]?\d+)?)\s*([a-z]*)\s*")
_LEFT_OUT: Final = frozenset({"script", "foreignObject", "feImage", "iframe", "audio", "video", "handler", "listener"})
_EMBEDDED: Final = re.compile(r"data:image/(png|jpe?g|webp|gif)[;,]", re.IGNORECASE)
_PACKED: Final = b"\x1f\x8b"


def is_svg(data: bytes) -> bool:
    """Return whether a file's bytes begin like an SVG, packed or not."""
    start = data[:4096]
    if start.startswith(_PACKED):
        return True
    return b"<svg" in start or (start.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<?xml") and b"<svg" in data[:65536])


def render_svg(data: bytes, side: int) -> bytes:
    """Return an SVG as a PNG.

    Args:
        data: the file's bytes.
        side: pixels of the longer side.

    Raises:
        BadRequest: it is no SVG, is damaged, too large, or has a shape that nothing can be made of.
    """
    root = _cleaned(_text_of(data))
    width, height = _size_of(root)
    if max(width, height) > _LONGEST_SHAPE * min(width, height):
        raise BadRequest(f"The SVG is more than {_LONGEST_SHAPE:g} times as long as it is wide: give it another page.")
    try:
        library = import_module("resvg_py")
    except ImportError as error:  # set up before SVG could be read
        raise BadRequest(
            "SVG needs the package resvg_py: set DreamFace up again, or save the picture as PNG."
        ) from error
    longer = {"width": side} if width >= height else {"height": side}
    letters = [(parent, child) for parent in root.iter() for child in parent if _name(child) == "text"]

    def drawn() -> bytes:
        text = ElementTree.tostring(root, encoding="unicode")
        return bytes(library.svg_to_bytes(svg_string=text, skip_system_fonts=not letters, **longer))

    try:
        png = drawn()
        for parent, child in letters:
            parent.remove(child)
        if letters and drawn() == png:  # no font for it is here, and the library says nothing
            raise BadRequest(
                "The SVG has text in a font that is not here: turn the text into paths, and save it again."
            )
        return png
    except (ValueError, RuntimeError, OSError) as error:
        raise BadRequest(f"The SVG can't be drawn ({error}): save it as plain SVG or as PNG.") from error


def _text_of(data: bytes) -> str:
    """Return the text of an SVG's bytes."""
    if data.startswith(_PACKED):
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(data)) as packed:
                data = packed.read(LARGEST_SVG + 1)
        except (OSError, EOFError, zlib.error) as error:
            raise BadRequest(f"The picture is packed and damaged ({error}): save it again.") from error
    if len(data) > LARGEST_SVG:
        raise BadRequest(f"The SVG has more than {LARGEST_SVG // 2**20} MB: save it as PNG.")
    wide = data[:2] in (b"\xff\xfe", b"\xfe\xff")
    try:
        text = data.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    return re.sub(r"^\s*<\?xml.*?\?>", "", text, count=1, flags=re.DOTALL)


def _cleaned(text: str) -> ElementTree.Element:
    """Return an SVG without scripts, and without whatever lies outside of it."""
    if "<!ENTITY" in text:  # they can stand for files, or for more text than fits in memory
        raise BadRequest("The SVG has entities of its own: save it as plain SVG or as PNG.")
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise BadRequest(f"The SVG is damaged ({error}): save it again.") from error
    if _name(root) != "svg":
        raise BadRequest("The picture is no SVG: save it as SVG or as PNG.")
    for parent in list(root.iter()):
        for child in list(parent):
            if _name(child) in _LEFT_OUT or _links_away(child):
                parent.remove(child)
    for element in root.iter():
        for name in [name for name in element.attrib if _local(name).lower().startswith("on")]:
            del element.attrib[name]
    if _drawn(root) > _MOST_ELEMENTS:
        raise BadRequest(f"The SVG draws more than {_MOST_ELEMENTS:,} shapes: save it as PNG.")
    return root


def _local(name: str) -> str:
    return name.rpartition("}")[2]


def _name(element: ElementTree.Element) -> str:
    return _local(element.tag) if isinstance(element.tag, str) else ""  # comments have no name


def _href(element: ElementTree.Element) -> str:
    return next((value.strip() for name, value in element.attrib.items() if _local(name) == "href"), "")


def _links_away(element: ElementTree.Element) -> bool:
    """Return whether an element shows something that is not in the file."""
    target = _href(element)
    if _name(element) == "image":
        return not _EMBEDDED.match(target)
    return bool(target) and not target.startswith("#") and _name(element) != "a"


def _drawn(root: ElementTree.Element) -> int:
    """Return how many elements are drawn, those of symbols as often as they are used; capped."""
    by_id = {element.get("id"): element for element in root.iter() if element.get("id")}
    known: dict[int, int] = {}

    def count(element: ElementTree.Element, above: frozenset[int]) -> int:
        me = id(element)
        if me in above:
            return 0
        if me not in known:
            inside = above | {me}
            found = 1 + sum(count(child, inside) for child in element)
            if _name(element) == "use" and (used := by_id.get(_href(element)[1:])) is not None:
                found += count(used, inside)
            known[me] = min(found, 2 * _MOST_ELEMENTS)
        return known[me]

    try:
        return count(root, frozenset())
    except RecursionError as error:
        raise BadRequest("The SVG is nested too deeply: save it as PNG.") from error


def _size_of(root: ElementTree.Element) -> tuple[float, float]:
    """Return an SVG's width and height; only their ratio means something."""
    box = [_number(part) for part in re.split(r"[\s,]+", (root.get("viewBox") or "").strip()) if part]
    sides = []
    for name, in_box in (("width", 2), ("height", 3)):
        found = _LENGTH.fullmatch(root.get(name) or "")
        side = float(found[1]) * _PIXELS_PER[found[2]] if found and found[2] in _PIXELS_PER else 0.0
        if side <= 0.0 and len(box) == 4:
            side = box[in_box]
        sides.append(side)
    width, height = sides
    if not (0.0 < width < 1e9 and 0.0 < height < 1e9):
        raise BadRequest("The SVG says neither how large it is nor what it shows: give it a width and a height.")
    return width, height


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
