"""Prepares a draft for storage: expands template tags and finds images. This module writes nothing."""

import hashlib
import re
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from blogs import markdown
from transfer.markdown.catalogue import Catalogue, Destination
from transfer.markdown.drafts import Draft
from transfer.markdown.fields import plain_text
from transfer.markdown.images import Missing, Picture, Pictures, is_elsewhere, is_local_image
from transfer.markdown.outcomes import Note, Subject
from transfer.markdown.source import code
from transfer.markdown.text import template_tags
from transfer.markdown.text.absent_images import with_alt_texts
from transfer.markdown.text.links import LinkedText, OwnDomains

# Elements that the sanitiser removes and that may be an essential part of the post. Each gets a note for the
# author of the file.
EMBEDDED = ("embed", "iframe", "object")
_EMBEDDED = re.compile(rf"<(?:{'|'.join(EMBEDDED)})\b", re.IGNORECASE)

_MORE = re.compile(r"<!--[ \t]*+(?:more|excerpt|truncate)[ \t]*+-->", re.IGNORECASE)

MAX_LINE_SEARCHES = 200  # Each search for the line of a missing image reads the whole file.


@dataclass(frozen=True)
class Prepared:
    draft: Draft
    body: LinkedText
    cover: Picture | None
    shown: dict[str, Picture]  # relative address → image
    own_domains: OwnDomains
    notes: list[Note]
    destinations: dict[str, str]  # relative address of a link within the old site → address on the new site

    def pictures(self) -> dict[str, Picture]:
        """All images of the post, by digest."""
        covers = [self.cover] if self.cover else []
        return {picture.digest: picture for picture in [*covers, *self.shown.values()]}

    def body_showing(self, address_of: Callable[[Picture], str]) -> str:
        """The text with `address_of(picture)` as the address of each image, and relative links to the site itself.

        Links to other files lead to the posts of these files.
        """

        def new_address(address: str) -> str:
            address = self.own_domains.relative(address)
            if address in self.shown:
                return address_of(self.shown[address])
            return self.destinations.get(address, address)

        return self.body.rewritten(new_address)

    @cached_property
    def digest(self) -> str:
        """A digest of the post's content and images. The storage location of the images does not affect it."""
        draft = self.draft
        return digest_of(
            {
                "title": draft.title,
                "kind": str(draft.kind),
                "language": draft.language,
                "body": self.body_showing(lambda picture: picture.digest),
                "excerpt": draft.excerpt,
                "is_draft": draft.is_draft,
                "date": draft.date and draft.date.isoformat(),
                "updated": draft.updated and draft.updated.isoformat(),
                "feed_id": draft.feed_id,
                "pinned": draft.pinned,
                "authors": sorted(draft.authors),
                "tags": sorted(draft.tags),
                "cover": self.cover and self.cover.digest,
                "cover_alt": draft.cover_alt,
                "old_addresses": draft.old_addresses,
            }
        )


def digest_of(values: Mapping[str, object]) -> str:
    """A digest of the non-empty values. A field that a later release adds, empty in old posts, keeps their digests."""
    parts = sorted((name, value) for name, value in values.items() if value)
    return hashlib.sha256(repr(parts).encode("utf-8", "backslashreplace")).hexdigest()


def prepare(
    draft: Draft, source: str, document: Path, own_domains: OwnDomains, pictures: Pictures, catalogue: Catalogue
) -> Prepared:
    """Prepare a draft. `source` is the whole text of the file `document`, to whose lines the notes on images refer."""
    dialect = catalogue.dialect
    text, on_text = dialect.markdown(draft.body, document.name, draft.body_line)
    expanded, on_tags = template_tags.expand(text, draft.body_line, draft.variables, dialect)
    cover_address, _ = template_tags.expand(draft.cover, 1, {}, dialect)
    search = _Search(document, pictures)
    body = LinkedText(expanded)
    addresses = set(body.addresses)
    for address in body.addresses:
        search.look(own_domains.relative(address))

    def is_absent(address: str) -> bool:
        return search.is_absent(own_domains.relative(address), is_rewritten=address in addresses)

    shown = with_alt_texts(expanded, is_absent)
    body = body if shown == expanded else LinkedText(shown)
    cover = search.cover(own_domains.relative(cover_address)) if cover_address else None
    destinations = _destinations(body, own_domains, search.found, draft, catalogue)
    dead = {address: found.dead for address, found in destinations.items() if found.dead}
    if dead:
        shown = body.without(lambda address: own_domains.relative(address) in dead)
        body = LinkedText(shown)
    on_links = _notes_on_links(destinations, search.missing, source)
    return Prepared(
        replace(draft, excerpt=draft.excerpt or _excerpt(shown, dialect.excerpt_separator)),
        body,
        cover,
        search.found,
        own_domains,
        [*draft.notes, *on_text, *on_tags, *_embedded(draft), *_notes_on_images(search.missing, source), *on_links],
        {address: catalogue.address_on_site(found) for address, found in destinations.items() if not found.dead},
    )


def _destinations(
    body: LinkedText, own_domains: OwnDomains, images: Container[str], draft: Draft, catalogue: Catalogue
) -> dict[str, Destination]:
    """Where the links within the old site lead, by relative address."""
    found: dict[str, Destination] = {}
    for link in body.links:
        address = own_domains.relative(link.address)
        if address not in found and address not in images:
            destination = catalogue.destination(address, draft)
            if destination is not None:
                found[address] = destination
    return found


def _notes_on_images(missing: Mapping[str, str], source: str) -> list[Note]:
    return [
        Note(
            Subject.IMAGE,
            f"the image {address or 'without an address'} {why}",
            _line(address, source) if number < MAX_LINE_SEARCHES else None,
            _cause(why),
            address,
        )
        for number, (address, why) in enumerate(missing.items())
    ]


def _notes_on_links(destinations: Mapping[str, Destination], missing: Container[str], source: str) -> Iterator[Note]:
    searches = 0
    for address, found in destinations.items():
        if address in missing or not (found.dead or found.is_hidden):
            continue
        line = _line(address, source) if searches < MAX_LINE_SEARCHES else None
        searches += 1
        why = f"{found.dead}; its words stay" if found.dead else "leads to a post that is not live"
        subject, cause = (Subject.LINK, "lead nowhere") if found.dead else (Subject.HIDDEN, "readers get 404")
        yield Note(subject, f"the link {address} {why}", line, cause, address)


def _excerpt(text: str, separator: str) -> str:
    """The plain text before <!--more-->, or before the separator of the configuration."""
    mark = code.search(_MORE, text)
    position = mark.start() if mark else text.find(separator) if separator.strip() else -1
    return plain_text.excerpt(text[:position]) if position > 0 else ""


def _embedded(draft: Draft) -> Iterator[Note]:
    line, counted = draft.body_line, 0
    for element in code.matches(_EMBEDDED, draft.body):
        line += draft.body.count("\n", counted, element.start())
        counted = element.start()
        if markdown.is_player(draft.body, element.start()):
            continue
        yield Note(
            Subject.EMBEDDED,
            f"the {element[0].lower()}> is removed from the page; add a link to its content",
            line,
            "removed from the page",
            element[0].lower().strip("<"),
        )


class _Search:
    """Searches for the images of one document, by relative address."""

    def __init__(self, document: Path, pictures: Pictures) -> None:
        self.document = document
        self.pictures = pictures
        self.found: dict[str, Picture] = {}
        self.missing: dict[str, str] = {}  # address → reason

    def look(self, address: str) -> None:
        """Search for the image if the address is local."""
        if is_local_image(address):
            self._look(address)

    def is_absent(self, address: str, *, is_rewritten: bool) -> bool:
        """Whether readers would see no image at this address. An image may have any suffix.

        `is_rewritten` tells whether the text will show the address under which the image is stored.
        """
        if is_elsewhere(address):
            return False
        self._look(address)
        if not is_rewritten:
            self.missing.setdefault(address, "is not written in quotation marks")
        return address in self.missing

    def _look(self, address: str) -> None:
        if address not in self.found and address not in self.missing:
            try:
                self.found[address] = self.pictures.find(address, self.document)
            except Missing as error:
                self.missing[address] = str(error)
            except ValueError:
                self.missing[address] = "has no valid address"

    def cover(self, address: str) -> Picture | None:
        if not is_elsewhere(address):
            self._look(address)
        if address not in self.found:
            self.missing.setdefault(address, "is not in the imported folders; the post has no cover")
        elif self.found[address].is_media_file:
            self.missing[address] = "is not an image; the post has no cover"
            return None
        return self.found.get(address)


def _cause(why: str) -> str:
    """The reason without the numbers and the messages that differ between images."""
    general = "is too large" if why.startswith("has ") and "limit" in why else why.partition(":")[0].partition(";")[0]
    return f"the image {general}"


def _line(address: str, source: str) -> int | None:
    """The line number of the address. The search ignores the leading slash, which a template tag may have added."""
    position = source.find(address.lstrip("/"))
    return source.count("\n", 0, position) + 1 if position >= 0 else None
