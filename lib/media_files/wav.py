"""WAV: chunks of RIFF. All chunks but those of the sound are left out, and everything after the end."""

import struct

from lib.media_files.parts import Edit, Parsed, Refused, Source

MAX_CHUNKS = 1_000
_KEPT = {b"fmt ", b"fact", b"data"}
_CODECS = {1, 3, 6, 7, 0xFFFE}  # whole numbers, fractions, A-law, μ-law, and the extended header of these


def is_wav(head: bytes) -> bool:
    return head[:4] == b"RIFF" and head[8:12] == b"WAVE"


def parse(source: Source) -> Parsed:
    edits: list[Edit] = []
    found: set[bytes] = set()
    position = kept = 12
    for _ in range(MAX_CHUNKS):
        if position >= source.size or b"data" in found:
            break
        kind, length = struct.unpack("<4sI", source.read(position, 8))
        end = min(position + 8 + length + length % 2, source.size)
        if kind == b"fmt " and int.from_bytes(source.read(position + 8, 2), "little") not in _CODECS:
            raise Refused("The WAV is compressed in a way that not all browsers play. Convert it to an MP3.")
        if kind in _KEPT:
            found.add(kind)
            edits.append(Edit(kept, position))
            kept = end
        position = end
    if not {b"fmt ", b"data"} <= found:
        raise Refused("The file is damaged or incomplete: it has no sound. Export it again.")
    edits.append(Edit(kept, source.size))
    removed = sum(edit.end - edit.start for edit in edits)
    size = Edit(4, 8, struct.pack("<I", (source.size - removed - 8) & 0xFFFFFFFF))
    return Parsed(".wav", [size, *edits])
