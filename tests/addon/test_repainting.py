"""Maps that follow a stack of edits in Blender, with a backend that answers when the test says so."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from tests.addon.test_scene_patching import image_of, pixels


class Backend:
    """A session whose answers come when a test puts them in."""

    def __init__(self):
        from dreamface_addon.link import BackendState

        self.state = BackendState.READY
        self.asked, self.answers = [], []
        self.repaint_refused = self.problem = ""
        self.slow = False

    def repaint(self, face_id, record, shown, offset, files):
        self.asked.append((record["edits"], shown))

    def take_painted(self):
        return self.answers.pop(0) if self.answers else None

    def cannot_repaint(self, face_id):
        return self.slow

    def forget_large(self, face_id):
        pass

    def answer(self, value):
        """Answer the last question with a square of that brightness."""
        from dreamface_addon.live import Painted

        edits, shown = self.asked[-1]
        window = np.full((4, 4, 3), value, np.uint8)
        arrays = {"skin/albedo": window, "skin/albedo/at": np.zeros(2, np.int32)}
        self.answers.append(Painted("face-1", edits, shown, arrays))


@dataclass
class Making:
    made: list[Any] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    is_busy: bool = False

    def is_making(self, face_id):
        return self.is_busy

    def make_whole(self, skin):
        self.made.append(skin)
        self.is_busy = True

    def leave_whole(self, face_id):
        self.left.append(face_id)


class Setup:
    def start_if_needed(self):
        pass

    def why_no_backend(self):
        return ""


@pytest.fixture
def backend():
    return Backend()


@pytest.fixture
def making():
    return Making()


@pytest.fixture
def part(backend, making):
    from dreamface_addon.repainting import Repainting

    return Repainting(backend, Setup(), making, lambda: None)


@pytest.fixture
def skin(imported):
    return imported.skin


@pytest.fixture
def clock(monkeypatch):
    """Time goes by only when a test says so."""
    from dreamface_addon import repainting

    now = [100.0]
    monkeypatch.setattr(repainting.time, "monotonic", lambda: now[0])
    return now


def edit(strength=1.0, **fields):
    return {"id": "a", "kind": "words", "label": "a scar", "strength": strength, "visible": True,
            "place": {"regions": ["nose"]}} | fields  # fmt: skip


def change(part, skin, *entries):
    from dreamface_addon import scene

    scene.set_stack(skin, entries)
    part.look_at(skin)
    part.tick()


def corner(skin):
    return round(float(pixels(image_of(skin, "albedo"))[1, 1, 0]) * 255)


def test_a_change_is_asked_for_and_put_into_the_images(part, backend, skin, clock):
    change(part, skin, edit(0.5))
    assert [entry["strength"] for entry in backend.asked[-1][0]] == [0.5] and backend.asked[-1][1] == []
    part.tick()
    assert len(backend.asked) == 1, "asked once"
    backend.answer(77)
    part.tick()
    assert corner(skin) == 77 and not part.is_behind(skin)
    change(part, skin, edit(1.0))
    wanted, shown = backend.asked[-1]
    assert wanted[0]["strength"] == 1.0 and shown[0]["strength"] == 0.5, "from what the images show"


def test_an_answer_to_what_is_no_longer_shown_is_asked_again(part, backend, skin, clock):
    change(part, skin, edit(0.5))
    change(part, skin, edit(0.6))
    backend.answer(60)
    part.tick()
    assert corner(skin) == 60
    first = backend.asked[0]
    backend.asked.append(first)
    backend.answer(50)  # late, from a stack without edits
    part.tick()
    assert corner(skin) == 60 and not part.is_behind(skin)


def test_the_folder_is_made_once_nothing_changes(part, backend, making, skin, clock):
    change(part, skin, edit(0.5))
    backend.answer(77)
    part.tick()
    clock[0] += 1.0
    part.tick()
    assert making.made == []
    clock[0] += 1.5
    part.tick()
    assert making.made == [skin]
    change(part, skin, edit(0.7))
    assert making.left[-1] == "face-1", "what is being made is out of date"


def test_a_folder_that_comes_ends_it(part, backend, making, skin, clock):
    change(part, skin, edit(0.5))
    backend.answer(77)
    part.tick()
    clock[0] += 3.0
    part.tick()
    skin["dreamface_built_edits"] = skin["dreamface_edits"]
    making.is_busy = False
    part.came_in(skin)
    part.tick()
    clock[0] += 3.0
    part.tick()
    assert making.made == [skin] and not part.active


def test_an_old_engine_makes_the_folder_at_once(part, backend, making, skin, clock):
    backend.slow = True
    change(part, skin, edit(0.5))
    clock[0] += 0.5
    part.tick()
    assert backend.asked == [] and making.made == [skin]


def test_a_folder_that_cannot_be_made_is_not_made_again_and_again(part, backend, making, skin, clock):
    backend.slow = True
    change(part, skin, edit(0.5))
    clock[0] += 0.5
    part.tick()
    making.is_busy = False  # it has failed
    for _ in range(3):
        clock[0] += 5.0
        part.tick()
    assert making.made == [skin]
    change(part, skin, edit(0.6))
    clock[0] += 0.5
    part.tick()
    assert making.made == [skin, skin]


def test_a_refusal_is_said_until_something_changes(part, backend, skin, clock):
    change(part, skin, edit(0.5))
    backend.repaint_refused = "There is no region called nose."
    part.tick()
    backend.repaint_refused = ""
    part.tick()
    assert part.problem == "There is no region called nose." and len(backend.asked) == 1
    change(part, skin, edit(0.6))
    assert part.problem == "" and len(backend.asked) == 2


def test_undo_brings_back_what_the_files_show(part, backend, skin, clock, bpy):
    from dreamface_addon import scene

    before = corner(skin)
    change(part, skin, edit(0.5))
    backend.answer(77)
    part.tick()
    image_of(skin, "albedo").reload()  # as undo does it
    scene.set_stack(skin, [])
    part.follow_all()
    assert corner(skin) == before and not part.is_behind(skin)
    scene.set_stack(skin, [edit(0.5)])
    part.follow_all()
    part.tick()
    assert backend.asked[-1][1] == [], "asked from what the files show"


def test_a_saved_file_knows_what_its_images_show(part, backend, skin, clock, bpy, tmp_path):
    from dreamface_addon import scene

    change(part, skin, edit(0.5))
    backend.answer(77)
    part.tick()
    part.before_save()
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "head.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "head.blend"))
    part.file_opened()
    again = scene.find_face("face-1")
    assert corner(again) == 77 and not part.is_behind(again) and not part.is_whole(again)
    assert json.loads(again["dreamface_shown_edits"])[0]["strength"] == 0.5


def test_names_and_eyes_cost_nothing(part, backend, skin, clock):
    change(part, skin, edit(1.0, visible=False, label="one"))
    assert backend.asked == [] and not part.active


def test_a_head_that_is_gone_is_forgotten(part, backend, skin, clock, bpy):
    change(part, skin, edit(0.5))
    bpy.data.objects.remove(skin)
    backend.answer(77)
    part.tick()
    assert not part.active
