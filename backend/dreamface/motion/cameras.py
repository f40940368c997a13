"""Pictures as they come: from a camera, or from a video that plays as one.

`ffmpeg` reads both.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dreamface.errors import BadRequest, MissingDependency
from dreamface.motion import ffmpeg
from dreamface.motion.ffmpeg import USUAL_RATE, rising

CAMERA: Final = "camera"
"""How the name of a camera among sources begins: "camera" is the first, "camera:1" the second."""

_LIST_LIMIT: Final = 10.0  # seconds
_SYSTEM: Final[Any] = sys.platform  # as a plain text, so that every system's branch is checked on each

_BUSY: Final = ("busy", "in use", "could not run graph", "cannot allocate")
_FORBIDDEN: Final = ("permission denied", "not authorized", "access is denied", "operation not permitted")
_ABSENT: Final = ("no such file", "no such device", "could not find", "not found", "i/o error", "input/output error")


@dataclass(frozen=True)
class Camera:
    """A camera of this machine.

    Attributes:
        id: what a live session calls it: "camera:0".
        name: what its maker calls it.
        device: what FFmpeg calls it.
    """

    id: str
    name: str
    device: str


@dataclass(frozen=True)
class Picture:
    """One picture.

    Attributes:
        pixels: [H, W, 3] uint8, sRGB.
        time: seconds since the first one as the source counts them; None where a camera just sends.
    """

    pixels: NDArray[np.uint8]
    time: float | None


def is_camera(source: str) -> bool:
    """Return whether a source is a camera rather than a file."""
    return re.fullmatch(rf"{CAMERA}(:\d{{1,3}})?", source) is not None


def list_cameras() -> list[Camera]:
    """Return the cameras that the system knows, whether or not they can be used now."""
    if _SYSTEM == "linux":
        found = _v4l2()
    else:
        try:
            found = _named_by_ffmpeg(ffmpeg.program())
        except (MissingDependency, OSError, subprocess.SubprocessError):
            found = []
    return [Camera(f"{CAMERA}:{number}", name, device) for number, (name, device) in enumerate(found)]


def _v4l2() -> list[tuple[str, str]]:
    """Name and device of Linux' cameras; of a camera's several devices, the one that gives pictures."""
    found = []
    for folder in sorted(Path("/sys/class/video4linux").glob("video*"), key=lambda place: int(place.name[5:] or 0)):
        try:
            is_first = (folder / "index").read_text().strip() == "0"
            name = (folder / "name").read_text().strip()
        except (OSError, ValueError):
            continue
        if is_first:
            found.append((name or folder.name, f"/dev/{folder.name}"))
    return found


def _named_by_ffmpeg(program: str) -> list[tuple[str, str]]:
    """Name and device of the cameras of macOS or Windows, as FFmpeg lists them."""
    is_mac = _SYSTEM == "darwin"
    what = ["-f", "avfoundation" if is_mac else "dshow", "-list_devices", "true", "-i", "" if is_mac else "dummy"]
    done = subprocess.run(
        [program, "-hide_banner", *what],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=_LIST_LIMIT,
        check=False,
    )
    return parse_devices(done.stderr.decode("utf-8", "replace"), is_mac)


def parse_devices(log: str, is_mac: bool) -> list[tuple[str, str]]:
    """Return name and device of each camera that FFmpeg's list of devices has."""
    if is_mac:
        video = log.partition("AVFoundation video devices")[2].partition("AVFoundation audio devices")[0]
        found = re.findall(r"\] \[(\d+)\] (.+)", video)
        return [(name.strip(), f"{number}:none") for number, name in found if not name.startswith("Capture screen")]
    return [(name, f"video={name}") for name in re.findall(r'"([^"]+)" \(video\)', log)]


# ------------------------------------------------------------------------------------------------------------- reading


class Pictures:
    """The pictures of a camera, or of a video at the speed at which it plays.

    Attributes:
        name: of the source, for people.
        size: width and height in pixels.
    """

    def __init__(self, source: str) -> None:
        """Open the source.

        Raises:
            BadRequest: there is no such camera or video, or it is in use or forbidden.
            MissingDependency: FFmpeg is not installed.
        """
        self._is_camera = is_camera(source)
        ffmpeg.program()
        if self._is_camera:
            camera = _find(source)
            self.name, place, how = camera.name, camera.device, _camera_input()
        else:
            self.name, place, how = Path(source).name, source, [*ffmpeg.LOCAL_FILES_ONLY, "-re"]
            if not Path(source).is_file():
                reason = "is a folder" if Path(source).is_dir() else "is not there"
                raise BadRequest(f"{source} {reason}: choose a camera or a video that exists.")
        try:
            about, frames = ffmpeg.open_pictures(place, how)
        except ValueError as error:
            raise BadRequest(self._why(str(error))) from error
        self.size = (int(about["size"][0]), int(about["size"][1]))
        self._frames: Generator[Any, None, None] = frames
        if not self._is_camera:
            frames.close()
            self._frames = ffmpeg.timed_pictures(place, how, self.size)
        self._step = 1.0 / (float(about.get("fps") or 0.0) or USUAL_RATE)

    def _why(self, log: str) -> str:
        """Return the sentence for what FFmpeg says of a source that it can't open."""
        said = log.lower()
        if not self._is_camera:
            return f"{self.name} is no video that can be read: choose another file."
        if any(word in said for word in _FORBIDDEN):
            return f"The system does not let {self.name} be used: allow it in the system's privacy settings."
        if any(word in said for word in _BUSY):
            return f"{self.name} is in use by another program: close that, then start the camera again."
        if any(word in said for word in _ABSENT):
            return f"{self.name} is not there any more: plug it in, then start the camera again."
        return f"{self.name} sends no pictures: close other programs that use it, or choose another camera."

    def __iter__(self) -> Iterator[Picture]:
        """Give picture after picture until the source ends; waits for each."""
        width, height = self.size
        try:
            if self._is_camera:
                for frame in self._frames:
                    yield Picture(np.frombuffer(frame, np.uint8).reshape(height, width, 3), None)
            else:
                for time, frame in rising(self._frames, self._step):
                    yield Picture(np.frombuffer(frame, np.uint8).reshape(height, width, 3), time)
        except (OSError, RuntimeError, ValueError):  # FFmpeg was cut off in the middle of a picture
            return

    @property
    def ending(self) -> str:
        """The sentence for an end that nobody asked for."""
        if self._is_camera:
            return f"{self.name} stopped sending pictures: plug it in again; what was recorded is kept."
        return f"{self.name} has ended."

    def close(self) -> None:
        """Let the source go, unless a thread is waiting for its next picture; then it goes with the process."""
        with suppress(ValueError):
            self._frames.close()


def _find(source: str) -> Camera:
    """Return the camera that a source names.

    Raises:
        BadRequest: there is none.
    """
    cameras = list_cameras()
    number = int(source.partition(":")[2] or 0)
    if not cameras:
        raise BadRequest("No camera was found: plug one in, or choose a video instead.")
    if number >= len(cameras):
        names = ", ".join(camera.name for camera in cameras)
        raise BadRequest(f"There is no camera {number + 1}: choose one of {len(cameras)} ({names}).")
    return cameras[number]


def _camera_input() -> list[str]:
    """Return how FFmpeg opens a camera on this system."""
    match _SYSTEM:
        case "darwin":
            return ["-f", "avfoundation", "-framerate", "30"]
        case "win32":
            return ["-f", "dshow", "-rtbufsize", "64M"]
        case _:
            return ["-f", "v4l2"]
