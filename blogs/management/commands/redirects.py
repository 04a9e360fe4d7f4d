"""`manage.py redirects`: export and import the redirects of a site as CSV. The rules are in blogs/redirects/."""

from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from blogs import redirects
from blogs.redirects import tables
from blogs.redirects.plans import Change
from tenancy.lookup import site_named

Options = dict[str, Any]


class Command(BaseCommand):
    help = "Export or import the redirects of a site as CSV with the columns old_path and new_path."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(metavar="ACTION", required=True)

        def action(name: str, run: Callable[[Options], None], text: str) -> ArgumentParser:
            added: ArgumentParser = actions.add_parser(name, help=text, description=text)
            added.add_argument("--site", required=True, metavar="DOMAIN", help="any domain of the site")
            added.set_defaults(run=run)
            return added

        export = action("export", self.export, "Write the redirects with their uses to a new file or the output.")
        export.add_argument("file", nargs="?", type=Path, metavar="FILE", help="a new file (default: the output)")
        export.add_argument(
            "--unused", type=_days, metavar="DAYS", help="only redirects that were not used for this number of days"
        )
        adding = action(
            "import",
            self.add,
            "Add and change redirects; others stay. An empty new_path means that the address is gone (410).",
        )
        adding.add_argument("file", type=Path, metavar="FILE")
        adding.add_argument("--dry-run", action="store_true", help="show what the import would do, without storing it")

    def handle(self, *, run: Callable[[Options], None], **options: Any) -> None:
        try:
            run(options)
        except ValidationError as error:
            raise CommandError("\n".join(["Nothing was imported.", *error.messages])) from error

    def export(self, options: Options) -> None:
        table = redirects.export(site_named(options["site"]), by=None, unused_days=options["unused"])
        if options["file"] is None:
            self.stdout.write(table, ending="")
            return
        try:
            with options["file"].open("x", encoding="utf-8", newline="") as file:
                file.write(table)
        except OSError as error:
            raise CommandError(f"Cannot create {options['file']}: {error.strerror}.") from error

    def add(self, options: Options) -> None:
        site = site_named(options["site"])
        try:
            with options["file"].open("rb") as file:
                content = file.read(tables.MAX_BYTES + 1)
        except OSError as error:
            raise CommandError(f"Cannot read {options['file']}: {error.strerror}.") from error
        table = tables.text_of(content)
        change = redirects.plan_import if options["dry_run"] else redirects.import_table
        plan = change(site, table, by=None)
        for mark, changes in (("new", plan.new), ("changed", plan.changed), ("follows", plan.followed)):
            self._list(mark, changes)
        self.stdout.write(plan.summary())
        if options["dry_run"]:
            self.stdout.write("This was a dry run: nothing was stored. Run the command without --dry-run to import.")

    def _list(self, mark: str, changes: Sequence[Change]) -> None:
        for change in changes:
            before = f" (before: {change.before or '410'})" if change.before is not None else ""
            self.stdout.write(f"{mark} {change.old} → {change.after or '410'}{before}")


def _days(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 4 and int(text) > 0):
        raise ArgumentTypeError(f"{text!r} is not a number of days: write a whole number from 1 to 9999")
    return int(text)
