"""Storage for uploads."""

from pathlib import Path

from django.core.files.base import File
from django.core.files.storage import FileSystemStorage

from lib.files import atomic_write


class AtomicFileStorage(FileSystemStorage):
    """A FileSystemStorage that never leaves a partial file, even if the disk is full or the power fails."""

    def _save(self, name: str, content: "File[bytes]") -> str:
        target = Path(self.path(name))
        target.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(target) as file:
            for chunk in content.chunks():
                file.write(chunk)
        return name
