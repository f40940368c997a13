"""Places of the face by name: what artists choose, and what words say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

Side = Literal["left", "right"] | None


@dataclass(frozen=True)
class NamedRegion:
    """A place with a name.

    Attributes:
        label: what artists read.
        regions: regions of the head models' topology, together.
        landmarks: beside them, the skin around these landmarks.
        radius_mm: around each landmark.
        side: the person's side, where it is only one.
        words: phrases that mean it.
    """

    label: str
    regions: tuple[str, ...] = ()
    landmarks: tuple[str, ...] = ()
    radius_mm: float = 0.0
    side: Side = None
    words: tuple[str, ...] = ()


REGIONS: Final[Mapping[str, NamedRegion]] = {
    "left_cheek": NamedRegion("Left Cheek", ("cheeks",), side="left", words=("left cheek",)),
    "right_cheek": NamedRegion("Right Cheek", ("cheeks",), side="right", words=("right cheek",)),
    "forehead": NamedRegion("Forehead", ("forehead",), words=("forehead", "brow")),
    "nose": NamedRegion("Nose", ("nose",), words=("nose",)),
}
