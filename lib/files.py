"""Writes a file completely or not at all, and locks files between processes."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, Any


@contextmanager
def atomic_write(target: Path) -> Iterator[IO[bytes]]:
    """Open a temporary file that replaces `target` at the end of the block, when all bytes are on the disk.

    After an exception or a crash `target` is unchanged.
    """
    with NamedTemporaryFile(dir=target.parent, prefix=".", delete=False) as temporary:
        path = Path(temporary.name)
        try:
            yield temporary
            temporary.flush()
            os.fsync(temporary.fileno())
            path.chmod(0o644)
            path.replace(target)
        except BaseException:
            path.unlink(missing_ok=True)
            raise


@contextmanager
def exclusive_lock(file: Path) -> Iterator[None]:
    """Wait until no other process holds the lock of `file`, and hold it during the block.

    The operating system releases the lock when the process ends, even if it is killed. The file stays.
    """
    with file.open("a") as opened:
        fcntl.flock(opened, fcntl.LOCK_EX)
        yield


def lock_if_free(file: IO[Any]) -> bool:
    """Take an exclusive lock on the open file, if no other process holds one. Returns whether it is taken.

    The lock ends when the file is closed, and with the process.
    """
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
