"""Damages face folders at random, and looks at what each command makes of them.

    python -m tests.chaos.folders --rounds 5000 --seed 1        # from the project's folder
    python -m tests.chaos.folders --seed 1 --only 1234          # one case again, with its damage and all that was said

Every case damages a fresh copy of a small face in one to three ways, then opens, shows, exports and verifies it. What
must never happen: a traceback, a hang, a line that steers the terminal, and a wrong result without a word, which is a
face that `verify` calls whole and that is not the one that was saved, or an export with numbers that are none.
"""

from __future__ import annotations

import argparse
import faulthandler
import hashlib
import io
import json
import os
import random
import shutil
import signal
import struct
import sys
import tempfile
import time
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from dreamface import folder, images
from dreamface.cli import main
from dreamface.errors import FolderError
from dreamface.face import Face
from dreamface.packing import pack_sent_groom
from dreamface.record import LayerEntry
from tests.support import synthetic_face, welded_face, with_hair

LIMIT_S = 20.0
"""Seconds that one command may take: far more than any needs, as the machine may be busy."""

MEMORY = 1000 * 2**20
"""Bytes by which no command may raise what the process takes at most."""

FARTHEST = 1000.0
"""Metres or widths of a picture: no number of a head is larger."""

LARGEST = 2**26
"""Bytes of a file that is damaged further."""

COMMANDS = ("show", "export", "verify")


# --------------------------------------------------------------------------------------------------------------- faces


def plain_face() -> Face:
    """A small face with one sphere for a skin."""
    return synthetic_face(resolution=16, side=2)


def rich_face() -> Face:
    """A small face with welded parts, an opacity map, a mask for a layer, an offset, and hair."""
    face = with_hair(welded_face(resolution=16))
    mask = images.encode_mask(torch.linspace(0, 1, 256).reshape(16, 16))
    digest = hashlib.sha256(mask).hexdigest()
    layers = (LayerEntry("freckles", "freckles", mask={"skin": digest}), LayerEntry("brows", "brows"))
    offset = torch.zeros_like(face.head.vertices)
    offset[3:9] = 0.001
    return replace(
        face,
        record=replace(face.record, layers=layers),
        head=replace(face.head, offset=offset),
        pictures={digest: mask},
    )


def content(face: Face) -> str:
    """SHA-256 of all that a loaded face holds."""
    digest = hashlib.sha256()

    def add(value: object) -> None:
        if isinstance(value, torch.Tensor):
            digest.update(str(tuple(value.shape)).encode() + value.contiguous().numpy().tobytes())
        elif isinstance(value, dict):
            for name in sorted(value):
                digest.update(str(name).encode())
                add(value[name])
        else:
            digest.update(repr(value).encode())

    topology = face.head.topology
    for value in (
        face.record.to_json(), face.head.model, dict(face.head.identity), face.head.vertices, face.head.offset,
        topology.faces, topology.uv, topology.face_uvs, topology.parts, topology.tiles, dict(topology.regions),
        dict(topology.landmarks), face.shapes, face.shape_names, dict(face.materials), face.preview,
        {tile: dict(maps) for tile, maps in face.maps.items()}, dict(face.measured), dict(face.pictures),
        {name: torch.from_numpy(array.copy()) for name, array in pack_sent_groom(face.groom).items()},
    ):  # fmt: skip
        add(value)
    return digest.hexdigest()


# -------------------------------------------------------------------------------------------------------------- damage

Dice = random.Random
Damage = Callable[[Path, Dice], str]
"""Damages a folder and says how."""


def some_file(place: Path, dice: Dice) -> Path:
    """A file of the face, each kind about equally often."""
    files = sorted(file for file in place.rglob("*") if file.is_file())
    kinds = sorted({file.suffix + file.parent.name[:4] for file in files})
    if not files:
        return place / "face.json"
    kind = dice.choice(kinds)
    return dice.choice([file for file in files if file.suffix + file.parent.name[:4] == kind])


def some_archive(place: Path, dice: Dice) -> Path:
    """A file of arrays."""
    return dice.choice(sorted({place / "geometry.npz", *place.glob("*.npz")}))


def bytes_of(file: Path) -> bytes:
    """What a file holds; nothing where an earlier damage has put something endless there."""
    if not file.is_file() or file.stat().st_size > LARGEST:
        return b""
    return file.read_bytes()


def damage_bytes(place: Path, dice: Dice) -> str:
    """Flip, cut, lengthen, blank or shuffle a file's bytes."""
    file = some_file(place, dice)
    data = bytearray(bytes_of(file))
    ways = ("flip", "flip", "flip at the start", "flip at the end", "cut", "lengthen", "blank", "noise", "shuffle")
    way, size = dice.choice(ways), max(len(data), 1)
    if way.startswith("flip"):
        low = max(size - 400, 0) if "end" in way else 0
        high = min(size, 400) if "start" in way else size
        for _ in range(dice.choice((1, 1, 3, 20))):
            if data:
                data[dice.randrange(low, high)] ^= 1 << dice.randrange(8)
    elif way == "cut":
        del data[dice.randrange(size) :]
    elif way == "lengthen":
        data += dice.randbytes(dice.choice((1, 100, 10_000)))
    else:
        start = dice.randrange(size)
        stop = min(start + dice.choice((1, 8, 64, 4096)), len(data))
        piece = bytes(data[start:stop])
        data[start:stop] = {
            "blank": bytes(stop - start), "noise": dice.randbytes(stop - start), "shuffle": piece[::-1],
        }[way]  # fmt: skip
    file.write_bytes(data)
    return f"{way} {file.name}"


def damage_file(place: Path, dice: Dice) -> str:
    """Put something else in a file's place."""
    file, other = some_file(place, dice), some_file(place, dice)
    data = bytes_of(other)
    way = dice.choice(("delete", "empty", "folder", "pipe", "device", "loop", "dangling", "other", "hole"))
    file.unlink(missing_ok=True)
    if way == "empty":
        file.touch()
    elif way == "folder":
        file.mkdir()
    elif way == "pipe":
        os.mkfifo(file)
    elif way in ("device", "loop", "dangling"):
        file.symlink_to({"device": "/dev/zero", "loop": file.name, "dangling": "nowhere"}[way])
    elif way == "other":
        file.write_bytes(data)
    elif way == "hole":
        with file.open("wb") as hole:
            hole.truncate(2 ** dice.choice((20, 30, 40)))
    return f"{way} for {file.name}"


def hostile(dice: Dice) -> Any:
    """A value that nobody expects."""
    deep: Any = 1
    for _ in range(dice.choice((5, 100, 900))):
        deep = [deep]
    return dice.choice([
        None, True, False, 0, 1, -1, 2, 3, 0.5, -0.0, 1e308, -1e308, 1e-320, 2**31, 2**32, -(2**31), 2**63, 10**30,
        float("nan"), float("inf"), "", "skin", "eyes", "x" * 5000, "\ud83d", "\x1b[2J", "a\nb", "\u202e", "../..",
        "/etc/passwd", "NaN", "1", "anny", "ict", "maps/skin_albedo.png", [], {}, [[]], {"a": 1}, [0, 1], [None], deep,
        dice.randbytes(9).decode("latin-1"), dice.random(), dice.randrange(-1000, 1000),
    ])  # fmt: skip


def places_in(data: Any) -> Iterator[tuple[Any, Any]]:
    """All containers of a JSON value, with each of their keys."""
    items = list(data.items()) if isinstance(data, dict) else list(enumerate(data)) if isinstance(data, list) else []
    for key, value in items:
        yield data, key
        yield from places_in(value)


def damage_document(place: Path, dice: Dice) -> str:
    """Change what face.json says."""
    file = place / "face.json"
    try:
        data = json.loads(bytes_of(file).decode("utf-8"))
        top = list(data)
    except (OSError, ValueError, TypeError):
        return "nothing"
    said = []
    for _ in range(dice.choice((1, 1, 2, 5))):
        field_name = dice.choice(top)
        found = [(data, field_name), *places_in(data.get(field_name))]
        container, key = dice.choice(found) if dice.random() < 0.8 else found[0]
        way = dice.choice(("set", "set", "set", "nudge", "delete", "double", "rename"))
        try:
            value = container[key]
            if way == "set":
                container[key] = hostile(dice)
            elif way == "nudge" and isinstance(value, int | float):
                container[key] = value + dice.choice((-1, 1, 0.5, 1e6, -value))
            elif way == "delete":
                del container[key]
            elif way == "double" and isinstance(container, list):
                container.append(value)
            elif way == "rename" and isinstance(container, dict):
                container[str(hostile(dice))] = container.pop(key)
        except (KeyError, IndexError):
            continue
        said.append(f"{way} {field_name}..{key}")
    text = json.dumps(data, ensure_ascii=dice.random() < 0.7)
    file.write_text(text, "utf-8", errors="surrogatepass")
    return ", ".join(said)


def damage_arrays(place: Path, dice: Dice) -> str:
    """Change an array of an .npz, and write a whole archive of it."""
    file = some_archive(place, dice)
    try:
        arrays = dict(np.load(io.BytesIO(bytes_of(file)), allow_pickle=False))
        name = dice.choice(sorted(arrays))
    except Exception:  # it has been damaged before, in whatever way
        return "nothing"
    array = np.array(arrays[name])  # a copy; bytes, where an archive has lost what says that it is an array
    way = dice.choice(
        ("value", "value", "values", "type", "shape", "cut", "double", "reverse", "delete", "add", "pack")
    )
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if way in ("value", "values") and array.size and array.dtype.kind in "fiu":
            number = dice.choice((np.nan, np.inf, -1, 0, 1e30, 2**31 - 1, -(2**31), dice.randrange(-99, 99)))
            where = dice.randrange(array.size) if way == "value" else slice(None, None, dice.choice((1, 7)))
            array.flat[where] = np.array(number).astype(array.dtype)
        elif way == "value" and array.size:
            array.flat[dice.randrange(array.size)] = dice.choice(("", "a\nb", "\x1b", array.flat[0]))
        elif way == "type":
            kinds = ("f2", "f4", "f8", ">f4", "i1", "i4", "i8", "u8", "c8", "?", "U5", "S5", "M8[s]")
            array = array.astype(dice.choice(kinds)) if array.dtype.kind != "U" else array.astype("S9")
        elif way == "shape":
            array = dice.choice((array.reshape(-1), array[None], array.T, array[..., None], np.array(0), array[:0]))
        elif way == "cut":
            array = array[: dice.randrange(len(array) + 1)] if array.ndim else array
        elif way == "double":
            array = np.concatenate([array, array]) if array.ndim else array
        elif way == "reverse":
            array = array[::-1] if array.ndim else array
    arrays |= {name: array}
    if way == "delete":
        del arrays[name]
    if way == "add":
        arrays[str(hostile(dice)).replace("/", "").encode("ascii", "replace").decode()[:50]] = np.zeros(3)
    buffer = io.BytesIO()
    (np.savez_compressed if way == "pack" else np.savez)(buffer, **arrays)
    file.unlink(missing_ok=True)
    file.write_bytes(buffer.getvalue())
    return f"{way} {name} of {file.name}"


def damage_header(place: Path, dice: Dice) -> str:
    """Change the description of an array in an .npz, and keep the archive's own checksums right."""
    file = some_archive(place, dice)
    try:
        with zipfile.ZipFile(io.BytesIO(bytes_of(file))) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
    except Exception:  # damaged before
        return "nothing"
    name = dice.choice(sorted(members))
    data = bytearray(members[name])
    for _ in range(dice.choice((1, 2, 5))):
        data[dice.randrange(min(len(data), 128))] = dice.choice(b"0123456789(),'<>fiUO:{}[] \x00\xff")
    members[name] = bytes(data)
    with zipfile.ZipFile(file, "w", dice.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))) as archive:
        for member, bytes_ in members.items():
            archive.writestr(member, bytes_)
    return f"header of {name} of {file.name}"


def damage_picture(place: Path, dice: Dice) -> str:
    """Put another whole picture in a picture's place, or change a chunk of it and make its checksum right."""
    pictures = sorted(file for file in place.rglob("*.png") if file.is_file() and not file.is_symlink())
    if not pictures:
        return "nothing"
    file = dice.choice(pictures)
    if dice.random() < 0.4:
        mode = dice.choice(("L", "RGB", "RGBA", "P", "1", "I;16", "LA"))
        size = (dice.choice((1, 15, 16, 17, 40)), dice.choice((1, 15, 16, 17, 40)))
        Image.new(mode, size).save(file, "PNG")
        return f"{mode} {size} for {file.name}"
    data = bytearray(bytes_of(file))
    place_, chunks = 8, []
    while place_ + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, place_)
        chunks.append((place_, length))
        place_ += 12 + length
    start, length = dice.choice(chunks or [(0, 0)])
    end = start + 8 + length
    if not length or end + 4 > len(data):
        return "nothing"
    for _ in range(dice.choice((1, 3))):
        data[start + 8 + dice.randrange(length)] = dice.randrange(256)
    data[end : end + 4] = struct.pack(">I", zlib.crc32(data[start + 4 : end]))
    file.write_bytes(data)
    return f"chunk {bytes(data[start + 4 : start + 8])!r} of {file.name}"


def damage_mark(place: Path, dice: Dice) -> str:
    """Put something in the place of what says that a face is a variation."""
    text = json.dumps({"of": hostile(dice), "since": hostile(dice)}) if dice.random() < 0.7 else "\x1b["
    (place / "variation.json").write_text(text, "utf-8", errors="surrogatepass")
    return "variation.json"


DAMAGES: tuple[tuple[Damage, int], ...] = (
    (damage_bytes, 6),
    (damage_file, 3),
    (damage_document, 6),
    (damage_arrays, 4),
    (damage_header, 2),
    (damage_picture, 3),
    (damage_mark, 1),
)
"""Each with how often it is taken, relative to the others."""


# ------------------------------------------------------------------------------------------------------------- judging


class Hang(BaseException):
    """A command took too long."""


@dataclass
class Report:
    """What became of all cases.

    Attributes:
        cases: how many were tried.
        opened: how many still open.
        called_whole: how many `verify` finds unchanged, as when only a file that it does not know was damaged.
        failures: case and what went wrong.
        slowest: seconds of the slowest command.
    """

    cases: int = 0
    opened: int = 0
    called_whole: int = 0
    failures: list[str] = field(default_factory=list)
    slowest: float = 0.0


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raise `Hang` in the block after a while; what can't be interrupted ends the process with a traceback."""

    def ring(*_: object) -> None:
        raise Hang

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    faulthandler.dump_traceback_later(3 * seconds, exit=True, file=sys.__stderr__)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        faulthandler.cancel_dump_traceback_later()
        signal.signal(signal.SIGALRM, before)


class Fuzzer:
    """Tries cases, each of which follows from the seed and its number alone."""

    def __init__(self, workplace: Path, seed: int, loud: bool = False) -> None:
        self.report = Report()
        self._workplace, self._seed, self._loud = workplace, seed, loud
        self._originals = {name: folder.save(make(), workplace / name) for name, make in FACES.items()}
        self._contents = {name: content(folder.load(place)) for name, place in self._originals.items()}

    def try_case(self, number: int) -> None:
        """Damage a copy of a face and run all commands on it."""
        dice = random.Random(f"{self._seed}/{number}")
        name = dice.choice(sorted(self._originals))
        place = self._workplace / "case"
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(self._originals[name], place)
        damages, weights = zip(*DAMAGES, strict=True)
        chosen = dice.choices(damages, weights, k=dice.choice((1, 1, 1, 2, 3)))
        said = "; ".join(damage(place, dice) for damage in chosen)
        if self._loud:
            print(f"{name}: {said}")
        self.report.cases += 1
        try:
            problems = [*self._judge_opening(place, self._contents[name]), *self._judge_commands(place, dice)]
        except Hang:
            problems = [f"took longer than {LIMIT_S:.0f} s"]
        self.report.failures += [f"case {number} ({name}: {said}): {problem}" for problem in problems]

    def _judge_opening(self, place: Path, original: str) -> Iterator[str]:
        face = self._tried(lambda: folder.load(place), "load")
        findings = self._tried(lambda: folder.verify(place), "verify")
        if isinstance(face, Exception) or isinstance(findings, Exception):
            for name, error in (("load", face), ("verify", findings)):
                if isinstance(error, Exception):
                    yield from _judge_error(name, error)
            return
        self.report.opened += 1
        if all(found.state == "whole" for found in findings):
            self.report.called_whole += 1
            if content(face) != original:
                yield "it is called whole and is another face"
        topology, tiles = face.head.topology, face.maps.values()
        numbers = [face.head.vertices, face.shapes, topology.uv, *topology.regions.values()]
        numbers += [hair.points for hair in face.groom.values()]
        for tensor in (*numbers, *(image for maps in tiles for image in maps.values())):
            if not (tensor.abs() <= FARTHEST).all():  # NaN neither
                yield "it opens with numbers that are none"

    def _tried(self, call: Callable[[], Any], name: str) -> Any:
        """What a call gives, or the error that it raised."""
        started = time.monotonic()
        try:
            with limited(LIMIT_S):
                before, given = _peak_memory(), call()
            return MemoryError("too much") if _peak_memory() > before + MEMORY else given
        except Exception as error:
            return error
        finally:
            self.report.slowest = max(self.report.slowest, time.monotonic() - started)

    def _judge_commands(self, place: Path, dice: Dice) -> Iterator[str]:
        target = self._workplace / f"export.{dice.choice(('glb', 'obj'))}"
        target.unlink(missing_ok=True)
        as_json = ["--json"] if dice.random() < 0.3 else []
        for command in COMMANDS:
            words = [command, str(place), *([str(target)] if command == "export" else []), *as_json]
            out, err = io.StringIO(), io.StringIO()
            with redirect_stdout(out), redirect_stderr(err):
                code = self._tried(lambda words=words: main(words), command)  # type: ignore[misc]
            if self._loud:
                print(f"{command}: {code}\n{out.getvalue()}{err.getvalue()}")
            if isinstance(code, Exception):
                yield f"{command} raised {code!r}"
            elif code not in (0, 1):
                yield f"{command} ended with {code}: {err.getvalue()[-600:]}"
            elif not (out.getvalue() + err.getvalue()).replace("\n", "").isprintable():
                yield f"{command} writes what steers a terminal"
            elif command == "export" and code == 0:
                yield from _judge_export(target)


def _peak_memory() -> int:
    """Bytes that the process has taken at most."""
    import resource  # here, because Windows has none, and looks at this module all the same

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _judge_error(name: str, error: Exception) -> Iterator[str]:
    if not isinstance(error, FolderError):
        yield f"{name} raised {error!r}"
    elif "\n" in str(error) or not str(error).endswith("."):
        yield f"{name} says {str(error)!r}"


def _judge_export(target: Path) -> Iterator[str]:
    """Numbers that are none show in the text of both formats."""
    data = target.read_bytes()
    if target.suffix == ".obj":
        if any(
            word in line for line in data.splitlines() if line.startswith((b"v ", b"vt ")) for word in (b"nan", b"inf")
        ):
            yield "the OBJ has numbers that are none"
        return
    (length,) = struct.unpack_from("<I", data, 12)
    try:
        json.loads(data[20 : 20 + length], parse_constant=_no_number)
    except ValueError as error:
        yield f"the GLB is no good: {error}"


def _no_number(name: str) -> float:
    raise ValueError(f"it has the number {name}")


FACES: dict[str, Callable[[], Face]] = {"plain": plain_face, "rich": rich_face}


def run(rounds: int, seed: int, seconds: float = float("inf")) -> Report:
    """Try cases until there were enough, or time is up."""
    ends = time.monotonic() + seconds
    with tempfile.TemporaryDirectory(prefix="dreamface-folders-", ignore_cleanup_errors=True) as workplace:
        fuzzer = Fuzzer(Path(workplace), seed)
        try:
            for number in range(rounds):
                if time.monotonic() > ends:
                    break
                fuzzer.try_case(number)
        except KeyboardInterrupt:
            print("Stopped.")
    return fuzzer.report


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Damage face folders at random, and see that every command copes.")
    parser.add_argument("--rounds", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, help="try this case alone, and say all")
    return parser


if __name__ == "__main__":
    options = _parser().parse_args()
    if options.only is not None:
        with tempfile.TemporaryDirectory(prefix="dreamface-folders-") as place_:
            one = Fuzzer(Path(place_), options.seed, loud=True)
            one.try_case(options.only)
            report = one.report
    else:
        report = run(options.rounds, options.seed)
    print(*report.failures, sep="\n")
    print(
        f"{report.cases} cases: {len(report.failures)} failures; {report.opened} opened, {report.called_whole} of them "
        f"whole; the slowest command took {report.slowest:.1f} s"
    )
    sys.exit(1 if report.failures else 0)
