"""A draft's text with template tags expanded and images found, before anything is stored."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from blogs.importing import links, tags
from blogs.importing.links import OwnDomains
from blogs.importing.outcomes import Note, Subject
from blogs.importing.pictures import Missing, Picture, Pictures, is_local_image
from blogs.importing.reading import Draft


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
    body, notes = tags.expand(draft.body, draft.body_line, draft.variables)
    shown: dict[str, Picture] = {}
    missing: dict[str, str] = {}

    def look(address: str) -> str:
        relative = own_domains.relative(address)
        if is_local_image(relative) and relative not in shown and relative not in missing:
            try:
                shown[relative] = pictures.find(relative, document)
            except Missing as error:
                missing[relative] = str(error)
        return address

    links.rewrite(body, look)
    cover = None
    if draft.cover:
        address, _ = tags.expand(draft.cover, 1, {})
        look(address)
        cover = shown.get(own_domains.relative(address))
        if cover is None and own_domains.relative(address) not in missing:
            missing[address] = "is none that can be fetched from the folders"
    images = [
        Note(Subject.IMAGE, f"the image {address} {why}", _line(address, source)) for address, why in missing.items()
    ]
    return Prepared(draft, body, cover, shown, own_domains, [*draft.notes, *notes, *images])


def _line(address: str, source: str) -> int | None:
    """Where the file names the address: a template tag may have written it without the slash."""
    position = source.find(address.lstrip("/"))
    return source.count("\n", 0, position) + 1 if position >= 0 else None
