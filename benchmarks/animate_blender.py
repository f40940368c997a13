"""What a take costs in Blender: keying two minutes, shaping it anew, and playing it.

    python benchmarks/animate_blender.py [BLENDER]

Keying runs under pip's bpy, on a head as it is generated. With the path of a Blender, its frames a second in Solid view
are measured in a window too, on a virtual screen, with and without hair, and the moments a second that a camera shows.
Nothing else heavy should be running.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "backend"), str(ROOT)]

import dreamface  # noqa: E402
from dreamface import folder  # noqa: E402
from dreamface.performance import Performance  # noqa: E402

PROMPT = "a young woman with short hair"
SECONDS, RATE = 120.0, 30.0
NOISE = 0.004  # of a weight, as tracking leaves it
TIMES = 5
PLAYED = 48  # frames
KEYING_TARGET, PLAYBACK_TARGET = 3.0, 24.0  # seconds, frames a second


def made_up(seconds: float = SECONDS) -> Performance:
    """A face all of whose channels move, slowly and at random, with jitter: the most keys that a take may need."""
    generator = np.random.default_rng(5)
    times = np.arange(round(seconds * RATE) + 1) / RATE
    speeds, phases = generator.uniform(0.3, 3.0, 60), generator.uniform(0.0, 6.3, 60)
    waves = 0.5 + 0.5 * np.sin(times[:, None] * speeds + phases) + generator.normal(0.0, NOISE, (len(times), 60))
    waves = waves.astype(np.float32)
    return Performance(
        times,
        np.clip(waves[:, :52] * 0.6, 0.0, 1.0),
        0.5 * (waves[:, 52:55] - 0.5),
        0.1 * waves[:, 55:58] + np.float32([0.0, 0.6, 0.0]),
        np.zeros((len(times), 2, 2), np.float32),
        np.ones(len(times), bool),
        rate=RATE,
        source="made up",
    )


class Scene:
    """Pip's bpy with one head."""

    def __init__(self, head: Path) -> None:
        import bpy

        from dreamface_addon import animating, scene

        self.bpy, self.scene = bpy, scene
        bpy.ops.wm.read_factory_settings(use_empty=True)
        bpy.context.scene.render.fps = round(RATE)
        self.skin = scene.import_face(head).skin
        session = SimpleNamespace(jobs=[], shares_disk=True)
        self.part = animating.Animating(session, SimpleNamespace(why_no_backend=str), print, lambda: None)

    def key(self, file: Path) -> tuple[float, float, Any]:
        """Return seconds from the file to a head that performs it, those of computing, and the action."""
        self.part.track(self.skin, file)
        start, computing = time.perf_counter(), time.process_time()
        self.part.tick()
        taken = time.perf_counter() - start, time.process_time() - computing
        return *taken, self.scene.worn_take(self.skin)

    def shape(self, action: Any, smoothing: float) -> float:
        """Return seconds that a slider's change takes."""
        self.part.change(action, smoothing=smoothing)
        start = time.perf_counter()
        self.part.bake(self.skin, action)
        return time.perf_counter() - start

    def play(self) -> float:
        """Return frames a second without drawing: what Blender needs to bring the head to the next frame."""
        bpy = self.bpy
        bpy.context.scene.frame_set(1)
        start = time.perf_counter()
        for frame in range(2, 2 + PLAYED):
            bpy.context.scene.frame_set(frame)
            bpy.context.view_layer.update()
        return PLAYED / (time.perf_counter() - start)


def measure_keying(home: Path, head: Path) -> None:
    """Print what keying, shaping and the head's own computing take."""
    file = home / "take.npz"
    made_up().save(file)
    scene = Scene(head)
    whole, computing, shaping = [], [], []
    for _ in range(TIMES):
        seconds, own, action = scene.key(file)
        whole.append(seconds)
        computing.append(own)
    keys = scene.scene.count_keys(action)
    shaping = [scene.shape(action, 0.3 + 0.1 * number) for number in range(TIMES)]
    print(
        f"{SECONDS:.0f} s of video keyed in {statistics.median(whole):.2f} s, {statistics.median(computing):.2f} s of "
        f"computing (target {KEYING_TARGET:.0f} s): {keys} keys of {round(SECONDS * RATE) + 1} moments"
    )
    print(f"a slider's change: {statistics.median(shaping):.2f} s")
    print(f"a head with hair is computed {scene.play():.1f} times a second without drawing")
    for object_ in scene.scene.hair_of(scene.skin).values():
        object_.hide_viewport = True
    print(f"  without hair {scene.play():.1f}")


def measure_window(blender: str, home: Path, head: Path) -> None:
    """Print frames a second in a window in Solid view."""
    from tests.window.conftest import SETTINGS
    from tests.window.sidebar import PREFERENCES, SKIN, look, open_sidebar, shade
    from tests.window.window import BlenderWindow

    package = home / "dreamface.zip"
    subprocess.run([sys.executable, ROOT / "tools/build_extension.py", "-o", package], check=True, cwd=ROOT)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "BLENDER_"))}
    environment |= {"BLENDER_USER_RESOURCES": str(home / "blender"), "HOME": str(home)}
    install = [blender, "--command", "extension", "install-file", "-r", "user_default", "--enable", package]
    subprocess.run(install, check=True, env=environment, capture_output=True)
    settings = [blender, "--background", "--python-expr", SETTINGS.format(python=sys.executable)]
    subprocess.run(settings, check=True, env=environment, capture_output=True)
    made_up(20.0).save(home / "short.npz")
    window = BlenderWindow(blender, home, environment)
    try:
        window.start()
        open_sidebar(window)
        window.run(f"{PREFERENCES}.look_at_new_faces = False")
        window.run(f"bpy.ops.dreamface.import_face(filepath={str(head / 'face.json')!r})")
        shade(window, "SOLID")
        look(window, "skin", 1.2)
        window.run(f"bpy.ops.dreamface.track(filepath={str(home / 'short.npz')!r})")
        window.until(f"{SKIN}.data.shape_keys.animation_data and {SKIN}.data.shape_keys.animation_data.action")
        for what, hidden in (("with hair", False), ("without hair", True)):
            window.run(f"[setattr(o, 'hide_viewport', {hidden}) for o in {SKIN}.children if 'dreamface_hair' in o]")
            window.run(_PLAY)
            window.until("bpy.app.driver_namespace.get('rate')", timeout=120)
            rate = window.run("result = bpy.app.driver_namespace.pop('rate')")
            print(
                f"in a window in Solid, {what}: {rate:.1f} frames a second (target {PLAYBACK_TARGET:.0f})", flush=True
            )
        window.quit()
    finally:
        window.stop()


_PLAY = """
import time
seen = []
def count(*_):
    seen.append(time.monotonic())
bpy.app.handlers.frame_change_post.append(count)
bpy.context.scene.sync_mode = "NONE"
bpy.ops.screen.animation_play()
def look():
    if len(seen) < 3 or seen[-1] - seen[0] < 6.0:
        return 0.5
    bpy.app.handlers.frame_change_post.remove(count)
    bpy.ops.screen.animation_cancel()
    bpy.app.driver_namespace["rate"] = (len(seen) - 1) / (seen[-1] - seen[0])
bpy.app.timers.register(look, first_interval=1.0)
"""


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        os.environ["BLENDER_USER_RESOURCES"] = str(home / "user")
        head = folder.save(dreamface.generate(PROMPT, seed=3, resolution=512), home / "head")
        measure_keying(home, head)
        if len(sys.argv) > 1:
            measure_window(sys.argv[1], home, head)


if __name__ == "__main__":
    main()
    sys.stdout.flush()
    os._exit(0)  # without Python's own clean-up, in which bpy hangs or crashes
