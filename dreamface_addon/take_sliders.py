"""`Action.dreamface`: what an artist makes of a take, as Blender properties, for sliders and for scripts.

A script says `action.dreamface.smoothing = 0.8`, and the curves follow.
"""

from collections.abc import Callable
from typing import Any

import bpy
from bpy.props import BoolProperty, FloatProperty, PointerProperty

from . import scene
from .takes import MOST_GAIN, REGIONS, Shaping

_LABELS = {
    "brows": ("Brows", "How far the brows move"),
    "eyes": ("Eyes", "How far lids close and open; blinks that do not close want more"),
    "jaw": ("Jaw", "How far the jaw opens and moves"),
    "mouth": ("Mouth", "How strongly lips and tongue move"),
    "cheeks": ("Cheeks", "How strongly cheeks and nose move"),
    "head": ("Head", "How far the head turns"),
    "gaze": ("Gaze", "How far the eyes look around"),
}
_LONGEST = 4 * 3600.0  # seconds

_on_change: Callable[[bpy.types.Action], None] | None = None


def _shaping(group: Any) -> Shaping:
    return Shaping.from_json(group.id_data.get(scene.SHAPING, "{}"))


def _change(group: Any, **changes: Any) -> None:
    action = group.id_data
    if not scene.is_take(action) or not action.is_editable or action.is_evaluated:
        return
    text = Shaping(**{**vars(_shaping(group)), **changes}).to_json()
    if text != action.get(scene.SHAPING):
        action[scene.SHAPING] = text
        if _on_change is not None:
            _on_change(action)


def _number(name: str, label: str, description: str, low: float, high: float, **more: Any) -> Any:
    return FloatProperty(
        name=label, description=description, min=low, max=high, default=getattr(Shaping(), name), options=set(),
        get=lambda group: getattr(_shaping(group), name), set=lambda group, value: _change(group, **{name: value}),
        **{"step": 5, "precision": 2} | more,
    )  # fmt: skip


def _gain(region: str) -> Any:
    def change(group: Any, value: float) -> None:
        _change(group, gains=_shaping(group).gains | {region: round(value, 4)})

    label, description = _LABELS[region]
    return FloatProperty(
        name=label, description=f"{description}: 1 as it was tracked", min=0.0, max=MOST_GAIN, default=1.0, step=5,
        precision=2, get=lambda group: _shaping(group).gain(region), set=change, options=set(),
    )  # fmt: skip


class TakeSliders(bpy.types.PropertyGroup):
    """What an artist makes of a take; only actions that are takes have values here."""

    mirror: BoolProperty(
        name="Mirror", description="Left is right", options=set(),
        get=lambda group: _shaping(group).mirror, set=lambda group, value: _change(group, mirror=bool(value)),
    )  # fmt: skip
    smoothing: _number(
        "smoothing", "Smoothing", "How much jitter is taken out; quick movements, such as blinks, stay quick", 0.0, 1.0
    )
    move: _number("move", "Head Moves", "How far the head moves, apart from turning", 0.0, MOST_GAIN)
    first: _number(
        "first", "Cut at Start", "Seconds that are left out at the beginning", 0.0, _LONGEST, subtype="TIME_ABSOLUTE"
    )
    last: _number("last", "Cut at End", "Seconds that are left out at the end", 0.0, _LONGEST, subtype="TIME_ABSOLUTE")
    speed: _number("speed", "Speed", "2 plays twice as fast, 0.5 at half the speed", 0.05, 20.0)
    start: _number(
        "start", "First Frame", "Frame of the scene at which the take begins", -1e6, 1e6, precision=0, step=100
    )
    gain_brows: _gain("brows")
    gain_eyes: _gain("eyes")
    gain_jaw: _gain("jaw")
    gain_mouth: _gain("mouth")
    gain_cheeks: _gain("cheeks")
    gain_head: _gain("head")
    gain_gaze: _gain("gaze")


GAINS = tuple(f"gain_{region}" for region in REGIONS)
"""Names of the properties with the strength of each region, in order."""


def register(on_change: Callable[[bpy.types.Action], None]) -> None:
    """Give every action `dreamface`.

    Args:
        on_change: called with a take's action when what the artist makes of it has changed.
    """
    global _on_change
    _on_change = on_change
    bpy.utils.register_class(TakeSliders)
    bpy.types.Action.dreamface = PointerProperty(type=TakeSliders)


def unregister() -> None:
    """Remove `dreamface` from actions; what it says is a custom property and stays."""
    del bpy.types.Action.dreamface
    bpy.utils.unregister_class(TakeSliders)
