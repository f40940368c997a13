"""The line to the backend: its process, the connection to it, and the files that are fetched over it.

Nothing here waits, uses threads or knows of Blender: whoever owns a `Backend` or a `Client` polls it.
"""

from .address import Address, is_line, parse
from .backend import Backend, BackendState, Settings
from .client import Client, Exchange
from .downloads import Download
from .process import child_environment
from .transport import is_this_machine

__all__ = [
    "Address",
    "Backend",
    "BackendState",
    "Client",
    "Download",
    "Exchange",
    "Settings",
    "child_environment",
    "is_line",
    "is_this_machine",
    "parse",
]
