"""Players of audio and video in sanitised HTML. Without JavaScript, the controls are those of the browser.

The sanitiser has removed addresses elsewhere. `balance` puts no player into another one.
"""

import re
from pathlib import PurePosixPath

from blogs.markdown.elements import Sizes, attributes_of, media_name, size_attributes, tag
from blogs.markdown.sanitise import is_own_file
from lib.media_files import AUDIO, VIDEO, kind_of

_PLAYER = re.compile(r"<(audio|video)( [^>]*)?>(.*?)</\1>", re.DOTALL)
_FILE = re.compile(r"<(source|track)( [^>]*)?>")


def without_players(html: str) -> str:
    """The HTML without players and the text inside them, which is for browsers that play nothing."""
    return _PLAYER.sub(" ", html)


def player_of_image(attributes: dict[str, str], sizes: Sizes) -> str:
    """A player in place of an image whose address is one of audio or video: `![Title](/media/….mp4)`. Or ""."""
    address = attributes["src"]
    kind = kind_of(PurePosixPath(media_name(address)).suffix)
    if kind not in (AUDIO, VIDEO) or not is_own_file(address):
        return ""
    label = {"aria-label": attributes["alt"]} if attributes.get("alt") else {}
    title = {"title": attributes["title"]} if "title" in attributes else {}
    return _player(kind, {"src": address, **label, **title}, "", address, sizes)


def complete_players(html: str, sizes: Sizes) -> str:
    """Give each player controls and a size, and let none load a whole file. One without a file becomes its text."""
    return _PLAYER.sub(lambda found: _complete(found[1], attributes_of(found[2]), found[3], sizes), html)


def _complete(name: str, attributes: dict[str, str], content: str, sizes: Sizes) -> str:
    own_address = attributes.get("src", "")
    of_sources = [attributes_of(found[2]).get("src", "") for found in _FILE.finditer(content) if found[1] == "source"]
    address = own_address or next(filter(None, of_sources), "")
    if not address:
        return _FILE.sub("", content)
    inside = _FILE.sub(lambda found: _file(found[1], attributes_of(found[2]), bool(own_address)), content)
    return _player(name, attributes, inside, address, sizes)


def _player(name: str, attributes: dict[str, str], inside: str, address: str, sizes: Sizes) -> str:
    # A video shows nothing without its first frame or a poster.
    added = {"controls": "", "preload": "metadata" if name == VIDEO and "poster" not in attributes else "none"}
    if name == VIDEO:
        added |= {"playsinline": "", **size_attributes(address, attributes, sizes)}
    return f"{tag(name, added | attributes)}{inside}</{name}>"


def _file(name: str, attributes: dict[str, str], has_address: bool) -> str:
    """The element of a player, or "" if it has no address or the player has one of its own."""
    if "src" not in attributes or (name == "source" and has_address):
        return ""
    if name == "track" and ("kind" not in attributes or "srclang" not in attributes):
        attributes["kind"] = "captions"  # subtitles, which are the default, need a language
    return tag(name, attributes)
