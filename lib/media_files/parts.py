"""The source of a parser, the edits that it returns, and the edited copy."""

from collections.abc import Iterator, Sequence
from typing import IO, Any, NamedTuple

from django.core.files.base import File

CHUNK = 256 * 1024
MAX_READ = 8 * 1024 * 1024  # bytes of one read; in real files all parts that a parser reads as a whole are smaller


class Refused(ValueError):
    """The file is not accepted. The message gives the reason and the remedy."""


class Edit(NamedTuple):
    """Replaces the bytes from `start` to `end` by `content`. With `is_filled`, NULs follow up to the same length."""

    start: int
    end: int
    content: bytes = b""
    is_filled: bool = False


class Parsed(NamedTuple):
    suffix: str  # of the stored file
    edits: Sequence[Edit] = ()  # in the order of their positions, without overlaps
    width: int | None = None  # in pixels, as players show the video
    height: int | None = None


class Source:
    """Reads a file of a known size at any position."""

    def __init__(self, file: "IO[bytes] | File[Any]", size: int) -> None:
        self._file, self.size = file, size

    def read(self, position: int, length: int) -> bytes:
        """At most `length` bytes, fewer at the end of the file."""
        self._file.seek(position)
        return bytes(self._file.read(min(length, MAX_READ)))


class PublicCopy(File):  # type: ignore[type-arg]  # at run time it is not generic
    """An edited file. The storage reads its chunks, so that the file is never in memory as a whole."""

    def __init__(self, file: "File[bytes]", edits: Sequence[Edit]) -> None:
        super().__init__(file, file.name)
        self._edits = edits

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        position = 0
        for edit in self._edits:
            yield from self._copied(position, edit.start)
            yield edit.content
            if edit.is_filled:
                yield from _nuls(edit.end - edit.start - len(edit.content))
            position = edit.end
        yield from self._copied(position, None)

    def _copied(self, position: int, end: int | None) -> Iterator[bytes]:
        self.seek(position)
        while length := CHUNK if end is None else max(0, min(CHUNK, end - self.tell())):
            if not (chunk := self.read(length)):
                return
            yield chunk


def _nuls(length: int) -> Iterator[bytes]:
    while length > 0:
        yield bytes(min(length, CHUNK))
        length -= CHUNK
