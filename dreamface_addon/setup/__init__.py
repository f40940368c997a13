"""Making the backend's environment: a folder of its own with Python, torch and the backend in it."""

from .environment import Setup, environment_python, is_ready
from .file_lock import try_lock

__all__ = ["Setup", "environment_python", "is_ready", "try_lock"]
