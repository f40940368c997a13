"""Layers: each can be faded, an edit costs what it changes, and comes out as if all had been painted anew."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from dataclasses import replace

import pytest
import torch

from dreamface import pipeline
from dreamface.errors import BadRequest, Cancelled
from dreamface.face import Head, Maps
from dreamface.head import HeadSource, load_model
from dreamface.progress import Progress
from dreamface.skin import LAYERS, Painter, paint
from dreamface.skin.canvas.bands import band_rows
from dreamface.skin.canvas.layer import Decal, DetailTiles, Ground, Window, window_of
from dreamface.skin.canvas.shared_noises import Noise
from dreamface.skin.canvas.subject import Subject
from dreamface.skin.compose import Composition, Laid, compose
from dreamface.traits import VOCABULARY, Kind, Trait, Traits, Value

SIZE = 256


def _much(trait: Trait) -> Value:
    if trait.kind is Kind.TINT:
        return (0.2, 0.4, 0.1, 0.8)
    return trait.low + 0.7 * (trait.high - trait.low) if trait.kind is Kind.NUMBER else trait.default


EVERYTHING: Mapping[str, Value] = {name: _much(VOCABULARY[name]) for layer in LAYERS for name in layer.traits}
"""A face with every layer on."""


@pytest.fixture(scope="module")
def head() -> Head:
    return load_model("anny").build(HeadSource(Traits(), torch.Generator().manual_seed(3)))


def same(first: Maps, second: Maps) -> bool:
    return first.keys() == second.keys() and all(
        first[tile].keys() == second[tile].keys()
        and all(torch.equal(image, second[tile][name]) for name, image in first[tile].items())
        for tile in first
    )


def test_every_layer_is_listed_once_and_reads_traits_that_exist() -> None:
    names = [layer.name for layer in LAYERS]
    assert len(set(names)) == len(names)
    assert all(name in VOCABULARY for layer in LAYERS for name in layer.traits)
    assert all(layer.description and not layer.description.endswith(".") for layer in LAYERS)


@pytest.mark.parametrize(
    "change",
    [
        {"freckles.density": 0.6},
        {"lipstick": (0.5, 0.0, 0.05, 1.0)},
        {"skin.melanin": 0.8},
        {"wrinkles.forehead": 1.0, "brows.density": 0.2},
        {"skin.pores": 1.0},
        {"hair.style": "bald", "beard.style": "full"},
        {"iris.colour": (0.1, 0.2, 0.4)},
        {"skin.metal": (0.8, 0.6, 0.2, 1.0)},
    ],
    ids=lambda change: "+".join(change),
)
def test_an_edit_gives_the_same_bytes_as_painting_anew(head: Head, change: Mapping[str, Value]) -> None:
    painter, person = Painter(), Traits({"age": 50.0, "freckles.density": 0.2, "stubble.density": 0.4})
    painter.paint(head, person, resolution=SIZE, seed=5)
    edited = painter.paint(head, person.under(change), resolution=SIZE, seed=5)
    assert same(edited, paint(head, person.under(change), resolution=SIZE, seed=5))
    back = painter.paint(head, person, resolution=SIZE, seed=5)
    assert same(back, paint(head, person, resolution=SIZE, seed=5))


def test_an_edit_leaves_the_maps_of_the_face_before_it_alone(head: Head) -> None:
    painter = Painter()
    before = painter.paint(head, Traits(), resolution=SIZE, seed=5)
    copies = {tile: {name: image.clone() for name, image in maps.items()} for tile, maps in before.items()}
    painter.paint(head, Traits({"freckles.density": 1.0, "wrinkles.eyes": 1.0}), resolution=SIZE, seed=5)
    assert same(before, copies)


def test_what_an_edit_does_not_change_is_shared(head: Head) -> None:
    painter = Painter()
    before = painter.paint(head, Traits(), resolution=SIZE, seed=5)
    after = painter.paint(head, Traits({"lipstick": (0.5, 0.0, 0.05, 1.0)}), resolution=SIZE, seed=5)
    assert after["skin"]["albedo"] is not before["skin"]["albedo"]
    for name in ("normal", "displacement"):
        assert after["skin"][name] is before["skin"][name], "a film of colour has no relief"
    assert after["eyes"]["albedo"] is before["eyes"]["albedo"]


def test_moles_that_only_get_darker_leave_the_relief_as_it_is(head: Head) -> None:
    painter, spotted = Painter(), Traits({"moles.density": 1.0})
    before = painter.paint(head, spotted, resolution=SIZE, seed=1)
    after = painter.paint(head, spotted.under({"skin.melanin": 0.7}), resolution=SIZE, seed=1)
    assert not torch.equal(after["skin"]["albedo"], before["skin"]["albedo"])
    for name in ("normal", "displacement"):
        assert after["skin"][name] is before["skin"][name]


def test_a_painting_is_let_go_after_a_while(head: Head) -> None:
    painter = Painter(forget_after=0.2)
    first = painter.paint(head, Traits(), resolution=SIZE, seed=5)
    again = painter.paint(head, Traits(), resolution=SIZE, seed=5)
    assert again["skin"]["albedo"] is first["skin"]["albedo"], "nothing has changed"
    time.sleep(0.5)
    anew = painter.paint(head, Traits(), resolution=SIZE, seed=5)
    assert anew["skin"]["albedo"] is not first["skin"]["albedo"]
    assert same(anew, first)


def test_another_head_or_seed_is_painted_anew(head: Head) -> None:
    painter = Painter()
    painter.paint(head, Traits(), resolution=SIZE, seed=5)
    assert same(painter.paint(head, Traits(), resolution=SIZE, seed=6), paint(head, Traits(), resolution=SIZE, seed=6))
    other = replace(head, vertices=head.vertices * torch.tensor([1.1, 1.0, 1.0]))
    assert same(
        painter.paint(other, Traits(), resolution=SIZE, seed=6), paint(other, Traits(), resolution=SIZE, seed=6)
    )


@pytest.mark.parametrize("layer", [layer.name for layer in LAYERS])
def test_a_layer_of_strength_half_lies_between_without_and_with(head: Head, layer: str) -> None:
    painter, person = Painter(), Traits(EVERYTHING)

    def painted(strength: float) -> Mapping[str, torch.Tensor]:
        return painter.paint(head, person, resolution=SIZE, seed=5, layers={layer: strength})["skin"]

    without, half, whole = painted(0.0), painted(0.5), painted(1.0)
    for name in ("displacement", "roughness", "albedo"):
        if name in without and not torch.equal(without[name], whole[name]):
            far = (whole[name] - without[name]).abs().mean()
            assert (half[name] - without[name]).abs().mean() < far
            assert (half[name] - whole[name]).abs().mean() < far


def test_vitiligo_that_is_switched_off_leaves_the_freckles(head: Head) -> None:
    spotted = Traits({"skin.melanin": 0.2, "freckles.density": 0.8})
    pale = spotted.under({"vitiligo.coverage": 0.7})
    without = paint(head, spotted, resolution=SIZE, seed=2)
    assert same(paint(head, pale, resolution=SIZE, seed=2, layers={"vitiligo": 0.0}), without)
    assert not same(paint(head, pale, resolution=SIZE, seed=2), without)


def test_some_layers_are_seen_on_everybody_and_all_on_somebody(head: Head) -> None:
    everything = Traits(EVERYTHING | {"beard.style": "full", "hair.style": "short", "gender": 1.0})
    painters = [(Painter(), person) for person in (everything, Traits({"skin.melanin": 0.1}))]
    wholes = [painter.paint(head, person, resolution=512, seed=5) for painter, person in painters]
    for layer in LAYERS:
        off = {layer.name: 0.0}
        without = [painter.paint(head, person, resolution=512, seed=5, layers=off) for painter, person in painters]
        assert not all(map(same, wholes, without)), f"{layer.name} changes nothing"


def test_layers_and_strengths_that_are_not_there_are_refused(head: Head) -> None:
    for layers, said in (({"moss": 0.5}, "no layer called 'moss'"), ({"freckles": 1.5}, "between 0 and 1")):
        with pytest.raises(BadRequest, match=said):
            paint(head, Traits(), resolution=SIZE, seed=5, layers=layers)


def test_a_face_remembers_its_layers_through_an_edit() -> None:
    face = pipeline.generate("a woman with freckles", seed=3, resolution=512, head="anny")
    assert set(face.record.strengths) == {layer.name for layer in LAYERS}
    assert set(face.record.strengths.values()) == {1.0}
    faded = pipeline.edit(face, {}, layers={"freckles": 0.25})
    assert faded.record.strengths["freckles"] == 0.25
    assert faded.record.history[-1]["layers"] == {"freckles": 0.25}
    again = pipeline.edit(faded, {"lips.redness": 0.9})
    assert again.record.strengths["freckles"] == 0.25
    assert not torch.equal(face.maps["skin"]["albedo"], faded.maps["skin"]["albedo"])


def test_a_hidden_layer_is_not_painted_and_keeps_its_strength() -> None:
    face = pipeline.generate("a woman with freckles", seed=3, resolution=512, head="anny")
    layers = tuple(
        replace(entry, strength=0.5, visible=False) if entry.id == "freckles" else entry for entry in face.record.layers
    )
    hidden = pipeline.edit(replace(face.record, layers=layers), {})
    gone = pipeline.edit(face, {}, layers={"freckles": 0.0})
    assert torch.equal(hidden.maps["skin"]["albedo"], gone.maps["skin"]["albedo"])
    assert next(entry.strength for entry in hidden.record.layers if entry.id == "freckles") == 0.5
    shown = pipeline.edit(hidden, {}, layers={"freckles": 0.5})
    assert shown.record.strengths["freckles"] == 0.5


def test_a_layer_may_read_only_what_it_declares(head: Head) -> None:
    limited = Traits({"age": 40.0}).only(("age",))
    assert limited.number("age") == 40.0
    with pytest.raises(KeyError, match="gender"):
        limited.number("gender")


# ------------------------------------------------------------------------------------------------------- composition


def composition(size: int, *details: Laid, **ground: torch.Tensor) -> Composition:
    side = size // 2
    metric = torch.stack((torch.ones(side, side), torch.zeros(side, side), torch.ones(side, side)))
    blank = replace(Ground.blank(side), **ground)
    return Composition(size, blank, metric, torch.tensor([-1.0, -2.0, -3.0]), torch.tensor([0.0, -1.0, -1.0]), details)


def test_patches_add_pigments_and_heights_and_hide_in_order() -> None:
    size, window = 256, Window((100, 160), (40, 80))
    one = torch.ones(window.shape)
    under = Decal(window, melanin=0.5 * one, height=1e-4 * one, cover=one, colour=torch.tensor([1.0, 0.0, 0.0]))
    over = Decal(window, height=1e-4 * one, cover=0.5 * one, colour=torch.tensor([0.0, 1.0, 0.0]), roughness=0.1)
    maps = compose(composition(size, Laid(under, 1.0), Laid(over, 0.5))).maps
    assert torch.allclose(maps["albedo"][130, 60], torch.tensor([0.75, 0.25, 0.0]))
    assert torch.allclose(maps["displacement"][130, 60], torch.tensor([1.5e-4]))
    assert torch.allclose(maps["roughness"][130, 60], torch.tensor([0.4]))
    assert torch.equal(maps["albedo"][99, 60], torch.ones(3))
    only_melanin = compose(composition(size, Laid(Decal(window, melanin=one), 0.5))).maps
    assert torch.allclose(only_melanin["albedo"][130, 60], torch.exp(torch.tensor([-0.5, -1.0, -1.5])))


def test_a_detail_tile_repeats_its_tiles_under_its_weights() -> None:
    size, tile = 256, torch.arange(64.0 * 64.0).view(1, 64, 64)
    weights = torch.zeros(1, 128, 128)
    weights[:, 32:96, 32:96] = 1.0
    none = torch.zeros(1)
    tiles = DetailTiles(
        tile, weights, height=torch.tensor([1e-6]), melanin=none, blood=none, roughness=none, specular=none
    )
    height = compose(composition(size, Laid(tiles, 1.0))).maps["displacement"][..., 0]
    assert torch.allclose(height[100, 120], 1e-6 * tile[0, 36, 56])
    assert torch.equal(height[100 + 64 - 64, 120], height[164 - 64, 120])
    assert torch.allclose(height[80:144, 80:144], height[80:144, 80:144].clone())
    assert float(height[10, 10]) == 0.0


def test_only_bands_that_changed_are_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    size = 1024
    band = band_rows(size)
    window = Window((band + 3, band + 9), (40, 80))
    mark = Laid(Decal(window, melanin=torch.ones(window.shape)), 1.0)
    before = composition(size)
    first = compose(before)
    after = replace(before, details=(mark,))
    made: list[tuple[int, int]] = []
    import dreamface.skin.compose as module

    finish = module._finish_band
    monkeypatch.setattr(
        module, "_finish_band", lambda new, maps, rows, groups: (made.append(rows), finish(new, maps, rows, groups))
    )
    second = compose(after, first)
    assert made == [(band, 2 * band)]
    assert second.maps["normal"] is first.maps["normal"]
    assert torch.equal(second.maps["albedo"], compose(after).maps["albedo"])


def test_a_window_is_the_smallest_around_a_mask() -> None:
    mask = torch.zeros(64, 64)
    assert window_of(mask) is None
    mask[10, 20] = mask[12, 25] = 1.0
    assert window_of(mask) == Window((10, 13), (20, 26))
    assert window_of(mask, margin=15) == Window((0, 28), (5, 41))


def test_noise_of_one_name_is_worked_out_once(head: Head) -> None:
    from dreamface.skin.canvas.atlas import surface_of

    subject = Subject(head, surface_of(head, "skin", 128), 256, 3, Traits())
    wide = Noise("wide", cell=0.03, channels=("red", "blue"))
    assert subject.noise(wide) is subject.noise(Noise("wide", cell=0.03, channels=("red", "blue")))
    assert subject.noise(wide).shape == (2, 128, 128)
    assert torch.equal(subject.noise(wide, "blue"), subject.noise(wide)[1])
    with pytest.raises(ValueError, match="green"):
        subject.noise(wide, "green")
    with pytest.raises(ValueError, match="two noises are called 'wide'"):
        subject.noise(Noise("wide", cell=0.02, channels=("red", "blue")))


def test_maps_can_be_differentiated_through_the_composition() -> None:
    size, window = 256, Window((100, 160), (40, 80))
    one, tile = torch.ones(window.shape), torch.rand(1, 64, 64, generator=torch.Generator().manual_seed(1))
    albedo = torch.full((3, 128, 128), 0.5, requires_grad=True)
    height = torch.zeros(128, 128, requires_grad=True)
    cover = torch.full(window.shape, 0.25, requires_grad=True)
    some = torch.tensor([0.1])
    tiles = DetailTiles(tile, torch.ones(1, 128, 128), 1e-5 * some, some, some, some, some)
    decal = Decal(window, melanin=0.1 * one, height=1e-5 * one, cover=cover, colour=torch.tensor([1.0, 0.0, 0.0]))
    maps = compose(composition(size, Laid(tiles, 1.0), Laid(decal, 0.5), albedo=albedo, height=height)).maps
    (maps["albedo"].sum() + maps["normal"][..., 0].square().sum()).backward()
    assert albedo.grad is not None and float(albedo.grad.min()) > 0.0
    assert height.grad is not None and float(height.grad.abs().max()) > 0.0
    assert cover.grad is not None and float(cover.grad.abs().min()) > 0.0


def test_threads_that_take_turns_at_any_moment_paint_the_same(head: Head) -> None:
    person = Traits(EVERYTHING)
    first = paint(head, person, resolution=SIZE, seed=5)
    usual = sys.getswitchinterval()
    try:
        sys.setswitchinterval(1e-6)
        for _ in range(4):
            assert same(paint(head, person, resolution=SIZE, seed=5), first)
    finally:
        sys.setswitchinterval(usual)


@pytest.mark.parametrize("processors", [1, 4])
def test_the_number_of_processors_changes_nothing(head: Head, processors: int, monkeypatch: pytest.MonkeyPatch) -> None:
    first, usual = paint(head, Traits(EVERYTHING), resolution=SIZE, seed=5), torch.get_num_threads()
    monkeypatch.setattr("os.cpu_count", lambda: processors)
    torch.set_num_threads(processors)
    try:
        assert same(paint(head, Traits(EVERYTHING), resolution=SIZE, seed=5), first)
        assert torch.get_num_threads() == processors
    finally:
        torch.set_num_threads(usual)


@pytest.mark.parametrize("steps", [0, 1, 2])
def test_a_painting_that_was_stopped_leaves_nothing_wrong_behind(head: Head, steps: int) -> None:
    painter, person = Painter(), Traits(EVERYTHING)
    painter.paint(head, Traits(), resolution=SIZE, seed=5)
    asked = iter(range(1000))
    with pytest.raises(Cancelled):
        painter.paint(head, person, resolution=SIZE, seed=5, progress=Progress(cancelled=lambda: next(asked) >= steps))
    assert same(painter.paint(head, person, resolution=SIZE, seed=5), paint(head, person, resolution=SIZE, seed=5))
