"""Reads faces in pictures: MediaPipe's landmarks, and what expression of whom they show."""

from dreamface.capture import installed_tracker
from dreamface.motion.tracking.tracker import LiveTracker, track

__all__ = ["LiveTracker", "installed_tracker", "track"]
