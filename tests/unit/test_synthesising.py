"""People that are made up to train on: who they are, what is said of them, and how they come to the disk."""

from __future__ import annotations

import io
import json
import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from dreamface import cli
from dreamface.errors import BadRequest, Cancelled, FolderError
from dreamface.training import Wish, synthesise, synthesising
from dreamface.training.captions import describe
from dreamface.training.synthetic import make_example
from tests.trainings import stopped_at

pytest.importorskip("webdataset")


def samples(shard: Path) -> dict[str, dict[str, bytes]]:
    found: dict[str, dict[str, bytes]] = {}
    with tarfile.open(shard) as tar:
        for member in tar:
            key, extension = member.name.split(".", 1)
            file = tar.extractfile(member)
            assert file is not None
            found.setdefault(key, {})[extension] = file.read()
    return found


def image(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)))


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(synthesising, "SHARD", 2)
    yield


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("people") / "out"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(synthesising, "SHARD", 2)
        return folder, synthesise(folder, Wish(3, 128), processes=1)


def test_shards_hold_what_a_model_needs(made: tuple[Path, dict[str, Any]]) -> None:
    folder, index = made
    assert index == synthesising.read_index(folder)
    assert [shard["count"] for shard in index["shards"]] == [2, 1] and index["duplicates"] == 0
    people = samples(folder / "people-000000.tar") | samples(folder / "people-000001.tar")
    assert list(people) == ["000000000", "000000001", "000000002"]
    for number, sample in enumerate(people.values()):
        assert image(sample["albedo.png"]).shape == image(sample["normal.png"]).shape == (128, 128, 3)
        assert image(sample["specular.png"]).shape == (128, 128)
        mask = image(sample["mask.png"])
        assert 0.3 < (mask == 255).mean() < 0.9 and set(np.unique(mask)) == {0, 255}
        assert {"picture0.png", "picture1.png"} < sample.keys()
        label = json.loads(sample["json"])
        assert label["seed"] == number and len(label["captions"]) > 3 and label["traits"]["age"] > 1
        assert all(abs(view["yaw"]) <= 45.0 for view in label["views"])
        normal = image(sample["normal.png"]).astype(float)[mask == 255] / 127.5 - 1.0
        assert abs(np.linalg.norm(normal, axis=1) - 1.0).mean() < 0.02


def test_a_person_is_the_same_every_time_and_nobody_else() -> None:
    one, again, other = make_example(7, 128, 1), make_example(7, 128, 1), make_example(8, 128, 1)
    assert one.files() == again.files()
    assert one.digest != other.digest and not np.array_equal(one.maps["albedo"], other.maps["albedo"])


def test_what_is_there_is_kept(tmp_path: Path, few: None) -> None:
    with pytest.raises(Cancelled):
        synthesise(tmp_path / "out", Wish(4, 128, 0), processes=1, progress=stopped_at(2))
    first = tmp_path / "out" / "people-000000.tar"
    before = first.stat().st_mtime_ns, first.read_bytes()
    assert not (tmp_path / "out" / "people-000001.json").exists()
    index = synthesise(tmp_path / "out", Wish(4, 128, 0), processes=1)
    assert (first.stat().st_mtime_ns, first.read_bytes()) == before and index["count"] == 4
    assert sum(shard["count"] for shard in index["shards"]) == 4


def test_other_people_are_not_mixed_in(made: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="another kind"):
        synthesise(made[0], Wish(3, 256), processes=1)
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(BadRequest, match="other things"):
        synthesise(tmp_path, Wish(3, 128), processes=1)


def test_fewer_people_than_there_are_throw_none_away(made: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    folder = shutil.copytree(made[0], tmp_path / "out")
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    with pytest.raises(BadRequest, match=r"holds 3 people already.*ask for at least 3, or"):
        synthesise(folder, Wish(1, 128), processes=1)
    index = json.loads((folder / "index.json").read_text()) | {"count": 0, "shards": []}  # as where it was stopped
    (folder / "index.json").write_text(json.dumps(index))
    with pytest.raises(BadRequest, match="at least 3"):
        synthesise(folder, Wish(2, 128), processes=1)
    assert {file.name for file in folder.iterdir()} == before.keys()
    assert all((folder / name).read_bytes() == held for name, held in before.items() if name.endswith(".tar"))


@pytest.mark.parametrize(
    "wish, sentence",
    [
        (Wish(0), "Ask for 1 to"), (Wish(1, 500), "resolution must be one of"), (Wish(1, 512, 99), "pictures"),
        (Wish(1, 512, 1, "nobody"), "head model"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(wish: Wish, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match=sentence):
        synthesise(tmp_path / "out", wish)
    assert not (tmp_path / "out").exists()


def test_a_folder_without_people_is_told(tmp_path: Path) -> None:
    with pytest.raises(FolderError, match="dreamface synthesise"):
        synthesising.read_index(tmp_path)
    (tmp_path / "index.json").write_text("{")
    with pytest.raises(FolderError, match="damaged"):
        synthesising.read_index(tmp_path)


def test_the_command_shows_who_is_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        cli.main(
            ["synthesise", str(tmp_path / "out"), "--count", "1", "--resolution", "128", "--processes", "1", "--json"]
        )
        == 0
    )
    assert json.loads(capsys.readouterr().out)["count"] == 1


# ---------------------------------------------------------------------------------------------------------------- words


def test_captions_say_what_is_painted() -> None:
    for seed in range(120):
        described = describe(seed)
        traits = described.traits
        assert len(described.captions) == 6 and all(described.captions)
        text = " ".join(described.captions).lower()
        if "lipstick" in text:
            assert traits.tint("lipstick")[1] > 0.5
        if "goatee" in text or "full beard" in text:
            assert traits.choice("beard.style") in ("goatee", "full") and traits.number("gender") > 0.0
        if "very dark" in text or "ebony" in text:
            assert traits.number("skin.melanin") > 0.75
        if "porcelain" in text:
            assert traits.number("skin.melanin") < 0.1
        if "elderly" in text:
            assert traits.number("age") > 55.0


def test_everybody_comes_up() -> None:
    people = [describe(seed).traits for seed in range(240)]
    men = np.mean([traits.number("gender") > 0 for traits in people])
    assert 0.42 < men < 0.58
    melanin = [traits.number("skin.melanin") for traits in people]
    tones = np.histogram(melanin, (0.0, 0.15, 0.35, 0.6, 1.01))[0] / len(people)
    assert tones.min() > 0.12
    ages = np.histogram([traits.number("age") for traits in people], (0, 18, 35, 60, 100))[0] / len(people)
    assert ages.min() > 0.06
    assert len({caption for seed in range(100) for caption in describe(seed).captions}) > 480
