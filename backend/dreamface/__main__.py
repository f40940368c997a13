"""`python -m dreamface ...` is the same as `dreamface ...`."""

import sys

from dreamface.cli import main

if __name__ == "__main__":
    sys.exit(main())
