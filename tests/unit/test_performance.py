"""A performance and its file."""

from __future__ import annotations

import io
import random
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dreamface import performance
from dreamface.errors import BadRequest
from dreamface.performance import LONGEST, Performance, load_performance
from dreamface.traits import ARKIT_SHAPES
from tests.takes import a_take


def arrays_of(path: Path) -> dict[str, Any]:
    with np.load(path, allow_pickle=False) as archive:
        return dict(archive)


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    a_take().save(tmp_path / "take.npz")
    return tmp_path / "take.npz"


def test_a_take_comes_back_as_it_was(tmp_path: Path) -> None:
    take = a_take(footage=(1920, 1080), focal=1.2)
    take.save(tmp_path / "take.npz")
    again = load_performance(tmp_path / "take.npz")
    for name in ("times", "weights", "head", "position", "eyes", "seen"):
        assert np.array_equal(getattr(again, name), getattr(take, name)), name
        assert getattr(again, name).dtype == getattr(take, name).dtype
    assert (again.rate, again.focal, again.source, again.footage) == (30.0, 1.2, "made up.mp4", (1920, 1080))


def test_times_of_a_long_take_stay_exact(tmp_path: Path) -> None:
    times = 10_000.0 + np.arange(60) / 60.0
    a_take(times=times).save(tmp_path / "take.npz")
    assert np.array_equal(load_performance(tmp_path / "take.npz").times, times)


def test_a_source_of_any_name_can_be_written(tmp_path: Path) -> None:
    a_take(source="évil\x1b[31m\nname\ud800" + "x" * 1000).save(tmp_path / "take.npz")
    assert load_performance(tmp_path / "take.npz").source.startswith("évil")


def test_shapes_in_another_order_are_put_in_ours(saved: Path) -> None:
    arrays = arrays_of(saved)
    backwards = {"shapes": arrays["shapes"][::-1], "weights": arrays["weights"][:, ::-1]}
    np.savez(saved, **{**arrays, **backwards})
    assert np.array_equal(load_performance(saved).weights, a_take().weights)


@pytest.mark.parametrize(
    "changed",
    [
        {"times": np.zeros(60)}, {"times": np.arange(59) / 30.0}, {"times": np.full(60, np.nan)},
        {"weights": np.zeros((60, 51), np.float32)}, {"weights": np.full((60, 52), np.inf)}, {"weights": None},
        {"eyes": np.zeros((60, 4))}, {"seen": np.ones(60, np.int8)}, {"head": np.full((60, 3), "x")},
        {"shapes": np.array([f"shape{i}" for i in range(52)])}, {"shapes": np.array(["jawOpen"] * 52)},
        {"rate": np.array(0.0)}, {"rate": np.array(np.nan)}, {"rate": np.array([30.0])}, {"focal": np.array(-1.0)},
        {"version": np.array("one")}, {"version": None}, {"footage": np.array([-1, 3])}, {"source": np.array(7)},
    ],
)  # fmt: skip
def test_a_damaged_take_is_a_sentence(saved: Path, changed: dict[str, Any]) -> None:
    arrays = {**arrays_of(saved), **changed}
    np.savez(saved, **{name: array for name, array in arrays.items() if array is not None})
    with pytest.raises(BadRequest, match=r"(damaged|no take).*\.?$"):
        load_performance(saved)


def test_a_pickle_is_never_opened(saved: Path) -> None:
    np.savez(saved, **{**arrays_of(saved), "times": np.array([{}] * 60, dtype=object)})
    with pytest.raises(BadRequest, match="damaged"):
        load_performance(saved)


def test_a_take_of_a_newer_version_says_so(saved: Path) -> None:
    np.savez(saved, version=np.array(2))
    with pytest.raises(BadRequest, match="newer DreamFace"):
        load_performance(saved)


def test_other_files_and_missing_ones_are_sentences(tmp_path: Path) -> None:
    (tmp_path / "film.npz").write_bytes(b"\0\0\0\x18ftypmp42")
    for name, words in (("film.npz", "no take"), ("gone.npz", "is not there"), (".", "no take")):
        with pytest.raises(BadRequest, match=words):
            load_performance(tmp_path / name)


def test_an_archive_that_unpacks_to_more_than_the_limit_is_refused(
    saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(performance, "LARGEST_TAKE", 2**20)
    arrays = arrays_of(saved)
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f4", "fortran_order": False, "shape": (10**8, 52)})
    with zipfile.ZipFile(saved, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            if name == "weights":
                archive.writestr("weights.npy", header.getvalue() + bytes(3 * 2**20))
                continue
            member = io.BytesIO()
            np.save(member, array)
            archive.writestr(f"{name}.npy", member.getvalue())
    with pytest.raises(BadRequest, match="damaged"):
        load_performance(saved)


def test_any_damage_is_a_sentence_or_a_take(saved: Path) -> None:
    whole = saved.read_bytes()
    dice = random.Random(5)
    for _ in range(150):
        data = bytearray(whole)
        if dice.random() < 0.3:
            data = data[: dice.randrange(len(data))]
        for _ in range(dice.randrange(1, 20)):
            data[dice.randrange(len(data))] = dice.randrange(256)
        saved.write_bytes(data)
        try:
            assert isinstance(load_performance(saved), Performance)
        except BadRequest:
            continue


def test_a_take_that_is_too_long_is_not_called_damaged() -> None:
    with pytest.raises(BadRequest, match="longer than 4 hours"):
        a_take(moments=2, times=np.array([0.0, LONGEST + 1.0]))


def test_weights_are_kept_within_their_range(saved: Path) -> None:
    np.savez(saved, **{**arrays_of(saved), "weights": np.full((60, len(ARKIT_SHAPES)), 1.5, np.float32)})
    assert load_performance(saved).weights.max() == 1.0
