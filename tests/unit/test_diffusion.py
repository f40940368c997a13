"""Diffusion on a marked place: what a model whose answers are known makes of it, on the skin of both heads."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from dreamface import editing, pipeline
from dreamface.colour import encode_srgb
from dreamface.edits import diffused_pictures, masks_of, overlays
from dreamface.edits.copying import carry
from dreamface.edits.sheet import bilinear, sheet_of
from dreamface.errors import BadRequest, Cancelled, DreamFaceError, MissingDependency
from dreamface.face import Face, Head, Maps
from dreamface.guidance import Canvas, Mixed, Prompt, Schedule, Wish, diffuse, guided_noise
from dreamface.guidance.blending import blend
from dreamface.guidance.deriving import changes
from dreamface.guidance.projecting import project, texels_of
from dreamface.guidance.views import Cloud, look_at_place
from dreamface.head import HeadSource, load_model
from dreamface.images import encode_mask
from dreamface.pipeline import diffusing, making
from dreamface.prior import complete
from dreamface.progress import Progress, Step
from dreamface.record import EditEntry, FaceRecord, Place, read_edits, write_edits
from dreamface.render import Camera, CloseUp, rasterise, vertex_normals
from dreamface.skin import Painter, materials
from dreamface.traits import Traits
from tests.diffusion_double import GaussianDiffusion

GOLD = (0.85, 0.65, 0.2)
CHEEK = Place(("left_cheek",))
BALD = complete(Traits({"age": 35.0, "hair.style": "bald"}), 3)


def model(**settings) -> GaussianDiffusion:
    return GaussianDiffusion({"gold": GOLD, "blue": (0.1, 0.2, 0.8)}, **settings)


@pytest.fixture(scope="module")
def anny() -> Head:
    return load_model("anny").build(HeadSource(BALD, torch.Generator().manual_seed(3)))


@pytest.fixture(scope="module")
def ict(ict_head) -> Head:
    return ict_head.build(HeadSource(BALD, torch.Generator().manual_seed(1)))


@pytest.fixture(scope="module", params=["anny", pytest.param("ict", marks=pytest.mark.slow)])
def head(request: pytest.FixtureRequest) -> Head:
    return request.getfixturevalue(request.param)


BARE: dict[str, Maps] = {}


def bare(head: Head) -> Maps:
    """The head's maps without edits."""
    if head.model not in BARE:
        BARE[head.model] = Painter().paint(head, BALD, resolution=512, seed=3)
    return BARE[head.model]


def canvas(head: Head, place: Place = CHEEK, pictures: Mapping[str, bytes] | None = None) -> Canvas:
    return Canvas(head, materials(head, BALD), bare(head), masks_of(place, head, pictures or {}))


@pytest.fixture(scope="module")
def cheek(anny: Head) -> Canvas:
    return canvas(anny)


# ------------------------------------------------------------------------------------------------- the schedule


def test_every_schedule_ends_right_before_the_picture_and_begins_with_noise() -> None:
    schedule = Schedule.scaled_linear()
    for steps in (1, 4, 30, 1000, 5000):
        levels = schedule.levels(steps)
        assert levels[0] == 999 and len(levels) == min(steps, 1000) == len(set(levels))
        assert list(levels) == sorted(levels, reverse=True) and levels[-1] >= 0
    assert float(schedule.signal[-1]) == pytest.approx(0.0047, abs=1e-3)  # of Stable Diffusion's own


def test_noise_that_is_known_is_taken_away_exactly() -> None:
    schedule = Schedule.scaled_linear()
    latents, noise = torch.randn(2, 1, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    dim = schedule.noised(latents, noise, 700)
    torch.testing.assert_close(schedule.step(dim, noise, 700, -1), latents, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(
        schedule.step(dim, noise, 700, 300), schedule.noised(latents, noise, 300), atol=1e-5, rtol=1e-5
    )
    kept = schedule.signal[700].float()
    velocity = kept.sqrt() * noise - (1.0 - kept).sqrt() * latents  # what a v-prediction says
    level = torch.tensor([700])
    assert schedule.noise_of(velocity.half(), dim.half(), level, "v_prediction").dtype == torch.float16
    found = schedule.noise_of(velocity, dim, level, "v_prediction")
    torch.testing.assert_close(found, noise, atol=1e-5, rtol=1e-5)


def test_guidance_is_linear_and_one_is_the_words_alone() -> None:
    double = model()
    latents = torch.randn(1, 3, 4, 4, generator=torch.Generator().manual_seed(1))
    gold, none = double.embed("gold"), double.embed("")
    level = torch.tensor([500])
    towards, without = (double.predict_noise(latents, level, one.embedding) for one in (gold, none))
    for scale in (0.0, 1.0, 7.5):
        found = guided_noise(double, latents, 500, gold, none, scale)
        torch.testing.assert_close(found, without + scale * (towards - without))
    torch.testing.assert_close(guided_noise(double, latents, 500, gold, none, 1.0), towards)


def test_two_models_mixed_find_the_weighted_sum() -> None:
    one, other = model(), GaussianDiffusion({"gold": (0.2, 0.2, 0.2)})
    latents, level = torch.zeros(1, 3, 4, 4), torch.tensor([500])
    mixed = Mixed(one, other, 0.25)
    found = mixed.predict_noise(latents, level, mixed.embed("gold").embedding)
    alone = [each.predict_noise(latents, level, each.embed("gold").embedding) for each in (one, other)]
    torch.testing.assert_close(found, 0.75 * alone[0] + 0.25 * alone[1])


def test_a_mixed_model_may_read_more_with_one_than_with_the_other() -> None:
    class Longer(GaussianDiffusion):
        def embed(self, words: str) -> Prompt:
            return Prompt(super().embed(words).embedding.repeat(1, 8, 1))

        def predict_noise(self, latents: Tensor, level: Tensor, embedding: Tensor) -> Tensor:
            assert embedding.shape[1] == 8
            return super().predict_noise(latents, level, embedding)

    one, other = model(), Longer({"gold": (0.2, 0.2, 0.2)})
    latents, level = torch.zeros(1, 3, 4, 4), torch.tensor([500])
    mixed = Mixed(one, other, 0.25)
    found = mixed.predict_noise(latents, level, mixed.embed("gold").embedding)
    alone = [each.predict_noise(latents, level, each.embed("gold").embedding) for each in (one, other)]
    torch.testing.assert_close(found, 0.75 * alone[0] + 0.25 * alone[1])


# -------------------------------------------------------------------------------------------------- blended diffusion


def picture(side: int = 64) -> Tensor:
    down = torch.linspace(0.2, 0.8, side)[:, None].expand(side, side)
    return torch.stack((down, down.T, torch.full((side, side), 0.4)))


def disc(side: int = 64) -> Tensor:
    place = torch.arange(side) - 0.5 * side
    return ((place[:, None] ** 2 + place[None] ** 2).sqrt() < 0.25 * side).float()


@pytest.mark.parametrize("steps", [1, 3, 20])
def test_it_becomes_the_mean_under_the_mask_and_stays_the_picture_elsewhere(steps: int) -> None:
    made = blend(model(), picture(), disc(), Wish("gold", steps=steps, guidance=1.0, seed=5))
    inside = disc() > 0.0
    torch.testing.assert_close(
        made.after[:, inside], torch.tensor(GOLD)[:, None].expand(3, int(inside.sum())), atol=2e-3, rtol=0
    )
    outside = torch.nn.functional.max_pool2d(disc()[None], 9, 1, 4)[0] == 0.0
    torch.testing.assert_close(made.after[:, outside], made.before[:, outside], atol=1e-5, rtol=0)


def test_how_much_is_kept_goes_from_noise_alone_to_nothing_changed() -> None:
    # A model of a wide Gaussian pulls a picture only as far as the noise that was put on it.
    shift = []
    for keep in (0.0, 0.3, 0.6, 0.9, 0.99):
        made = blend(model(deviation=0.5), picture(), disc(), Wish("gold", steps=50, guidance=1.0, keep=keep, seed=5))
        shift.append(float((made.after - made.before)[:, disc() > 0.0].abs().mean()))
    assert shift == sorted(shift, reverse=True)
    assert shift[0] > 0.1 and shift[-1] < 0.25 * shift[0]


def test_the_seed_decides() -> None:
    wishes = [Wish("gold", steps=5, guidance=1.0, seed=seed) for seed in (1, 1, 2)]
    made = [blend(model(deviation=0.3), picture(), disc(), wish).after for wish in wishes]
    assert torch.equal(made[0], made[1])
    assert not torch.equal(made[0], made[2])


def test_no_numbers_are_stopped_with_a_sentence() -> None:
    with pytest.raises(DreamFaceError, match=r"no numbers \(NaN\) in step 6 of 10: try another seed"):
        blend(model(nan_from=500), picture(), disc(), Wish("gold", steps=10))


def test_it_can_be_stopped_at_every_step() -> None:
    reports: list[Step] = []
    blend(model(), picture(), disc(), Wish("gold", steps=6), Progress(reports.append))
    assert [step.fraction for step in reports] == sorted(step.fraction for step in reports)
    for number in range(len(reports)):
        seen: list[Step] = []
        with pytest.raises(Cancelled):
            blend(model(), picture(), disc(), Wish("gold", steps=6), Progress(seen.append, lambda: len(seen) >= number))  # noqa: B023
        assert len(seen) == number


# ------------------------------------------------------------------------------------------------------ the views


def seen_points(view: CloseUp) -> Tensor:
    """[S, S, 3] metres that each pixel of a view shows."""
    steps = torch.arange(view.size) + 0.5
    y, x = torch.meshgrid(steps, steps, indexing="ij")
    rays = view.camera.rays(torch.stack((x, y), dim=-1), view.size)
    return torch.tensor(view.camera.position) + view.depth.nan_to_num(posinf=0.0)[..., None] * rays


def colour_at(points: Tensor) -> Tensor:
    """A picture that is known everywhere in space: waves of 15 mm and longer."""
    waves = points * torch.tensor((400.0, 250.0, 330.0))
    return 0.5 + 0.25 * torch.sin(waves) + 0.25 * torch.cos(waves.roll(1, -1) * 0.7)


def without_light(head: Head, camera: Camera, size: int) -> CloseUp:
    """A view of which only the depth is needed."""
    solid = [materials(head, BALD)[part.material].transmission == 0.0 for part in head.topology.parts]
    counts = torch.tensor([2 * (part.faces[1] - part.faces[0]) for part in head.topology.parts])
    shown = torch.tensor(solid).repeat_interleave(counts)
    seen = rasterise(head.vertices, head.topology.triangles[shown], camera, size)
    none = torch.zeros(size, size, 3)
    return CloseUp(none, none, none, seen.triangle, none[..., :2], seen.depth, camera)


@pytest.mark.parametrize("region", ["left_cheek", pytest.param("whole_face", marks=pytest.mark.slow)])
def test_a_known_picture_projected_back_is_that_picture(head: Head, region: str) -> None:
    normals, masks = vertex_normals(head.vertices, head.topology.triangles), masks_of(Place((region,)), head, {})
    cameras = look_at_place(Cloud.of(head, normals, masks))
    assert 1 <= len(cameras) <= 8
    total, wrong, covered = 0, 0, 0
    for one in texels_of(head, normals, masks, 256):
        weight, values = torch.zeros(len(one.texel)), torch.zeros(len(one.texel), 3)
        for camera in cameras:
            view = without_light(head, camera, 256)
            found, share = project(one, view, colour_at(seen_points(view)).permute(2, 0, 1))
            values += found * share[:, None]
            weight += share
        there = (weight > 0.05) & (one.mask > 0.5)
        error = (values[there] / weight[there][:, None] - colour_at(one.position[there])).abs().amax(dim=1)
        total, wrong = total + int((one.mask > 0.5).sum()), wrong + int((error > 0.04).sum())
        covered += int(there.sum())
    assert covered > 0.94 * total  # what no camera sees lies in folds and in the nostrils
    assert wrong < 0.01 * covered


def test_what_is_hidden_or_turned_away_gets_nothing(anny: Head) -> None:
    normals, masks = vertex_normals(anny.vertices, anny.topology.triangles), masks_of(Place(("whole_head",)), anny, {})
    (texels,) = texels_of(anny, normals, masks, 128)
    camera = look_at_place(Cloud.of(anny, normals, masks))[0]
    _, weight = project(texels, without_light(anny, camera, 128), torch.zeros(1, 128, 128))
    behind = (texels.normal * (texels.position - torch.tensor(camera.position))).sum(dim=1) > 0.0
    assert not bool(weight[behind].any())
    assert 0.1 < float((weight > 0.0).float().mean()) < 0.6


def test_a_flat_place_takes_one_view_and_a_curved_one_several(anny: Head) -> None:
    normals, views = vertex_normals(anny.vertices, anny.topology.triangles), {}
    for region in ("left_cheek", "whole_face", "whole_head"):
        views[region] = len(look_at_place(Cloud.of(anny, normals, masks_of(Place((region,)), anny, {}))))
    assert views["left_cheek"] <= 2 < views["whole_face"] <= views["whole_head"] <= 8


# --------------------------------------------------------------------------------------------------- what has changed


def test_pictures_that_are_the_same_change_nothing() -> None:
    same = picture()
    assert not bool(changes(same, same, torch.ones_like(same), torch.zeros_like(same)).any())


def test_light_is_in_both_and_goes_out_of_the_colour() -> None:
    """Of skin under a light that falls off, painted over with one colour: the ratio is the colours', all over."""
    light = torch.linspace(0.2, 1.0, 64)[None, None].expand(3, 64, 64)
    skin, paint = torch.tensor((0.5, 0.35, 0.3)), torch.tensor((0.2, 0.3, 0.5))
    before, after = (encode_srgb(colour[:, None, None] * light) for colour in (skin, paint))
    found = changes(before, after, light, torch.zeros_like(light))
    expected = (paint / skin).log()[:, None, None].expand(3, 64, 64)
    torch.testing.assert_close(found[:3], expected, atol=0.02, rtol=0)
    assert float(found[3].abs().max()) < 0.05 and float(found[4].max()) < 0.05  # neither relief nor gloss


def test_bright_peaks_are_gloss_and_fine_dark_lines_are_deep() -> None:
    before = torch.full((3, 128, 128), 0.6)
    peaks, lines = before * 0.7, before * 0.7
    peaks[:, 60:63, 60:63] = 0.98
    lines[:, 64] = 0.15
    lit, none = torch.ones_like(before), torch.zeros_like(before)
    shiny, cracked = (changes(before, after, lit, none) for after in (peaks, lines))
    assert float(shiny[4, 61, 61]) > 0.8 and float(shiny[4, 20, 20]) < 0.05
    assert float(cracked[3, 64, 64]) < -0.5 and float(cracked[3, 20, 64].abs()) < 0.1
    assert float(cracked[4].max()) < 0.1


# ------------------------------------------------------------------------------------------------ on the skin


PAINTER = Painter()


def record(head: Head, **more) -> FaceRecord:
    return replace(FaceRecord("f", "somebody", 3, 512, head.model, BALD, candidate=head.candidate), **more)


def made_on(head: Head, place: Place = CHEEK, words: str = "gold", double: GaussianDiffusion | None = None, **more):
    wish = pipeline.Diffusion(words, steps=3, guidance=1.0)
    entry, pictures = pipeline.diffuse(record(head), wish, place, model=double or model(), **more)
    return replace(entry, id="diffusion-1"), pictures


@pytest.fixture(scope="module")
def gold(anny: Head) -> tuple[EditEntry, dict[str, bytes]]:
    return made_on(anny)


def painted(head: Head, *edits: EditEntry, pictures: Mapping[str, bytes], size: int = 512) -> Maps:
    if not edits and size == 512:
        return bare(head)
    laid = overlays(edits, head, BALD, 3, pictures)
    return PAINTER.paint(head, BALD, resolution=size, seed=3, overlays=laid)


def where(head: Head, place: Place, size: int = 512) -> dict[str, Tensor]:
    return {
        tile: torch.nn.functional.interpolate(mask[None, None], size=(size, size), mode="bilinear")[0, 0]
        for tile, mask in masks_of(place, head, {}).items()
    }


def test_the_cheek_is_gold_in_every_map_and_not_a_bit_changes_elsewhere(anny: Head, gold) -> None:
    edit, pictures = gold
    before, after = painted(anny, pictures={}), painted(anny, edit, pictures=pictures)
    touched = torch.nn.functional.max_pool2d(where(anny, CHEEK)["skin"][None], 5, 1, 2)[0] > 0.0
    for name, image in after["skin"].items():
        changed = (image != before["skin"][name]).any(dim=-1)
        assert not bool((changed & ~touched).any()), name
        assert bool(changed.any()), name
    middle = where(anny, CHEEK)["skin"] > 0.98
    albedo = after["skin"]["albedo"][middle]
    assert float((albedo[:, 0] / albedo[:, 2]).median()) > 4.0  # skin's is below 3
    assert float(after["skin"]["subsurface"][middle].median()) < float(before["skin"]["subsurface"][middle].median())
    assert float(after["skin"]["roughness"][middle].std()) > 0.0  # no constant
    assert all(torch.equal(image, before["eyes"][name]) for name, image in after["eyes"].items())


def test_strength_fades_it_and_goes_beyond(anny: Head, gold) -> None:
    edit, pictures = gold
    middle = where(anny, CHEEK)["skin"] > 0.98
    bare = painted(anny, pictures={})["skin"]["albedo"][middle]
    moved = []
    for strength in (0.0, 0.25, 0.5, 1.0, 2.0):
        maps = painted(anny, replace(edit, strength=strength), pictures=pictures)
        moved.append(float((maps["skin"]["albedo"][middle] - bare).abs().mean()))
    assert moved[0] == 0.0 and moved == sorted(moved) and len(set(moved)) == 5


def test_it_lies_in_the_stack_as_others_do(anny: Head, gold) -> None:
    edit, pictures = gold
    bruise = EditEntry("b", "words", place=CHEEK, parameters={"effects": [{"name": "bruise"}]})
    under, over = (painted(anny, *stack, pictures=pictures) for stack in ((bruise, edit), (edit, bruise)))
    assert not torch.equal(under["skin"]["albedo"], over["skin"]["albedo"])
    hidden = painted(anny, replace(edit, visible=False), pictures=pictures)
    assert torch.equal(hidden["skin"]["albedo"], painted(anny, pictures={})["skin"]["albedo"])
    (again,) = read_edits(json.loads(json.dumps(write_edits((edit,)))))
    assert again == edit
    one, other = (painted(anny, each, pictures=pictures) for each in (edit, again))
    assert all(torch.equal(image, other["skin"][name]) for name, image in one["skin"].items())


def test_what_is_made_again_is_the_same(anny: Head, gold) -> None:
    edit, pictures = made_on(anny)
    assert (edit, pictures) == gold


@pytest.mark.slow
def test_it_is_copied_to_the_other_head(anny: Head, ict: Head, gold) -> None:
    edit, pictures = gold
    for source, target in ((anny, ict), (ict, anny)):
        stack, files = (edit,), pictures
        if source is ict:
            stack, files = carry(stack, files, anny, ict)
        carried, kept = carry(stack, files, source, target)
        before, after = painted(target, pictures={}), painted(target, *carried, pictures=kept)
        middle = where(target, CHEEK)["skin"] > 0.98
        old, new = (maps["skin"]["albedo"][middle] for maps in (before, after))
        yellower = (new[:, 0] / new[:, 2]) / (old[:, 0] / old[:, 2])
        assert float(yellower.median()) > 1.5
        # Something of the gold is lost at the place's border only.
        assert float((yellower > 1.2).float().mean()) > 0.9


@pytest.mark.slow
def test_no_line_shows_where_the_production_heads_tiles_meet(ict: Head) -> None:
    sheet = sheet_of(ict.topology)
    position = sheet.from_vertices(ict.vertices)
    ear = ict.landmark("tragion_l")
    spot = ((position - ear).norm(dim=1) < 0.05).float()
    pngs = {tile: encode_mask(image) for tile, image in sheet.images(spot).items() if bool(image.any())}
    digests, pictures = editing.making.by_digest(pngs)
    place = Place((), digests, 3.0)
    assert len(masks_of(place, ict, pictures)) == 2
    found = diffuse(model(side=256), canvas(ict, place, pictures), Wish("blue", steps=2, guidance=1.0))
    names, pngs = diffused_pictures(found, ict.topology, masks_of(place, ict, pictures))
    edit, made = EditEntry("d", "diffusion", place=place, pictures=names), {**pictures, **pngs}
    before, after = (painted(ict, *edits, pictures=made, size=2048) for edits in ((), (edit,)))

    def across(maps: Mapping[str, Mapping[str, Tensor]]) -> Tensor:
        """[P] how much the albedo differs between both sides of the tiles' seams."""
        first, second = (torch.from_numpy(side).float() for side in sheet.seams.points)
        shown = torch.from_numpy(sheet.seams.outside) & ((first[:, 0] == 0.0) != (second[:, 0] == 0.0))
        sides = []
        for side in (first[shown], second[shown]):
            found = torch.zeros(len(side), 3)
            for number, tile in enumerate(sheet.tiles):
                rows = torch.nonzero(side[:, 0] == number)[:, 0]
                uv = torch.stack(((side[rows, 1] + 0.5) / 1024, 1.0 - (side[rows, 2] + 0.5) / 1024), dim=1)
                planes = encode_srgb(maps[tile.name]["albedo"]).unbind(-1)
                found[rows] = torch.stack([bilinear(plane, uv) for plane in planes], dim=1)
            sides.append(found)
        return (sides[0] - sides[1]).abs().amax(dim=1)

    step = across(after) - across(before)
    assert float((step <= 1.0 / 255.0).float().mean()) > 0.99
    assert float(step.max()) <= 6.0 / 255.0  # 8 bits of colour, of relief and of what hides the skin add up


@pytest.mark.slow
def test_later_views_keep_what_earlier_ones_have_made(anny: Head, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a model that makes another colour in each view, hardly any texel is a mixture of two."""
    double, colours, embed = model(side=128), (GOLD, (0.1, 0.2, 0.8)), GaussianDiffusion.embed

    def other_colour(self: GaussianDiffusion, words: str) -> Prompt:
        return embed(replace(self, means={"gold": colours[len(self.pictures) % 2]}), words)

    monkeypatch.setattr(GaussianDiffusion, "embed", other_colour)
    place = Place(("whole_face",))
    made = diffuse(double, canvas(anny, place), Wish("gold", steps=2, guidance=1.0), size=512)["skin"]
    assert len(double.pictures) > 2
    inside = (where(anny, place)["skin"] > 0.98) & (made.seen > 0.99)
    bluer = (made.albedo[2] / made.albedo[0].clamp_min(1e-3))[inside].log()
    gold, blue = bluer.quantile(0.1), bluer.quantile(0.95)
    mixed = (bluer > gold + 0.8) & (bluer < blue - 0.8)
    assert float(blue - gold) > 4.0
    assert float(mixed.float().mean()) < 0.13


# -------------------------------------------------------------------------------------------------- memory and stopping


def test_with_too_little_memory_it_is_tried_once_with_smaller_pictures(cheek: Canvas) -> None:
    double = model(side=128, exhausted_above=128)
    assert diffuse(double, cheek, Wish("gold", steps=2), size=512)
    assert {seen.shape[-1] for seen in double.pictures} == {64}
    with pytest.raises(DreamFaceError, match="too little memory for diffusion, also for small pictures: close"):
        diffuse(model(side=128, exhausted_above=8), cheek, Wish("gold", steps=2), size=512)


def test_other_errors_are_not_taken_for_that(cheek: Canvas, monkeypatch: pytest.MonkeyPatch) -> None:
    double = model()
    monkeypatch.setattr(GaussianDiffusion, "embed", lambda *_: (_ for _ in ()).throw(RuntimeError("a bug")))
    with pytest.raises(RuntimeError, match="a bug"):
        diffuse(double, cheek, Wish("gold", steps=2), size=512)


def test_a_stopped_one_leaves_nothing(cheek: Canvas) -> None:
    seen: list[Step] = []
    with pytest.raises(Cancelled):
        diffuse(model(), cheek, Wish("gold", steps=4), size=512, progress=Progress(seen.append, lambda: len(seen) > 5))
    assert "step" in seen[-1].message


def test_a_place_that_is_too_faint_to_be_seen_is_said(anny: Head) -> None:
    faint = torch.zeros(1024, 1024)
    middle = torch.nonzero(where(anny, CHEEK, 1024)["skin"] > 0.98).float().mean(dim=0).long().tolist()
    faint[middle[0] - 8 : middle[0] + 8, middle[1] - 8 : middle[1] + 8] = 0.009
    with pytest.raises(BadRequest, match="No camera sees the marked place: mark more of it"):
        diffuse(model(), replace(canvas(anny), masks={"skin": faint}), Wish("gold", steps=1), size=512)


def test_nothing_marked_is_said(anny: Head, cheek: Canvas) -> None:
    with pytest.raises(BadRequest, match="Nothing is marked"):
        diffuse(model(), replace(cheek, masks={}), Wish("gold"))


# ------------------------------------------------------------------------------------------------- the texture itself


def test_a_texture_model_works_in_the_layout_and_is_mixed_in(cheek: Canvas) -> None:
    blue = GaussianDiffusion({"gold": (0.1, 0.2, 0.8)})
    inside = torch.nn.functional.interpolate(cheek.masks["skin"][None, None], size=(512, 512))[0, 0] > 0.95
    found = {}
    for share in (0.0, 0.5, 1.0):
        made = diffuse(model(), cheek, Wish("gold", steps=4, guidance=1.0), texture=blue, share=share, size=512)
        found[share] = made["skin"].albedo[:, inside].median(dim=1).values
    assert float(found[0.0][0]) > float(found[0.5][0]) > float(found[1.0][0])  # gold to blue
    assert float(found[0.0][2]) < float(found[0.5][2]) < float(found[1.0][2])
    # No light is in it: both are the colour that was asked for, but for fine detail.
    gold_albedo = torch.tensor([((c + 0.055) / 1.055) ** 2.4 for c in GOLD])
    torch.testing.assert_close(found[0.0], gold_albedo, atol=0.03, rtol=0)


# ---------------------------------------------------------------------------------------------------- ways in


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Iterator[GaussianDiffusion]:
    """A model is installed: a double."""
    double = model()
    monkeypatch.setattr(pipeline, "why_no_diffusion", lambda: "")
    monkeypatch.setattr(diffusing, "use_diffusion", lambda progress: nullcontext(double))
    yield double


def test_words_name_the_place(anny: Head, installed: GaussianDiffusion) -> None:
    wish = pipeline.Diffusion("gold on the left cheek", steps=2, guidance=1.0)
    new = editing.diffusion_edit(record(anny), wish)
    assert new.entry.place == CHEEK and new.entry.kind == "diffusion"
    assert new.entry.label == "gold on the left cheek" and new.entry.parameters["words"] == "gold"
    assert new.not_understood == ()
    with pytest.raises(BadRequest, match="Say or mark where diffusion is to work"):
        editing.diffusion_edit(record(anny), pipeline.Diffusion("gold"))


@pytest.mark.slow
def test_words_that_the_model_does_not_read_are_told(
    anny: Head, installed: GaussianDiffusion, monkeypatch: pytest.MonkeyPatch
) -> None:
    embed = GaussianDiffusion.embed
    monkeypatch.setattr(GaussianDiffusion, "embed", lambda self, words: replace(embed(self, words), cut_off="and more"))
    new = editing.diffusion_edit(record(anny), pipeline.Diffusion("gold", steps=1), CHEEK)
    assert new.not_understood == ("and more",)
    assert painted(anny, replace(new.entry, id="d"), pictures=new.pictures)


@pytest.mark.slow
def test_it_begins_with_a_sketch(anny: Head, installed: GaussianDiffusion) -> None:
    """A model that changes next to nothing leaves what was drawn."""
    import numpy as np

    from dreamface.images import png_bytes

    pixels = np.zeros((512, 512, 4), np.uint8)
    spot = (where(anny, CHEEK)["skin"] > 0.98).numpy()
    pixels[spot] = (30, 40, 200, 255)
    sketch = editing.sketch_edit(anny.topology, png_bytes(pixels), "paint")
    installed.deviation = 3.0  # anything is as likely
    wish = pipeline.Diffusion("waves", steps=4, guidance=1.0, keep=0.95)
    new = editing.diffusion_edit(record(anny), wish, start=sketch)
    assert new.entry.place is not None and new.entry.place.mask
    assert float(installed.pictures[-1][2].max()) > 0.6  # it has seen the blue
    edit = replace(new.entry, id="d")
    after = painted(anny, edit, pictures=new.pictures)["skin"]["albedo"]
    albedo = after[torch.from_numpy(spot)]
    assert float((albedo[:, 2] / albedo[:, 0]).median()) > 1.5  # blue
    assert set(edit.digests) <= set(new.pictures)  # the sketch itself is not needed any more


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"words": "  "}, "Say what diffusion should make"),
        ({"words": "x" * 501}, "at most 500 characters of words; got 501"),
        ({"against": "x" * 501}, "at most 500 characters of words; got 501"),
        ({"steps": 0}, "takes 1 to 250 steps; got 0"),
        ({"guidance": -1.0}, "guidance must be between 0 and 30"),
        ({"keep": 1.0}, "less than 1; got 1"),
        ({"seed": -5}, "seed"),
    ],
)
def test_what_can_not_be_is_said_before_anything_is_loaded(anny: Head, changed, sentence: str) -> None:
    with pytest.raises(BadRequest, match=sentence):
        editing.diffusion_edit(record(anny), pipeline.Diffusion(**{"words": "gold"} | changed), CHEEK)


@pytest.mark.parametrize(
    ("place", "edits", "sentence"),
    [
        (CHEEK, [EditEntry(f"e{number}", "words") for number in range(200)], "at most 200 edits: remove some first"),
        (Place(("left_cheek", "tail")), [], "There is no region called 'tail'"),
        (Place((), {"skin": "a" * 64}), [], "A mask's picture is missing: mark the place again"),
    ],
)
def test_what_can_not_be_laid_on_is_said_before_anything_is_loaded(
    anny: Head, monkeypatch: pytest.MonkeyPatch, place: Place, edits: list[EditEntry], sentence: str
) -> None:
    monkeypatch.setattr(pipeline, "why_no_diffusion", lambda: "")
    monkeypatch.setattr(diffusing, "use_diffusion", lambda progress: pytest.fail("it was loaded"))
    wish = pipeline.Diffusion("gold")
    with pytest.raises(BadRequest, match=sentence):
        editing.diffusion_edit(record(anny, edits=tuple(edits)), wish, place)
    with pytest.raises(BadRequest, match=sentence):
        pipeline.diffuse(record(anny, edits=tuple(edits)), wish, place)


def test_without_a_model_it_is_said_how_to_have_one(anny: Head) -> None:
    with pytest.raises(MissingDependency, match="dreamface models install stable-diffusion-v1-5"):
        editing.diffusion_edit(record(anny), pipeline.Diffusion("gold"), CHEEK)


def test_words_that_nothing_is_made_of_are_offered_to_diffusion(anny: Head, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(
        BadRequest, match=r"Diffusion may know more words\. No diffusion model is installed: install it"
    ):
        editing.words_edit("a zorbly frim", CHEEK)
    monkeypatch.setattr(pipeline, "why_no_diffusion", lambda: "")
    with pytest.raises(
        BadRequest, match=r"the words that work\. Diffusion may know it: give add_edit diffusion=True\.$"
    ):
        editing.words_edit("a zorbly frim", CHEEK)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(making, "_portrait", lambda *_: torch.zeros(8, 8, 3))


@pytest.mark.slow
def test_from_python_to_a_face_that_needs_no_model(
    installed: GaussianDiffusion, quick: None, monkeypatch: pytest.MonkeyPatch, tmp_path
) -> None:
    from dreamface import folder

    face: Face = pipeline.generate("a bald woman of 30", seed=4, resolution=512, head="anny")
    wish = pipeline.Diffusion("gold", steps=2, guidance=1.0)
    made = editing.add_edit(face, region="left cheek", diffusion=wish, strength=0.8)
    assert made.record.edits[0].id == "diffusion-1"
    folder.save(made, tmp_path / "face")
    monkeypatch.undo()
    monkeypatch.setattr(making, "_portrait", lambda *_: torch.zeros(8, 8, 3))
    assert pipeline.why_no_diffusion()
    document = folder.read_document(tmp_path / "face")
    again = pipeline.rebuild(document, pictures=folder.read_pictures(tmp_path / "face"))
    for tile, channels in made.maps.items():
        for name, image in channels.items():
            assert torch.equal(image, again.maps[tile][name]), (tile, name)
    assert not torch.equal(face.maps["skin"]["albedo"], again.maps["skin"]["albedo"])


@pytest.mark.parametrize("damage", [lambda names: {}, lambda names: dict(list(names.items())[:2])])
def test_a_lost_picture_is_said(anny: Head, gold, damage: Callable[[dict[str, str]], dict[str, str]]) -> None:
    edit, pictures = gold
    broken = replace(edit, pictures=damage(dict(edit.pictures)))
    with pytest.raises(BadRequest, match="is missing"):
        painted(anny, broken, pictures=pictures)
    with pytest.raises(BadRequest, match="missing from the face"):
        painted(anny, edit, pictures={})


def test_pictures_of_strangers_are_no_larger_than_our_own(anny: Head, gold) -> None:
    import io

    from PIL import Image

    edit, pictures = gold
    with Image.open(io.BytesIO(pictures[edit.pictures["tint/skin"]])) as own:
        assert own.size == (2048, 2048)
    png = io.BytesIO()
    Image.new("RGBA", (2049, 2049)).save(png, "PNG")
    with pytest.raises(BadRequest, match="another size than it should"):
        painted(anny, edit, pictures=pictures | {edit.pictures["tint/skin"]: png.getvalue()})


def test_pictures_in_memory_are_counted_by_their_bytes(anny: Head, gold, monkeypatch: pytest.MonkeyPatch) -> None:
    from dreamface.edits import diffused

    edit, pictures = gold
    diffused._read_lately.clear()
    drawings = [diffused._read(pictures[edit.pictures[f"{kind}/skin"]], kind) for kind in diffused.KINDS]
    assert diffused._read_lately.currsize == sum(drawing.image.nbytes for drawing in drawings)
    assert diffused._read_lately.maxsize < 8 * 4 * 4 * 2048**2
