"""What the panels show and the artist sets: `WindowManager.dreamface`.

It lies on the window manager, not in the scene: typing a prompt is no step of undo and no change to the file.
"""

import bpy
from bpy.app.handlers import persistent
from bpy.props import BoolProperty, EnumProperty, IntProperty, PointerProperty, StringProperty

from . import application, sliders
from .seeds import SEED_LIMIT

MOST_VARIATIONS = 8


def _prompt_changed(properties, _context) -> None:
    application.prompt_changed(properties.prompt)


def _head_items(_properties, _context) -> list[tuple[str, str, str]]:
    return application.head_items()


class DREAMFACE_PG_properties(bpy.types.PropertyGroup):
    """The Create and Shape panels' fields."""

    prompt: StringProperty(
        name="Prompt",
        description="What the person looks like, in English",
        maxlen=1000,
        update=_prompt_changed,
        options={"TEXTEDIT_UPDATE"},
    )
    seed: IntProperty(
        name="Seed",
        description="What the prompt leaves open is drawn from it: another seed, another person",
        min=0,
        max=SEED_LIMIT - 1,
    )
    keep_seed: BoolProperty(name="Keep Seed", description="Use this seed again instead of a new one each time")
    variations: IntProperty(
        name="Variations",
        description="How many people to choose from",
        default=1,
        min=1,
        max=MOST_VARIATIONS,
    )
    head: EnumProperty(name="Head", description="The topology", items=_head_items)
    resolution: EnumProperty(
        name="Textures",
        description="Side of the skin's maps in pixels",
        items=[
            ("512", "512", "Quick drafts"),
            ("1024", "1K", "Real-time"),
            ("2048", "2K", "Film, at a distance"),
            ("4096", "4K", "Close-ups"),
        ],
        default="1024",
    )
    update_selected: BoolProperty(
        name="Update Selected",
        description="Change the selected face in place; otherwise another face is made",
        default=True,
    )


_KEPT = ("prompt", "seed", "keep_seed", "variations", "resolution", "update_selected")
_kept: dict[str, object] = {}


@persistent
def _keep(*_) -> None:
    """Every file brings a new window manager, and what the artist was about to make does not depend on the file."""
    fields = bpy.context.window_manager.dreamface
    _kept.update({name: getattr(fields, name) for name in _KEPT})


@persistent
def _put_back(*_) -> None:
    fields = bpy.context.window_manager.dreamface
    for name, value in _kept.items():
        setattr(fields, name, value)


def register() -> None:
    """Add the properties to Blender."""
    sliders.register()
    bpy.utils.register_class(DREAMFACE_PG_properties)
    bpy.types.WindowManager.dreamface = PointerProperty(type=DREAMFACE_PG_properties)
    bpy.app.handlers.load_pre.append(_keep)
    bpy.app.handlers.load_post.append(_put_back)


def unregister() -> None:
    """Take them out."""
    bpy.app.handlers.load_post.remove(_put_back)
    bpy.app.handlers.load_pre.remove(_keep)
    del bpy.types.WindowManager.dreamface
    bpy.utils.unregister_class(DREAMFACE_PG_properties)
    sliders.unregister()
