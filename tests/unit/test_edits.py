"""An artist's edits: exact outside their place, alike at every strength, the same again from the folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from dreamface import folder, pipeline
from dreamface.edits import masks_of
from dreamface.errors import BadRequest
from dreamface.face import Face
from dreamface.groom import Surface, grow
from dreamface.hair import HairMark
from dreamface.pipeline import making, painting
from dreamface.record import EditEntry, Place, read_edits
from dreamface.skin import atlas_of, strand_colours
from dreamface.traits import Traits

SIZE = 512
CHEEK = Place(("left_cheek",))


@pytest.fixture(scope="module", autouse=True)
def quick() -> Iterator[None]:
    """Faces are made without previews, which edits of the skin do not change otherwise."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(making, "_portrait", lambda *_: torch.zeros(8, 8, 3))
        yield


@pytest.fixture(scope="module")
def face() -> Face:
    return pipeline.generate("a bald man of 40, clean shaven", seed=4, resolution=SIZE, head="anny")


@pytest.fixture(scope="module")
def other() -> Face:
    return pipeline.generate("an old African woman with a wide nose", seed=9, resolution=SIZE, head="anny")


def words(place: Place | None = CHEEK, strength: float = 1.0, id_: str = "a", **traits: object) -> EditEntry:
    return EditEntry(id_, "words", "", strength, True, place, Traits(traits))


def bruise(strength: float = 1.0, id_: str = "b") -> EditEntry:
    return EditEntry(id_, "words", "", strength, True, CHEEK, Traits(), {"effects": [{"name": "bruise"}]})


def edited(face: Face, *edits: EditEntry) -> Face:
    return pipeline.edit(face, {}, edits=edits)


def mask(face: Face) -> Tensor:
    """[SIZE, SIZE] how much of the cheek lies at each texel of the maps."""
    whole = masks_of(CHEEK, face.head, {})["skin"]
    return torch.nn.functional.interpolate(
        whole[None, None], size=(SIZE, SIZE), mode="bilinear", align_corners=False, antialias=True
    )[0, 0]


def changed(one: Face, two: Face, channel: str = "albedo") -> Tensor:
    return (one.maps["skin"][channel] != two.maps["skin"][channel]).any(dim=-1)


@pytest.mark.parametrize(
    "edit",
    [
        bruise(2.0),
        words(strength=2.0, **{"freckles.density": 1.0, "wrinkles.cheeks": 1.0, "skin.redness": 1.0}),
        words(**{"skin.metal": (0.9, 0.7, 0.2, 1.0)}),
        words(**{"age": 90.0, "skin.oiliness": 1.0, "vitiligo.coverage": 1.0}),
    ],
    ids=["effect", "marks", "metal", "age"],
)
def test_not_a_bit_changes_outside_the_place(face: Face, edit: EditEntry) -> None:
    outside = mask(face) == 0.0
    after = edited(face, edit)
    assert bool(changed(face, after).any())
    for channel, image in face.maps["skin"].items():
        if "wrinkle" in channel:  # of expressions: smaller maps, which edits of a place leave alone
            assert torch.equal(image, after.maps["skin"][channel]), channel
            continue
        # Normals are slopes: they look one texel further.
        reach = torch.nn.functional.max_pool2d((~outside).float()[None, None], 3, 1, 1)[0, 0] > 0.0
        left = ~reach if channel == "normal" else outside
        assert torch.equal(image[left], after.maps["skin"][channel][left]), channel


def test_strength_goes_evenly_from_nothing(face: Face) -> None:
    dark = [float(edited(face, bruise(strength)).maps["skin"]["albedo"].mean()) for strength in (0.0, 0.5, 1.0, 1.5)]
    assert dark[0] == float(face.maps["skin"]["albedo"].mean())
    assert dark == sorted(dark, reverse=True) and len(set(dark)) == len(dark)


def test_a_hidden_edit_does_nothing(face: Face) -> None:
    after = edited(face, replace(bruise(), visible=False))
    assert not bool(changed(face, after).any())


def test_what_lies_below_stays_under_skin_that_changes(face: Face) -> None:
    both = edited(face, bruise(), words(**{"skin.melanin": 0.9}))
    dark = edited(face, words(**{"skin.melanin": 0.9}))
    place = mask(face) > 0.9
    assert float((both.maps["skin"]["albedo"][place] / dark.maps["skin"]["albedo"][place]).mean()) < 0.9


def test_the_order_of_the_stack_counts(face: Face) -> None:
    gold = words(id_="g", **{"skin.metal": (0.9, 0.7, 0.2, 1.0)})
    one, two = edited(face, bruise(), gold), edited(face, gold, bruise())
    assert one.maps["skin"]["albedo"].shape == two.maps["skin"]["albedo"].shape
    assert [edit.id for edit in two.record.edits] == ["g", "b"]


def test_repainting_from_memory_is_painting_anew(face: Face) -> None:
    stack = (bruise(), words(**{"freckles.density": 1.0}))
    edited(face, *stack)
    quickly = edited(face, replace(stack[0], strength=0.4), stack[1])
    painting.painter.forget()
    anew = edited(face, replace(stack[0], strength=0.4), stack[1])
    for channel, image in anew.maps["skin"].items():
        assert torch.equal(image, quickly.maps["skin"][channel]), channel


def test_a_folder_gives_the_same_face_again(face: Face, tmp_path: Path) -> None:
    made = edited(face, bruise(0.7), words(None, 0.5, "w", age=80.0))
    folder.save(made, tmp_path / "face")
    loaded = folder.load(tmp_path / "face")
    assert loaded.record.edits == made.record.edits
    again = pipeline.rebuild(folder.read_document(tmp_path / "face"))
    assert all(torch.equal(again.maps["skin"][name], image) for name, image in made.maps["skin"].items())
    assert torch.equal(again.head.vertices, made.head.vertices)


# ------------------------------------------------------------------------------------------------------ the whole face


def test_a_change_of_the_whole_face_at_no_strength_is_the_same_face(face: Face) -> None:
    after = edited(face, words(None, 0.0, age=80.0, **{"nose.width": 2.0, "hair.style": "afro"}))
    assert torch.equal(after.head.vertices, face.head.vertices)
    assert not any(bool(changed(face, after, channel).any()) for channel in face.maps["skin"])
    assert after.groom.keys() == face.groom.keys()


def test_a_change_of_the_whole_face_goes_by_degree(face: Face) -> None:
    half, whole = (edited(face, words(None, strength, age=80.0)) for strength in (0.5, 1.0))
    assert (
        face.traits.number("age")
        < pipeline.shown_traits(half.record).number("age")
        < pipeline.shown_traits(whole.record).number("age")
        == 80.0
    )
    assert whole.traits.number("age") == face.traits.number("age"), "the sliders show the person without the edit"
    moved = [(one.head.vertices - face.head.vertices).norm(dim=1).mean() for one in (half, whole)]
    assert 0.0 < float(moved[0]) < float(moved[1])


def test_changes_of_the_whole_face_stack_and_go_singly(face: Face) -> None:
    old, wide = words(None, 1.0, "o", age=80.0), words(None, 1.0, "w", **{"nose.width": 2.0})
    both = edited(face, old, wide)
    assert (
        pipeline.shown_traits(both.record).number("age") == 80.0
        and pipeline.shown_traits(both.record).number("nose.width") == 2.0
    )
    alone = edited(face, replace(old, visible=False), wide)
    assert pipeline.shown_traits(alone.record).number("age") == face.traits.number("age")


# ------------------------------------------------------------------------------------------------------------- hair


def test_a_beard_grows_on_the_place_only(face: Face) -> None:
    after = edited(face, words(**{"beard.style": "full", "beard.density": 0.9}))
    assert "beard" not in face.groom
    roots = after.groom["beard"].points[:, 0]
    assert len(roots) and bool((roots[:, 0] > 0.0).all()), "the person's left is along +X"


def test_brows_are_shaved_on_the_place_only(face: Face) -> None:
    after = edited(face, words(Place(("forehead",)), **{"brows.density": 0.0}))
    assert len(after.groom["brows"]) <= len(face.groom["brows"])


def test_a_goatee_grows_out_of_stubble_and_is_as_grey_as_said(face: Face) -> None:
    """Stubble is no beard yet: hair of the edit's style and length grows on the place."""
    stubbled = pipeline.edit(face, {"stubble.density": 0.4})
    goatee = words(Place(("chin",)), **{"beard.style": "goatee", "hair.grey": 0.9})
    after = pipeline.edit(stubbled, {}, edits=(goatee,))
    beard = after.groom["beard"]
    assert stubbled.groom["beard"].style == "beard_stubble" and beard.style == "beard_goatee"
    length = (beard.points[:, 1:] - beard.points[:, :-1]).norm(dim=2).sum(dim=1)
    assert len(beard) > 60 and float(length.median()) > 8e-3
    assert float(beard.points[:, 0, 2].amax()) < float(face.head.landmark("multipie_57")[2]), "below the mouth"
    plain = pipeline.edit(stubbled, {}, edits=(words(Place(("chin",)), **{"beard.style": "goatee"}),))
    grey, own = (strand_colours(one.groom["beard"].colour, torch.rand(99, 2), torch.ones(2)) for one in (after, plain))
    assert float(grey.mean()) > 1.5 * float(own.mean())


def brows(face: Face, *marks: HairMark) -> Tensor:
    """[N, 3] roots of the brows with marks on them, metres, from the middle between the brows."""
    groom = grow(face.head, face.traits, face.seed, ("brows",), surface=Surface(face.head, marks))
    middle = 0.5 * (face.head.landmark("brow_inner_l") + face.head.landmark("brow_inner_r"))
    return groom["brows"].points[:, 0] - middle


def mark_on(face: Face, density: float, here: Callable[[Tensor], Tensor]) -> HairMark:
    """A mark where `here` of places [3, ...] relative to the middle between the brows is true."""
    middle = 0.5 * (face.head.landmark("brow_inner_l") + face.head.landmark("brow_inner_r"))
    place = atlas_of(face.head.topology, "skin", 1024).spread(face.head.vertices) - middle[:, None, None]
    weight = here((face.head.vertices - middle).T).float()
    return HairMark("brows", weight, density, {"skin": here(place).float()})


def test_a_slit_narrower_than_the_mesh_is_shaved_through_a_brow(face: Face) -> None:
    def slit(place: Tensor) -> Tensor:
        return ((place[0] - 0.022).abs() < 0.0015) & (place[1].abs() < 0.02)

    before, after = brows(face), brows(face, mark_on(face, 0.0, slit))
    inside, kept = slit(before.T), slit(after.T)
    assert int(inside.sum()) > 5 and int(kept.sum()) <= 2
    assert len(after) == pytest.approx(len(before) - int(inside.sum()), abs=4)


def test_brows_meet_where_they_are_marked_to_be_dense(face: Face) -> None:
    def between(place: Tensor) -> Tensor:
        return (place[0].abs() < 0.012) & (place[2].abs() < 0.004) & (place[1].abs() < 0.02)

    before, after = brows(face), brows(face, mark_on(face, 0.9, between))
    near = [int(((one[:, 0].abs() < 0.004) & between(one.T)).sum()) for one in (before, after)]
    assert near[0] == 0 and near[1] > 10
    again = brows(face, mark_on(face, 0.9, between), mark_on(face, 0.0, between))
    assert not bool(((again[:, 0].abs() < 0.004) & between(again.T)).any()), "what is shaved later is gone"
    everywhere = brows(face, mark_on(face, 0.9, lambda place: place[2].abs() < 1.0))
    assert float(everywhere[:, 2].amax()) < float(before[:, 2].amax()) + 0.004, "no fur on the forehead"
    usual = brows(face, mark_on(face, face.traits.number("brows.density"), lambda place: place[2].abs() < 1.0))
    assert torch.equal(usual, before), "as dense as they are shaves none"


# ------------------------------------------------------------------------------------------------------------ mixing


def mix(other: Face, *take: str, place: Place | None = None, strength: float = 1.0) -> EditEntry:
    parameters = {"take": list(take), "seed": other.seed, "candidate": other.record.candidate}
    return EditEntry("m", "mix", "", strength, True, place, other.traits, parameters)


def test_the_whole_shape_of_another_face(face: Face, other: Face) -> None:
    assert torch.allclose(edited(face, mix(other, "shape")).head.vertices, other.head.vertices, atol=1e-6)
    half = edited(face, mix(other, "shape", strength=0.5)).head.vertices
    assert torch.allclose(half, 0.5 * (face.head.vertices + other.head.vertices), atol=1e-6)


def test_a_region_of_another_face_keeps_its_place(face: Face, other: Face) -> None:
    after = edited(face, mix(other, "shape", place=Place(("nose",)))).head
    away = (after.vertices - face.head.vertices).norm(dim=1)
    nose, chin = (away[face.head.topology.landmarks[name]] for name in ("pronasale", "gnathion"))
    assert 0.0003 < float(nose) < 0.012
    assert float(chin) < 0.0005
    size = (face.head.landmark("pronasale") - after.landmark("subnasale")).norm()
    assert 0.004 < float(size) < 0.04


def test_the_skin_of_another_face(face: Face, other: Face) -> None:
    after = edited(face, mix(other, "skin"))
    assert torch.equal(after.head.vertices, face.head.vertices)
    cheek = mask(face) > 0.9
    lightness = [float(one.maps["skin"]["albedo"][cheek].mean()) for one in (other, after, face)]
    assert abs(lightness[1] - lightness[0]) < 0.3 * abs(lightness[2] - lightness[0])


def test_a_mix_that_says_nothing_is_refused(face: Face, other: Face) -> None:
    with pytest.raises(BadRequest, match="mix again"):
        edited(face, mix(other))


def test_an_effect_that_is_not_there_is_refused(face: Face) -> None:
    with pytest.raises(BadRequest, match="no effect called 'nonsense'"):
        edited(face, replace(bruise(), parameters={"effects": [{"name": "nonsense"}]}))


def bearded(face: Face, *edits: EditEntry) -> int:
    """Return how many guides a beard has that edits leave or let grow."""
    groom = edited(face, *edits).groom
    return len(groom["beard"]) if "beard" in groom else 0


def test_the_first_beard_stays_when_another_grows_beside_it(face: Face) -> None:
    stubble = words(**{"beard.style": "stubble", "stubble.density": 0.6})
    full = words(Place(("chin",)), id_="c", **{"beard.style": "full", "beard.density": 0.9})
    both = edited(face, stubble, full).groom["beard"]
    assert both.style == "beard_full"
    assert bool((both.points[:, 0, 0] > 0.03).any()), "there is hair on the cheek, too"


def test_a_sparse_place_of_a_beard_is_sparser() -> None:
    person = pipeline.generate("a bald man of 40 with a full beard", seed=4, resolution=SIZE, head="anny")
    chin = Place(("chin",))
    there, shaved = words(chin, **{"beard.density": 0.3}), words(chin, **{"beard.style": "none", "beard.density": 0.0})
    assert bearded(person, shaved) < bearded(person, there) < bearded(person)
    assert bearded(person, words(chin, **{"beard.style": "stubble", "stubble.density": 0.6})) < bearded(person)


def test_halves_of_characters_in_names_are_a_sentence() -> None:
    with pytest.raises(BadRequest, match="halves of characters"):
        read_edits([{"id": "a", "kind": "words", "traits": {"\ud800": "\udfff x"}}])
