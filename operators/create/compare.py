"""Two faces side by side."""

import json
from pathlib import Path
from typing import Any

import bpy

from ...dreamface_addon import application
from ...dreamface_addon.vocabulary import TRAITS

_WIDTH = 640  # pixels
_PICTURE_SIZE = 15.0  # in heights of a button
_DIFFERENCES = 12  # that are listed


class DREAMFACE_OT_compare(bpy.types.Operator):
    """Choose this face to compare; with the second one, both are shown side by side"""

    bl_idname = "dreamface.compare"
    bl_label = "Compare"
    bl_options = {"INTERNAL"}

    folder: bpy.props.StringProperty(options={"HIDDEN"})
    other: bpy.props.StringProperty(options={"HIDDEN"})

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Open the window once there are two."""
        making = application.get().making
        if making.compared in ("", self.folder):
            making.compared = self.folder
            self.report({"INFO"}, "Now press Compare on another face")
            return {"FINISHED"}
        self.other, making.compared = making.compared, ""
        return context.window_manager.invoke_popup(self, width=_WIDTH)

    def draw(self, _context: bpy.types.Context) -> None:
        """Draw the pictures, and what differs most below them."""
        pictures, folders = application.get().pictures, (Path(self.other), Path(self.folder))
        row = self.layout.row()
        for folder in folders:
            row.column().template_icon(icon_value=pictures.face(folder), scale=_PICTURE_SIZE)
        column = self.layout.column(align=True)
        for label, values in _differences(*(_traits(folder) for folder in folders)):
            split = column.split(factor=0.4)
            split.label(text=label)
            for value in values:
                split.label(text=value)

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Close the window."""
        return {"FINISHED"}


def _traits(folder: Path) -> dict[str, Any]:
    """Return trait -> value of a face folder; none where it cannot be read."""
    try:
        face = folder / "face.json"
        document = json.loads((face if face.is_file() else folder / "glance.json").read_text("utf-8"))
        asked = {name: entry["value"] for name, entry in document["traits"].items()}
        return document.get("measured", {}) | asked
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _differences(first: dict[str, Any], second: dict[str, Any]) -> list[tuple[str, tuple[str, str]]]:
    """Return the traits that differ most, with both values: numbers by their share of the range, then choices."""
    found = []
    for trait in TRAITS.values():
        pair = first.get(trait.name, trait.default), second.get(trait.name, trait.default)
        if trait.kind == "number" and all(isinstance(value, int | float) for value in pair):
            share = abs(pair[0] - pair[1]) / (trait.high - trait.low)
            said = (f"{pair[0]:.2f}", f"{pair[1]:.2f}")
        elif trait.kind == "choice" and pair[0] != pair[1]:
            share, said = 1.0, (str(pair[0]), str(pair[1]))
        else:
            continue
        found.append((share, f"{trait.family}: {trait.label}", said))
    found.sort(key=lambda entry: -entry[0])
    return [(label, said) for share, label, said in found[:_DIFFERENCES] if share > 0.0]
