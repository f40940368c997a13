"""Many synthetic faces on disk, as shards of a WebDataset with an index; `dreamface synthesise`.

OUT/
  people-000000.tar    250 people, each `000000123.albedo.png`, `.specular.png`, `.normal.png`, `.mask.png`,
                       `.picture0.png` ... and `.json`: captions, traits, seed, views, split; with labels more, see
                       `labels`: `.picture0.json`, `.picture0.segmentation.png` ...
  people-000000.json   what is in the shard
  index.json           settings, shards, splits, what labels mean, and statistics of who is in it
  statistics.html      the same statistics to look at
  README.md            a data card
"""

from __future__ import annotations

import json
import multiprocessing
import os
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from dreamface._files import cannot_write, whole_file
from dreamface.errors import BadRequest, DreamFaceError, FolderError, MissingDependency
from dreamface.head import check_name
from dreamface.progress import Progress
from dreamface.training.captions import BROWN, DARK, LIGHT, PALE
from dreamface.training.splits import SEED, SPLITS, split_of
from dreamface.traits import ANCESTRIES, ARKIT_SHAPES

INDEX: Final = "index.json"
FORMAT: Final = 1
SHARD: Final = 250  # people
MOST_PEOPLE: Final = 10_000_000
MOST_PICTURES: Final = 16  # of each person
SIDES: Final = (128, 256, 512, 1024, 2048)
EXTRA: Final = "training"
LABELS: Final = ("landmarks", "segmentation", "normals", "depth", "uv")
"""What pictures can be labelled with."""

ALL, NONE = "all", "none"

_LOOK: Final = 0.2  # seconds between two looks at whether the user wants to stop
_SKIN_NAMES: Final = ((PALE, "pale"), (LIGHT, "light"), (BROWN, "brown"), (DARK, "dark"), (1.01, "very dark"))
"""Melanin up to which statistics call skin so."""


@dataclass(frozen=True)
class Wish:
    """What is to be made.

    Attributes:
        count: people.
        resolution: side of maps and pictures in pixels, one of `SIDES`.
        pictures: of each person.
        head: model, whose UV layout the maps have.
        labels: what pictures are labelled with, some of `LABELS` in their order. With any, pictures are portraits with
            hair, expressions and random light; without, they are quick ones of bald heads at rest.
    """

    count: int
    resolution: int = 512
    pictures: int = 2
    head: str = "anny"
    labels: tuple[str, ...] = ()

    def check(self) -> None:
        """Refuse what can't be made.

        Raises:
            BadRequest: a number is out of its range, or there is no such head model here.
        """
        if not 1 <= self.count <= MOST_PEOPLE:
            raise BadRequest(f"Ask for 1 to {MOST_PEOPLE:,} people; got {self.count:,}.")
        if self.resolution not in SIDES:
            raise BadRequest(f"The resolution must be one of {', '.join(map(str, SIDES))}; got {self.resolution}.")
        if not 0 <= self.pictures <= MOST_PICTURES:
            raise BadRequest(f"Ask for 0 to {MOST_PICTURES} pictures of each person; got {self.pictures}.")
        if unknown := [name for name in self.labels if name not in LABELS]:
            raise BadRequest(f"There is no label {unknown[0]!r}: there are {', '.join(LABELS)}.")
        if self.labels and not self.pictures:
            raise BadRequest(
                "Labels belong to pictures: ask for at least one picture of each person, or for no labels."
            )
        check_name(self.head)

    @property
    def shards(self) -> list[range]:
        """The numbers of the people in each shard."""
        return [range(start, min(start + SHARD, self.count)) for start in range(0, self.count, SHARD)]

    @property
    def kind(self) -> dict[str, Any]:
        """What all shards of a folder have in common."""
        return {
            "format": FORMAT, "resolution": self.resolution, "pictures": self.pictures, "head": self.head,
            "labels": list(self.labels),
        }  # fmt: skip


def read_labels(text: str) -> tuple[str, ...]:
    """Return labels of "all", "none" or a list with commas, in the order of `LABELS`.

    Raises:
        BadRequest: there is no such label.
    """
    if text.strip() in (ALL, NONE):
        return LABELS if text.strip() == ALL else ()
    asked = [name.strip() for name in text.split(",") if name.strip()]
    if unknown := [name for name in asked if name not in LABELS]:
        raise BadRequest(
            f"There is no label {unknown[0][:40]!r}: give {ALL}, {NONE}, or some of {', '.join(LABELS)} with commas."
        )
    return tuple(name for name in LABELS if name in asked)


def synthesise(
    out: Path,
    wish: Wish,
    *,
    processes: int | None = None,
    progress: Progress = Progress(),  # noqa: B008 - immutable
) -> dict[str, Any]:
    """Write people into a folder, and return its index. Shards that are there already are kept.

    Args:
        out: folder; it is made where it is not there.
        wish: what is to be made.
        processes: that work side by side; None: one for each processor.
        progress: told after each shard.

    Raises:
        BadRequest: the wish can't be made, or the folder holds other people, or more of them.
        MissingDependency: the package webdataset is not installed.
        FolderError: the disk refused.
        DreamFaceError: a process was ended from outside.
        Cancelled: the progress said so; finished shards stay.
    """
    wish.check()
    if processes is not None and not 1 <= processes <= 256:
        raise BadRequest(f"Ask for 1 to 256 processes; got {processes}.")
    _need_webdataset()
    _begin(out, wish)
    found: dict[int, dict[str, Any]] = {}
    missing = []
    for number, people in enumerate(wish.shards):
        there = _read_shard(out, number, people)
        if there is None:
            missing.append((number, people))
        else:
            found[number] = there
    progress.report("synthesise", len(found) / len(wish.shards), _said(found, wish))
    count = min(processes or os.cpu_count() or 1, max(len(missing), 1))
    if count == 1:
        for number, people in missing:
            found[number] = write_shard(out, number, people, wish)
            progress.report("synthesise", len(found) / len(wish.shards), _said(found, wish))
    else:
        _side_by_side(out, wish, missing, count, found, progress)
    return _finish(out, wish, [found[number] for number in range(len(wish.shards))])


def _side_by_side(
    out: Path,
    wish: Wish,
    missing: list[tuple[int, range]],
    count: int,
    found: dict[int, dict[str, Any]],
    progress: Progress,
) -> None:
    """Write shards in several processes, and add what is in them to `found`."""
    pool = ProcessPoolExecutor(count, multiprocessing.get_context("spawn"), initializer=_one_thread)
    try:
        waiting: dict[Future[dict[str, Any]], int] = {
            pool.submit(write_shard, out, number, people, wish): number for number, people in missing
        }
        while waiting:
            done, _ = wait(waiting, timeout=_LOOK, return_when=FIRST_COMPLETED)
            for future in done:
                found[waiting.pop(future)] = future.result()
            progress.report("synthesise", len(found) / len(wish.shards), _said(found, wish))
    except BrokenProcessPool as error:
        raise DreamFaceError(
            "A process that made people was ended, perhaps because memory ran out: start again with fewer processes; "
            "what is there is kept."
        ) from error
    except BaseException:
        for process in list(getattr(pool, "_processes", {}).values()):
            process.terminate()  # a shard takes minutes: nobody who cancels waits for that
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _one_thread() -> None:
    import torch

    torch.set_num_threads(1)


def _said(found: Mapping[int, Any], wish: Wish) -> str:
    there = sum(len(wish.shards[number]) for number in found)
    return f"{there:,} of {wish.count:,} people are there"


# -------------------------------------------------------------------------------------------------------------- shards


def write_shard(out: Path, number: int, people: range, wish: Wish) -> dict[str, Any]:
    """Write one shard, whole or not at all, and return what is in it."""
    import webdataset

    from dreamface.training.overview import counted
    from dreamface.training.synthetic import make_example

    name = _name(number)
    contents: dict[str, Any] = {"name": f"{name}.tar", "first": people.start, "count": len(people), "digests": []}
    counts: Counter[str] = Counter()
    groups: dict[str, Counter[str]] = {}
    identity: set[str] = set()
    try:
        with (
            whole_file(out / f"{name}.tar") as path,
            webdataset.TarWriter(str(path), mtime=0, user="", group="") as tar,
        ):
            for one in people:
                example = make_example(one, wish.resolution, wish.pictures, wish.head, wish.labels)
                tar.write({"__key__": f"{one:09d}", **example.files()})
                contents["digests"].append(example.digest[:16])
                counts.update(_kinds(example.traits))
                identity |= example.identity.keys()
                for group, which in counted(example):
                    groups.setdefault(group, Counter())[which] += 1
        contents["statistics"] = dict(sorted(counts.items()))
        contents["counts"], contents["identity"] = groups, sorted(identity)
        with whole_file(out / f"{name}.json") as path:
            path.write_text(json.dumps(contents), "utf-8")
    except OSError as error:
        raise cannot_write(out / name, error) from error
    return contents


def _read_shard(out: Path, number: int, people: range) -> dict[str, Any] | None:
    """Return what is in a shard, or None where it is not there, or with other people."""
    name = _name(number)
    try:
        contents: dict[str, Any] = json.loads((out / f"{name}.json").read_text("utf-8"))
        whole = (out / f"{name}.tar").is_file() and range(
            contents["first"], contents["first"] + contents["count"]
        ) == people
        return contents if whole and len(contents["digests"]) == len(people) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _name(number: int) -> str:
    return f"people-{number:06d}"


def _kinds(traits: Mapping[str, Any]) -> list[str]:
    """Return what statistics count of a person."""
    found = [
        "man" if traits["gender"] > 0 else "woman",
        f"{int(traits['age'] // 10) * 10}s",
        f"{next(name for end, name in _SKIN_NAMES if traits['skin.melanin'] <= end)} skin",
        max(ANCESTRIES, key=lambda name: traits[name]),
    ]
    if traits["beard.style"] != "none":
        found.append("beard")
    found += [
        name
        for name in ("lipstick", "eyeshadow", "blush", "eyeliner", "skin.tint")
        if traits.get(name, [0.0])[-1] > 0.2
    ]
    found += [name for name in ("freckles.density", "vitiligo.coverage", "blemishes.density") if traits[name] > 0.3]
    return found


# --------------------------------------------------------------------------------------------------------------- index


def _begin(out: Path, wish: Wish) -> None:
    """Make the folder, or check that it holds the same kind of people."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(out / INDEX, error) from error
    if (out / INDEX).is_file():
        index = read_index(out)
        held = {"labels": [], **index}  # older ones had none
        if {name: held.get(name) for name in wish.kind} != wish.kind:
            raise BadRequest(
                f"{out} holds people of another kind ({held.get('resolution')} pixels, {held.get('pictures')} "
                f"pictures, {held.get('head')}, labels: {', '.join(map(str, held['labels'])) or NONE}): choose another "
                "folder, or ask for the same."
            )
        if (there := _people_there(out, index)) > wish.count:
            raise BadRequest(
                f"{out} holds {there:,} people already, and fewer would throw some away: ask for at least {there:,}, "
                "or choose another folder."
            )
    elif any(out.iterdir()):
        raise BadRequest(f"{out} holds other things: choose a new or an empty folder.")
    else:
        _write_index(out, {**wish.kind, "count": 0, "shards": [], "statistics": {}})


def _people_there(out: Path, index: Mapping[str, Any]) -> int:
    """Return how many people a folder holds, also where a run was stopped before it wrote them into the index."""
    ends = [int(index.get("count", 0))]
    for file in out.glob("people-*.json"):
        try:
            shard = json.loads(file.read_text("utf-8"))
            ends.append(int(shard["first"]) + int(shard["count"]))
        except (OSError, ValueError, KeyError, TypeError):
            continue  # it is made again
    return max(ends)


def _finish(out: Path, wish: Wish, shards: list[dict[str, Any]]) -> dict[str, Any]:
    """Write and return the index of all shards, and what shows who is in them."""
    from dreamface.training.overview import summed, write_overview

    counts: Counter[str] = Counter()
    for shard in shards:
        counts.update(shard["statistics"])
    digests = [digest for shard in shards for digest in shard["digests"]]
    index = {
        **wish.kind,
        "count": wish.count,
        "duplicates": len(digests) - len(set(digests)),
        "shards": [{name: shard[name] for name in ("name", "first", "count")} for shard in shards],
        "statistics": dict(sorted(counts.items())),
        "counts": summed(shards),
        "splits": {
            "seed": SEED, "shares": dict(SPLITS), "people": dict(Counter(split_of(digest) for digest in digests)),
        },
    }  # fmt: skip
    if wish.labels:
        index |= _meanings(wish, shards)
    _write_index(out, index)
    write_overview(out, index)
    return index


def _meanings(wish: Wish, shards: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what numbers in labels stand for."""
    from dreamface.head import load_model
    from dreamface.training.labels import KINDS, landmark_names

    topology = load_model(wish.head).topology
    return {
        "kinds": [{"name": kind.name, "colour": list(kind.colour)} for kind in KINDS],
        "landmarks": list(landmark_names(topology)),
        "tiles": list(topology.tiles),
        "expression": list(ARKIT_SHAPES),
        "identity": sorted({name for shard in shards for name in shard.get("identity", [])}),
    }


def _write_index(out: Path, index: Mapping[str, Any]) -> None:
    with whole_file(out / INDEX) as path:
        path.write_text(json.dumps(index, indent=1), "utf-8")


def read_index(folder: Path) -> dict[str, Any]:
    """Return the index of a folder of people.

    Raises:
        FolderError: there is none, or it is damaged.
    """
    try:
        index: dict[str, Any] = json.loads((folder / INDEX).read_text("utf-8"))
        if index["format"] != FORMAT:
            raise FolderError(f"{folder} was made by another DreamFace: make its people again.")
        return index
    except OSError as error:
        raise FolderError(f"{folder} holds no synthetic people: make some with `dreamface synthesise`.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise FolderError(f"{folder / INDEX} is damaged: make the people again.") from error


def _need_webdataset() -> None:
    try:
        import webdataset  # noqa: F401
    except ImportError as error:
        raise MissingDependency(
            f"Writing shards needs the package webdataset: install DreamFace with its extra '{EXTRA}'."
        ) from error
