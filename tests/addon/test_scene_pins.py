"""Pins in the scene: a head that follows points in its photographs, and is kept, put back and undone."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from dreamface import folder
from tests.addon.faces import vertices
from tests.support import synthetic_face

SHOT = {
    "size": [400, 500], "focal": 2.2, "rotation": np.eye(3).tolist(), "position": [0.0, 0.9, -0.3],
    "expression": {"jawOpen": 0.5},
}  # fmt: skip
POINTS = (3, 11)  # vertices


@pytest.fixture(scope="module")
def face_folder(tmp_path_factory):
    made = synthetic_face("face-pins")
    history = ({"from": "photograph", "photographs": [SHOT], "person": [], "notes": []},)
    face = replace(made, record=replace(made.record, history=history))
    return folder.save(face, tmp_path_factory.mktemp("pins") / "face")


class Engine:
    """What answers: it moves the whole head by what the first pin lies off the middle of the photograph."""

    def __init__(self, state):
        self.state, self.problem, self.follow_refused = state, "", ""
        self.asked, self.answers, self.count = [], [], 0

    def follow_pins(self, face_id, head, history, pins=None):
        self.asked.append((history, pins))
        self.answers.append((face_id, pins))

    def take_pinned(self):
        if not self.answers:
            return None
        face_id, pins = self.answers.pop(0)
        arrays = {
            "names": np.array(["nose.tip", "chin"]), "points": np.array([4, 152]), "vertices": np.array(POINTS),
            "offsets": np.zeros((2, 3), np.float32),
        }  # fmt: skip
        if pins is None:
            return SimpleNamespace(face_id=face_id, request={"pins": None}, arrays=arrays, step={})
        across = pins[0]["at"][0] - 0.5 if pins else 0.0
        moved = np.zeros((self.count, 3), np.float32)
        moved[:] = (0.01 * across, 0.0, 0.0)
        shot = SHOT | {"position": [0.002, 0.9, -0.3], "expression": {"jawOpen": 0.25}}
        said = [{name: pin[name] for name in ("photograph", "point", "at")} for pin in pins]
        step = {"from": "pins", "pins": said, "values": [], "photographs": [shot]}
        return SimpleNamespace(face_id=face_id, request={"pins": pins}, arrays=arrays | {"moved": moved}, step=step)

    def forget_pins(self):
        self.answers.clear()


@pytest.fixture
def ours(bpy):
    from dreamface_addon import scene as ours

    return ours


@pytest.fixture
def skin(scene, face_folder, ours):
    skin = ours.import_face(face_folder).skin
    ours.look_through_photograph(skin, 0, scene)
    return skin


@pytest.fixture
def engine(skin):
    from dreamface_addon.link import BackendState

    engine = Engine(BackendState.READY)
    engine.count = skin["dreamface_vertices"]
    return engine


@pytest.fixture
def pinning(engine):
    from dreamface_addon.pinning import Pinning

    setup = SimpleNamespace(why_no_backend=lambda: "", start_if_needed=lambda: "")
    return Pinning(engine, setup, lambda: None)


@pytest.fixture
def begun(pinning, skin, scene):
    assert pinning.why_not(skin, scene) == ""
    pinning.begin(skin, scene)
    pinning.tick()
    assert pinning.is_ready
    return pinning


def frame(ours):
    return ours.PhotographFrame(100.0, 50.0, 500.0, 550.0)


def steps(skin):
    return [step["from"] for step in json.loads(skin["dreamface_history"])]


def test_a_point_is_dragged_and_the_head_follows(begun, skin, ours, engine, scene):
    before, camera = vertices(skin), scene.camera.matrix_world.copy()
    assert skin.data.shape_keys.key_blocks["jawOpen"].value == pytest.approx(0.5)  # as in the photograph
    begun.take(0)
    assert begun.drag((0.7, 0.4)) and begun.is_following
    begun.drop()
    begun.tick()
    assert not begun.is_following
    _, (pin,) = engine.asked[-1]
    assert (pin["photograph"], pin["point"], pin["at"]) == (1, 4, [0.7, 0.4])
    assert np.allclose(vertices(skin) - before, (0.002, 0.0, 0.0), atol=1e-6)
    assert skin.data.shape_keys.key_blocks["jawOpen"].value == pytest.approx(0.25)
    assert scene.camera.matrix_world != camera
    assert ours.pins_of(skin) == {(0, 4): (0.7, 0.4)}
    begun.keep()
    assert begun.kept and not begun.is_on
    assert steps(skin) == ["photograph", "pins"]
    assert skin.data.shape_keys.key_blocks["jawOpen"].value == 0.0  # the head is at rest again
    assert ours.shots_of(skin)[0].expression == {"jawOpen": 0.25}


def test_enter_right_after_a_drag_keeps_that_drag_too(begun, skin, ours):
    begun.take(0)
    begun.drag((0.7, 0.4))
    begun.drop()
    begun.keep()
    begun.tick()
    assert begun.kept and not begun.is_on
    assert ours.pins_of(skin) == {(0, 4): (0.7, 0.4)}


@pytest.mark.parametrize("is_refused", [True, False])
def test_what_never_comes_does_not_hold_enter_up(begun, engine, skin, is_refused):
    begun.take(0)
    begun.drag((0.7, 0.4))
    engine.answers.clear()
    engine.follow_refused = "The engine is busy: try again." if is_refused else ""
    begun.keep()
    begun.tick()
    assert begun.is_on is not is_refused
    begun.keep()
    assert not (begun.is_on or begun.kept) and steps(skin) == ["photograph"]


def test_it_is_put_back(begun, skin, scene):
    before, camera = vertices(skin), scene.camera.matrix_world.copy()
    begun.take(0)
    begun.drag((0.9, 0.4))
    begun.tick()
    begun.put_back()
    assert not (begun.kept or begun.is_on)
    assert np.abs(vertices(skin) - before).max() < 1e-6
    assert steps(skin) == ["photograph"]
    assert np.abs(np.array(scene.camera.matrix_world) - np.array(camera)).max() < 1e-6
    assert skin.data.shape_keys.key_blocks["jawOpen"].value == 0.0


def test_esc_during_a_drag_takes_back_that_drag_alone(begun, skin, ours):
    begun.take(0)
    begun.drag((0.7, 0.4))
    begun.drop()
    begun.take(1)
    begun.drag((0.5, 0.6))
    begun.leave()
    begun.tick()
    assert begun.is_on and ours.pins_of(skin) == {(0, 4): (0.7, 0.4)}
    begun.leave()
    assert not begun.is_on and ours.pins_of(skin) == {}


def test_the_head_waits_while_its_mesh_is_edited(bpy, begun, skin, ours):
    bpy.context.view_layer.objects.active = skin
    begun.take(0)
    begun.drag((0.7, 0.4))
    bpy.ops.object.mode_set(mode="EDIT")
    begun.tick()
    assert begun.is_following and steps(skin) == ["photograph"]
    bpy.ops.object.mode_set(mode="OBJECT")
    begun.tick()
    assert ours.pins_of(skin) == {(0, 4): (0.7, 0.4)}


def test_the_expression_of_another_photograph_gives_way(begun, skin, scene, ours):
    from dreamface_addon.expressions import ARKIT_SHAPES

    begun.put_back()
    (step,) = json.loads(skin["dreamface_history"])
    other = SHOT | {"expression": {"jawOpen": 0.9}}
    skin["dreamface_history"] = json.dumps([step | {"photographs": [SHOT, other]}])
    ours.wear_photograph(skin, 1, ARKIT_SHAPES)
    begun.begin(skin, scene)
    assert skin.data.shape_keys.key_blocks["jawOpen"].value == pytest.approx(0.5)


def test_what_was_sculpted_and_other_keys_stay(begun, skin, scene, ours, engine):
    begun.put_back()
    keys = skin.data.shape_keys
    own = skin.shape_key_add(name="My own", from_mix=False)
    own.data[5].co.x += 0.01
    for point in (keys.reference_key.data[7], skin.data.vertices[7]):
        point.co.z += 0.02
    jaw, mine = (
        np.array(keys.key_blocks[name].data[5].co) - keys.reference_key.data[5].co for name in ("jawOpen", "My own")
    )
    begun.begin(skin, scene)
    begun.tick()
    begun.take(1)
    begun.drag((0.6, 0.6))
    begun.tick()
    begun.keep()
    for name, kept in (("jawOpen", jaw), ("My own", mine)):
        now = np.array(keys.key_blocks[name].data[5].co) - keys.reference_key.data[5].co
        assert np.allclose(now, kept, atol=1e-6)
    assert ours.sculpted_distance(skin) == pytest.approx(20.0, abs=0.5)


def test_pins_are_taken_off_and_back(begun, skin, engine, ours):
    begun.take(0)
    begun.drag((0.7, 0.4))
    begun.drop()
    begun.tick()
    begun.take(1)
    begun.drag((0.5, 0.6))
    begun.drop()
    begun.tick()
    begun.release(0)
    begun.tick()
    assert set(ours.pins_of(skin)) == {(0, 152)}
    begun.take_back()
    begun.tick()
    assert set(ours.pins_of(skin)) == {(0, 4), (0, 152)}
    begun.take_back()
    begun.take_back()
    begun.tick()
    assert ours.pins_of(skin) == {}
    begun.take_back()  # there is nothing before that
    begun.take(0)
    begun.drop()  # a click without a drag makes no pin
    begun.tick()
    assert ours.pins_of(skin) == {}


def test_the_mouse_takes_the_nearest_point_that_is_seen(begun, ours):
    board = begun._board
    places = board.head.in_photograph(0)
    board.facing = np.array([True, False])
    near = frame(ours).to_region(places[0])
    assert begun.hover((near[0] + 3.0, near[1] - 2.0), frame(ours)) == 0
    assert begun.hover((near[0] + 40.0, near[1]), frame(ours)) is None
    assert frame(ours).to_photograph(near) == pytest.approx(places[0])


def test_a_point_that_is_taken_beside_its_middle_does_not_jump(begun, ours):
    board = begun._board
    across, down = board.head.in_photograph(0)[0]
    board.facing = np.array([True, True])
    begun.take(0, (across + 0.02, down - 0.01))
    begun.drag((across + 0.02, down - 0.01))
    assert board.pins[0, 4] == pytest.approx((across, down))
    begun.drag((across + 0.05, down - 0.01))
    assert board.pins[0, 4] == pytest.approx((across + 0.03, down))


def test_a_head_or_camera_that_goes_ends_it(bpy, begun, skin, scene, ours, pinning):
    ours.look_as_before(scene)
    begun.tick()
    assert not begun.is_on
    assert "View Through Photo" in pinning.why_not(skin, scene)
    ours.look_through_photograph(skin, 0, scene)
    pinning.begin(skin, scene)
    pinning.tick()
    pinning.take(0)
    pinning.drag((0.9, 0.9))
    bpy.data.objects.remove(skin)
    pinning.tick()
    assert not pinning.is_on
    pinning.keep()
    pinning.put_back()


def test_a_part_that_is_deleted_in_the_middle_of_a_drag_does_not_hold_the_head_up(bpy, begun, skin, scene):
    begun.take(0)
    begun.drag((0.7, 0.4))
    part = next(child for child in skin.children_recursive if child.type == "MESH")
    bpy.data.objects.remove(part)
    before = vertices(skin)
    begun.tick()
    assert begun.problem == "" and np.abs(vertices(skin) - before).max() > 1e-3
    begun.put_back()
    assert np.abs(vertices(skin) - before).max() < 1e-6 and steps(skin) == ["photograph"]


def test_a_file_that_is_saved_in_the_middle_of_a_drag_has_the_head_at_rest(begun, skin, monkeypatch, ours):
    settled = []
    monkeypatch.setattr(ours.PinnedHead, "settle", lambda head: settled.append(head))
    jaw = skin.data.shape_keys.key_blocks["jawOpen"]
    begun.take(0)
    begun.drag((0.7, 0.4))
    begun.tick()
    begun.before_save()
    assert jaw.value == 0.0 and len(settled) == 1 and steps(skin) == ["photograph", "pins"]
    begun.tick()
    assert jaw.value == pytest.approx(0.25)
    begun.keep()
    assert jaw.value == 0.0


def test_looking_elsewhere_keeps_what_was_dragged_as_a_step_of_undo(begun, skin, ours, scene, monkeypatch):
    settled = []
    monkeypatch.setattr(ours.PinnedHead, "settle", lambda head: settled.append(head))
    begun.take(0)
    begun.drag((0.9, 0.4))
    begun.drop()
    begun.tick()
    ours.look_as_before(scene)
    begun.tick()
    assert not begun.is_on and begun.kept and len(settled) == 1
    assert steps(skin) == ["photograph", "pins"]
    assert skin.data.shape_keys.key_blocks["jawOpen"].value == 0.0


def test_undo_from_the_menu_ends_it_and_leaves_alone_what_undo_has_brought_back(begun, skin, engine):
    begun.take(0)
    begun.drag((0.9, 0.4))
    before = vertices(skin)
    begun.after_undo()
    assert not (begun.is_on or begun.kept or engine.answers)
    begun.tick()
    assert np.array_equal(vertices(skin), before) and steps(skin) == ["photograph"]


def test_a_refusal_is_said_and_pins_can_still_be_dragged(begun, engine, skin):
    begun.take(0)
    begun.drag((0.9, 0.9))
    engine.answers.clear()
    engine.follow_refused = "A pin lies far outside of its photograph: give its place in the picture."
    begun.tick()
    assert "far outside" in begun.problem and begun.is_ready
    engine.follow_refused = ""
    begun.drag((0.7, 0.5))
    begun.tick()
    assert steps(skin) == ["photograph", "pins"] and begun.problem == ""


def test_an_answer_that_does_not_fit_changes_nothing(begun, engine, skin):
    before = vertices(skin)
    engine.count = 5
    begun.take(0)
    begun.drag((0.9, 0.9))
    begun.tick()
    assert "does not fit" in begun.problem and not begun.is_following
    assert np.array_equal(vertices(skin), before) and steps(skin) == ["photograph"]


def test_clearing_what_was_sculpted_forgets_pins(begun, skin, ours):
    begun.take(0)
    begun.drag((0.9, 0.4))
    begun.tick()
    begun.keep()
    ours.clear_sculpted(skin)
    assert steps(skin) == ["photograph"] and ours.pins_of(skin) == {}
