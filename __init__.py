"""DreamFace for Blender: type a prompt in the sidebar, get a production head."""

from . import operators, panels
from .dreamface_addon import application, edit_sliders, preferences, properties, sliders, take_sliders


def register() -> None:
    """Add DreamFace to Blender."""
    preferences.register(on_change=application.settings_changed, sections=panels.PREFERENCES)
    app = application.register()
    sliders.register(on_change=app.following.follow, styling=app.styling)
    take_sliders.register(on_change=app.animating.look_at)
    edit_sliders.register(on_change=app.editing.changed)
    properties.register(
        read_prompt=app.making.read_prompt,
        head_items=lambda: app.models.head_items,
        show_page=app.show_page,
        camera_items=lambda: app.living.camera_items,
        camera_changed=app.living.change_from_fields,
        say=operators.say_field,
    )
    operators.register()
    panels.register()


def unregister() -> None:
    """Remove everything, in the opposite order; a backend that we started ends with it."""
    panels.unregister()
    operators.unregister()
    properties.unregister()
    edit_sliders.unregister()
    take_sliders.unregister()
    sliders.unregister()
    application.unregister()
    preferences.unregister()
