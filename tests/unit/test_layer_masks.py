"""A layer of the skin under a mask: laid on where the mask says and nowhere else, and kept with the face."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from dreamface import folder, images, pipeline
from dreamface.errors import BadRequest, FolderError
from dreamface.face import Face
from dreamface.pipeline import making
from dreamface.record import LayerEntry

SIZE = 512


@pytest.fixture(scope="module", autouse=True)
def bald() -> Iterator[None]:
    """Faces are made without hair and previews, which masks of the skin do not change."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(making, "grow", lambda *_, **__: {})
        patch.setattr(making, "_portrait", lambda *_: torch.zeros(8, 8, 3))
        yield


@pytest.fixture(scope="module")
def face() -> Face:
    return pipeline.generate("a woman of 60 with many freckles", seed=4, resolution=SIZE, head="anny")


@pytest.fixture(scope="module")
def left() -> Tensor:
    """[256, 256] the left half of the layout."""
    mask = torch.zeros(256, 256)
    mask[:, :128] = 1.0
    return mask


@pytest.fixture(scope="module")
def half(face: Face, left: Tensor) -> Face:
    return pipeline.edit(face, {}, masks={"freckles": {"skin": left}, "cheeks_wrinkles": {"skin": left}})


def same(one: Tensor, other: Tensor) -> bool:
    return torch.equal(one, other)


def test_a_layer_is_laid_on_where_its_mask_says(face: Face, half: Face) -> None:
    without = pipeline.edit(face, {}, layers={"freckles": 0.0, "cheeks_wrinkles": 0.0})
    edge = SIZE // 2
    for channel in ("albedo", "displacement"):
        full, masked, none = (one.maps["skin"][channel] for one in (face, half, without))
        assert not same(full[:, edge:], none[:, edge:])
        assert same(masked[:, : edge - 8], full[:, : edge - 8]), channel
        assert same(masked[:, edge + 8 :], none[:, edge + 8 :]), channel


def test_a_mask_of_nothing_and_one_of_everything(face: Face) -> None:
    nothing = pipeline.edit(face, {}, masks={"freckles": {"skin": torch.zeros(64, 64)}})
    everything = pipeline.edit(face, {}, masks={"freckles": {"skin": torch.ones(64, 64)}})
    none = pipeline.edit(face, {}, layers={"freckles": 0.0})
    assert same(nothing.maps["skin"]["albedo"], none.maps["skin"]["albedo"])
    assert same(everything.maps["skin"]["albedo"], face.maps["skin"]["albedo"])


def test_a_layer_that_is_no_pattern_is_masked_too(face: Face, left: Tensor) -> None:
    """Redness of zones comes before the skin's colour is mixed."""
    masked = pipeline.edit(face, {}, masks={"zones": {"skin": left}}).maps["skin"]["albedo"]
    none = pipeline.edit(face, {}, layers={"zones": 0.0}).maps["skin"]["albedo"]
    edge = SIZE // 2
    assert same(masked[:, : edge - 8], face.maps["skin"]["albedo"][:, : edge - 8])
    assert same(masked[:, edge + 8 :], none[:, edge + 8 :])


def test_taking_the_mask_away_gives_the_face_again(face: Face, half: Face) -> None:
    again = pipeline.edit(half, {}, masks={"freckles": None, "cheeks_wrinkles": None})
    assert same(again.maps["skin"]["albedo"], face.maps["skin"]["albedo"])
    assert not again.pictures
    assert half.pictures and half.record.history[-1]["masks"] == ["cheeks_wrinkles", "freckles"]


def test_it_is_kept_in_the_folder_and_rebuilt(half: Face, tmp_path: Path) -> None:
    saved = folder.save(half, tmp_path / "face")
    (picture,) = (saved / "layers").iterdir()  # both layers have the same one
    assert picture.stem == hashlib.sha256(picture.read_bytes()).hexdigest()
    opened = folder.load(saved)
    assert opened.record == half.record
    assert opened.pictures == half.pictures
    rebuilt = pipeline.rebuild(folder.read_document(saved), pictures=folder.read_pictures(saved))
    assert same(rebuilt.maps["skin"]["albedo"], half.maps["skin"]["albedo"])
    # Saved again without masks, no picture stays behind.
    folder.save(pipeline.edit(half, {}, masks={"freckles": None, "cheeks_wrinkles": None}), saved)
    assert not (saved / "layers").exists()


def test_a_picture_that_was_changed_or_lost_is_noticed(half: Face, tmp_path: Path) -> None:
    saved = folder.save(half, tmp_path / "face")
    (picture,) = (saved / "layers").iterdir()
    picture.write_bytes(images.encode_mask(torch.ones(8, 8)))
    with pytest.raises(FolderError, match="not the picture that was saved"):
        folder.load(saved)
    picture.unlink()
    with pytest.raises(FolderError, match="missing"):
        folder.load(saved)
    with pytest.raises(BadRequest, match="is missing: send it"):
        pipeline.rebuild(folder.read_document(saved))


def test_a_hidden_layer_keeps_its_mask(half: Face) -> None:
    layers = tuple(replace(entry, visible=entry.id != "freckles") for entry in half.record.layers)
    hidden = pipeline.edit(replace(half, record=replace(half.record, layers=layers)), {})
    entry = next(entry for entry in hidden.record.layers if entry.id == "freckles")
    assert entry.mask and entry.mask["skin"] in hidden.pictures


@pytest.mark.parametrize(
    ("masks", "said"),
    [
        ({"frekles": {"skin": torch.ones(8, 8)}}, "no layer called"),
        ({"freckles": {"nose": torch.ones(8, 8)}}, "tile 'nose'"),
        ({"freckles": {"skin": torch.ones(8, 8, 3)}}, r"\[8, 8, 3\]"),
        ({"freckles": {"skin": torch.ones(0, 8)}}, r"\[0, 8\]"),
    ],
)
def test_a_mask_that_makes_no_sense_is_refused(face: Face, masks: dict[str, dict[str, Tensor]], said: str) -> None:
    with pytest.raises(BadRequest, match=said):
        pipeline.edit(face, {}, masks=masks)


@pytest.mark.parametrize("picture", [b"", b"GIF89a", images.png_bytes(torch.zeros(4, 4, 3).byte().numpy())])
def test_what_is_no_mask_is_a_sentence(face: Face, picture: bytes) -> None:
    digest = hashlib.sha256(picture).hexdigest()
    layers = (LayerEntry("freckles", "freckles", mask={"skin": digest}),)
    with pytest.raises(BadRequest, match=r"no PNG picture|grey PNG"):
        pipeline.edit(replace(face.record, layers=layers), {}, pictures={digest: picture})
