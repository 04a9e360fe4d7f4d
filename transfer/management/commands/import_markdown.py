"""manage.py import_markdown FOLDER --site DOMAIN: import an archive of Markdown files into a site."""

import json
import sys
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TextIO

from django.contrib.sites.models import Site
from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import track

from tenancy.absolute_urls import site_url
from tenancy.lookup import site_named
from transfer.markdown.files import markdown_files
from transfer.markdown.importer import Importer
from transfer.markdown.outcomes import Outcome, Subject, Verdict


class Command(BaseCommand):
    help = (
        "Import a folder of Markdown files with YAML or TOML front matter into a site. "
        "It is safe to run the import again: it updates the posts of changed files and skips all other files."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, help="folder with the .md files; subfolders are included")
        parser.add_argument("--site", required=True, metavar="DOMAIN", help="any domain of the target site")
        parser.add_argument("--media", type=Path, metavar="FOLDER", help="another folder that is searched for images")
        parser.add_argument(
            "--dry-run", action="store_true", help="show what the import would do, without storing anything"
        )
        parser.add_argument(
            "--overwrite", action="store_true", help="also replace posts that were edited after their last import"
        )
        parser.add_argument(
            "--report", type=Path, metavar="FILE", help="write a new file with one line of JSON per imported file"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        folder, dry_run = Path(options["folder"]), options["dry_run"]
        media = Path(options["media"]) if options["media"] else None
        site = site_named(options["site"])
        paths = _paths(folder)
        if media is not None and not media.is_dir():
            raise CommandError(f"--media {media} is not a folder.")
        importer = Importer(site, folder, media=media, dry_run=dry_run, overwrite=options["overwrite"])
        with ExitStack() as stack:
            report = stack.enter_context(_new_file(Path(options["report"]))) if options["report"] else None
            outcomes = list(self._run(importer, paths, report, quiet=options["verbosity"] == 0))
        self._sum_up(outcomes, site, dry_run)
        if any(outcome.broken for outcome in outcomes):
            sys.exit(1)

    def _run(self, importer: Importer, paths: list[Path], report: TextIO | None, *, quiet: bool) -> Iterator[Outcome]:
        console = Console(file=self.stdout, soft_wrap=True)  # type: ignore[arg-type]  # OutputWrapper has write()
        on_terminal = self.stdout.isatty()
        outcomes = importer.run(paths)
        for outcome in track(outcomes, "Importing", len(paths), console=console, disable=not on_terminal):
            if not quiet:
                for line in outcome.lines():
                    # The console prints the line above the progress bar. self.stdout would overwrite the bar.
                    console.print(line, markup=False, highlight=False) if on_terminal else self.stdout.write(line)
            if report:
                report.write(json.dumps(outcome.record(), ensure_ascii=False) + "\n")
            yield outcome

    def _sum_up(self, outcomes: list[Outcome], site: Site, dry_run: bool) -> None:
        verdicts = Counter(outcome.verdict for outcome in outcomes)
        subjects = Counter(note.subject for outcome in outcomes for note in outcome.notes)
        images = sum(outcome.images for outcome in outcomes)
        self.stdout.write("")
        self.stdout.write(
            ", ".join(f"{verdicts[verdict]} {verdict}" for verdict in Verdict) + f"; {images} images stored"
        )
        if subjects:
            notes = ", ".join(f"{subject} {subjects[subject]}" for subject in Subject if subjects[subject])
            self.stdout.write(f"Notes to review: {notes}.")
        broken = [outcome for outcome in outcomes if outcome.broken]
        if broken:
            self.stdout.write(f"Files that could not be imported: {len(broken)}. Fix them and run the command again:")
            for outcome in broken:
                self.stdout.write(f"  {outcome.lines()[0].removeprefix('skipped').strip()}")
        if dry_run:
            self.stdout.write("This was a dry run: nothing was stored. Run the command without --dry-run to import.")
        else:
            self.stdout.write(f"The site is at {site_url(site, '/')}")


def _paths(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise CommandError(f"{folder} is not a folder.")
    paths = markdown_files(folder)
    if not paths:
        raise CommandError(f"{folder} and its subfolders contain no .md files.")
    return paths


def _new_file(path: Path) -> TextIO:
    try:
        return path.open("x", encoding="utf-8")
    except OSError as error:
        raise CommandError(f"Cannot create the report file {path}: {error.strerror}.") from error
