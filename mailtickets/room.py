"""Whether there is room on the disks that the desk writes to.

The law: under the limit nothing new is begun, neither a letter nor a mail; what has begun ends in what is left.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from mailtickets import log
from mailtickets.outage import Outages

LOOK_EVERY = 5.0  # seconds
MARGIN = 1.05  # so much more than the limit must be free before work goes on
DISK = "disk"  # its name among the outages


class Room:
    """Looks at the disks whenever it is asked."""

    def __init__(self, folders: Sequence[Path], least: int | None, outages: Outages) -> None:
        """`least`: octets that must be free on each; None lifts the limit."""
        self._folders = tuple(folders)
        self._least = least
        self._outages = outages
        self._is_short = False

    def is_there(self) -> bool:
        """Whether something new may be begun. What changes is told once."""
        if self._least is None:
            return True
        free, folder = min((free_octets(folder), folder) for folder in self._folders)
        self._is_short = free < self._least * (MARGIN if self._is_short else 1)
        if not self._is_short:
            if (span := self._outages.ends(DISK)) is not None:
                log.disk_has_room(str(folder), span)
            return True
        words = (
            f"The disk of {folder} is nearly full: the desk wants {shown(self._least)} free. "
            "It takes in no letters and sends no mails until you make room there; nothing is lost meanwhile."
        )
        if self._outages.begins(DISK, words, is_urgent=True):
            log.disk_full(str(folder), shown(free), shown(self._least))
        return False

    async def wait(self, beat: Callable[[], None]) -> None:
        """Until there is room; waiting is a sign of life."""
        while not self.is_there():
            beat()
            await asyncio.sleep(LOOK_EVERY)


def free_octets(folder: Path) -> int:
    """What an ordinary user may still write on the disk of a folder, or of where it will be made."""
    while not folder.exists():
        folder = folder.parent
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize


def shown(octets: int) -> str:
    """ "200 MiB", for people."""
    return f"{octets / 2**20:.0f} MiB" if octets >= 2**20 else f"{octets / 2**10:.0f} KiB"
