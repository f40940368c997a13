"""What hair costs in Blender: when a head comes in, while a slider is dragged, and in a file.

    python benchmarks/hair_blender.py

Under pip's bpy, with long hair of 800 guides. What drawing adds is not in these figures. Nothing else heavy should be
running.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "backend"), str(ROOT)]

import dreamface  # noqa: E402
from dreamface import folder  # noqa: E402

PROMPT = "a young woman"
GUIDES, POINTS, LENGTH = 800, 64, 0.3  # LENGTH in metres
FILE_POINTS = 32
TIMES, STEPS = 5, 20
IMPORT_TARGET, STEP_TARGET, SIZE_TARGET = 600.0, 150.0, 25.0  # milliseconds, milliseconds, megabytes


def with_long_hair(face: Any, path: Path, points: int) -> Path:
    """Save a face with long hair on its scalp."""
    topology, vertices = face.head.topology, face.head.vertices.numpy()
    triangles = topology.triangles.numpy()
    weights = topology.regions["scalp"].numpy()[triangles].mean(axis=1)
    generator = np.random.default_rng(1)
    triangle = generator.choice(len(weights), GUIDES, p=weights / weights.sum())
    barycentric = generator.dirichlet([1.0, 1.0, 1.0], GUIDES)
    root = np.einsum("nkx,nk->nx", vertices[triangles[triangle]], barycentric)
    uv = np.einsum("nkx,nk->nx", topology.uv.numpy()[topology.triangle_uvs.numpy()[triangle]], barycentric)
    along = np.linspace(0.0, LENGTH, points)[:, None]
    curves = root[:, None] + along * np.array([0.0, 0.3, -0.9])
    folder.save(face, path)
    arrays = {
        "points": curves.astype(np.float32),
        "triangle": triangle.astype(np.int32),
        "barycentric": barycentric.astype(np.float32),
        "uv": uv.astype(np.float32),
        "lock": np.arange(GUIDES, dtype=np.int32),
    }
    np.savez(path / "groom.npz", **{f"scalp_{name}": array for name, array in arrays.items()})
    document = json.loads((path / "face.json").read_text("utf-8"))
    document["groom"] = [{"region": "scalp", "style": "long", "look": {"hairs": 80_000}, "colour": {}}]
    (path / "face.json").write_text(json.dumps(document), "utf-8")
    return path


Taken = tuple[float, float]
"""Milliseconds that something takes, and milliseconds of computing in it; in the rest, others had the processor."""


class Watch:
    """Milliseconds since it was made."""

    def __init__(self) -> None:
        self._start = time.perf_counter(), time.process_time()

    def read(self) -> Taken:
        """Return them, and those of computing."""
        return 1000 * (time.perf_counter() - self._start[0]), 1000 * (time.process_time() - self._start[1])


def report(what: str, taken: list[Taken], target: str = "") -> None:
    """One line: the median, the longest, and the median of the computing."""
    whole, computing = zip(*taken, strict=True)
    print(
        f"{what}: {statistics.median(whole):.0f} ms, at most {max(whole):.0f} ms; "
        f"{statistics.median(computing):.0f} ms of computing{target}",
        flush=True,
    )


class Scene:
    """Pip's bpy with one head at a time."""

    def __init__(self) -> None:
        import bpy

        from dreamface_addon import scene

        self.bpy, self.scene = bpy, scene

    def come_in(self, path: Path) -> Taken:
        """Return how long it takes until a head is in an empty file, up to date for drawing."""
        self.bpy.ops.wm.read_factory_settings(use_empty=True)
        watch = Watch()
        self.face = self.scene.import_face(path)
        self.bpy.context.view_layer.update()
        return watch.read()

    def step(self, head: Any, number: int) -> tuple[Taken, Taken]:
        """Return how long a slider's step takes: moving the vertices with the hair, and that with Blender's update."""
        moved = {"vertices": head * np.float32(1.0 + 0.0005 * (number % 7))}
        watch = Watch()
        self.scene.reshape(self.face.skin, moved, {})
        applied = watch.read()
        self.bpy.context.view_layer.update()
        return applied, watch.read()

    def size(self, path: Path) -> float:
        """Megabytes of the file as it is."""
        self.bpy.ops.wm.save_as_mainfile(filepath=str(path), compress=True, copy=True)
        return path.stat().st_size / 1e6


def _medians(taken: list[Taken]) -> list[float]:
    return [statistics.median(column) for column in zip(*taken, strict=True)]


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as home:
        os.environ["BLENDER_USER_RESOURCES"] = str(Path(home) / "user")
        face = replace(dreamface.generate(PROMPT, seed=3, resolution=512), groom={})  # hair is put on below, or none
        head = face.head.vertices.numpy()
        bald = folder.save(face, Path(home) / "bald")
        long = with_long_hair(face, Path(home) / "long", POINTS)
        scene = Scene()
        scene.come_in(bald)  # once for what is loaded only then
        without = [scene.come_in(bald) for _ in range(TIMES)]
        bald_steps = [scene.step(head, number) for number in range(STEPS)]
        with_hair = [scene.come_in(long) for _ in range(TIMES)]
        hairy_steps = [scene.step(head, number) for number in range(STEPS)]
        medians = zip(_medians(without), _medians(with_hair), strict=True)
        share, computing = (with_it - without_it for without_it, with_it in medians)
        report("a head without hair comes in", without)
        report("a head with long hair comes in", with_hair)
        print(f"  the hair's share: {share:.0f} ms, {computing:.0f} of computing (target {IMPORT_TARGET:.0f} ms)")
        report("a slider's step without hair", [whole for _, whole in bald_steps])
        report("a slider's step with hair", [whole for _, whole in hairy_steps], f" (target {STEP_TARGET:.0f} ms)")
        report("  of it until the guides are in place", [applied for applied, _ in hairy_steps])
        scene.come_in(bald)
        small = scene.size(Path(home) / "bald.blend")
        scene.come_in(with_long_hair(face, Path(home) / "file", FILE_POINTS))
        more = scene.size(Path(home) / "long.blend") - small
        print(f"a file with hair is larger by {more:.2f} MB (target {SIZE_TARGET:.0f} MB)")


if __name__ == "__main__":
    main()
    sys.stdout.flush()
    os._exit(0)  # without Python's own clean-up, in which bpy hangs or crashes
