"""Reads the files of the demo. Nothing here uses the database."""

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
    """A parsed file: a post or a page."""

    folder: str
    matter: dict[str, Any]
    body: str

    @property
    def home(self) -> str:
        """The folder of the site that is the home of the post."""
        return str(self.matter.get("home", self.folder))

    @property
    def placements(self) -> dict[str, dict[str, Any]]:
        """The values slug, days_ago, at and pinned of each placement, by the folder of the site."""
        placements: dict[str, dict[str, Any]] = self.matter.get("sites", {self.home: self.matter})
        return placements

    @property
    def folders(self) -> set[str]:
        """The folders of the home and of the sites that show the post."""
        return {self.home, *self.placements}

    def with_images(self, address: Callable[[str], str]) -> str:
        """The body, in which `address` replaces the file name of each image."""
        return _IMAGE_REFERENCE.sub(lambda match: address(match["file"]), self.body)


def sites() -> dict[str, dict[str, Any]]:
    """The contents of each site.yaml, by folder."""
    return {file.parent.name: _yaml(file) for file in sorted(FOLDER.glob("*/site.yaml"), reverse=True)}


def biographies() -> dict[str, str]:
    """The biographies of the authors, by name."""
    return _yaml(FOLDER / "authors.yaml")


def texts() -> Iterator[Text]:
    for file in sorted(FOLDER.glob("*/*.md")):
        parsed = frontmatter.loads(file.read_text(encoding="utf-8"))
        yield Text(file.parent.name, parsed.metadata, parsed.content)


def moment(placement: dict[str, Any], today: date, zone: ZoneInfo) -> datetime | None:
    """The publication time at `placement`, or None for a draft. `today` is the current date in `zone`."""
    if "days_ago" not in placement:
        return None
    day = today - timedelta(days=placement["days_ago"])
    return datetime.combine(day, time.fromisoformat(placement["at"]), zone)


def _yaml(file: Path) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return document
