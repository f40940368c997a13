"""The extension's preferences."""

from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

import bpy
from bpy.props import BoolProperty, EnumProperty, StringProperty

from .link import is_line, parse
from .places import PACKAGE

_on_change: Callable[[], None] | None = None
_taking_apart = False
_sections: Mapping[str, Callable[[bpy.types.UILayout], None]] = {}


def _changed(_preferences: Any, _context: bpy.types.Context) -> None:
    if _on_change is not None and not _taking_apart:
        _on_change()


def _moved(chosen: Any, context: bpy.types.Context) -> None:
    """Take a pasted line apart; an address of another kind has no certificate that must be shown."""
    global _taking_apart
    if _taking_apart:
        return
    address = parse(chosen.url)
    _taking_apart = True  # each of these calls us, or `_changed`
    try:
        if address is not None:
            chosen.token, chosen.fingerprint, chosen.url = address.token, address.fingerprint, address.url
        elif not is_line(chosen.url):
            chosen.fingerprint = ""
    finally:
        _taking_apart = False
    _changed(chosen, context)


class DREAMFACE_AP_preferences(bpy.types.AddonPreferences):
    """Where DreamFace's engine is and how it is used."""

    bl_idname = PACKAGE

    python: StringProperty(
        name="Python",
        description="Python of an existing environment with the package dreamface; empty uses the one set up here",
        subtype="FILE_PATH",
        update=_changed,
    )
    store: StringProperty(
        name="Faces Folder",
        description="Where jobs and generated faces are kept; empty uses your user data folder",
        subtype="DIR_PATH",
        update=_changed,
    )
    url: StringProperty(
        name="Address",
        description="An engine on another machine: paste the line that it gives, host:port#token#fingerprint, or type "
        "an address such as https://render.studio:8765; empty starts one here",
        update=_moved,
    )
    token: StringProperty(
        name="Token", description="The token which that engine was started with", subtype="PASSWORD", update=_changed
    )
    fingerprint: StringProperty(
        name="Certificate",
        description="SHA-256 of the only certificate that is trusted there, from the line that was pasted; it must be "
        "the one that the engine shows when it starts. Empty trusts what this computer trusts",
        update=_changed,
    )
    start_by_itself: BoolProperty(
        name="Start Engine When Needed", description="Start DreamFace's engine when something needs it", default=True
    )
    video: BoolProperty(
        name="Follow Faces in Video",
        description="Set the engine up with what reads faces in videos and cameras: 0.2 GB more to download",
        default=True,
    )
    diffusion: BoolProperty(
        name="Diffusion Models",
        description="Set the engine up with what diffusion models take: 40 MB more to download. The models themselves "
        "are installed under Models: Stable Diffusion is 2.1 GB",
        default=False,
    )
    compute_on: EnumProperty(
        name="Diffusion On",
        description="Where diffusion models compute",
        items=(
            ("auto", "Automatic", "On the graphics card where there is one that can"),
            ("cpu", "Slow (CPU)", "Without the graphics card: a picture takes minutes, and no memory of the card"),
        ),
        default="auto",
        update=_changed,
    )
    keep_variations: BoolProperty(
        name="Keep Variations",
        description="Keep variations that were made to fit the words and that you do not pick; otherwise they are "
        "deleted after a week. Pictures to choose from are deleted after a day in any case",
        default=False,
        update=_changed,
    )
    photographs_agreed: BoolProperty(
        name="Consent",
        description="Whether you have read that photographs of people may be used only with their consent",
        default=False,
        options={"HIDDEN"},
    )
    photographs_sent_agreed: BoolProperty(
        name="Consent to Sending",
        description="Whether you have read that photographs are sent to the engine on another machine",
        default=False,
        options={"HIDDEN"},
    )
    look_at_new_faces: BoolProperty(
        name="Show New Faces",
        description="Turn the 3D view to a new face and show its textures",
        default=True,
    )

    def draw(self, _context: bpy.types.Context) -> None:
        """Draw the preferences."""
        layout = self.layout
        layout.use_property_split = True
        layout.prop(self, "look_at_new_faces")
        layout.prop(self, "keep_variations")
        layout.prop(self, "store", placeholder="Your user data folder")
        for name, draw in _sections.items():
            header, body = layout.panel(f"DREAMFACE_{name}", default_closed=False)
            header.label(text=name)
            if body is not None:
                draw(body)
        header, body = layout.panel("DREAMFACE_connection", default_closed=True)
        header.label(text="Connection")
        if body is None:
            return
        body.prop(self, "start_by_itself")
        body.prop(self, "compute_on")
        body.prop(self, "python", placeholder="The one that was set up here")
        body.prop(self, "url", text="Another Machine", placeholder="Paste the engine's line")
        body.prop(self, "token")
        body.prop(self, "fingerprint", placeholder="Those that this computer trusts")


_DEFAULTS = SimpleNamespace(
    python="",
    store="",
    url="",
    token="",
    fingerprint="",
    start_by_itself=True,
    video=True,
    diffusion=False,
    compute_on="auto",
    look_at_new_faces=True,
    keep_variations=False,
    photographs_agreed=False,
    photographs_sent_agreed=False,
)


def get() -> DREAMFACE_AP_preferences | SimpleNamespace:
    """Return the artist's preferences, or the defaults if the extension is enabled for this run only."""
    entry = bpy.context.preferences.addons.get(PACKAGE)
    return entry.preferences if entry is not None and entry.preferences is not None else _DEFAULTS


def register(on_change: Callable[[], None], sections: Mapping[str, Callable[[bpy.types.UILayout], None]]) -> None:
    """Add the preferences to Blender.

    Args:
        on_change: called when the artist has changed one.
        sections: heading -> what draws below it.
    """
    global _on_change, _sections
    _on_change, _sections = on_change, sections
    bpy.utils.register_class(DREAMFACE_AP_preferences)


def unregister() -> None:
    """Remove them from Blender."""
    bpy.utils.unregister_class(DREAMFACE_AP_preferences)
