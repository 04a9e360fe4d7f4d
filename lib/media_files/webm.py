"""WebM: a subset of Matroska (RFC 9559), in EBML (RFC 8794).

The positions in an index are absolute, so no element is left out: an element that is not known to be needed becomes a
`Void` element of the same length.
"""

from collections.abc import Iterator
from typing import NamedTuple

from lib.media_files.parts import MAX_READ, Edit, Parsed, Refused, Source

MAX_ELEMENTS = 500_000

_EBML, _DOC_TYPE = 0x1A45DFA3, 0x4282
_SEGMENT, _INFO, _TRACKS, _CLUSTER = 0x18538067, 0x1549A966, 0x1654AE6B, 0x1F43B675
_SEEK_HEAD, _CUES, _VOID = 0x114D9B74, 0x1C53BB6B, 0xEC
# Elements of a cluster. A recording of a browser has clusters of unknown size, whose elements are read one by one.
_OF_CLUSTER = {0xE7, 0xA3, 0xA0, 0xAB, 0xA7, 0x5854}
_KEPT = {_EBML, _TRACKS, _CLUSTER, _SEEK_HEAD, _CUES, *_OF_CLUSTER}
# Of Info: the scale of time codes, the duration, and the names of the two programs, which the format requires.
_KEPT_OF_INFO = {0x2AD7B1, 0x4489, 0x4D80, 0x5741}
_TRACK, _TRACK_TYPE, _CODEC, _VIDEO, _WIDTH, _HEIGHT = 0xAE, 0x83, 0x86, 0xE0, 0xB0, 0xBA
_VIDEO_TYPE, _AUDIO_TYPE = 1, 2
_CODECS = {b"V_VP8", b"V_VP9", b"V_AV1", b"A_OPUS", b"A_VORBIS"}
_UNKNOWN_SIZE = -1


class _Element(NamedTuple):
    id: int
    start: int
    begin: int  # of the content
    end: int

    @property
    def void(self) -> Edit:
        """A `Void` element in its place."""
        length = self.end - self.start
        if length < 9:
            return Edit(self.start, self.end, bytes([_VOID, 0x80 | (length - 2)]), is_filled=True)
        return Edit(self.start, self.end, bytes([_VOID, 1]) + (length - 9).to_bytes(7, "big"), is_filled=True)


class _Track(NamedTuple):
    type: int
    codec: bytes
    width: int | None
    height: int | None


class _CountedSource(Source):
    """Counts the elements that are read, at all levels."""

    def __init__(self, source: Source) -> None:
        self._source, self.size, self._count = source, source.size, 0

    def read(self, position: int, length: int) -> bytes:
        return self._source.read(position, length)

    def count(self) -> None:
        self._count += 1
        if self._count > MAX_ELEMENTS:
            raise Refused(f"The file has more than {MAX_ELEMENTS:,} parts. Export it again.")


def is_webm(head: bytes) -> bool:
    return head.startswith(b"\x1a\x45\xdf\xa3")


def parse(file: Source) -> Parsed:
    source = _CountedSource(file)
    edits: list[Edit] = []
    tracks: list[_Track] = []
    for element in _elements(source):
        if element.id == _EBML:
            _check_type(source, element)
        elif element.id == _INFO:
            children = _children(source, element.begin, element.end)
            edits += [child.void for child in children if child.id not in _KEPT_OF_INFO]
        elif element.id == _TRACKS:
            tracks += _tracks(source, element)
        elif element.id not in _KEPT:
            edits.append(element.void)
    for track in tracks:
        if track.type in (_VIDEO_TYPE, _AUDIO_TYPE) and track.codec not in _CODECS:
            name = ascii(track.codec.decode("latin-1")[:20]).strip("'")
            raise Refused(f"The file contains a stream of the kind {name}, which not all browsers play. Convert it.")
    videos = [track for track in tracks if track.type == _VIDEO_TYPE]
    if not videos and not any(track.type == _AUDIO_TYPE for track in tracks):
        raise Refused("The file is damaged or incomplete: it has no sound and no pictures. Export it again.")
    if not videos:
        return Parsed(".weba", edits)
    return Parsed(".webm", edits, videos[0].width, videos[0].height)


def _check_type(source: _CountedSource, header: _Element) -> None:
    for child in _children(source, header.begin, header.end):
        if child.id == _DOC_TYPE and _content(source, child).rstrip(b"\0") != b"webm":
            raise Refused("This is a Matroska file, which not all browsers play. Convert it to WebM or MP4.")


def _elements(source: _CountedSource) -> Iterator[_Element]:
    """The EBML header and the elements of the segment, and those of clusters of unknown size."""
    position = 0
    while position < source.size:
        element = _element(source, position, source.size)
        if element.id == _SEGMENT or (element.id == _CLUSTER and element.end == _UNKNOWN_SIZE):
            position = element.begin
            continue
        if element.end == _UNKNOWN_SIZE:
            raise Refused("The file is damaged or incomplete: a part of it has no size. Export it again.")
        yield element
        position = element.end


def _tracks(source: _CountedSource, tracks: _Element) -> Iterator[_Track]:
    for track in _children(source, tracks.begin, tracks.end):
        if track.id != _TRACK:
            continue
        children = {child.id: child for child in _children(source, track.begin, track.end)}
        number = int.from_bytes(_content(source, children[_TRACK_TYPE])) if _TRACK_TYPE in children else 0
        codec = _content(source, children[_CODEC]).rstrip(b"\0") if _CODEC in children else b""
        width = height = None
        if video := children.get(_VIDEO):
            sizes = {child.id: child for child in _children(source, video.begin, video.end)}
            if _WIDTH in sizes and _HEIGHT in sizes:
                width, height = (int.from_bytes(_content(source, sizes[name])) for name in (_WIDTH, _HEIGHT))
        yield _Track(number, codec, width, height)


def _children(source: _CountedSource, position: int, end: int) -> Iterator[_Element]:
    if end - position > MAX_READ:
        raise Refused(f"The file is damaged: its header has {end - position:,} bytes. Export it again.")
    while position < end:
        child = _element(source, position, end)
        if child.end == _UNKNOWN_SIZE:
            raise Refused("The file is damaged or incomplete: a part of it has no size. Export it again.")
        yield child
        position = child.end


def _element(source: _CountedSource, position: int, limit: int) -> _Element:
    """The element at `position`. Its end is _UNKNOWN_SIZE if the file does not say it."""
    source.count()
    head = source.read(position, 12)
    id_length = 9 - head[0].bit_length()
    size_length = 9 - head[id_length].bit_length()
    begin = id_length + size_length
    size = int.from_bytes(head[id_length:begin]) & ((1 << 7 * size_length) - 1)
    if id_length > 4 or size_length > 8 or begin > len(head):
        raise Refused("The file is damaged or incomplete. Export it again.")
    number = int.from_bytes(head[:id_length])
    if size == (1 << 7 * size_length) - 1:
        return _Element(number, position, position + begin, _UNKNOWN_SIZE)
    if position + begin + size > limit and number != _SEGMENT:
        raise Refused("The file is damaged or incomplete: its end is missing. Export it again.")
    return _Element(number, position, position + begin, position + begin + size)


def _content(source: _CountedSource, element: _Element) -> bytes:
    return source.read(element.begin, min(element.end - element.begin, 1000))
