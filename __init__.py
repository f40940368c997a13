"""DreamFace for Blender: type a prompt in the sidebar, get a production head."""

from . import operators, panels
from .dreamface_addon import application, preferences, properties


def register() -> None:
    """Add DreamFace to Blender."""
    preferences.register(on_change=application.settings_changed)
    properties.register()
    operators.register()
    panels.register()
    application.register()


def unregister() -> None:
    """Take everything out again, in the opposite order; a backend that we started ends with it."""
    application.unregister()
    panels.unregister()
    operators.unregister()
    properties.unregister()
    preferences.unregister()
