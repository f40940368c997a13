"""The table of wrinkles: a new one is a row, and a row that says something else is refused."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import pytest
import torch
from pydantic import ValidationError

from dreamface.head import HeadSource, load_model
from dreamface.skin.canvas.atlas import SkinSurface, surface_of
from dreamface.skin.canvas.noise import stream
from dreamface.skin.layers.wrinkle_kinds import read_areas
from dreamface.skin.layers.wrinkle_sketch import Sketch
from dreamface.traits import Traits

SMILE: dict[str, Any] = {
    "kind": "curve",
    "name": "a line that no table has",
    "through": [{"at": "cheilion_*", "out_mm": 4.0 + 2.0 * step, "up_mm": 1.0 * step} for step in range(4)],
    "strokes": [{"depth_mm": 0.4, "width_mm": 0.5}],
}


@pytest.fixture(scope="module")
def surface() -> SkinSurface:
    head = load_model("anny").build(HeadSource(Traits({"age": 50.0}), torch.Generator().manual_seed(1)))
    return surface_of(head, "skin", 256)


def table() -> dict[str, Any]:
    read: dict[str, Any] = json.loads(files("dreamface.skin.layers").joinpath("wrinkles.json").read_bytes())
    return read


def drawn(surface: SkinSurface, areas: dict[str, Any]) -> tuple[torch.Tensor, torch.Tensor]:
    """Depth [N] of the creases, and [N, 2] where they start."""
    read = read_areas(json.dumps(areas))
    sketch = Sketch(surface, lambda name: stream(3, name), tuple(read))
    for area, groups in read.items():
        sketch.begin(area)
        for group in groups:
            group.draw(sketch)
    lines, _ = sketch.finish()
    return lines.depth, lines.points[:, 0]


def test_a_row_is_drawn_on_both_sides(surface: SkinSurface) -> None:
    areas = {"cheeks": [{"sides": "each", "creases": [SMILE]}]}
    depth, starts = drawn(surface, areas)
    assert len(depth) == 2
    assert float(starts[0, 0] - starts[1, 0]) != 0.0


def test_a_row_at_the_end_leaves_the_others_as_they_were(surface: SkinSurface) -> None:
    before, after = table(), table()
    after["mouth"].append({"sides": "each", "creases": [SMILE]})
    depth, starts = drawn(surface, before)
    more_depth, more_starts = drawn(surface, after)
    others = len(depth) - len(drawn(surface, {"neck": before["neck"]})[0])  # the neck is drawn after the mouth
    assert len(more_depth) == len(depth) + 2
    assert torch.equal(depth[:others], more_depth[:others])
    assert torch.equal(starts[others:], more_starts[others + 2 :])


@pytest.mark.parametrize(
    "mistake",
    [
        {"depth": 0.4},
        {"kind": "wavy"},
        {"through": SMILE["through"][:3]},
        {"strokes": [{"depth_mm": 0.4, "width": 0.5}]},
    ],
)
def test_a_row_with_a_mistake_is_refused(mistake: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        read_areas(json.dumps({"cheeks": [{"sides": "each", "creases": [SMILE | mistake]}]}))


def test_every_wrinkle_has_a_name_of_its_own() -> None:
    names = [row["name"] for groups in table().values() for group in groups for row in group["creases"]]
    assert len(names) == len(set(names)) >= 25
