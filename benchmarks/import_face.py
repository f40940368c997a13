"""How long a face takes in Blender: importing it, updating it in place, and moving it as a slider does.

    python benchmarks/import_face.py [FACE_FOLDER [OTHER_FACE_FOLDER]]

Without folders it generates two faces with each head model that is installed, at 512 pixels. Where ICT-FaceKit is not,
a made-up head of 27,000 vertices with 60 shapes stands in for it. Needs pip's bpy; prints medians.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import bpy
import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "backend")]

from dreamface_addon.scene import import_face, record, reshape, update_face  # noqa: E402

RUNS = 9
LARGE_SIDE = 67  # quads along the edges of a sphere with about 27,000 vertices
LARGE_SHAPES = 60


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", type=Path, help="face folders of one head model")
    with tempfile.TemporaryDirectory() as temporary:
        folders = parser.parse_args().folders
        if folders:
            measure("the face", folders[0], folders[-1])
            return
        heads = _installed_heads()
        for head in heads:
            measure(head, *_generated(Path(temporary), head))
        if "ict" not in heads:
            measure("27,000 vertices, 60 shapes", *_large(Path(temporary)))


def measure(name: str, folder: Path, other: Path) -> None:
    """Print the medians for the face in `folder`, updated to the one in `other` and back."""
    skin = _in_empty_scene(folder)
    head = sum(len(object_.data.vertices) for object_ in (skin, *skin.children))
    print(f"{name}: {head} vertices, {len(skin.data.shape_keys.key_blocks) - 1} shape keys")
    _print("import", [_seconds(lambda: _in_empty_scene(folder)) for _ in range(RUNS)])
    skin = _in_empty_scene(folder)
    _print("update", [_seconds(lambda path=path: _shown(update_face, skin, path)) for path in (other, folder) * RUNS])
    arrays = dict(np.load(folder / "geometry.npz"))
    traits = record(skin)["traits"]
    live = [{"vertices": arrays["vertices"] * np.float32(1 + 0.001 * step)} for step in range(RUNS)]
    _print("reshape, live", [_seconds(lambda shape=shape: reshape(skin, shape, traits)) for shape in live])
    _print("  and shown", [_seconds(lambda shape=shape: _shown(reshape, skin, shape, traits)) for shape in live])
    exact = [arrays | shape for shape in live]
    _print("reshape, with shapes", [_seconds(lambda shape=shape: reshape(skin, shape, traits)) for shape in exact])


def _in_empty_scene(folder: Path) -> bpy.types.Object:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    return import_face(folder).skin


def _shown(action: Callable[..., Any], *arguments: Any) -> None:
    """Do it, and let Blender bring up to date what it will draw."""
    action(*arguments)
    bpy.context.view_layer.update()


def _seconds(action: Callable[[], Any]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def _print(what: str, seconds: list[float]) -> None:
    print(f"  {what:24} {1000 * statistics.median(seconds):7.1f} ms", flush=True)


def _installed_heads() -> list[str]:
    from dreamface.models import HEADS

    return [head.name for head in HEADS if head.installed]


def _generated(home: Path, head: str) -> list[Path]:
    import dreamface
    from dreamface import folder

    prompts = ("an elderly man with freckles", "a young woman with a big nose")
    return [
        folder.save(dreamface.generate(prompt, seed=index, resolution=512, head=head), home / f"{head}-{index}")
        for index, prompt in enumerate(prompts)
    ]


def _large(home: Path) -> tuple[Path, Path]:
    from dreamface import folder
    from tests.support import ARKIT_SHAPES, synthetic_face

    extra = tuple(f"extra{index}" for index in range(LARGE_SHAPES - len(ARKIT_SHAPES)))
    face = synthetic_face(resolution=512, side=LARGE_SIDE, extra_shapes=extra)
    other = replace(face, head=replace(face.head, vertices=face.head.vertices * 1.1))
    return folder.save(face, home / "large"), folder.save(other, home / "larger")


if __name__ == "__main__":
    main()
    sys.stdout.flush()
    os._exit(0)  # without Python's own clean-up, in which bpy hangs or crashes
