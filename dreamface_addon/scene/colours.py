"""Colours in whatever colour management the scene works: Blender's own, ACES or a studio's OCIO configuration.

A configuration names its colour spaces as it likes, and the space that shaders and lights work in may not have the
primaries of Rec. 709.
"""

from __future__ import annotations

from collections.abc import Sequence

import bpy
from mathutils import Color

SRGB_NAMES = (
    "sRGB",  # Blender's
    "sRGB - Texture",  # ACES 1.3 and 2.0
    "sRGB Encoded Rec.709 (sRGB)",  # OCIO 2.5 and later
    "Utility - sRGB - Texture",  # ACES 1.0.3 to 1.2
    "Input - Generic - sRGB - Texture",
    "srgb_texture",
    "srgb_tx",
    "sRGB Texture",
    "srgb8",
)
"""What configurations call sRGB's curve over Rec. 709's primaries, in which albedo maps are stored."""

DATA_NAMES = ("Non-Color", "Raw", "Utility - Raw", "raw", "Generic Data", "data", "ncd")
"""What configurations call values that are no colours, where the role for them is not marked as data."""

NO_SRGB = (
    "This scene's colour management has no sRGB texture space, so the face's colours may look wrong: add one named "
    "{} to the OCIO configuration, or set the colour space of its albedo images by hand."
)

_SAME = 1e-4  # colours closer than this are equal: the way through XYZ rounds


def colour_warning() -> str:
    """Return what is wrong with the scene's colour management, as a sentence; nothing where it knows sRGB."""
    return "" if _first_known(SRGB_NAMES) else NO_SRGB.format(f'"{SRGB_NAMES[0]}"')


def show_as_colour(image: bpy.types.Image) -> None:
    """Let an image hold sRGB colours; in a configuration without sRGB it keeps the space that Blender gave it."""
    name = _first_known(SRGB_NAMES)
    if name:
        image.colorspace_settings.name = name


def show_as_data(image: bpy.types.Image) -> None:
    """Let an image hold values that no colour management changes, by the configuration's role for data."""
    image.colorspace_settings.is_data = True
    name = _first_known(DATA_NAMES)
    if name and not image.colorspace_settings.is_data:
        image.colorspace_settings.name = name


def to_scene(colour: Sequence[float]) -> tuple[float, ...]:
    """Return a linear Rec. 709 colour [3] in the space that shaders and lights work in; the same where they agree."""
    return _converted(colour, Color(colour).from_rec709_linear_to_scene_linear())


def from_scene(colour: Sequence[float]) -> tuple[float, ...]:
    """Return a colour [3] of a shader in linear Rec. 709, as files for other software hold it."""
    return _converted(colour, Color(colour).from_scene_linear_to_rec709_linear())


def show_by(scene: bpy.types.Scene, view: str, look: str) -> None:
    """Let a scene's pictures be shown by a view transform and a look, or by the configuration's own where it has none.

    Args:
        scene: whose.
        view: such as "AgX".
        look: of that view; only tried with it.
    """
    try:
        scene.view_settings.view_transform = view
        scene.view_settings.look = look
    except TypeError:  # the configuration has no such view or look, and keeps the one that it starts with
        return


def _converted(colour: Sequence[float], other: Color) -> tuple[float, ...]:
    same = all(abs(before - after) < _SAME for before, after in zip(colour, other, strict=True))
    return tuple(colour) if same else tuple(other)


def _first_known(names: tuple[str, ...]) -> str:
    spaces = bpy.types.ColorManagedInputColorspaceSettings.bl_rna.properties["name"].enum_items
    return next((name for name in names if name in spaces), "")
