"""What edits leave alone, and that painting them one after the other gives the same maps as all at once."""

from __future__ import annotations

import pytest
import torch

from dreamface.edits import masks_of, overlays
from dreamface.face import Head, Maps
from dreamface.head import HeadSource, load_model
from dreamface.record import EditEntry, Place
from dreamface.skin import Overlay, Painter, Patch, Site
from dreamface.skin import painter as painters
from dreamface.traits import Traits

SIZE = 256
PERSON = Traits({"age": 35.0, "hair.style": "bald", "beard.style": "none", "freckles.density": 0.3})
OLDER = Traits({"age": 80.0, "wrinkles.forehead": 1.0, "freckles.density": 1.0, "skin.melanin": 0.5})


@pytest.fixture(scope="module", params=["anny", "ict"])
def head(request: pytest.FixtureRequest) -> Head:
    model = load_model("anny") if request.param == "anny" else request.getfixturevalue("ict_head")
    return model.build(HeadSource(Traits({"age": 35.0}), torch.Generator().manual_seed(3)))


@pytest.fixture(scope="module")
def painter(head: Head) -> Painter:
    return Painter()


@pytest.fixture(scope="module")
def plain(head: Head, painter: Painter) -> Maps:
    return painter.paint(head, PERSON, resolution=SIZE, seed=3)


def coated(site: Site) -> tuple[Patch, ...]:
    """Everything that a patch can change."""
    mask = site.mask
    return (
        Patch(
            site.window, melanin=0.3 * mask, blood=0.2 * mask, stain=(1.0 - 0.5 * mask).expand(3, -1, -1),
            cover=0.5 * mask, colour=torch.tensor([0.1, 0.2, 0.3]), gloss=mask, roughness=0.1, specular=0.9,
            subsurface=0.2, metallic=1.0, flat=0.5 * mask, height=1e-4 * mask,
        ),
    )  # fmt: skip


def kinds(head: Head, strength: float) -> dict[str, Overlay]:
    masks = masks_of(Place(("left_cheek",), feather=4.0), head, {})
    return {
        "traits": Overlay("traits", 1, masks, strength, traits=PERSON.under(OLDER)),
        "patches": Overlay("patches", 2, masks, strength, draw=coated),
        "another seed": Overlay("another seed", 3, masks, strength, traits=PERSON.under(OLDER), seed=9),
    }


@pytest.mark.parametrize("strength", [1.0, 2.0])
@pytest.mark.parametrize("kind", ["traits", "patches", "another seed"])
def test_not_a_bit_changes_where_the_mask_is_0(
    head: Head, painter: Painter, plain: Maps, kind: str, strength: float
) -> None:
    overlay = kinds(head, strength)[kind]
    edited = painter.paint(head, PERSON, resolution=SIZE, seed=3, overlays=(overlay,))
    for tile, channels in plain.items():
        mask = overlay.masks.get(tile)
        size = next(iter(channels.values())).shape[0]
        reach = torch.zeros(size, size, dtype=torch.bool)
        if mask is not None:
            reach = torch.nn.functional.interpolate(mask[None, None], size=(size, size), mode="area")[0, 0] > 0.0
            reach = torch.nn.functional.max_pool2d(reach[None].float(), 5, 1, 2)[0] > 0.0  # filters, and slopes
        for name, image in channels.items():
            assert torch.equal(edited[tile][name][~reach], image[~reach]), (tile, name)
    assert not torch.equal(edited["skin"]["albedo"], plain["skin"]["albedo"])


def test_traits_that_are_the_persons_own_change_nothing(head: Head, painter: Painter, plain: Maps) -> None:
    overlay = Overlay("same", 0, masks_of(None, head, {}), 2.0, traits=PERSON.under({"age": 35.0}))
    edited = painter.paint(head, PERSON, resolution=SIZE, seed=3, overlays=(overlay,))
    for tile, channels in plain.items():
        assert all(torch.equal(edited[tile][name], image) for name, image in channels.items())


def mixed() -> list[EditEntry]:
    bruise = {"effects": [{"name": "bruise"}]}
    return [
        EditEntry("a", "words", place=Place(("left_cheek",)), parameters=bruise),
        EditEntry("b", "words", strength=1.5, place=Place(("whole_face",)), traits=Traits({"age": 80.0})),
        EditEntry("c", "words", strength=0.5, place=Place(("back_of_head", "scalp")), traits=OLDER),
        EditEntry("d", "words", place=Place(("whole_face",), feather=8.0), parameters=bruise),
        EditEntry("e", "words", place=Place(("nose",)), traits=Traits({"skin.metal": (0.8, 0.6, 0.2, 1.0)})),
    ]


def test_edits_one_after_the_other_give_the_same_as_all_at_once(head: Head, monkeypatch: pytest.MonkeyPatch) -> None:
    """As they are laid on where maps are so large that all of them together would take gigabytes."""
    laid = (*overlays(mixed(), head, PERSON, 3, {}), *kinds(head, 2.0).values())
    together = Painter().paint(head, PERSON, resolution=SIZE, seed=3, overlays=laid)
    monkeypatch.setattr(painters, "_LARGEST_KEPT", SIZE // 2)
    for batch in (0, 300_000):
        monkeypatch.setattr("dreamface.skin.compose._BATCH_BYTES", batch)
        alone = Painter().paint(head, PERSON, resolution=SIZE, seed=3, overlays=laid)
        for tile, channels in together.items():
            assert list(channels) == list(alone[tile])
            for name, image in channels.items():
                assert torch.allclose(alone[tile][name], image, atol=2e-6, rtol=1e-5), (tile, name)


def test_an_edit_painted_onto_a_kept_painting_is_the_same_as_anew(head: Head, painter: Painter, plain: Maps) -> None:
    laid = overlays(mixed(), head, PERSON, 3, {})
    anew = Painter().paint(head, PERSON, resolution=SIZE, seed=3, overlays=laid)
    for some in (laid[:1], laid[:3], laid):
        kept = painter.paint(head, PERSON, resolution=SIZE, seed=3, overlays=some)
    for tile, channels in anew.items():
        assert all(torch.equal(kept[tile][name], image) for name, image in channels.items()), tile
