"""MP3. Tags before and after the frames are left out: ID3 versions 1 and 2, and APE."""

from lib.media_files.parts import Edit, Parsed, Refused, Source

MAX_TAGS = 20
_SEARCHED = 4096  # bytes after the tags in which the first frame begins
_BITRATES = {  # kbit/s of layer III
    1: (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    2: (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_RATES = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}  # Hz, by version


def is_mp3(head: bytes) -> bool:
    return head.startswith(b"ID3") or _frame_length(head) is not None


def parse(source: Source) -> Parsed:
    begin, end = _after_tags(source), _before_tags(source)
    begin += _first_frame(source.read(begin, _SEARCHED + 2 * 1500))
    if begin >= end:
        raise Refused("The file is damaged or incomplete: it has no sound. Export it again.")
    return Parsed(".mp3", [Edit(0, begin), Edit(end, source.size)])


def _after_tags(source: Source) -> int:
    """The position after the ID3v2 tags at the beginning. Their lengths have seven bits in a byte."""
    position = 0
    for _ in range(MAX_TAGS):
        head = source.read(position, 10)
        if not head.startswith(b"ID3"):
            return position
        a, b, c, d = (byte & 0x7F for byte in head[6:10])
        has_footer = head[5] & 0x10
        position += 10 + (a << 21 | b << 14 | c << 7 | d) + (10 if has_footer else 0)
    raise Refused(f"The MP3 has more than {MAX_TAGS} tags. Export it again.")


def _before_tags(source: Source) -> int:
    """The position of the tags at the end."""
    end = source.size
    for _ in range(MAX_TAGS):
        if end >= 128 and source.read(end - 128, 3) == b"TAG":
            end -= 128
            continue
        footer = source.read(end - 32, 32) if end >= 32 else b""
        if not footer.startswith(b"APETAGEX"):
            return end
        has_header = footer[23] & 0x80
        end = max(0, end - int.from_bytes(footer[12:16], "little") - (32 if has_header else 0))
    raise Refused(f"The MP3 has more than {MAX_TAGS} tags. Export it again.")


def _first_frame(content: bytes) -> int:
    """The position of the first frame that another one follows."""
    position = content.find(b"\xff")
    while 0 <= position < _SEARCHED:
        length = _frame_length(content[position : position + 4])
        if length and _frame_length(content[position + length : position + length + 4]):
            return position
        position = content.find(b"\xff", position + 1)
    raise Refused("The file is not an MP3, or it is damaged. Export it again.")


def _frame_length(head: bytes) -> int | None:
    """The bytes of the frame of layer III with this header, or None for another header."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:
        return None
    version, bitrate, rate = head[1] >> 3 & 3, head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or not 0 < bitrate < 15 or rate == 3:
        return None
    kilobits = _BITRATES[1 if version == 3 else 2][bitrate - 1]
    return (144 if version == 3 else 72) * kilobits * 1000 // _RATES[version][rate] + (head[2] >> 1 & 1)
