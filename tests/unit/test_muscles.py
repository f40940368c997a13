"""Shapes do what the face's muscles do: which way skin goes, and how far, by the action units of FACS."""

from __future__ import annotations

import pytest
from torch import Tensor

from dreamface.face import Head
from dreamface.head import HeadSource, load_model
from dreamface.prior import complete
from dreamface.random_streams import stream
from dreamface.traits import ARKIT_SHAPES, Traits

MM = 1e-3
PULLS = [
    # Nasalis and levator labii alaeque nasi, AU9: wings of the nose and upper lip rise.
    ("noseSneerLeft", 35, 2, 4.5), ("noseSneerLeft", 52, 2, 2.5),
    ("mouthUpperUpLeft", 52, 2, 4.5), ("mouthUpperUpLeft", 35, 2, 2.5),  # levator labii superioris, AU10
    ("mouthLowerDownLeft", 56, 2, -4.0),  # depressor labii inferioris, AU16
    ("cheekSquintLeft", 46, 2, 1.5),  # orbicularis oculi's outer part, AU6: the lower lid comes with the cheek
    ("mouthSmileLeft", 54, 2, 8.0), ("mouthSmileLeft", 54, 1, 5.0),  # zygomatic major, AU12
    ("mouthStretchLeft", 54, 1, 4.0), ("mouthStretchLeft", 54, 2, -1.5),  # risorius, AU20
    ("mouthShrugLower", 8, 2, 1.5),  # mentalis, AU17
    ("browInnerUp", 22, 2, 6.5),  # frontalis' middle, AU1
    ("browOuterUpLeft", 24, 2, 5.5), ("browOuterUpLeft", 26, 2, 4.5),  # frontalis' outer part, AU2
    ("browDownLeft", 22, 2, -3.5), ("browDownLeft", 23, 2, -4.0), ("browDownLeft", 22, 0, -1.2),  # corrugator, AU4
]  # fmt: skip
"""Shape, Multi-PIE landmark, axis, and the least millimetres it goes along it."""


@pytest.fixture(scope="module", params=["anny", "ict"])
def posed(request: pytest.FixtureRequest) -> tuple[Head, Tensor]:
    traits = complete(Traits({"age": 30.0, "gender": 1.0, "ancestry.european": 1.0}), 3)
    model = request.getfixturevalue("ict_head") if request.param == "ict" else load_model("anny")
    head = model.build(HeadSource(traits, stream(3, "head")))
    return head, model.shapes(head)


@pytest.mark.parametrize(("name", "landmark", "axis", "least"), PULLS)
def test_a_muscle_pulls_its_way(posed: tuple[Head, Tensor], name: str, landmark: int, axis: int, least: float) -> None:
    head, shapes = posed
    moved = float(shapes[ARKIT_SHAPES.index(name), head.topology.multipie[landmark], axis]) / MM
    assert moved / least >= 1.0, f"{moved:+.1f} mm"


@pytest.mark.parametrize("name", ["noseSneer", "mouthUpperUp", "mouthSmile", "cheekSquint"])
def test_the_cheek_bulges_where_it_is_pushed_up(posed: tuple[Head, Tensor], name: str) -> None:
    """Flesh is not lost: between cheek and lower lid it comes forwards."""
    head, shapes = posed
    corner, lid = (head.vertices[head.topology.multipie[index]] for index in (54, 46))
    cheek = 0.35 * corner + 0.65 * lid
    rows = slice(*head.topology.part("skin").vertices)
    near = (head.vertices[rows] - cheek).norm(dim=1) < 14 * MM
    moved = shapes[ARKIT_SHAPES.index(f"{name}Left"), rows][near]
    assert float(moved[:, 2].max()) > 1.5 * MM
    assert float(moved[:, 1].min()) < -0.8 * MM


def test_the_lower_lip_stays_where_the_upper_one_is_lifted(posed: tuple[Head, Tensor]) -> None:
    head, shapes = posed
    for name, still, moving in (
        ("mouthUpperUpLeft", 65, 63), ("noseSneerLeft", 65, 63), ("mouthLowerDownLeft", 63, 65),
    ):  # fmt: skip
        moved = shapes[ARKIT_SHAPES.index(name)].norm(dim=1)[head.topology.multipie[[still, moving]]]
        assert float(moved[0]) < 0.35 * float(moved[1]), name


def test_lips_that_are_pressed_go_in_and_the_corners_stay(posed: tuple[Head, Tensor]) -> None:
    """AU24; corners that rise make a smile of it."""
    head, shapes = posed
    both = sum(shapes[ARKIT_SHAPES.index(f"mouthPress{side}")] for side in ("Left", "Right"))
    corner, upper, lower = (both[head.topology.multipie[index]] / MM for index in (54, 51, 57))
    assert abs(float(corner[2])) < 2.0
    assert float(upper[2]) < -1.0
    assert float(lower[2]) > 1.5


def test_a_sneer_lifts_the_lip_and_not_its_corner(posed: tuple[Head, Tensor]) -> None:
    """AU9 and AU10; a corner that rises as far makes a grin of disgust."""
    head, shapes = posed
    for name in ("noseSneerLeft", "mouthUpperUpLeft"):
        corner, lip = (float(shapes[ARKIT_SHAPES.index(name), head.topology.multipie[index], 2]) for index in (54, 52))
        assert corner < 0.7 * lip, name


def test_an_opened_jaw_lends_no_bulge_to_other_shapes(posed: tuple[Head, Tensor]) -> None:
    """What jawOpen leaves before the teeth is made up for there, not in each shape that parts the lips."""
    head, shapes = posed
    near = (head.vertices - head.vertices[head.topology.multipie[54]]).norm(dim=1) < 20 * MM
    upper = head.vertices[:, 2] > float(head.vertices[head.topology.multipie[54], 2]) + 6 * MM
    skin = slice(*head.topology.part("skin").vertices)
    moved = shapes[ARKIT_SHAPES.index("mouthLowerDownLeft"), skin][(near & upper)[skin]]
    assert float(moved.norm(dim=1).max()) < 1.0 * MM
