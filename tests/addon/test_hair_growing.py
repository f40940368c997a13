"""Hair that follows its traits in Blender, with a backend that answers when the test says so."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from tests.addon.faces import POINTS, groom_entry, guides_on, read, with_hair

REGIONS = ("scalp", "brows")


class Backend:
    """A session whose answers come when a test puts them in."""

    def __init__(self):
        from dreamface_addon.link import BackendState

        self.state = BackendState.READY
        self.asked, self.answers = [], []
        self.reshape_refused = self.grow_refused = self.problem = ""
        self.jobs, self.submitted = [], []

    def take_hair(self):
        return self.answers.pop(0) if self.answers else None

    def take_shape(self):
        return None

    def grow(self, *question):
        self.asked.append(question)

    def reshape(self, *question):
        pass

    def submit(self, kind, request, tag, files):
        self.submitted.append((kind, request, tag))

    def forget_call_problem(self):
        pass


class Setup:
    def start_if_needed(self):
        pass

    def why_no_backend(self):
        return ""


@pytest.fixture(scope="module")
def hairy_folder(face_folder, tmp_path_factory):
    path = shutil.copytree(face_folder, tmp_path_factory.mktemp("hair") / "ada")
    return with_hair(path, *REGIONS)


@pytest.fixture
def skin(scene, hairy_folder):
    from dreamface_addon.placing import place

    return place(hairy_folder).skin


@pytest.fixture
def backend(bpy):
    return Backend()


@pytest.fixture
def parts(backend, monkeypatch):
    """Following and Growing, as the application puts them together; nothing waits for sliders to rest."""
    from dreamface_addon import growing, shaping

    monkeypatch.setattr(growing, "QUIET", -1.0)
    monkeypatch.setattr(growing, "REST", -1.0)
    hair = growing.Growing(backend, Setup(), lambda: None)
    return shaping.Following(backend, Setup(), lambda: None, hair.look_at), hair


@pytest.fixture
def growing(parts):
    return parts[1]


def answer(backend, hairy_folder, question=-1):
    """Have the hair come that was asked for: as it has grown in the folder."""
    from dreamface_addon.live import Hair

    face_id, _, _, traits, _, regions = backend.asked[question]
    there = [region for region in regions if region in REGIONS]
    arrays = {name: values for region in there for name, values in guides_on(hairy_folder, region).items()}
    backend.answers.append(Hair(face_id, dict(traits), tuple(regions), [groom_entry(name) for name in there], arrays))


def duplicate(bpy, skin):
    """What Shift+D does to a whole head."""
    bpy.ops.object.select_all(action="SELECT")
    bpy.context.view_layer.objects.active = skin
    bpy.ops.object.duplicate()
    return bpy.context.view_layer.objects.active


def guides(skin, region="scalp"):
    from dreamface_addon.scene import hair_of

    return read(hair_of(skin)[region].data.position_data, "vector", 3).reshape(-1, POINTS, 3)


def comb(skin, region="scalp"):
    from dreamface_addon.scene import hair_of

    points = guides(skin, region)
    points[:, 1:, 0] += 0.01
    hair_of(skin)[region].data.position_data.foreach_set("vector", points.reshape(-1))


def set_trait(skin, name, value):
    from dreamface_addon import shaping
    from dreamface_addon.vocabulary import TRAITS

    shaping.set_value(skin, TRAITS[name], value)


def test_grow_on_a_duplicate_leaves_the_original_as_it_is_combed(bpy, skin, growing, backend, hairy_folder):
    from dreamface_addon.scene import FACE_ID, edited_hair

    comb(skin)
    combed, face_id = guides(skin), skin[FACE_ID]
    copy = duplicate(bpy, skin)
    growing.grow(copy, label="Grow Hair")
    growing.tick()
    assert skin[FACE_ID] == face_id != copy[FACE_ID] == backend.asked[0][0]
    assert growing.is_growing(copy) and not growing.is_growing(skin)
    answer(backend, hairy_folder)
    growing.tick()
    assert edited_hair(skin) == ["scalp"] and edited_hair(copy) == []
    np.testing.assert_array_equal(guides(skin), combed)


def test_a_copy_made_while_its_original_grows_is_another_head(bpy, skin, parts, backend):
    from dreamface_addon.scene import FACE_ID

    following, growing = parts
    growing.grow(skin)
    set_trait(skin, "nose.bridge_width", 0.5)
    following.follow(skin)
    copy = duplicate(bpy, skin)
    assert not growing.is_growing(copy)
    growing.grow(copy)
    assert copy[FACE_ID] != skin[FACE_ID] and growing.is_growing(copy)
    another = duplicate(bpy, skin)
    set_trait(another, "nose.bridge_width", 0.7)
    following.follow(another)
    assert len({head[FACE_ID] for head in (skin, copy, another)}) == 3


def test_a_style_on_a_duplicate_grows_where_its_hair_was_deleted(bpy, skin, growing, backend):
    from dreamface_addon.scene import FACE_ID, hair_of
    from dreamface_addon.styling import Styling

    class Styles:
        def find(self, region, value):
            return None

    copy = duplicate(bpy, skin)
    bpy.data.objects.remove(hair_of(copy)["scalp"])
    Styling(Styles(), growing, None, Setup()).choose(copy, "scalp", "bob")
    growing.tick()
    assert [question[0] for question in backend.asked] == [copy[FACE_ID]] != [skin[FACE_ID]]


def test_cards_of_a_duplicate_come_to_the_duplicate(bpy, skin, backend):
    from dreamface_addon.carding import Carding
    from dreamface_addon.scene import FACE_ID, find_face

    copy = duplicate(bpy, skin)
    Carding(backend, lambda sentence: None, lambda: None).make(copy, 0, 512)
    ((_, request, tag),) = backend.submitted
    assert find_face(tag) == copy and request["face"]["face_id"] == tag != skin[FACE_ID]


def test_undo_withdraws_a_grow_that_has_not_come(bpy, skin, growing, backend, hairy_folder):
    from dreamface_addon.scene import FACE_ID, edited_hair, find_face

    bpy.ops.ed.undo_push(message="made")
    comb(skin)
    bpy.ops.ed.undo_push(message="combed")
    combed, face_id = guides(skin), skin[FACE_ID]
    bpy.data.objects.new("cube", None)
    bpy.ops.ed.undo_push(message="something else")
    growing.grow(skin, label="Grow Hair")
    growing.tick()
    bpy.ops.ed.undo()
    growing.follow_all()
    answer(backend, hairy_folder)
    growing.tick()
    skin = find_face(face_id)
    assert edited_hair(skin) == ["scalp"]
    np.testing.assert_array_equal(guides(skin), combed)
    assert not growing.is_growing(skin)


def test_undo_withdraws_a_grow_of_deleted_hair(bpy, skin, growing, backend, hairy_folder):
    from dreamface_addon.scene import deleted_hair, hair_of

    bpy.data.objects.remove(hair_of(skin)["scalp"])
    growing.grow(skin, label="Grow Hair")
    growing.tick()
    growing.follow_all()
    set_trait(skin, "hair.melanin", 0.123)
    answer(backend, hairy_folder)
    growing.look_at(skin)
    growing.tick()
    assert deleted_hair(skin) == ["scalp"]


def test_the_application_withdraws_it_at_undo_and_redo(bpy, monkeypatch):
    from dreamface_addon import application

    handlers = {name: handler for name, handler in application._HANDLERS if name in ("undo_post", "redo_post")}
    called = []

    class Part:
        def follow_all(self):
            called.append(self)

    class Parts:
        following, growing = Part(), Part()

    monkeypatch.setattr(application, "_application", Parts())
    for handler in handlers.values():
        handler()
    assert called == [Parts.following, Parts.growing] * 2
