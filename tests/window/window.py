"""A Blender window on a virtual screen, with hands (xdotool) and eyes (screenshots)."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageGrab
from scipy import ndimage

PROBE = Path(__file__).with_name("probe.py")
SIZE = (1400, 900)
START = 120.0  # seconds; software rendering on a busy machine
SLOW_REDRAW = 8.0  # seconds
MARK = (1.0, 0.0, 1.0, 1.0)


@dataclass(frozen=True)
class Box:
    """A widget on the screen, in pixels."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def centre(self) -> tuple[int, int]:
        return (self.left + self.right) // 2, (self.top + self.bottom) // 2

    @property
    def height(self) -> int:
        return self.bottom - self.top


class BlenderWindow:
    """Start it, use it, stop it."""

    def __init__(self, blender: str, folder: Path, environment: dict[str, str]) -> None:
        self._blender, self._folder = blender, folder
        self._environment = environment | {"DREAMFACE_PROBE": str(folder / "probe")}
        self._count = 0
        self._processes: list[subprocess.Popen[bytes]] = []

    def start(self, file: Path | None = None) -> None:
        """Open a window, with a .blend file or Blender's own start."""
        (self._folder / "probe").mkdir(exist_ok=True)
        read, write = os.pipe()
        screen = f"{SIZE[0]}x{SIZE[1]}x24"
        self._processes.append(
            subprocess.Popen(
                ["Xvfb", "-displayfd", str(write), "-screen", "0", screen, "-nolisten", "tcp"],
                pass_fds=[write],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        )
        os.close(write)
        with os.fdopen(read) as display:
            self.display = f":{display.readline().strip()}"
        place = ["--window-geometry", "0", "0", str(SIZE[0]), str(SIZE[1])]
        with (self._folder / "blender.log").open("wb") as log:
            self._processes.append(
                subprocess.Popen(
                    [self._blender, *place, *([str(file)] if file else []), "--python", str(PROBE)],
                    env=self._environment | {"DISPLAY": self.display},
                    stdout=log,
                    stderr=log,
                )
            )
        self.run("result = len(bpy.context.window_manager.windows)", timeout=START)
        time.sleep(1.0)

    def quit(self) -> None:
        """Leave Blender in good order, so that its console is complete."""
        self.run("bpy.app.timers.register(lambda: bpy.ops.wm.quit_blender() and None, first_interval=0.1)")
        assert self._processes[-1].wait(30) == 0

    def kill(self) -> None:
        """Let Blender die as in a crash, and its screen with it."""
        self._processes[-1].kill()
        self._processes[-1].wait(10)
        self.stop()
        self._processes.clear()
        for snippet in (self._folder / "probe").iterdir():
            snippet.unlink()

    def stop(self) -> None:
        """End what still runs."""
        for process in reversed(self._processes):
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()

    # --------------------------------------------------------------------------------------------------- inside Blender

    def run(self, code: str, timeout: float = 60.0) -> Any:
        """Execute `code` in Blender and give back its `result`."""
        self._count += 1
        snippet = self._folder / "probe" / f"{self._count:05d}.snippet"
        part = snippet.with_suffix(".new")
        part.write_text(code, "utf-8")
        part.rename(snippet)
        reply = snippet.with_suffix(".reply")
        self.wait(reply.exists, timeout, f"Blender's answer to {code!r}")
        answer = json.loads(reply.read_text("utf-8"))
        assert "error" not in answer, answer["error"]
        return answer["result"]

    def until(self, expression: str, timeout: float = 60.0) -> None:
        """Wait until an expression is true in Blender."""
        self.wait(lambda: self.run(f"result = bool({expression})"), timeout, expression)

    def wait(self, condition: Callable[[], Any], timeout: float, what: str) -> None:
        end = time.monotonic() + timeout
        while not condition():
            assert self._processes[-1].poll() is None, f"Blender ended: {self.log()[-2000:]}"
            assert time.monotonic() < end, f"Waited {timeout:g} s for {what}; {self.log()[-2000:]}"
            time.sleep(0.05)

    def log(self) -> str:
        return (self._folder / "blender.log").read_text("utf-8", errors="replace")

    # --------------------------------------------------------------------------------------------------- hands and eyes

    def move(self, x: float, y: float) -> None:
        self._xdotool("mousemove", str(int(x)), str(int(y)))
        time.sleep(0.2)

    def click(self, x: float, y: float) -> None:
        self.move(x - 3, y)
        self.move(x, y)
        self._xdotool("mousedown", "1")
        time.sleep(0.1)
        self._xdotool("mouseup", "1")
        time.sleep(0.4)

    def drag(self, start: tuple[float, float], right: int, steps: int = 20, pause: float = 0.0) -> None:
        """Drag a slider to the right by `right` pixels; after half of the way the hand rests for `pause` seconds."""
        self.press(*start)
        for step in range(1, steps + 1):
            self.slide(right * step // steps - right * (step - 1) // steps)
            time.sleep(0.06)
            if step == steps // 2:
                time.sleep(pause)
        self.release()

    def press(self, x: float, y: float) -> None:
        self.move(x - 3, y)
        self.move(x, y)
        self._xdotool("mousedown", "1")
        time.sleep(0.3)
        self.run("result = None")  # Blender may be drawing for a second: a hand would wait until it has taken hold

    def slide(self, right: int) -> None:
        """Move the mouse as a hand does: while it drags, Blender holds the pointer, and places mean nothing."""
        self._xdotool("mousemove_relative", "--", str(right), "0")

    def release(self) -> None:
        self._xdotool("mouseup", "1")
        time.sleep(0.3)
        self.run("result = None")

    def key(self, *names: str) -> None:
        for name in names:
            self._xdotool("key", name)
            time.sleep(0.3)

    def type(self, words: str) -> None:
        self._xdotool("type", "--delay", "30", words)
        time.sleep(0.3)

    def place(self, name: str, x: int, y: int, width: int, height: int) -> None:
        """Move another window of Blender's: there is no window manager that would keep it on the screen."""
        window = self._xdotool("search", "--sync", "--onlyvisible", "--name", name).split()[0]
        for _ in range(2):  # Blender, too, places its window in its first second
            time.sleep(1.0)
            self._xdotool("windowsize", window, str(width), str(height))
            self._xdotool("windowmove", window, str(x), str(y))
        time.sleep(1.0)

    def picture(self, path: Path | None = None, box: tuple[int, int, int, int] | None = None) -> Image.Image:
        """The screen, or a box (left, top, right, bottom) of it; also written to `path`."""
        image = ImageGrab.grab(box, xdisplay=self.display).convert("RGB")
        if path is not None:
            image.save(path)
        return image

    def widgets(self, kind: str, area: str = "VIEW_3D", region: str = "UI") -> list[Box]:
        """Where the widgets of a kind are, in the sidebar unless another region is named, top to bottom.

        Blender tells nobody where it draws a button, so that kind of widget is given another colour for a moment.

        Args:
            kind: a colour set of bpy.types.ThemeUserInterface, such as "wcol_tool" for operator buttons.
            area: type of the area that is looked at.
            region: type of the region in it.
        """
        theme = f"bpy.context.preferences.themes[0].user_interface.{kind}"
        sidebar = self.region(area, region)
        before = self._pixels(sidebar)
        old = self.run(f"result = [list({theme}.inner), list({theme}.inner_sel), list({theme}.item)]")
        self._set_theme(theme, [MARK, MARK, MARK])
        end = time.monotonic() + SLOW_REDRAW
        while True:
            time.sleep(0.3)
            changed = np.abs(self._pixels(sidebar) - before).sum(2) > 60
            if changed.sum() > 300 or time.monotonic() > end:
                break
        time.sleep(0.3)
        changed = np.abs(self._pixels(sidebar) - before).sum(2) > 60
        self._set_theme(theme, old)
        labels, _ = ndimage.label(ndimage.binary_closing(changed, np.ones((5, 9))))
        left, top = sidebar.left, sidebar.top
        boxes = [
            Box(left + x.start, top + y.start, left + x.stop, top + y.stop) for y, x in ndimage.find_objects(labels)
        ]
        seen = (box for box in boxes if box.height > 8 and box.right - box.left > 12)
        return sorted(seen, key=lambda box: (box.top, box.left))

    def colours(self, box: Box) -> float:
        """How much the pixels in a box differ from each other: their standard deviation, 0..255."""
        return float(self._pixels(box).std(axis=(0, 1)).mean())

    def _pixels(self, box: Box) -> np.ndarray:
        return np.asarray(self.picture(), np.int16)[box.top : box.bottom, box.left : box.right]

    def _set_theme(self, theme: str, colours: list[Any]) -> None:
        self.run(
            f"{theme}.inner, {theme}.inner_sel, {theme}.item = {[tuple(colour) for colour in colours]!r}\n"
            "[area.tag_redraw() for area in bpy.context.window_manager.windows[0].screen.areas]"
        )
        time.sleep(0.3)

    def region(self, area: str, region: str) -> Box:
        """Where a region of the first area of a type is."""
        left, bottom, width, height = self.run(
            f"area = next(a for a in bpy.context.window_manager.windows[0].screen.areas if a.type == {area!r})\n"
            f"result = next([r.x, r.y, r.width, r.height] for r in area.regions if r.type == {region!r})"
        )
        return Box(left, SIZE[1] - bottom - height, left + width, SIZE[1] - bottom)

    def _xdotool(self, *arguments: str) -> str:
        environment = os.environ | {"DISPLAY": self.display}
        command = ["xdotool", *arguments]
        return subprocess.check_output(command, env=environment, timeout=30, text=True)
