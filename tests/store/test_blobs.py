"""Big letters lie in a folder: whole, or not at all."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from mailtickets.store.blobs import Blobs

OCTETS = b"\0\xff" * 100_000
SHA256 = hashlib.sha256(OCTETS).hexdigest()


def files(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def test_what_was_put_comes_back(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path / "state" / "blobs")
    blobs.put(SHA256, OCTETS)
    blobs.put(SHA256, OCTETS)
    assert blobs.get(SHA256) == OCTETS
    assert files(blobs.folder) == [f"{SHA256[:2]}/{SHA256}"]


def test_what_was_never_put_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Blobs(tmp_path).get(SHA256)


def test_a_full_disk_leaves_nothing_half_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blobs = Blobs(tmp_path)

    def full(fd: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        blobs.put(SHA256, OCTETS)
    assert files(tmp_path) == []


def test_octets_are_on_disk_before_they_have_their_name_and_the_name_before_put_returns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    fsync, rename = os.fsync, os.replace

    def noted_fsync(fd: int) -> None:
        steps.append("folder" if os.path.isdir(f"/proc/self/fd/{fd}") else "octets")
        fsync(fd)

    def noted_rename(old: str, new: Path) -> None:
        steps.append("name")
        rename(old, new)

    monkeypatch.setattr(os, "fsync", noted_fsync)
    monkeypatch.setattr(os, "replace", noted_rename)
    Blobs(tmp_path).put(SHA256, OCTETS)
    assert steps[-3:] == ["octets", "name", "folder"]
