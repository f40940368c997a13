"""What an artist waits for in the sidebar: the backend, a head, a mesh that follows a slider; and how smooth it stays.

    python benchmarks/sidebar.py

The extension is built, put into a fresh user folder and enabled in pip's bpy, with a real backend behind it. The timer
is called as Blender does it, again after as many seconds as it asked for. Nothing else heavy should be running. What
a window adds, drawing above all, is not in these figures.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = "bl_ext.user_default.dreamface"

PROMPT = "an elderly man with a broad nose and freckles, as old as the hills"
STARTS, FACES, CHANGES, DRAG = 3, 9, 25, 100
DRAG_STEP = 0.016  # seconds between two positions of the mouse
PATIENCE = 120.0  # seconds


@dataclass(frozen=True)
class Tick:
    """One call of the timer; milliseconds."""

    took: float
    computed: float  # of it; in the rest, others had the processor
    network: float
    work: str  # "face" where one came in, "vertices" where some were applied


class Sidebar:
    """Blender with the extension.

    Attributes:
        bpy: the module.
        ticks: what was measured of the timer.
    """

    def __init__(self, home: Path) -> None:
        os.environ["BLENDER_USER_RESOURCES"] = str(home / "user")
        os.environ["PYTHONPATH"] = str(ROOT / "backend")
        import bpy

        self.bpy = bpy
        self.ticks: list[Tick] = []
        self._network = 0.0
        self._work = ""
        self._due = 0.0
        self._came = 0.0  # the slider's value in the newest head that came from the backend
        self._install(home)
        self.app = self._module("application").get()
        self._watch()

    def _install(self, home: Path) -> None:
        import addon_utils

        zip_file = home / "dreamface.zip"
        build = [sys.executable, ROOT / "tools/build_extension.py", "-o", zip_file]
        subprocess.run(build, check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
        folder = Path(self.bpy.utils.user_resource("EXTENSIONS", path="user_default", create=True)) / "dreamface"
        with zipfile.ZipFile(zip_file) as archive:
            archive.extractall(folder)
        self.clear()
        addon_utils.enable(PACKAGE, default_set=True)
        preferences = self.bpy.context.preferences.addons[PACKAGE].preferences
        preferences.python, preferences.store = sys.executable, str(home / "store")

    def _module(self, name: str) -> Any:
        return sys.modules[f"{PACKAGE}.dreamface_addon.{name}"]

    def _watch(self) -> None:
        """Have noted what a tick does besides, how long its network part takes, and which heads come."""

        def noted(action: Callable[..., Any], work: str) -> Callable[..., Any]:
            def act(*arguments: Any, **rest: Any) -> Any:
                self._work = work
                return action(*arguments, **rest)

            return act

        placing, scene, session = self._module("placing"), self._module("scene"), self.app.session
        poll, take_shape = session.poll, session.take_shape
        placing.place = noted(placing.place, "face")
        scene.reshape = noted(scene.reshape, "vertices")

        def timed_poll(budget: float) -> Any:
            start = time.perf_counter()
            try:
                return poll(budget)
            finally:
                self._network = milliseconds(start)

        def noted_shape() -> Any:
            shape = take_shape()
            if shape is not None:
                self._came = round(shape.traits["nose.width"]["value"], 3)
            return shape

        session.poll, session.take_shape = timed_poll, noted_shape

    # ------------------------------------------------------------------------------------------------------- the timer

    def tick(self) -> None:
        """Wait until the timer is due, and call it."""
        time.sleep(max(0.0, self._due - time.perf_counter()))
        self._network, self._work = 0.0, ""
        start, computing = time.perf_counter(), time.thread_time()
        interval = self.app.tick()
        took, computed = milliseconds(start), 1000 * (time.thread_time() - computing)
        self._due = time.perf_counter() + interval
        self.ticks.append(Tick(took, computed, self._network, self._work))

    def until(self, condition: Callable[[], object]) -> None:
        """Tick until the condition holds, from now on as `wake` does it."""
        self._due = 0.0
        end = time.perf_counter() + PATIENCE
        while not condition():
            if time.perf_counter() > end or self.app.error:
                sys.exit(f"{self.app.error or 'It takes too long.'}\n{self.app.diagnostics()}")
            self.tick()

    def rest(self) -> None:
        """Tick until nothing is under way."""
        self.until(
            lambda: not (self.app.making.running or self.app.making.placing.waiting or self.app.following.active)
        )

    # ------------------------------------------------------------------------------------------------ what is measured

    def clear(self) -> None:
        """Open an empty file."""
        self.bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=False, load_ui=False)

    def start(self) -> float:
        """Milliseconds from Start to a backend that is ready."""
        start = time.perf_counter()
        self.app.setup.start()
        self.until(lambda: self.app.session.state.name == "READY")
        return milliseconds(start)

    def stop(self) -> None:
        """Stop the backend, and wait for its end."""
        self.app.setup.stop()
        self.until(lambda: not self.app.session.active)

    def face(self) -> Any:
        """The skin of the only face."""
        skins = [object_ for object_ in self.bpy.data.objects if "dreamface_face_id" in object_]
        return skins[0] if skins else None

    def generate(self) -> float:
        """Milliseconds from Generate to the head in the scene."""
        self.clear()
        fields = self.bpy.context.window_manager.dreamface
        fields.prompt, fields.resolution, fields.variations, fields.keep_seed = PROMPT, "512", 1, False
        start = time.perf_counter()
        self.bpy.ops.dreamface.generate()
        self.until(self.face)
        return milliseconds(start)

    def change(self, value: float) -> float:
        """Milliseconds from a slider's new value to the moved mesh, brought up to date for drawing."""
        skin, before = self.face(), self.positions()
        start = time.perf_counter()
        skin.dreamface.nose_width = value
        self.until(lambda: self.positions() != before)
        self.bpy.context.view_layer.update()
        return milliseconds(start)

    def drag(self) -> list[float]:
        """How old what the mesh comes to show is, in milliseconds, while a slider is dragged without a pause."""
        skin, shown, ages = self.face(), self.positions(), []
        set_at: dict[float, float] = {}
        self._due = begun = time.perf_counter()
        for step in range(DRAG):
            value = round(4.0 * step / DRAG - 2.0, 3)
            skin.dreamface.nose_width = value
            set_at[value] = time.perf_counter()
            while time.perf_counter() < begun + (step + 1) * DRAG_STEP:
                self.tick()
                now = self.positions()
                if now != shown:
                    shown = now
                    self.bpy.context.view_layer.update()
                    ages.append(milliseconds(set_at[self._came]))
        return ages

    def positions(self) -> bytes:
        """The skin's vertices."""
        import numpy as np

        vertices = self.face().data.vertices
        coordinates = np.empty(3 * len(vertices), np.float32)
        vertices.foreach_get("co", coordinates)
        return coordinates.tobytes()


def milliseconds(start: float) -> float:
    """Since then."""
    return 1000 * (time.perf_counter() - start)


def report(what: str, taken: list[float], target: float) -> None:
    """One line: the median, and the longest."""
    print(
        f"{what}: {statistics.median(taken):.0f} ms, at most {max(taken):.0f} ms (target {target:.0f} ms)", flush=True
    )


def report_ticks(what: str, taken: list[float], target: str = "") -> None:
    """One line: the longest, and the 99th percentile."""
    percentile = sorted(taken)[int(0.99 * len(taken))]
    print(
        f"{what}: {max(taken):.1f} ms at most, 99th percentile {percentile:.1f} ms of {len(taken)}{target}", flush=True
    )


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as home:
        sidebar = Sidebar(Path(home))
        starts = []
        for _ in range(STARTS):
            starts.append(sidebar.start())
            sidebar.stop()
        report("backend ready after Start", starts, 6000)
        sidebar.start()
        print(f"prompt to head in the scene, at once after Start: {sidebar.generate():.0f} ms")
        report("prompt to head in the scene, 512 maps, warm", [sidebar.generate() for _ in range(FACES)], 1200)
        sidebar.rest()
        changes = []
        for step in range(CHANGES):
            changes.append(sidebar.change(2.0 * step / CHANGES - 1.0))
            sidebar.rest()
        report("slider to moved mesh", changes, 100)
        report("  age of what the mesh shows, in a drag without a pause", sidebar.drag(), 100)
        sidebar.rest()
        sidebar.stop()
        plain = [tick for tick in sidebar.ticks if not tick.work]
        report_ticks("one tick of the timer", [tick.took for tick in plain], " (target 8 ms)")
        report_ticks("  its own computing", [tick.computed for tick in plain])
        report_ticks("  its network part", [tick.network for tick in sidebar.ticks], " (target 8 ms)")
        report_ticks("a tick that applies vertices", [tick.took for tick in sidebar.ticks if tick.work == "vertices"])
        report_ticks("a tick that brings a face in", [tick.took for tick in sidebar.ticks if tick.work == "face"])
        shutil.rmtree(sidebar.bpy.app.tempdir, ignore_errors=True)


if __name__ == "__main__":
    main()
    sys.stdout.flush()
    os._exit(0)  # without Python's own clean-up, in which bpy hangs or crashes
