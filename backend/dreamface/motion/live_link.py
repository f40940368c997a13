"""Takes of Live Link Face, Epic's app for Apple's face tracking, as CSV files.

A row is a moment: a timecode `HH:MM:SS:FF.mmm` (frames of the second, and thousandths of a frame), how many values
follow, and 61 of them: Apple's 52 shapes, then yaw, pitch and roll of the head and of both eyes in radians. The app's
yaw is positive towards the person's right, its pitch is positive downwards and its roll towards the person's left:
Unreal's rotator in a space whose X points out of the back of the head. Ours has yaw the other way about.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from io import TextIOWrapper
from itertools import chain
from pathlib import Path
from typing import IO, Final

import numpy as np

from dreamface._files import whole_file
from dreamface._reading import UNREADABLE, open_regular
from dreamface.arrays import Float32Array, FloatArray
from dreamface.errors import BadRequest
from dreamface.motion.moment import rate_of
from dreamface.performance import LONGEST, BoolArray, Performance
from dreamface.traits import ARKIT_SHAPES

ANGLES: Final = tuple(
    f"{what}{angle}" for what in ("head", "leftEye", "rightEye") for angle in ("Yaw", "Pitch", "Roll")
)
"""What follows the shapes; radians."""

_RIGHT_FIRST: Final = {
    "jawLeft": "jawRight", "jawRight": "jawLeft", "mouthLeft": "mouthRight", "mouthRight": "mouthLeft",
}  # fmt: skip

CHANNELS: Final = (*(_RIGHT_FIRST.get(shape, shape) for shape in ARKIT_SHAPES), *ANGLES)
"""The 61 values in the order of the app's files."""

FRAMES: Final = 60
"""Frames a second that the app's timecodes count, however many rows a second there are."""

_TIMECODE: Final = "timecode"
_COUNT: Final = "blendshapecount"
_FRAME_RATES: Final = (24, 25, 30, 48, 50, 60, 90, 100, 120, 240)  # that timecodes count in
_DAY: Final = 24 * 3600.0  # seconds
_DROPPED_AT_30: Final = 2  # frame numbers that drop-frame timecode leaves out each minute but the tenth, at 30 a second
_NTSC: Final = 1000.0 / 1001.0

_LARGEST: Final = 512 * 2**20  # bytes: 4 hours with 60 rows a second
_MOST_ROWS: Final = int(LONGEST * 120)
_LONGEST_HEADER: Final = 20_000  # characters
_DELIMITERS: Final = (",", ";", "\t")
_NAMED: Final = 6  # of the columns that are missing


def read_live_link(path: Path) -> Performance:
    """Read a take that Live Link Face, or something that writes as it does, has recorded.

    Columns may be in any order and letter case, and others beside them. Without columns for the head or the eyes these
    stay still. Rows in which the app saw no face, and a last one that was cut short, are understood; where a timecode
    does not rise, its row is left out, and the take's notes say how many these are.

    Raises:
        BadRequest: it is no such file, a shape's column is missing, or a value is no number.
    """
    try:
        with open_regular(path) as file:
            if file.seek(0, 2) > _LARGEST:
                raise ValueError("it is too large")
            file.seek(0)
            with TextIOWrapper(file, _encoding(file), newline="") as text:
                table = _read_table(text, path.name)
    except FileNotFoundError as error:
        raise BadRequest(f"{path} is not there: choose a take that exists.") from error
    except (csv.Error, *UNREADABLE) as error:
        raise BadRequest(f"{path.name} is no CSV file of Live Link Face: choose another file.") from error
    return _to_performance(table, path.name)


def _encoding(file: IO[bytes]) -> str:
    """Return how the text of a file is encoded: as its byte order mark says, else UTF-8."""
    mark = file.read(2)
    file.seek(0)
    return "utf-16" if mark in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"


# ---------------------------------------------------------------------------------------------------------------- rows


@dataclass
class _Table:
    """What a file says: a timecode a row, and its 61 values in our order; None where no face was seen."""

    timecodes: list[str] = field(default_factory=list)
    values: list[list[float] | None] = field(default_factory=list)


def _read_table(text: TextIOWrapper, name: str) -> _Table:
    first = text.readline(_LONGEST_HEADER)
    delimiter = max(_DELIMITERS, key=first.count)
    header = next(csv.reader([first], delimiter=delimiter), [])
    places = _places(header, name)
    rows = csv.reader(text, delimiter=delimiter)
    table, problem = _Table(), ""
    for number, row in enumerate(rows, 2):
        if not any(cell.strip() for cell in row):
            continue
        if problem:  # it was not the last row, which may have been cut short
            raise BadRequest(problem)
        if len(table.timecodes) >= _MOST_ROWS:
            raise BadRequest(f"{name} has more than {_MOST_ROWS:,} rows: choose a part of the take.")
        try:
            values = _values(row, places, delimiter == ";")
        except ValueError as error:
            problem = f"{name} is damaged: line {number} {error}; export the take again."
            continue
        table.timecodes.append(row[places.timecode].strip())
        table.values.append(values)
    return table


@dataclass(frozen=True)
class _Places:
    """Which columns are where; the values' in our order, None where there is no such column."""

    timecode: int
    count: int | None
    values: Sequence[int | None]
    names: Sequence[str]


_OURS: Final = (*ARKIT_SHAPES, *ANGLES)


def _places(header: Sequence[str], name: str) -> _Places:
    plain = [_plain(cell) for cell in header]
    if _TIMECODE not in plain:
        raise BadRequest(f"{name} is no CSV file of Live Link Face, as it has no column Timecode: choose another file.")
    wanted = [shape.lower() for shape in _OURS]
    twice = next((cell for cell in (_TIMECODE, *wanted) if plain.count(cell) > 1), None)
    if twice is not None:
        raise BadRequest(f"{name} has the column {header[plain.index(twice)]} twice: export the take again.")
    missing = [_title(shape) for shape in ARKIT_SHAPES if shape.lower() not in plain]
    if missing:
        more = f" and {len(missing) - _NAMED} more" if len(missing) > _NAMED else ""
        raise BadRequest(
            f"{name} lacks the {'column' if len(missing) == 1 else 'columns'} {', '.join(missing[:_NAMED])}{more}: "
            "export the take again with all of Apple's shapes."
        )
    values = [plain.index(column) if column in plain else None for column in wanted]
    count = plain.index(_COUNT) if _COUNT in plain else None
    return _Places(plain.index(_TIMECODE), count, values, header)


def _plain(cell: str) -> str:
    """Return a column's name in small letters; EyeBlink_L is the same as EyeBlinkLeft."""
    plain = cell.strip().lower()
    for short, long in (("_l", "left"), ("_r", "right")):
        if plain.endswith(short):
            plain = plain.removesuffix(short) + long
    return plain.replace("_", "").replace(" ", "")


def _title(channel: str) -> str:
    return channel[0].upper() + channel[1:]


def _values(row: Sequence[str], places: _Places, comma: bool) -> list[float] | None:
    """Return a row's 61 values; None where no face was seen.

    Raises:
        ValueError: one is missing or no number; the words end a sentence.
    """
    if places.timecode >= len(row):
        raise ValueError("has no timecode")
    cells = [row[place].strip() if place is not None and place < len(row) else None for place in places.values]
    unseen = places.count is not None and places.count < len(row) and row[places.count].strip() in ("0", "0.0")
    if unseen and not any(cells):
        return None
    values = []
    for place, cell in zip(places.values, cells, strict=True):
        if place is None:
            values.append(0.0)
            continue
        if not cell:
            raise ValueError(f"has nothing in {places.names[place].strip()}")
        try:
            value = float(cell.replace(",", ".") if comma else cell)
        except ValueError:
            value = np.nan
        if not abs(value) < 1e6:  # NaN neither
            raise ValueError(f"has {cell[:20]!r} in {places.names[place].strip()}, which is no number")
        values.append(value)
    return values


# ---------------------------------------------------------------------------------------------------------------- time


_CODE: Final = re.compile(r"(\d{1,3}):(\d{1,2}):(\d{1,2})(?:([:;])(\d{1,3}(?:[.,]\d+)?)|[.,](\d+))?")


def _seconds(timecodes: Sequence[str], name: str) -> FloatArray:
    """Return [T] seconds from the first timecode on; a day is added at every midnight.

    Raises:
        BadRequest: one can't be read.
    """
    parsed = np.array([_parse(code, number, name) for number, code in enumerate(timecodes, 2)]).reshape(-1, 4)
    whole, frames, is_drop, plain = parsed.T
    counted = ~np.isnan(frames)
    base = _frames_a_second(whole[counted], frames[counted])
    seconds = np.where(counted, whole + np.nan_to_num(frames) / base, plain)
    dropping = counted & (is_drop > 0.0)
    seconds[dropping] = _drop_frame_seconds(whole[dropping], frames[dropping], base)
    back = np.diff(seconds, prepend=seconds[:1]) < -0.5 * _DAY
    seconds = seconds + np.cumsum(back) * _DAY
    return seconds - seconds[0]


def _parse(code: str, line: int, name: str) -> tuple[float, float, float, float]:
    """Return whole seconds, frames, whether frame numbers are dropped, and plain seconds; NaN where it does not say."""
    found = _CODE.fullmatch(code)
    if found is not None and int(found[2]) < 60 and int(found[3]) < 60:
        whole = int(found[1]) * 3600.0 + int(found[2]) * 60.0 + int(found[3])
        if found[5] is not None:
            return whole, float(found[5].replace(",", ".")), float(found[4] == ";"), np.nan
        return whole, np.nan, 0.0, whole + (float(f"0.{found[6]}") if found[6] else 0.0)
    try:
        seconds = float(code)
    except ValueError:
        seconds = np.nan
    if not 0.0 <= seconds < 1e9:
        raise BadRequest(f"{name} is damaged: line {line} has {code[:20]!r} as its timecode; export the take again.")
    return 0.0, np.nan, 0.0, seconds


def _frames_a_second(whole: FloatArray, frames: FloatArray) -> int:
    """Return how many frames a second the timecodes count, which need not be how many rows there are.

    Where a second begins says it: the frame before, and a step more, is where the count starts anew. A take within one
    second counts as the app does.
    """
    if not len(frames):
        return FRAMES
    possible = [rate for rate in _FRAME_RATES if rate > frames.max()] or [int(frames.max()) + 1]
    steps, turns = np.diff(frames), np.diff(whole) == 1.0
    usual = steps[(np.diff(whole) == 0.0) & (steps > 0.0)]
    if not turns.any() or not len(usual):
        return FRAMES if FRAMES in possible else possible[0]
    counted = np.median(frames[:-1][turns] + np.median(usual) - frames[1:][turns])
    return min(possible, key=lambda rate: abs(rate - counted))


def _drop_frame_seconds(whole: FloatArray, frames: FloatArray, base: int) -> FloatArray:
    """Return the seconds of drop-frame timecodes (SMPTE 12M), which leave numbers out to keep the clock's time."""
    dropped = _DROPPED_AT_30 * base / 30.0
    minutes = whole // 60.0
    counted = whole * base + frames - dropped * (minutes - minutes // 10.0)
    return counted / (base * _NTSC)


def _to_performance(table: _Table, name: str) -> Performance:
    if not table.timecodes or not any(table.values):
        raise BadRequest(f"{name} holds no moment with a face in it: choose another take.")
    times = _seconds(table.timecodes, name)
    rises = times > np.maximum.accumulate(np.concatenate(([-1.0], times[:-1])))
    if rises.sum() * 2 < len(times):
        raise BadRequest(f"{name} is damaged: its timecodes do not rise; export the take again.")
    values = _filled(table.values)
    seen = np.array([row is not None for row in table.values])
    weights, head, eyes = _split(values)
    return Performance(
        times[rises],
        weights[rises],
        head[rises],
        np.zeros_like(head[rises]),
        eyes[rises],
        seen[rises],
        rate=rate_of(times[rises]),
        source=name,
        notes=_left_out(int((~rises).sum())),
    )


def _left_out(rows: int) -> tuple[str, ...]:
    if not rows:
        return ()
    return (
        "One row whose time does not rise was left out."
        if rows == 1
        else f"{rows:,} rows whose time does not rise were left out.",
    )


def _filled(rows: Sequence[list[float] | None]) -> FloatArray:
    """Return [T, 61] the values; where there are none, those from before."""
    first = next(row for row in rows if row is not None)
    held: list[list[float]] = []
    for row in rows:
        held.append(row if row is not None else held[-1] if held else first)
    return np.array(held)


def _split(values: FloatArray) -> tuple[Float32Array, Float32Array, Float32Array]:
    """[..., 61] values in our order with the app's signs -> weights [..., 52], head [..., 3], eyes [..., 2, 2]."""
    shapes = len(ARKIT_SHAPES)
    angles = values[..., shapes:].reshape(*values.shape[:-1], 3, 3) * (-1.0, 1.0, 1.0)
    return (
        values[..., :shapes].clip(0.0, 1.0).astype(np.float32),
        angles[..., 0, :].astype(np.float32),
        angles[..., 1:, :2].astype(np.float32),
    )


def to_values(weights: Float32Array, head: Float32Array, eyes: Float32Array) -> FloatArray:
    """Return [..., 61], `ARKIT_SHAPES` and `ANGLES` with the app's signs, of weights [..., 52], head and eyes."""
    rolled = np.concatenate((eyes, np.zeros_like(eyes[..., :1])), axis=-1)
    angles = np.concatenate((head[..., None, :], rolled), axis=-2) * (-1.0, 1.0, 1.0)
    return np.concatenate((weights, angles.reshape(*head.shape[:-1], 9)), axis=-1).astype(np.float64)


from_values = _split


# ------------------------------------------------------------------------------------------------------------- writing


def write_live_link(performance: Performance, path: Path) -> None:
    """Write a performance as Live Link Face records takes: a row a moment, timecodes from 0 on that count 60 frames.

    A row in which no face was seen has no values, as in the app. A take that is to have another number of rows a second
    is `Performance.resampled` first.

    Raises:
        FolderError: the disk refused.
    """
    values = to_values(performance.weights, performance.head, performance.eyes)
    order = [_OURS.index(channel) for channel in CHANNELS]
    with whole_file(path) as part, part.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("Timecode", "BlendShapeCount", *map(_title, CHANNELS)))
        rows.writerows(_rows(performance.times - performance.times[0], values[:, order], performance.seen))


def _rows(times: FloatArray, values: FloatArray, seen: BoolArray) -> Iterator[chain[str]]:
    for time, row, is_seen in zip(times.tolist(), values.tolist(), seen.tolist(), strict=True):
        cells = (f"{value:.10f}" for value in row) if is_seen else ("" for _ in row)
        yield chain((_code(time), str(len(CHANNELS) if is_seen else 0)), cells)


def _code(seconds: float) -> str:
    """Return seconds as HH:MM:SS:FF.mmm, which begins anew at midnight."""
    thousandths = round(seconds * FRAMES * 1000) % int(_DAY * FRAMES * 1000)
    whole, rest = divmod(thousandths, FRAMES * 1000)
    minutes, second = divmod(whole, 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour:02d}:{minute:02d}:{second:02d}:{rest // 1000:02d}.{rest % 1000:03d}"
