"""Labelled pictures of `dreamface synthesise` for torch.

For example::

    pictures = LabelledPictures(Path("people"), split="train")
    for batch in DataLoader(pictures, batch_size=16, shuffle=True, num_workers=4):
        loss = network(batch["image"], batch["landmarks"])
"""

from __future__ import annotations

import io
import json
import zlib
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, Final
from zipfile import BadZipFile

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.utils.data import Dataset

from dreamface.errors import BadRequest, FolderError
from dreamface.training.splits import SEED, SPLITS, split_of
from dreamface.training.synthesising import read_index
from dreamface.training.texture_examples import where_files_lie

Item = dict[str, Tensor]

_DEPTH_STEP: Final = 1e-4  # metres
_WHITE, _WHITE_OF_16_BITS = 255.0, 65535.0


class LabelledPictures(Dataset[Item]):
    """Pictures with their labels, one item each, read from their shard when they are asked for.

    Each item has, of a picture of S x S pixels:

    image          [3, S, S] 0..1, sRGB
    person         [] int64: whose it is
    intrinsics     [3, 3] pixels; the first pixel's centre is (0.5, 0.5)
    extrinsics     [4, 4] from the head's space to the camera's (OpenCV: x right, y down, z forward), metres
    expression     [52] 0..1 weights of the ARKit shapes
    identity       [K] the head model's coefficients, in the order of `identity_names`; 0 where a person lacks one

    and what is asked for of the labels that the folder has:

    landmarks      [L, 2] pixels, in the order of `landmark_names`; also landmarks_3d [L, 3] metres in the camera's
                   space, seen [L] 0 outside, 1 hidden, 2 visible, and under_hair [L] bool
    segmentation   [S, S] int64 index into `kinds`
    normals        [3, S, S] unit, in the camera's space; 0 where there is nothing
    depth          [1, S, S] z in the camera's space, metres; 0 where there is nothing
    uv             [2, S, S] 0..1; also tile [S, S] int64, from 1; 0 where there is nothing

    Attributes:
        kinds: names of what the segmentation tells apart.
        landmark_names: in order.
        identity_names: in order.
    """

    def __init__(
        self,
        folder: Path,
        split: str | None = None,
        labels: Collection[str] | None = None,
        *,
        seed: int = SEED,
        shares: Mapping[str, float] = SPLITS,
        transform: Callable[[Item], Item] | None = None,
    ) -> None:
        """Find the pictures; none is read yet.

        Args:
            folder: that `dreamface synthesise --labels` has made.
            split: which of the shares; None is everybody.
            labels: which ones items have; None is all that the folder has.
            seed: of the splits.
            shares: name -> share of the people, 1 together.
            transform: changes each item.

        Raises:
            FolderError: the folder holds no people, no labels, or is not finished or damaged.
            BadRequest: there is no such split, or the folder lacks a label.
        """
        index = read_index(folder)
        there = tuple(index.get("labels", ()))
        if not there:
            raise FolderError(
                f"The people in {folder} have no labels: make some with `dreamface synthesise --labels all`."
            )
        if split is not None and split not in shares:
            raise BadRequest(f"There is no split {split!r}: there are {', '.join(shares)}.")
        if missing := [name for name in labels or () if name not in there]:
            raise BadRequest(f"The people in {folder} have no {missing[0]}: they have {', '.join(there)}.")
        self._labels = frozenset(there if labels is None else labels)
        self._transform = transform
        if not index["shards"]:  # it was stopped before it wrote what labels mean
            raise FolderError(f"The people in {folder} are not finished: let `dreamface synthesise` go on.")
        self.kinds: tuple[str, ...] = tuple(kind["name"] for kind in index["kinds"])
        self.landmark_names: tuple[str, ...] = tuple(index["landmarks"])
        self.identity_names: tuple[str, ...] = tuple(index["identity"])
        self._shards = [folder / shard["name"] for shard in index["shards"]]
        self._items: list[tuple[int, int, int]] = []  # shard, person in it, picture
        self._files: dict[int, list[dict[str, tuple[int, int]]]] = {}
        for number, shard in enumerate(self._shards):
            digests = _digests(shard)
            chosen = [n for n, one in enumerate(digests) if split is None or split_of(one, seed, shares) == split]
            self._items += [(number, person, picture) for person in chosen for picture in range(index["pictures"])]

    def __len__(self) -> int:
        """Return how many pictures there are."""
        return len(self._items)

    def __getitem__(self, number: int) -> Item:
        """Return a picture and its labels.

        Raises:
            FolderError: the shard is missing or damaged.
        """
        shard, person, picture = self._items[number]
        if shard not in self._files:
            self._files[shard] = [files for _, files in where_files_lie(self._shards[shard])]
        try:
            files = self._files[shard][person]
            with self._shards[shard].open("rb") as file:

                def read(name: str) -> bytes:
                    start, size = files[name]
                    file.seek(start)
                    return file.read(size)

                item = self._item(lambda name: read(f"picture{picture}.{name}"), json.loads(read("json")))
        except (LookupError, OSError, ValueError, SyntaxError, BadZipFile, zlib.error) as error:
            raise FolderError(  # Pillow finds syntax errors in a PNG
                f"{self._shards[shard]} is missing or damaged: delete it, and let `dreamface synthesise` go on."
            ) from error
        return item if self._transform is None else self._transform(item)

    def _item(self, read: Callable[[str], bytes], person: Mapping[str, Any]) -> Item:
        told = json.loads(read("json"))
        item: Item = {
            "image": _planes(_pixels(read("png"))) / _WHITE,
            "person": torch.tensor(person["seed"]),
            "intrinsics": torch.tensor(told["camera"]["intrinsics"]),
            "extrinsics": torch.tensor(told["camera"]["extrinsics"]),
            "expression": torch.tensor(told["expression"]["weights"]),
            "identity": torch.tensor([float(person["identity"].get(name, 0.0)) for name in self.identity_names]),
        }
        if "landmarks" in self._labels:
            points = told["landmarks"]
            item |= {
                "landmarks": torch.tensor(points["pixels"]),
                "landmarks_3d": torch.tensor(points["metres"]),
                "seen": torch.tensor(points["seen"]),
                "under_hair": torch.tensor(points["under_hair"]).bool(),
            }
        if "segmentation" in self._labels:
            item["segmentation"] = torch.from_numpy(_pixels(read("segmentation.png"))).long()
        if "normals" in self._labels:
            item["normals"] = _planes(_arrays(read("normals.npz"))["normals"])
        if "depth" in self._labels:
            item["depth"] = _planes(_pixels(read("depth.png"))[..., None]) * _DEPTH_STEP
        if "uv" in self._labels:
            arrays = _arrays(read("uv.npz"))
            item["uv"] = _planes(arrays["uv"]) / _WHITE_OF_16_BITS
            item["tile"] = torch.from_numpy(arrays["tile"]).long()
        return item


def _digests(shard: Path) -> list[str]:
    """Return who is in a shard."""
    try:
        return [str(digest) for digest in json.loads(shard.with_suffix(".json").read_text("utf-8"))["digests"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise FolderError(
            f"{shard.with_suffix('.json')} is missing or damaged: let `dreamface synthesise` go on."
        ) from error


def _pixels(png: bytes) -> NDArray[Any]:
    return np.array(Image.open(io.BytesIO(png)))


def _arrays(npz: bytes) -> dict[str, NDArray[Any]]:
    with np.load(io.BytesIO(npz), allow_pickle=False) as arrays:
        return dict(arrays)


def _planes(image: NDArray[Any]) -> Tensor:
    """Return [C, S, S] float of [S, S, C]."""
    return torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1)).astype(np.float32))
