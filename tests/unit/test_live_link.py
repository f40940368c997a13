"""Takes of Live Link Face as CSV."""

from __future__ import annotations

import csv
import random
from pathlib import Path

import numpy as np
import pytest

from dreamface.errors import BadRequest, FolderError
from dreamface.motion import remarks
from dreamface.motion.live_link import CHANNELS, read_live_link, write_live_link
from dreamface.motion.shaping import held_and_faded
from dreamface.performance import Performance
from dreamface.traits import ARKIT_SHAPES
from tests.takes import a_take

REAL = Path(__file__).parents[3] / "shared/data/media/alex_rom_3.csv"
HEADER = ["Timecode", "BlendShapeCount", *(channel[0].upper() + channel[1:] for channel in CHANNELS)]


def write(path: Path, codes: list[str], *, columns: list[str] = HEADER, value: float = 0.25) -> Path:
    """A file with those timecodes, and 0.25 everywhere."""
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(columns)
        for code in codes:
            rows.writerow(
                [code if column == "Timecode" else "61" if "Count" in column else value for column in columns]
            )
    return path


def codes(count: int, step: float, start: float = 0.0, base: int = 60) -> list[str]:
    """Timecodes every `step` frames from a number of seconds on."""
    frames = [start * base + step * index for index in range(count)]
    return [
        f"{int(f // base // 3600) % 24:02d}:{int(f // base // 60) % 60:02d}:{int(f // base) % 60:02d}:{f % base:06.3f}"
        for f in frames
    ]


# ---------------------------------------------------------------------------------------------------------- a real one


@pytest.fixture(scope="module")
def real() -> Performance:
    if not REAL.exists():
        pytest.skip("there is no recorded take here")
    return read_live_link(REAL)


def test_a_recorded_take_has_its_length_and_rate(real: Performance) -> None:
    assert (len(real), real.rate, real.source) == (4030, 30.0, "alex_rom_3.csv")
    assert abs(real.duration - 134.38) < 0.01  # from 13:13:04:31.652 to 13:15:18:54.561, frames counted at 60
    steps = np.diff(real.times)
    assert np.median(steps) == pytest.approx(1 / 30, abs=1e-4)
    assert (steps > 0.06).sum() == 3  # frames that the phone dropped stay gaps
    assert real.seen.all()


def test_eyes_of_a_recorded_take_turn_as_its_shapes_say(real: Performance) -> None:
    """Looking out with the left eye turns it to the person's left, which is positive; looking down is positive."""
    left = real.channel("eyeLookOutLeft") - real.channel("eyeLookInLeft")
    right = real.channel("eyeLookInRight") - real.channel("eyeLookOutRight")
    down = real.channel("eyeLookDownLeft") - real.channel("eyeLookUpLeft")
    assert np.corrcoef(left, real.eyes[:, 0, 0])[0, 1] > 0.9
    assert np.corrcoef(right, real.eyes[:, 1, 0])[0, 1] > 0.9
    assert np.corrcoef(down, real.eyes[:, 0, 1])[0, 1] > 0.9


def test_a_recorded_take_is_written_as_it_was(real: Performance, tmp_path: Path) -> None:
    write_live_link(real, tmp_path / "again.csv")
    with REAL.open(newline="") as before, (tmp_path / "again.csv").open(newline="") as after:
        old, new = list(csv.reader(before)), list(csv.reader(after))
    assert new[0] == old[0]
    assert len(new) == len(old)
    is_eye_roll = [name.endswith("EyeRoll") for name in old[0]]  # which an eyeball hardly has, and we do not keep
    for name, skipped, before_cell, after_cell in zip(old[0], is_eye_roll, old[100], new[100], strict=True):
        if name not in ("Timecode", "BlendShapeCount") and not skipped:
            assert float(after_cell) == pytest.approx(min(float(before_cell), 1.0), abs=1e-6), name
    again = read_live_link(tmp_path / "again.csv")
    assert np.abs(again.times - real.times).max() < 2e-5
    assert np.abs(again.weights - real.weights).max() < 1e-6


# ------------------------------------------------------------------------------------------------------- there and back


@pytest.mark.parametrize("rate", [23.976, 24.0, 25.0, 29.97, 30.0, 48.0, 50.0, 60.0, 120.0])
def test_a_take_of_any_rate_comes_back(tmp_path: Path, rate: float) -> None:
    take = a_take(150, rate)
    write_live_link(take, tmp_path / "take.csv")
    again = read_live_link(tmp_path / "take.csv")
    assert np.abs(again.times - take.times).max() < 2e-5
    for name in ("weights", "head", "eyes"):
        assert np.abs(getattr(again, name) - getattr(take, name)).max() < 1e-6, name
    assert again.rate == pytest.approx(rate, rel=2e-3)


def test_yaw_is_written_towards_the_right_and_pitch_downwards(tmp_path: Path) -> None:
    write_live_link(a_take(2, head=np.full((2, 3), 0.3, np.float32)), tmp_path / "take.csv")
    with (tmp_path / "take.csv").open(newline="") as file:
        row = next(csv.DictReader(file))
    assert [float(row[name]) for name in ("HeadYaw", "HeadPitch", "HeadRoll")] == pytest.approx([-0.3, 0.3, 0.3])


@pytest.mark.parametrize(
    ("base", "step"), [(24, 1.0), (25, 1.0), (30, 1.0), (60, 1.0), (60, 2.0), (60, 2.5), (120, 4.0)]
)
def test_timecodes_may_count_frames_at_another_rate_than_rows_come(tmp_path: Path, base: int, step: float) -> None:
    take = read_live_link(write(tmp_path / "take.csv", codes(100, step, start=3661.0, base=base)))
    assert take.times == pytest.approx(np.arange(100) * step / base, abs=1e-4)


def test_a_take_over_midnight_goes_on(tmp_path: Path) -> None:
    take = read_live_link(write(tmp_path / "take.csv", codes(120, 2.0, start=24 * 3600 - 2.0)))
    assert take.times == pytest.approx(np.arange(120) / 30.0, abs=1e-4)


def test_drop_frame_timecodes_leave_numbers_out_and_no_time(tmp_path: Path) -> None:
    rows = [f"00:00:59;{frame:02d}" for frame in range(28, 30)] + [f"00:01:00;{frame:02d}" for frame in range(2, 30)]
    take = read_live_link(write(tmp_path / "take.csv", [*rows, "00:01:01;00", "00:01:01;01"]))
    assert take.times == pytest.approx(np.arange(32) * 1001 / 30_000, abs=1e-6)


def test_plain_seconds_and_clock_times_are_read_too(tmp_path: Path) -> None:
    for rows in (["0.0", "0.04", "0.08"], ["01:00:00.00", "01:00:00.04", "01:00:00.08"]):
        assert read_live_link(write(tmp_path / "take.csv", rows)).times == pytest.approx([0.0, 0.04, 0.08])


def test_frames_that_come_twice_or_late_are_left_out(tmp_path: Path) -> None:
    rows = codes(60, 2.0)
    rows[10], rows[20] = rows[9], rows[15]
    take = read_live_link(write(tmp_path / "take.csv", rows))
    assert len(take) == 58
    assert "2 rows whose time does not rise were left out." in remarks(take)
    rows[20] = rows[20 - 1][:-3] + "999"
    assert "One row whose time does not rise was left out." in remarks(
        read_live_link(write(tmp_path / "take.csv", rows))
    )
    assert (np.diff(take.times) > 0).all()


# ------------------------------------------------------------------------------------------------------------- columns


def test_columns_may_be_in_any_order_and_letter_case_with_others_beside_them(tmp_path: Path) -> None:
    dice, columns = random.Random(3), [*HEADER, "Comment"]
    dice.shuffle(columns)
    path = tmp_path / "take.csv"
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        rows = csv.writer(file)
        rows.writerow([column.upper() for column in columns])
        for code in codes(3, 2.0):
            rows.writerow([code if name == "Timecode" else 0.5 if name == "JawOpen" else 0.25 for name in columns])
    take = read_live_link(path)
    assert take.channel("jawOpen") == pytest.approx([0.5] * 3)
    assert take.channel("jawLeft") == pytest.approx([0.25] * 3)


def test_without_head_and_eyes_they_stay_still(tmp_path: Path) -> None:
    take = read_live_link(write(tmp_path / "take.csv", codes(5, 2.0), columns=HEADER[:54]))
    assert not take.head.any()
    assert not take.eyes.any()
    assert take.weights == pytest.approx(0.25)


def test_missing_columns_are_named(tmp_path: Path) -> None:
    columns = [name for name in HEADER if name not in ("JawOpen", "TongueOut")]
    with pytest.raises(BadRequest, match=r"take\.csv lacks the columns JawOpen, TongueOut: export"):
        read_live_link(write(tmp_path / "take.csv", codes(3, 2.0), columns=columns))
    with pytest.raises(BadRequest, match="and 46 more"):
        read_live_link(write(tmp_path / "take.csv", codes(3, 2.0), columns=HEADER[:2]))


def test_spreadsheets_semicolons_and_decimal_commas_are_read(tmp_path: Path) -> None:
    text = write(tmp_path / "take.csv", codes(3, 2.0)).read_text().replace(",", ";").replace("0.25", "0,25")
    (tmp_path / "take.csv").write_text(text, "utf-16")
    assert read_live_link(tmp_path / "take.csv").weights == pytest.approx(0.25)


# -------------------------------------------------------------------------------------------------------------- damage


def test_rows_without_a_face_are_marked_and_held(tmp_path: Path) -> None:
    lines = write(tmp_path / "take.csv", codes(6, 2.0)).read_text().splitlines()
    lines[4] = lines[4].split(",")[0] + ",0" + "," * 61
    (tmp_path / "take.csv").write_text("\n".join(lines))
    take = read_live_link(tmp_path / "take.csv")
    assert take.seen.tolist() == [True, True, True, False, True, True]
    assert take.weights == pytest.approx(0.25)


def test_where_no_face_was_seen_stays_so_there_and_back(tmp_path: Path) -> None:
    seen = np.ones(60, bool)
    seen[:3] = seen[20:30] = seen[-2:] = False
    take = held_and_faded(a_take(seen=seen))
    write_live_link(take, tmp_path / "take.csv")
    again = read_live_link(tmp_path / "take.csv")
    assert np.array_equal(again.seen, seen)
    assert np.abs(again.weights[seen] - take.weights[seen]).max() < 1e-6
    assert np.abs(held_and_faded(again).weights - take.weights).max() < 1e-6
    with (tmp_path / "take.csv").open(newline="") as file:
        rows = list(csv.reader(file))
    assert {len(row) for row in rows} == {63}
    assert [rows[21][1], rows[31][1], any(rows[21][2:])] == ["0", "61", False]


def test_a_last_row_that_was_cut_short_costs_nothing_else(tmp_path: Path) -> None:
    path = write(tmp_path / "take.csv", codes(6, 2.0))
    path.write_text(path.read_text()[:-100])
    assert len(read_live_link(path)) == 5


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ("eight", "line 4 has 'eight' in JawOpen, which is no number"), ("nan", "line 4 has 'nan' in JawOpen"),
        ("inf", "is no number"), ("1e99", "is no number"), ("", "line 4 has nothing in JawOpen"),
    ],
)  # fmt: skip
def test_a_value_that_is_no_number_is_named_with_its_line(tmp_path: Path, wrong: str, words: str) -> None:
    lines = write(tmp_path / "take.csv", codes(6, 2.0)).read_text().splitlines()
    cells = lines[3].split(",")
    cells[HEADER.index("JawOpen")] = wrong
    lines[3] = ",".join(cells)
    (tmp_path / "take.csv").write_text("\n".join(lines))
    with pytest.raises(BadRequest, match=words):
        read_live_link(tmp_path / "take.csv")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no column Timecode"), (b"\0" * 500, "no"), (b"\xff\xfe\xff", "no CSV"),
        (b"\x89PNG\r\n\x1a\n" * 50, "no CSV"),
        (b"a,b\n1,2\n", "no column Timecode"), (",".join(HEADER).encode(), "no moment with a face"),
        (",".join([*HEADER, "jawOpen"]).encode(), "JawOpen twice"),
        ((",".join(HEADER) + "\nnoon" + ",1" * 62).encode(), "line 2 has 'noon' as its timecode"),
        ((",".join(HEADER) + "\n00:61:00:00" + ",1" * 62).encode(), "as its timecode"),
        ((",".join(HEADER) + ("\n00:00:00:00" + ",1" * 62) * 5).encode(), "do not rise"),
    ],
)  # fmt: skip
def test_garbage_is_a_sentence(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "take.csv").write_bytes(content)
    with pytest.raises(BadRequest, match=words):
        read_live_link(tmp_path / "take.csv")


def test_what_is_no_file_is_a_sentence(tmp_path: Path) -> None:
    for place, words in ((tmp_path / "gone.csv", "is not there"), (tmp_path, "no CSV")):
        with pytest.raises(BadRequest, match=words):
            read_live_link(place)
    with pytest.raises(FolderError, match="is not a folder"):
        write_live_link(a_take(), tmp_path / "none" / "take.csv")


def test_any_damage_is_a_sentence_or_a_take(tmp_path: Path) -> None:
    whole = write(tmp_path / "whole.csv", codes(8, 2.0)).read_bytes()
    dice, path = random.Random(11), tmp_path / "take.csv"
    for _ in range(150):
        data = bytearray(whole)
        if dice.random() < 0.3:
            data = data[: dice.randrange(1, len(data))]
        for _ in range(dice.randrange(1, 12)):
            data[dice.randrange(len(data))] = dice.choice(b'\0\n\r,;:".-9eN\xff')
        path.write_bytes(data)
        try:
            assert read_live_link(path).weights.shape[1] == len(ARKIT_SHAPES)
        except BadRequest as error:
            assert "\n" not in str(error)
