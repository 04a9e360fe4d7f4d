"""A draft's text with template tags expanded and images found, before anything is stored."""

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from transfer.markdown import code, links, template_tags
from transfer.markdown.drafts import Draft
from transfer.markdown.images import Missing, Picture, Pictures, is_local_image
from transfer.markdown.links import OwnDomains
from transfer.markdown.outcomes import Note, Subject

# What the sanitiser removes although it may be what the post is about; scripts and styles nobody misses.
_EMBEDDED = re.compile(r"<(?:audio|embed|iframe|object|video)\b", re.IGNORECASE)

LINES_SOUGHT = 200  # each costs a look through the file


@dataclass(frozen=True)
class Prepared:
    draft: Draft
    body: str
    cover: Picture | None
    shown: dict[str, Picture]  # by address, relative to the site
    own_domains: OwnDomains
    notes: list[Note]

    def pictures(self) -> dict[str, Picture]:
        """All that the post shows, by digest."""
        covers = [self.cover] if self.cover else []
        return {picture.digest: picture for picture in [*covers, *self.shown.values()]}

    def body_showing(self, address_of: Callable[[Picture], str]) -> str:
        """The text with its images at `address_of(picture)` and its own links relative."""

        def new_address(address: str) -> str:
            address = self.own_domains.relative(address)
            return address_of(self.shown[address]) if address in self.shown else address

        return links.rewrite(self.body, new_address)

    @cached_property
    def digest(self) -> str:
        """The same for a file that comes to the same post, images included, wherever these are stored."""
        draft = self.draft
        parts = (
            *(draft.title, draft.kind, self.body_showing(lambda picture: picture.digest), draft.excerpt),
            *(draft.is_draft, draft.date and draft.date.isoformat(), draft.pinned, sorted(draft.authors)),
            *(sorted(draft.tags), self.cover and self.cover.digest, draft.cover_alt, draft.old_addresses),
        )
        return digest_of(parts)


def digest_of(parts: tuple[object, ...]) -> str:
    return hashlib.sha256(repr(parts).encode("utf-8", "backslashreplace")).hexdigest()


def prepare(draft: Draft, source: str, document: Path, own_domains: OwnDomains, pictures: Pictures) -> Prepared:
    """`source` is the whole text of the file `document`; notes on images name its lines."""
    body, notes = template_tags.expand(draft.body, draft.body_line, draft.variables)
    cover_address, _ = template_tags.expand(draft.cover, 1, {})
    search = _Search(document, own_domains, pictures)
    links.rewrite(body, search.look)
    cover = search.cover(cover_address) if cover_address else None
    on_images = [
        Note(Subject.IMAGE, f"the image {address} {why}", _line(address, source) if number < LINES_SOUGHT else None)
        for number, (address, why) in enumerate(search.missing.items())
    ]
    return Prepared(
        draft, body, cover, search.found, own_domains, [*draft.notes, *notes, *_embedded(draft), *on_images]
    )


def _embedded(draft: Draft) -> Iterator[Note]:
    line, counted = draft.body_line, 0
    for element in code.matches(_EMBEDDED, draft.body):
        line += draft.body.count("\n", counted, element.start())
        counted = element.start()
        yield Note(
            Subject.EMBEDDED, f"the {element[0].lower()}> is not shown to readers; a link may say where it is", line
        )


class _Search:
    """For the images of one document, by address."""

    def __init__(self, document: Path, own_domains: OwnDomains, pictures: Pictures) -> None:
        self.document = document
        self.own_domains = own_domains
        self.pictures = pictures
        self.found: dict[str, Picture] = {}
        self.missing: dict[str, str] = {}  # and why

    def look(self, address: str) -> str:
        """Find the image, if it is one of the folders'; the address is answered as it is."""
        relative = self.own_domains.relative(address)
        if is_local_image(relative) and relative not in self.found and relative not in self.missing:
            try:
                self.found[relative] = self.pictures.find(relative, self.document)
            except Missing as error:
                self.missing[relative] = str(error)
        return address

    def cover(self, address: str) -> Picture | None:
        relative = self.own_domains.relative(self.look(address))
        if relative not in self.found:
            self.missing.setdefault(relative, "is none that lies in the folders; the post has no cover")
        return self.found.get(relative)


def _line(address: str, source: str) -> int | None:
    """Where the file names the address: a template tag may have written it without the slash."""
    position = source.find(address.lstrip("/"))
    return source.count("\n", 0, position) + 1 if position >= 0 else None
