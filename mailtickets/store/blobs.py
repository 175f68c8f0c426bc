"""Octets too big for the database, in a folder. The law: what `put` has returned from survives a power cut."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from mailtickets.failpoints import Point, reach

INLINE = 64 * 1024  # octets; up to here they lie in the database, and one fsync does for both


class Blobs:
    """Owns the folder. Files are named by the SHA-256 of what is in them, so writing one twice is once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, sha256: str, octets: bytes) -> None:
        """Keep octets. OSError if the disk does not take them."""
        path = self._path(sha256)
        if path.exists():
            return
        self._make_folder(path.parent)
        fd, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
        try:
            with open(fd, "wb") as file:
                file.write(octets)
                file.flush()
                os.fsync(file.fileno())
            reach(Point.BLOB_WRITTEN)
            os.replace(temporary, path)
            reach(Point.BLOB_NAMED)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)

    def get(self, sha256: str) -> bytes:
        """FileNotFoundError if they were never kept, or somebody took them away."""
        return self._path(sha256).read_bytes()

    def _path(self, sha256: str) -> Path:
        return self.folder / sha256[:2] / sha256

    def _make_folder(self, folder: Path) -> None:
        if folder.exists():
            return
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # A folder's name is on disk only when the folder that holds it is.
        _sync_folder(self.folder)
        _sync_folder(self.folder.parent)


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
