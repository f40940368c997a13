"""FFmpeg, which reads cameras and videos in a process of its own; imageio-ffmpeg brings it along.

Whatever reads pictures gets them upright, with square pixels, and no larger than a face needs.
"""

from __future__ import annotations

import queue
import re
import subprocess
import threading
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from typing import IO, Any, Final

from dreamface.errors import WITH_VIDEO, MissingDependency

LONGEST_SIDE: Final = 1280
"""Pixels: what is larger is read smaller. A tracker looks at a face in 192 or 256 pixels."""

FITTED: Final = (
    "scale=iw*sar:ih,setsar=1,"
    f"scale='if(gt(iw,ih),min({LONGEST_SIDE},iw),-1)':'if(gt(iw,ih),-1,min({LONGEST_SIDE},ih))'"
)
"""Filter that makes a picture as wide as it is meant to be seen, and no larger than `LONGEST_SIDE`."""

LOCAL_FILES_ONLY: Final = ("-protocol_whitelist", "file,crypto,data")
"""A list of pieces may name others' files and addresses: it is not followed beyond this disk."""

USUAL_RATE: Final = 30.0
"""Pictures a second of a video that does not say."""

_TEXT: Final = ("ansi", "bintext", "idf", "xbin")  # FFmpeg draws any text as a film of a terminal

_TICK: Final = re.compile(rb"config in time_base: (\d+)/(\d+)")
_SHOWN_AT: Final = re.compile(rb"\bn:\s*\d+ pts:\s*(-?\d+|NOPTS)\b")  # in ticks; the seconds beside it are rounded
_TIME_LIMIT: Final = 5.0  # seconds after a picture until its time is given up; FFmpeg writes it before

_UNREADABLE: Final = (OSError, RuntimeError, StopIteration, ValueError, IndexError, AssertionError)


def _package() -> Any:
    try:
        import imageio_ffmpeg
    except ImportError as error:
        raise MissingDependency(f"Videos can't be read here: {WITH_VIDEO}.") from error
    return imageio_ffmpeg


def program() -> str:
    """Return where FFmpeg is.

    Raises:
        MissingDependency: it is not installed.
    """
    try:
        return str(_package().get_ffmpeg_exe())
    except RuntimeError as error:
        raise MissingDependency(
            "FFmpeg is not here: install `imageio-ffmpeg` again, or set IMAGEIO_FFMPEG_EXE."
        ) from error


def version() -> str:
    """Return what reads videos, in words.

    Raises:
        MissingDependency: it is not installed.
    """
    program()
    return f"imageio-ffmpeg {_package().__version__}"


def open_pictures(place: str, before: Sequence[str]) -> tuple[dict[str, Any], Generator[bytes, None, None]]:
    """Open a camera or a video; return what FFmpeg says of it, and its pictures as they come.

    Args:
        place: what FFmpeg calls it.
        before: options for it.

    Returns:
        `size`: width and height of the pictures, and `fps`, `duration` in seconds and `codec`, where they are known;
        then pictures of three bytes a pixel. Closing them ends FFmpeg.

    Raises:
        MissingDependency: FFmpeg is not installed.
        ValueError: it can't be opened, or is no film; with what FFmpeg says.
    """
    program()
    frames = _package().read_frames(place, input_params=list(before), output_params=["-an", "-vf", FITTED])
    try:
        about = dict(next(frames))
    except _UNREADABLE as error:
        raise ValueError(str(error)) from error
    if str(about.get("codec")).rstrip(",") in _TEXT:
        frames.close()
        raise ValueError("it is a text")
    return about, frames


def look_at(place: str, before: Sequence[str]) -> dict[str, Any]:
    """Return what FFmpeg says of a video; see `open_pictures`."""
    about, frames = open_pictures(place, before)
    with closing(frames):
        return about


def timed_pictures(
    place: str, before: Sequence[str], size: tuple[int, int], filters: Sequence[str] = (), after: Sequence[str] = ()
) -> Generator[tuple[float | None, bytes], None, None]:
    """Give out every picture of a video with the time at which it is to be shown, however uneven these are.

    Args:
        place: the file.
        before: options for reading it.
        size: width and height of the pictures, as `look_at` has them.
        filters: what is done first.
        after: options for what comes out.

    Returns:
        Seconds, as the file counts them from where reading began, or None where it says none; and the picture. What
        is cut off ends early.
    """
    command = [program(), "-hide_banner", "-nostats", *before, "-i", place, "-an", "-vf"]
    command += [",".join((*filters, FITTED, "showinfo")), "-fps_mode", "passthrough", *after]
    process = subprocess.Popen(
        [*command, "-pix_fmt", "rgb24", "-f", "rawvideo", "-"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),  # on Windows
    )
    times: queue.SimpleQueue[float | None] = queue.SimpleQueue()
    assert process.stdout is not None and process.stderr is not None
    listener = threading.Thread(target=_listen, args=(process.stderr, times), daemon=True)
    listener.start()
    length = 3 * size[0] * size[1]
    try:
        while len(picture := process.stdout.read(length)) == length:
            try:
                time = times.get(timeout=_TIME_LIMIT)
            except queue.Empty:
                time = None
            yield time, picture
    finally:
        process.kill()
        process.stdout.close()
        process.wait()
        listener.join()


def rising(pictures: Iterable[tuple[float | None, bytes]], step: float) -> Iterator[tuple[float, bytes]]:
    """Give pictures out with times that rise, and begin at 0; one without a time, or out of order, is a step later."""
    first = last = None
    for time, picture in pictures:
        if time is not None and first is None:
            first = time
        now = None if time is None or first is None else time - first
        if last is None:
            last = 0.0
        elif now is None or now <= last:
            last += step
        else:
            last = now
        yield last, picture


def _listen(log: IO[bytes], times: queue.SimpleQueue[float | None]) -> None:
    """Take the times out of what FFmpeg says; all of it has to be read, or FFmpeg waits."""
    tick = 0.0
    with log:
        for line in log:
            if found := _TICK.search(line):
                tick = int(found[1]) / int(found[2])
            elif found := _SHOWN_AT.search(line):
                times.put(None if found[1] == b"NOPTS" or not tick else int(found[1]) * tick)
