"""Storage for uploads."""

from pathlib import Path

from django.core.files.base import File
from django.core.files.storage import FileSystemStorage

from lib.database import on_rollback
from lib.files import atomic_write


class AtomicFileStorage(FileSystemStorage):
    """A FileSystemStorage that never leaves a partial file, even if the disk is full or the power fails.

    A file that is saved in a transaction is removed if the transaction is rolled back.
    """

    def _save(self, name: str, content: "File[bytes]") -> str:
        target = Path(self.path(name))
        target.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(target) as file:
            for chunk in content.chunks():
                file.write(chunk)
        on_rollback(lambda: target.unlink(missing_ok=True))
        return name
