"""Making the environment of DreamFace's engine: a folder of its own with Python, torch and the engine in it."""

from .command import has_nvidia_driver
from .environment import (
    Setup,
    diffusion_problem,
    environment_python,
    is_for_accelerator,
    is_ready,
    video_problem,
    was_interrupted,
)
from .file_lock import try_lock

__all__ = [
    "Setup",
    "diffusion_problem",
    "environment_python",
    "has_nvidia_driver",
    "is_for_accelerator",
    "is_ready",
    "try_lock",
    "video_problem",
    "was_interrupted",
]
