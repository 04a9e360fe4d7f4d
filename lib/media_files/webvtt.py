"""Captions as WebVTT. Comments are left out."""

import re

from lib.media_files.parts import Edit, Parsed, Refused, Source

MAX_BYTES = 1024 * 1024
_BEGIN = re.compile(rb"(?:\xef\xbb\xbf)?WEBVTT(?=[ \t\r\n]|\Z)")
_LINE_END = rb"(?>\r\n|\n|\r)"
_BLANK_LINE = _LINE_END + _LINE_END
# Text after the word WEBVTT, up to a blank line or the time of a cue.
_HEADER = re.compile(rb"(?:\xef\xbb\xbf)?WEBVTT(?P<text>[^\r\n]*+(?:" + _LINE_END + rb"(?![^\r\n]*-->)[^\r\n]++)*+)")
# A block between blank lines.
_COMMENT = re.compile(rb"(?P<blank>" + _BLANK_LINE + rb")NOTE(?=[ \t\r\n]|\Z)(?:(?!" + _BLANK_LINE + rb")[\s\S])*+")


def is_webvtt(head: bytes) -> bool:
    return _BEGIN.match(head) is not None


def parse(source: Source) -> Parsed:
    if source.size > MAX_BYTES:
        raise Refused(f"The captions have {source.size:,} bytes; at most {MAX_BYTES:,} are allowed. Shorten them.")
    content = source.read(0, source.size)
    try:
        content.decode()
    except UnicodeDecodeError as error:
        raise Refused("The captions are not encoded in UTF-8. Save them as UTF-8.") from error
    header = _HEADER.match(content)
    edits = [Edit(*header.span("text"))] if header and header["text"] else []
    edits += [Edit(found.end("blank"), found.end()) for found in _COMMENT.finditer(content)]
    return Parsed(".vtt", edits)
