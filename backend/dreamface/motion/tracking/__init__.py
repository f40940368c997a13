"""Reads faces in pictures: MediaPipe's landmarks, and what expression of whom they show."""

from dreamface.motion.tracking.tracker import LiveTracker, TrackOptions, track

__all__ = ["LiveTracker", "TrackOptions", "track"]
