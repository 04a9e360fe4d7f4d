"""Write a file completely or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO


@contextmanager
def atomic_write(target: Path) -> Iterator[IO[bytes]]:
    """A temporary file beside `target` that replaces it at the end of the block, after all bytes are on the disk.

    An exception leaves `target` as it was, and so does a crash.
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
