"""manage.py import_markdown FOLDER --site DOMAIN: import an archive of Markdown files into a site."""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, TextIO

from django.contrib.sites.models import Site
from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import track

from tenancy.absolute_urls import site_url
from tenancy.lookup import site_named
from transfer.dialects import DIALECTS, detect, permalinks
from transfer.locks import StillRunning, import_lock
from transfer.markdown.importer import Importer
from transfer.markdown.outcomes import Outcome
from transfer.markdown.source.files import Listing, list_files
from transfer.markdown.summary import Summary


class Command(BaseCommand):
    help = (
        "Import a folder of Markdown files with YAML, TOML or JSON front matter into a site. "
        "It is safe to run the import again: it updates the posts of changed files and skips all other files."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, help="folder with the .md files; subfolders are included")
        parser.add_argument("--site", required=True, metavar="DOMAIN", help="any domain of the target site")
        parser.add_argument(
            "--dialect",
            choices=sorted(DIALECTS),
            help="the generator of the old site, if the command does not recognise it",
        )
        parser.add_argument(
            "--old-address",
            action="append",
            default=[],
            metavar="PATTERN",
            help="a pattern of further old addresses that redirect to the posts, such as /:year/:month/:day/:slug/. "
            "Can be given several times",
        )
        parser.add_argument("--media", type=Path, metavar="FOLDER", help="another folder that is searched for images")
        parser.add_argument(
            "--dry-run", action="store_true", help="show what the import would do, without storing anything"
        )
        parser.add_argument(
            "--overwrite", action="store_true", help="also replace posts that were edited after their last import"
        )
        parser.add_argument(
            "--report",
            type=Path,
            metavar="FILE",
            help="write a new file with one line of JSON per imported file, and the summary as the last line",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        folder = Path(options["folder"])
        media = Path(options["media"]) if options["media"] else None
        site = site_named(options["site"])
        listing = _listing(folder)
        if media is not None and not media.is_dir():
            raise CommandError(f"--media {media} is not a folder.")
        patterns = _patterns(options["old_address"])
        dialect, reason, hint = detect(folder, listing.markdown, name=options["dialect"] or "", patterns=patterns)
        self.stdout.write(f"Dialect: {dialect.title} ({reason}). Choose another one with --dialect.")
        if hint:
            self.stdout.write(hint)
        summary = Summary(listing.others)
        with ExitStack() as stack:
            report = stack.enter_context(_new_file(Path(options["report"]))) if options["report"] else None
            stack.enter_context(self._locked(site))
            importer = Importer(
                site, folder, dialect, media=media, dry_run=options["dry_run"], overwrite=options["overwrite"]
            )
            for outcome in self._outcomes(importer, listing.markdown, show_each=options["verbosity"] > 1):
                summary.add(outcome)
                _report(report, outcome.record())
            _report(report, {"summary": summary.record()})
        self._sum_up(summary, site, options)
        if summary.broken:
            sys.exit(1)

    @contextmanager
    def _locked(self, site: Site) -> Iterator[None]:
        with ExitStack() as stack:
            try:
                stack.enter_context(import_lock(site, self.stderr.write))
            except StillRunning as error:
                raise CommandError(str(error)) from error
            yield

    def _outcomes(self, importer: Importer, paths: list[Path], *, show_each: bool) -> Iterator[Outcome]:
        console = Console(file=self.stdout, soft_wrap=True)  # type: ignore[arg-type]  # OutputWrapper has write()
        on_terminal = self.stdout.isatty()
        outcomes = importer.run(paths)
        for outcome in track(outcomes, "Importing", len(paths), console=console, disable=not on_terminal):
            for line in outcome.lines() if show_each else ():
                # The console prints the line above the progress bar. self.stdout would overwrite the bar.
                console.print(line, markup=False, highlight=False) if on_terminal else self.stdout.write(line)
            yield outcome

    def _sum_up(self, summary: Summary, site: Site, options: dict[str, Any]) -> None:
        for line in ("", *summary.lines(), ""):
            self.stdout.write(line)
        if options["verbosity"] == 1 and not options["report"]:
            self.stdout.write("To see each file with its notes, add --verbosity 2, or --report FILE for JSON.")
        if options["dry_run"]:
            self.stdout.write("This was a dry run: nothing was stored. Run the command without --dry-run to import.")
        else:
            self.stdout.write(f"The site is at {site_url(site, '/')}")


def _patterns(patterns: list[str]) -> list[str]:
    for pattern in patterns:
        unknown = permalinks.unknown_placeholders(pattern)
        if unknown:
            known = ", ".join(f":{name}" for name in sorted(permalinks.PLACEHOLDERS))
            raise CommandError(f"--old-address {pattern}: :{unknown[0]} is unknown. The placeholders are {known}.")
        if not pattern.startswith("/"):
            raise CommandError(f"--old-address {pattern}: begin the pattern with a /.")
    return patterns


def _listing(folder: Path) -> Listing:
    if not folder.is_dir():
        raise CommandError(f"{folder} is not a folder.")
    listing = list_files(folder)
    if not listing.markdown:
        raise CommandError(f"{folder} and its subfolders contain no .md files.")
    return listing


def _new_file(path: Path) -> TextIO:
    try:
        return path.open("x", encoding="utf-8")
    except OSError as error:
        raise CommandError(f"Cannot create the report file {path}: {error.strerror}.") from error


def _report(file: TextIO | None, record: object) -> None:
    if file:
        file.write(json.dumps(record, ensure_ascii=False) + "\n")
