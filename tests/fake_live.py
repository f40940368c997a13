"""The process of a live session with a tracker that reads how bright a picture is; for the service's tests.

jawOpen is the brightness, and a dark picture has no face. FAKE_CAMERA in the environment is a video that is this
machine's only camera; FAKE_CAMERA_SAYS is what FFmpeg says instead of giving pictures. FAKE_TRACKER_SLOW is how many
seconds a picture takes.
"""

from __future__ import annotations

import os
import sys
import time
from types import ModuleType
from typing import Any

from dreamface.motion import cameras, moment
from dreamface.service import live_process
from dreamface.traits import ARKIT_SHAPES


class LiveTracker:
    def __init__(self, options: Any) -> None:
        self.options = options

    def see(self, picture: Any, now: float) -> moment.Moment | None:
        time.sleep(float(os.environ.get("FAKE_TRACKER_SLOW", "0")))
        brightness = float(picture.mean()) / 255.0
        if brightness < 0.1:
            return None
        seen = moment.at_rest(now, seen=True)
        seen.weights[ARKIT_SHAPES.index("jawOpen")] = brightness
        seen.weights[ARKIT_SHAPES.index("jawLeft")] = 0.5
        return seen

    def close(self) -> None:
        pass


tracking: Any = ModuleType("dreamface.motion.tracking")
tracking.LiveTracker = LiveTracker
sys.modules["dreamface.motion.tracking"] = tracking

if "FAKE_CAMERA" in os.environ:
    known = [cameras.Camera("camera:0", "Made-up Camera", os.environ["FAKE_CAMERA"])]
    cameras.list_cameras = live_process.list_cameras = lambda: known
    cameras._camera_input = lambda: ["-re"]
if "FAKE_CAMERA_SAYS" in os.environ:
    import imageio_ffmpeg

    def refuse(*arguments: Any, **options: Any) -> Any:
        raise OSError(os.environ["FAKE_CAMERA_SAYS"])
        yield

    imageio_ffmpeg.read_frames = refuse
live_process.main()
