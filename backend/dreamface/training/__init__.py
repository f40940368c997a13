"""How each data file that DreamFace ships was made, runnable again; and what users can train themselves."""

from dreamface.training.synthesising import Wish, synthesise

__all__ = ["Wish", "synthesise"]
