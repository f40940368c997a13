"""The command line of `tests.chaos`."""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from pathlib import Path

from tests.chaos import fuzz, kills


def main() -> int:
    """Run what was asked for; 1 where something did not survive."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description="Break a running service at random.")
    parser.add_argument("what", choices=("kills", "fuzz"))
    parser.add_argument("--jobs", type=int, default=1000, help="of `kills`")
    parser.add_argument("--cases", type=int, default=5000, help="of `fuzz`")
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="dreamface-chaos-") as folder:
        if options.what == "kills":
            outcome = kills.run(Path(folder), options.jobs, options.seed)
        else:
            outcome = fuzz.run(Path(folder), options.cases, options.seed)
        print(outcome)
    return 0 if outcome.is_clean else 1


if __name__ == "__main__":
    sys.exit(main())
