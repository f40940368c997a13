"""What differs between two paintings, as a viewport is sent it."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
import torch

from dreamface import folder, images
from dreamface.face import Maps
from dreamface.map_changes import encode_map

ENCODED = {"albedo": images.encode_srgb8, "normal": images.encode_normal8, "roughness": images.encode_unit8}


def painted() -> dict[str, dict[str, torch.Tensor]]:
    dice = torch.Generator().manual_seed(1)
    channels = {"albedo": 3, "normal": 3, "roughness": 1, "displacement": 1}
    return {
        tile: {name: torch.rand(side, side, count, generator=dice) for name, count in channels.items()}
        for tile, side in (("skin", 256), ("back_of_head", 128))
    }


def sent(before: Maps, after: Maps) -> dict[str, Any]:
    """What a client reads, without pickle."""
    archive = io.BytesIO()
    np.savez(archive, **folder.pack_map_changes(before, after))
    archive.seek(0)
    with np.load(archive, allow_pickle=False) as read:
        return {name: read[name] for name in read.files}


def files_of(maps: Maps) -> dict[str, Any]:
    return {f"{tile}/{name}": encode_map(name, image) for tile, one in maps.items() for name, image in one.items()}


def applied(files: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """As a viewport does it."""
    files = {name: pixels.copy() for name, pixels in files.items() if name not in changes["gone"].tolist()}
    for name, pixels in changes.items():
        if name in changes["whole"].tolist():
            files[name] = pixels
        elif f"{name}/at" in changes:
            top, left = changes[f"{name}/at"]
            files[name][top : top + len(pixels), left : left + pixels.shape[1]] = pixels
    return files


def test_only_the_smallest_window_of_what_changed_is_sent() -> None:
    before, after = painted(), painted()
    after["skin"]["albedo"][70:200, 13:15] += 0.5
    after["back_of_head"]["displacement"][127, 127] = 1.0
    changes = sent(before, after)
    assert set(changes) == {
        "skin/albedo", "skin/albedo/at", "back_of_head/displacement", "back_of_head/displacement/at", "whole", "gone",
    }  # fmt: skip
    assert changes["skin/albedo"].shape == (130, 2, 3) and changes["skin/albedo"].dtype == np.uint8
    assert changes["skin/albedo/at"].tolist() == [70, 13] and changes["skin/albedo/at"].dtype == np.int32
    assert changes["back_of_head/displacement"].tolist() == [[[1.0]]]
    assert changes["back_of_head/displacement"].dtype == np.float32
    assert not len(changes["whole"]) and not len(changes["gone"])


def test_nothing_is_sent_of_the_same_maps() -> None:
    before = painted()
    assert set(sent(before, before)) == set(sent(before, painted())) == {"whole", "gone"}


@pytest.mark.parametrize("channel", ["albedo", "normal", "roughness", "displacement"])
def test_the_files_become_those_of_the_new_maps_to_the_byte(channel: str) -> None:
    before, after = painted(), painted()
    after["skin"][channel][5:77, 100:256] = torch.rand(72, 156, after["skin"][channel].shape[-1])
    got, wanted = applied(files_of(before), sent(before, after)), files_of(after)
    assert got.keys() == wanted.keys()
    for name, pixels in wanted.items():
        assert np.array_equal(got[name], pixels), name
    if channel in ENCODED:
        assert np.array_equal(wanted[f"skin/{channel}"], ENCODED[channel](after["skin"][channel]))


def test_maps_appear_vanish_and_change_their_size() -> None:
    before, after = painted(), painted()
    after["skin"]["metallic"] = torch.zeros(256, 256, 1)
    after["back_of_head"] = {name: image[:64, :64] for name, image in after["back_of_head"].items() if name != "normal"}
    changes = sent(before, after)
    assert sorted(changes["whole"].tolist()) == [
        "back_of_head/albedo", "back_of_head/displacement", "back_of_head/roughness", "skin/metallic",
    ]  # fmt: skip
    assert changes["gone"].tolist() == ["back_of_head/normal"]
    assert changes["skin/metallic"].shape == (256, 256, 1) and changes["skin/metallic/at"].tolist() == [0, 0]
    got, wanted = applied(files_of(before), changes), files_of(after)
    assert got.keys() == wanted.keys()
    assert all(np.array_equal(got[name], pixels) for name, pixels in wanted.items())
    assert sent(after, before)["gone"].tolist() == ["skin/metallic"]
