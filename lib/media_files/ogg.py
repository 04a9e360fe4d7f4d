"""Ogg with one stream of Opus or Vorbis: RFC 3533, RFC 7845.

The second packet of the stream holds the comments, which may contain names, places and a picture. It keeps its length,
so that no page moves: an empty list of comments and NULs take its place, and its pages get new checksums.
"""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from lib.media_files.parts import Edit, Parsed, Refused, Source

MAX_COMMENT_PAGES = 200  # a page has at most 65,307 bytes

_HEADER = struct.Struct("<4sBBqIIIB")
_CHECKSUM = slice(22, 26)
_EMPTY_LISTS = struct.pack("<II", 0, 0)  # the name of the encoder, and the number of comments
# The first bytes of the first packet → the comments without a comment.
_COMMENTS = {b"OpusHead": b"OpusTags" + _EMPTY_LISTS, b"\x01vorbis": b"\x03vorbis" + _EMPTY_LISTS + b"\x01"}


class _Page(NamedTuple):
    start: int
    serial: int
    lengths: bytes  # of its segments; a segment of 255 bytes is continued by the next one
    content: bytes  # with the header

    @property
    def begin(self) -> int:
        """The position of the first packet within the page."""
        return _HEADER.size + len(self.lengths)


def is_ogg(head: bytes) -> bool:
    return head.startswith(b"OggS")


def parse(source: Source) -> Parsed:
    pages = _pages(source)
    first = next(pages)
    packet = first.content[first.begin :]
    empty = next((comments for name, comments in _COMMENTS.items() if packet.startswith(name)), None)
    if empty is None:
        raise Refused("The Ogg file contains neither Opus nor Vorbis alone. Convert it to Opus in an Ogg file.")
    edits, remaining, is_complete = [], empty, False
    for number, page in enumerate(pages):
        if page.serial != first.serial or number == MAX_COMMENT_PAGES:
            raise Refused("The Ogg file has several streams, or very long comments. Convert it again without them.")
        length, is_complete = _first_packet(page.lengths)
        blank = remaining[:length].ljust(length, b"\0")
        remaining = remaining[length:]
        edits.append(_edit(page, blank))
        if is_complete:
            break
    if not is_complete or remaining:
        raise Refused("The file is damaged or incomplete. Export it again.")
    return Parsed(".ogg", edits)


def _pages(source: Source) -> Iterator[_Page]:
    position = 0
    while position < source.size:
        header = source.read(position, _HEADER.size)
        name, _, _, _, serial, _, _, count = _HEADER.unpack(header)
        lengths = source.read(position + _HEADER.size, count)
        size = _HEADER.size + count + sum(lengths)
        content = source.read(position, size)
        if name != b"OggS" or len(content) != size:
            raise Refused("The file is damaged or incomplete. Export it again.")
        yield _Page(position, serial, lengths, content)
        position += size


def _first_packet(lengths: bytes) -> tuple[int, bool]:
    """The bytes of the first packet on a page, and whether it ends there."""
    total = 0
    for length in lengths:
        total += length
        if length < 255:
            return total, True
    return total, False


def _edit(page: _Page, blank: bytes) -> Edit:
    content = bytearray(page.content)
    content[page.begin : page.begin + len(blank)] = blank
    content[_CHECKSUM] = bytes(4)
    content[_CHECKSUM] = struct.pack("<I", _checksum(content))
    return Edit(page.start, page.start + len(content), bytes(content))


def _table() -> list[int]:
    table = []
    for number in range(256):
        register = number << 24
        for _ in range(8):
            register = (register << 1) ^ (0x04C11DB7 if register & 0x80000000 else 0)
        table.append(register & 0xFFFFFFFF)
    return table


_TABLE = _table()


def _checksum(page: bytearray) -> int:
    """The CRC-32 of Ogg. It differs from the one in zlib: its bits are not reversed, and it begins with 0."""
    register = 0
    for byte in page:
        register = ((register << 8) & 0xFFFFFFFF) ^ _TABLE[(register >> 24) ^ byte]
    return register
