"""Choosing hair styles on a head."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np

from . import scene, shaping
from .growing import Growing
from .pictures import Pictures
from .setting_up import SettingUp
from .styles import Style, Styles
from .vocabulary import STYLE_OF, TRAITS

OF_THE_STYLE = "the hair style"
"""Why a trait has its value that was set by choosing a style."""

_SEEN = 0.8
"""What `beard.density` becomes where a beard is chosen for somebody who had none."""

_THIN = 0.3  # density below which a beard would hardly show


def choose(skin: bpy.types.Object, region: str, value: str, style: Style | None) -> None:
    """Give a head a hair style, and its length, curl and so on, except what an artist has set.

    Args:
        skin: the face's.
        region: of the head.
        value: what the trait is to say.
        style: the style of that name; None where there is none, or it is not known.
    """
    shaping.set_value(skin, TRAITS[STYLE_OF[region]], value)
    values: dict[str, Any] = dict(style.values) if style is not None else {}
    if region == "beard":
        values |= _beard(skin, value)
    for name, wanted in values.items():
        trait = TRAITS[name]
        if not shaping.is_set_by_hand(skin, trait):
            shaping.set_value(skin, trait, min(max(wanted, trait.low), trait.high), OF_THE_STYLE)


def _beard(skin: bpy.types.Object, value: str) -> dict[str, float]:
    """Return what makes a beard show, or none."""
    if value == "none":
        return {"stubble.density": 0.0}
    thin = shaping.value_of(skin, TRAITS["beard.density"]) < _THIN
    return {"beard.density": _SEEN} if thin else {}


def style_of(skin: bpy.types.Object, region: str) -> str:
    """Return what a head's trait says of a region's style."""
    return str(shaping.value_of(skin, TRAITS[STYLE_OF[region]]))


Item = tuple[str, str, str, int, int]
"""Of a menu in Blender: what is chosen, its label, a tooltip, an icon's number, and the item's own."""


@dataclass(frozen=True)
class _Menu:
    """A region's menu. It is kept, because Blender needs the strings to stay alive.

    Attributes:
        styles: those that there were when it was made.
        cleared: how often the icons had been freed by then.
        items: the menu itself.
    """

    styles: dict[str, Style]
    cleared: int
    items: list[Item]


class Styling:
    """The menus with styles, and what happens when one is chosen."""

    def __init__(self, styles: Styles, growing: Growing, pictures: Pictures, setup: SettingUp) -> None:
        self._setup = setup
        self._styles = styles
        self._growing = growing
        self._pictures = pictures
        self._kept: dict[tuple[str, str], _Menu] = {}

    def items(self, region: str, current: str) -> list[Item]:
        """Return a menu of a region's styles; one that is not known any more is there while a head wears it.

        Blender asks at every redraw, and whenever a head's style is read: pictures are looked for once a list.
        """
        values = self._styles.choices(region)
        unknown = current if current and current not in values else ""
        kept = self._kept.get((region, unknown))
        if kept is None or kept.styles is not self._styles.all or kept.cleared != self._pictures.cleared:
            values += [unknown] if unknown else []
            items = [self._item(region, value, number) for number, value in enumerate(values)]
            kept = _Menu(self._styles.all, self._pictures.cleared, items)
            self._kept[region, unknown] = kept
        return kept.items

    def _item(self, region: str, value: str, number: int) -> Item:
        style, picture = self._styles.find(region, value), self._styles.picture(region, value)
        label = style.label if style is not None else value.replace("_", " ").title()
        about = style.summary if style is not None else "" if value == "none" else "This style is not there any more"
        return value, label, about, self._pictures.file(picture) if picture is not None else 0, number

    def choose(self, skin: bpy.types.Object, region: str, value: str) -> None:
        """Give a head a style; hair that an artist has deleted there grows again."""
        choose(skin, region, value, self._styles.find(region, value))
        if region in scene.deleted_hair(skin):
            self._growing.grow(skin, [region])

    def save(self, skin: bpy.types.Object, region: str, name: str, label: str) -> None:
        """Keep a head's hair, as it is combed, as a style of the artist's own; one of that name is replaced.

        Args:
            skin: the face's.
            region: with hair.
            name: of the style's file.
            label: what artists read.

        Raises:
            SceneError: the head has lost what it is made from, or all its hair.
        """
        scene.settle_hair(skin)  # on a head that was sculpted just now
        object_ = scene.hair_of(skin)[region]
        guides = scene.hair_curves_of(object_)
        if guides.shape[1] > _MOST_POINTS:
            guides = scene.hair_curves_of(object_, _MOST_POINTS)
        if not len(guides):
            raise scene.SceneError("All of this hair was deleted: grow it first.")
        record = scene.record(skin)
        files, offset = scene.files_of(skin, record)
        like = self._styles.find(region, style_of(skin, region))
        request = {
            "name": name, "label": label, "region": region, "replace": True, "record": record, "offset": offset,
            "guides": np.round(guides.astype(float), 6).tolist(), "like": like.name if like is not None else None,
        }  # fmt: skip
        self._setup.start_if_needed()
        self._styles.save(request, {offset: files[offset]} if offset is not None else {})


_MOST_POINTS = 96
"""Points of a guide that a style may have."""
