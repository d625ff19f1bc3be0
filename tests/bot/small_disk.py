"""A disk that can be full: a small file system in memory, or where none may be mounted a limit on files."""

import os
import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

MIB = 2**20


class Disk(Protocol):
    folder: Path

    def fill(self, pid: int) -> None:
        """From now on the process finds no room for more."""

    def clear(self, pid: int) -> None: ...


class _MountedDisk:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def fill(self, pid: int) -> None:
        piece = 64 * 1024
        with (self.folder / "filler").open("ab", buffering=0) as file:
            while piece:
                try:
                    file.write(b"x" * piece)
                except OSError:
                    piece //= 2  # to the last byte

    def clear(self, pid: int) -> None:
        (self.folder / "filler").unlink()


class _LimitedFiles:
    """No file may grow beyond what the write-ahead log has already."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def fill(self, pid: int) -> None:
        most = max(path.stat().st_size for path in self.folder.glob("*-wal"))
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))

    def clear(self, pid: int) -> None:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


@contextmanager
def small_disk(folder: Path, *, size: int) -> Iterator[Disk]:
    """`folder`, new and empty, with room for `size` bytes."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    may_mount = os.geteuid() == 0 and subprocess.run(mount, capture_output=True, check=False).returncode == 0
    try:
        yield _MountedDisk(folder) if may_mount else _LimitedFiles(folder)
    finally:
        if may_mount:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)
