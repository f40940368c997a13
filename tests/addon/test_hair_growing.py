"""Hair that follows its traits in Blender, with a backend that answers when the test says so."""

from __future__ import annotations

import json
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
        self.asked, self.answers, self.shapes = [], [], []
        self.reshape_refused = self.grow_refused = self.problem = ""
        self.jobs, self.submitted = [], []

    def take_hair(self):
        return self.answers.pop(0) if self.answers else None

    def take_shape(self):
        return self.shapes.pop(0) if self.shapes else None

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

    def why_offline(self):
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

    face_id, _, _, traits, _, regions, _ = backend.asked[question]
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
    assert find_face(tag.face_id) == copy
    assert request["face"]["face_id"] == tag.face_id != skin[FACE_ID]


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

        put_back_all = after_undo = follow_all

    class Parts:
        following, growing, repainting, marking, pinning, animating, living = (Part() for _ in range(7))

    monkeypatch.setattr(application, "_application", Parts())
    for handler in handlers.values():
        handler()
    parts = [Parts.following, Parts.growing, Parts.repainting, Parts.marking, Parts.pinning]
    assert called == [*parts, Parts.animating, Parts.living] * 2


def scale_and_apply(bpy, skin):
    """What Ctrl+A does after a head was made ten times as large."""
    skin.scale = (10.0, 10.0, 10.0)
    bpy.ops.object.select_all(action="SELECT")
    bpy.context.view_layer.objects.active = skin
    bpy.ops.object.transform_apply(location=False, rotation=False, scale=True)


def test_a_head_with_an_applied_scale_is_not_grown_and_says_why(bpy, skin, parts, backend, hairy_folder):
    following, growing = parts
    growing.grow(skin)
    growing.tick()
    scale_and_apply(bpy, skin)
    large = guides(skin)
    answer(backend, hairy_folder)
    growing.tick()
    assert "The scale of" in growing.problem and "Ctrl+Z" in growing.problem and not growing.active
    growing.dismiss_messages()
    growing.grow(skin, label="Grow Hair")
    assert "The scale of" in growing.problem and not growing.active
    growing.dismiss_messages()
    set_trait(skin, "hair.length", 0.9)
    following.follow(skin)
    for _ in range(3):
        following.tick()
        growing.tick()
    assert "The scale of" in growing.problem, "the hair does not follow its slider, and nobody has combed it"
    assert len(backend.asked) == 1
    np.testing.assert_array_equal(guides(skin), large)


def give_up(skin, parts, backend, bridge=0.5):
    """Move a slider of the head's shape whose head the backend refuses."""
    following, growing = parts
    set_trait(skin, "nose.bridge_width", bridge)
    following.follow(skin)
    for refused in ("", "The head model is not installed.", ""):
        backend.reshape_refused = refused
        following.tick()
        growing.tick()


def wired(parts):
    following, growing = parts
    growing._moves = following.is_following
    return parts


def test_hair_does_not_wait_for_a_mesh_that_was_given_up(skin, parts, backend):
    following, growing = wired(parts)
    give_up(skin, parts, backend)
    assert "not installed" in following.problem
    assert not growing.active and not growing.is_growing(skin) and backend.asked == []


def test_hair_follows_its_own_sliders_on_a_mesh_that_was_given_up(skin, parts, backend, hairy_folder):
    from dreamface_addon.growing import stale_regions

    _, growing = wired(parts)
    bridge = json.loads(skin["dreamface_traits"]).get("nose.bridge_width")
    give_up(skin, parts, backend)
    set_trait(skin, "hair.length", 0.9)
    give_up(skin, parts, backend)
    ((_, _, _, traits, _, regions, _),) = backend.asked
    assert regions == ["scalp"]
    assert traits["hair.length"]["value"] == 0.9
    assert traits.get("nose.bridge_width") == bridge, "it is rooted in the mesh as it is"
    answer(backend, hairy_folder)
    growing.tick()
    growing.tick()
    assert not growing.active and len(backend.asked) == 1
    assert "brows" in stale_regions(skin), "it follows the shape when the mesh does"


def test_hair_does_not_wait_in_the_application_either(bpy, skin, backend, monkeypatch):
    from dreamface_addon import application

    monkeypatch.setattr(application.installation, "settings", lambda: None)
    monkeypatch.setattr(application, "Session", lambda settings: backend)
    monkeypatch.setattr(application, "SettingUp", lambda session, wake: Setup())
    monkeypatch.setattr(application, "wake", lambda: None)
    app = application.Application()
    give_up(skin, (app.following, app.growing), backend)
    assert "not installed" in app.following.problem and not app.growing.active


def test_a_head_older_than_hair_stays_without_it_until_it_is_asked_for(skin, parts, backend, hairy_folder):
    from dreamface_addon import growing as module
    from dreamface_addon import shaping
    from dreamface_addon.scene import hair_of, mark_shown

    following, growing = parts
    bare = dict(hair_of(skin))
    make_older(skin)
    assert bare and not hair_of(skin)

    def move(name, value):
        set_trait(skin, name, value)
        following.follow(skin)
        mark_shown(skin, shaping.shape_digest(shaping.traits_of(skin), exact=True))
        for _ in range(3):
            following.tick()
            growing.tick()

    move("nose.bridge_width", 0.5)
    move("age", 61.0)
    assert backend.asked == [] and not growing.active
    move("hair.length", 0.9)
    assert [question[5] for question in backend.asked] == [["scalp"]]
    answer(backend, hairy_folder)
    growing.tick()
    assert list(hair_of(skin)) == ["scalp"] and module.stale_regions(skin) == []
    move("nose.bridge_width", -0.5)
    assert [question[5] for question in backend.asked] == [["scalp"]] * 2, "from now on it follows the shape"
    answer(backend, hairy_folder)
    growing.tick()
    growing.grow(skin)
    answer(backend, hairy_folder)
    growing.tick()
    growing.tick()
    assert backend.asked[2][5] == ["scalp", "beard", "brows", "lashes"]


def make_older(skin):
    """What a head is in a file of a version that knew no hair."""
    import bpy

    from dreamface_addon.scene import hair_of

    for object_ in hair_of(skin).values():
        bpy.data.objects.remove(object_)
    del skin["dreamface_bare"]


def test_a_folder_older_than_hair_brings_none_with_a_slider(scene, face_folder, tmp_path, parts, backend):
    from dreamface_addon import shaping
    from dreamface_addon.placing import place
    from dreamface_addon.scene import mark_shown
    from tests.addon.faces import edit_document

    path = shutil.copytree(face_folder, tmp_path / "old")
    edit_document(path, lambda document: document.pop("groom", None))
    skin = place(path).skin
    set_trait(skin, "nose.bridge_width", 0.5)
    following, growing = parts
    following.follow(skin)
    mark_shown(skin, shaping.shape_digest(shaping.traits_of(skin), exact=True))
    following.tick()
    growing.tick()
    assert backend.asked == [] and not growing.active


def test_a_tick_looks_at_the_scene_once(skin, growing, backend, monkeypatch):
    from dreamface_addon import growing as module
    from dreamface_addon.scene import hair, records

    counted = {"hair": 0, "marks": 0}
    find, marks = records.hair_of, module.wanted_marks

    def hair_of(skin):
        counted["hair"] += 1
        return find(skin)

    def wanted_marks(traits):
        counted["marks"] += 1
        return marks(traits)

    for place in (module.scene, hair, records):
        monkeypatch.setattr(place, "hair_of", hair_of)
    monkeypatch.setattr(module, "wanted_marks", wanted_marks)
    set_trait(skin, "hair.length", 0.9)
    growing.look_at(skin)
    assert counted == {"hair": 1, "marks": 1}
    growing.tick()
    assert counted == {"hair": 2, "marks": 2} and len(backend.asked) == 1


def test_undoing_an_applied_scale_ends_what_is_said_of_it(bpy, skin, growing):
    bpy.ops.ed.undo_push(message="made")
    scale_and_apply(bpy, skin)
    bpy.ops.ed.undo_push(message="applied")
    growing.grow(skin)
    assert growing.problem
    bpy.ops.ed.undo()
    growing.follow_all()
    assert growing.problem == ""


def test_hair_does_not_wait_for_a_mesh_that_an_artist_has_cut(bpy, skin, parts, backend):
    from dreamface_addon import shaping
    from dreamface_addon.live import Shape
    from dreamface_addon.scene import FACE_ID, parts_of
    from tests.addon.faces import vertices

    following, growing = wired(parts)
    head = np.concatenate([vertices(part) for part in parts_of(skin)])
    skin.data.vertices.add(1)
    set_trait(skin, "nose.bridge_width", 0.5)
    following.follow(skin)
    growing.tick()
    assert growing.is_growing(skin)
    backend.shapes.append(Shape(skin[FACE_ID], shaping.traits_of(skin), {"vertices": head}))
    for _ in range(2):
        following.tick()
        growing.tick()
    assert "generate the face again" in following.problem
    assert not growing.active and not growing.is_growing(skin) and backend.asked == []
