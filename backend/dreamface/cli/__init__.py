"""The `dreamface` command.

Exit codes: 0 done; 1 it cannot be done, and the sentence on stderr says why and what to do; 2 the command line is
wrong; 3 a bug in DreamFace, with a traceback; 4 nothing of the prompt was read (`--anyway` makes someone all the same);
130 stopped with Ctrl-C.
"""

from dreamface.cli.entry import main

__all__ = ["main"]
