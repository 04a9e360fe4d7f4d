"""The demo's files, read: nothing here knows the database."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import frontmatter
import yaml

FOLDER = Path(__file__).parent
IMAGES = FOLDER / "images"

_IMAGE_REFERENCE = re.compile(r"(?<=\]\()(?P<file>[\w-]+\.(?:png|webp))(?=[\s)])")


@dataclass(frozen=True)
class Text:
    """A post or a page as its file has it."""

    folder: str
    matter: dict[str, Any]
    body: str

    @property
    def home(self) -> str:
        """Folder of the site that owns it."""
        return str(self.matter.get("home", self.folder))

    @property
    def places(self) -> dict[str, dict[str, Any]]:
        """Per site, by its folder: slug, days_ago, at, pinned."""
        return self.matter.get("sites", {self.home: self.matter})

    def with_images(self, address: Callable[[str], str]) -> str:
        """The body, in which `address` replaces the file name of each image."""
        return _IMAGE_REFERENCE.sub(lambda match: address(match["file"]), self.body)


def sites() -> dict[str, dict[str, Any]]:
    """What site.yaml says, by folder."""
    return {file.parent.name: _yaml(file) for file in sorted(FOLDER.glob("*/site.yaml"), reverse=True)}


def biographies() -> dict[str, str]:
    """By the author's name."""
    return _yaml(FOLDER / "authors.yaml")


def texts() -> Iterator[Text]:
    for file in sorted(FOLDER.glob("*/*.md")):
        parsed = frontmatter.loads(file.read_text(encoding="utf-8"))
        yield Text(file.parent.name, parsed.metadata, parsed.content)


def moment(place: dict[str, Any], today: date, zone: ZoneInfo) -> datetime | None:
    """When a text is published at `place`; None for a draft. `today` is the date in that time zone."""
    if "days_ago" not in place:
        return None
    day = today - timedelta(days=place["days_ago"])
    return datetime.combine(day, time.fromisoformat(place["at"]), zone)


def _yaml(file: Path) -> dict[str, Any]:
    return yaml.safe_load(file.read_text(encoding="utf-8"))
