"""Taking away what nobody has picked: variations, and pictures to choose by."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from dreamface import library
from dreamface._files import delete
from dreamface.errors import DreamFaceError
from dreamface.service.layout import GLANCE, NEIGHBOURS

A_DAY: Final = 24 * 3600.0  # seconds

logger = logging.getLogger(__name__)


async def sweep_neighbours(exports: Path, every: float = A_DAY) -> None:
    """Delete pictures of faces' neighbours and of people at a glance that are older than a day, now and then.

    Args:
        exports: the folder with the folders of finished jobs.
        every: seconds between two times.
    """
    while True:
        try:
            await asyncio.to_thread(_sweep_neighbours, exports)
        except OSError as error:
            logger.warning("Pictures to choose by could not be swept: %s", error)
        await asyncio.sleep(every)


def _sweep_neighbours(exports: Path) -> None:
    for listed in (*exports.glob(f"*/{NEIGHBOURS}"), *exports.glob(f"*/{GLANCE}")):
        with suppress(OSError):
            if time.time() - listed.stat().st_mtime > A_DAY:
                delete(listed.parent)


async def sweep_variations(faces: Path, every: float = A_DAY) -> None:
    """Delete the variations that nobody has picked for a week, now and then every so many seconds.

    Args:
        faces: the folder with the face folders.
        every: seconds.
    """
    while True:
        try:
            await asyncio.to_thread(_sweep, faces)
        except (DreamFaceError, OSError) as error:
            logger.warning("Variations could not be swept: %s", error)
        await asyncio.sleep(every)


def _sweep(faces: Path) -> None:
    for entry in library.unwanted(library.faces_in(faces), time.time()):
        try:
            if library.remove_unpicked(entry):
                logger.info("Nobody has picked the variation %s for a week: deleted.", entry.id)
        except (DreamFaceError, OSError) as error:  # such as one that another program has open
            logger.warning("The variation %s could not be deleted: %s", entry.id, error)
