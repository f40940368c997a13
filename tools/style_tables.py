"""Write the tables of a style's fields into docs/hair.md: `python tools/style_tables.py`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from dreamface.hair import HairLook
from dreamface.styles import style

PAGE = Path(__file__).resolve().parents[1] / "docs" / "hair.md"
START = "<!-- fields: python tools/style_tables.py -->\n"

TABLES = {
    "Style": "",
    "Section": "What hair does in one part of the head. The first section is everywhere; each further one says what is "
    "different in its part. A field that is left out is as in the sections before.",
    "Where": "A part of the head. All that is said has to hold.",
    "Mark": "A landmark, and millimetres from it.",
    "Cut": "Scissors: hair ends where it comes below a plane.",
    "Parting": "A line over the head from which hair falls to both sides.",
    "Hairline": "How the border of the hair differs from the head's own.",
    "Tie": "Hair that is gathered and goes on together.",
    "Place": "A place around the skull.",
    "Rows": "Hair that is parted into rows or boxes, each a braid, twist or lock of its own.",
    "LookSpec": "The hairs between the guides. Lengths are millimetres.",
    "BeardShape": "How unevenly a beard grows.",
    "BrowShape": "A pair of brows. Three numbers are inner end, middle and outer end.",
    "LashShape": "Lashes of both lids. Three numbers are inner corner, middle and outer corner.",
    "Curves": "Guides as they were combed, so that they fit every head. **Save Style…** writes them.",
}
"""Class -> what stands above its table."""

HEADINGS = {"LookSpec": "Look", "BeardShape": "Beard", "BrowShape": "Brows", "LashShape": "Lashes"}
"""Where the heading is not the class's name."""

SAID_HERE = {
    "Style": {
        "region": "what it is for: `scalp`, `beard`, `brows` or `lashes`",
        "look": "the hairs between the guides: see Look",
        "hairline": "see Hairline",
        "parting": "see Parting; without it the hair has none",
        "ties": "hair that is gathered: a list, see Tie",
        "rows": "see Rows",
        "beard": "see Beard; only of beards",
        "brows": "see Brows; only of brows",
        "lashes": "see Lashes; only of lashes",
        "curves": "guides that were combed in Blender, see Curves: they go for the sections",
    },
    "Mark": {"landmark": "its name, such as `gnathion`", "mm": "upwards for heights, outwards for distances"},
    "Place": {"azimuth": "degrees", "elevation": "degrees", "out": "millimetres off the skin"},
}
"""What a class's own description leaves open."""

_ATTRIBUTE = re.compile(r"^ {8}(\w[\w, ]*): (.*)$")


def tables() -> str:
    """Return the tables of all fields, as Markdown."""
    lines = []
    for name, about in TABLES.items():
        model: type[BaseModel] = getattr(style, name)
        lines += [f"### {HEADINGS.get(name, name)}", "", *([about, ""] if about else [])]
        lines += ["| field | usual | what it says |", "| --- | --- | --- |"]
        said = _described(HairLook if name == "LookSpec" else model) | SAID_HERE.get(name, {})
        for field, info in model.model_fields.items():
            usual = "needed" if info.is_required() else _shown(info.default, name)
            lines.append(f"| `{field}` | {usual} | {said[field]} |")
        lines.append("")
    return "\n".join(lines)


def _described(noun: type) -> dict[str, str]:
    """Return what the docstring of a class says of its attributes."""
    said: dict[str, str] = {}
    names: list[str] = []
    for line in (noun.__doc__ or "").partition("Attributes:")[2].splitlines():
        found = _ATTRIBUTE.match(line)
        names = found[1].split(", ") if found else names
        for name in names:
            said[name] = f"{said.get(name, '')} {found[2] if found else line.strip()}".strip()
    return {name: words.replace('"', "`").replace("None", "none").rstrip(".") for name, words in said.items()}


def _shown(value: Any, name: str) -> str:
    if value is None or value == ():
        return "as before" if name == "Section" else "none"
    if isinstance(value, tuple):
        return f"[{', '.join(f'{number:g}' for number in value)}]"
    if isinstance(value, BaseModel):
        return "see there"
    return str(value).lower() if isinstance(value, bool) else f"`{value}`" if value == str(value) else f"{value:g}"


def main() -> None:
    """Write them."""
    text = PAGE.read_text("utf-8")
    PAGE.write_text(text[: text.index(START) + len(START)] + "\n" + tables(), "utf-8")


if __name__ == "__main__":
    main()
