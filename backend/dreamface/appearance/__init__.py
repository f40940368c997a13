"""What a finished face shows, read off its maps, its hair and its shape: what was reached beside what was asked for."""

from dreamface.appearance.looking import Seen, features, look_at, read_out

__all__ = ["Seen", "features", "look_at", "read_out"]
