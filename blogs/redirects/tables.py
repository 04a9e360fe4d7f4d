"""All redirects of a site as a table (CSV), for spreadsheets and for moves from other systems."""

import csv
import io
from collections.abc import Iterator
from typing import NamedTuple

from django.contrib.sites.models import Site
from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.roles import Actor
from blogs import permissions
from blogs.models import Redirect
from blogs.redirects import rules
from blogs.redirects.plans import Plan, lock, stored_targets

COLUMNS = ("old_path", "new_path")
MAX_BYTES = 1_000_000
MAX_LINES = 10_000
MAX_REASONS = 20  # that a refusal lists


class _Line(NamedTuple):
    number: int
    old_path: str
    new_path: str


def export(site: Site, *, by: Actor, unused_days: int | None = None) -> str:
    """The redirects of the site as CSV, also with their uses. With `unused_days` only those not used for so many days.

    No cell begins with a character with which spreadsheets start a formula: paths begin with `/`, URLs with `http`.
    Raises PermissionDenied unless `by` is an editor of the site.
    """
    permissions.require(permissions.can_edit_redirect, by, Redirect(site=site))
    rows = Redirect.objects.on(site).order_by("old_path")
    if unused_days is not None:
        rows = rows.unused_for(unused_days)
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow([*COLUMNS, "uses", "last_used"])
    for old, new, uses, day in rows.values_list("old_path", "new_path", "use__uses", "use__last_used"):
        writer.writerow([rules.shown(old), new, uses or 0, day])
    return file.getvalue()


def plan_import(site: Site, table: str, *, by: Actor) -> Plan:
    """What `import_table` would change. Raises the same exceptions."""
    permissions.require(permissions.can_edit_redirect, by, Redirect(site=site))
    lines = list(_lines(table))
    domains = rules.domains_of(site)
    reasons: list[tuple[int, str]] = []
    typed: dict[str, rules.Typed] = {}
    numbers: dict[str, int] = {}
    for line in lines:
        try:
            read = rules.read(line.old_path, line.new_path, domains=domains)
        except ValidationError as error:
            found = error.message_dict.items()
            reasons += [(line.number, f"{column}: {reason}") for column, all_of in found for reason in all_of]
            continue
        if read.old in numbers:
            shown = rules.shown(read.old)
            reasons.append(
                (line.number, f"old_path: {shown} is already in line {numbers[read.old]}. Remove one of them.")
            )
        else:
            typed[read.old], numbers[read.old] = read, line.number
    plan = Plan.of(site, stored_targets(site), typed.values())
    reasons += [(numbers.get(refusal.old, 0), f"{refusal.field}: {refusal.reason}") for refusal in plan.refused]
    if reasons:
        raise ValidationError(_listed(sorted(reasons)))
    return plan


@transaction.atomic
def import_table(site: Site, table: str, *, by: Actor) -> Plan:
    """Add and change the redirects in the table, which is CSV with the columns old_path and new_path.

    An empty new_path means 410. Other columns are ignored, and redirects that the table does not have stay. Either all
    lines are imported or none. Returns what was changed. Raises ValidationError, with one message for each wrong line,
    and PermissionDenied unless `by` is an editor of the site.
    """
    permissions.require(permissions.can_edit_redirect, by, Redirect(site=site))
    lock(site)
    plan = plan_import(site, table, by=by)
    plan.write(site)
    return plan


def _lines(table: str) -> Iterator[_Line]:
    text = table.removeprefix("\ufeff")
    if len(text) > MAX_BYTES:
        raise ValidationError(f"The table has more than {MAX_BYTES:,} characters. Divide it into several files.")
    header_text = text.partition("\n")[0]
    # Spreadsheets write the separator that is usual in the country of their user.
    separator = max(",;\t", key=header_text.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        if missing := [column for column in COLUMNS if column not in header]:
            raise ValidationError(
                f"Line 1 has no column {' and no column '.join(missing)}. The first line must name the columns:"
                f" {','.join(COLUMNS)}"
            )
        places = [header.index(column) for column in COLUMNS]
        count = 0
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            count += 1
            if count > MAX_LINES:
                raise ValidationError(f"The table has more than {MAX_LINES:,} redirects. Divide it into several files.")
            if len(cells) <= max(places):
                raise ValidationError(
                    f"Line {reader.line_num} has {len(cells)} of {len(header)} columns. Write an empty new_path as a"
                    f" separator with nothing after it, as in: /old/{separator}"
                )
            yield _Line(reader.line_num, *(cells[place] for place in places))
    except csv.Error as error:
        raise ValidationError(f"Line {reader.line_num} is not valid CSV: {error}.") from error


def text_of(table: bytes) -> str:
    """The text of an uploaded file. Raises ValidationError if it is not in UTF-8 or too large."""
    if len(table) > MAX_BYTES:
        raise ValidationError(f"The table has more than {MAX_BYTES:,} bytes. Divide it into several files.")
    try:
        return table.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = table[: error.start].count(b"\n") + 1
        raise ValidationError(f"Line {line} is not UTF-8. Save the table as “CSV UTF-8”.") from error


def _listed(reasons: list[tuple[int, str]]) -> list[str]:
    lines = [f"Line {number}: {reason}" if number else reason for number, reason in reasons[:MAX_REASONS]]
    more = len(reasons) - MAX_REASONS
    return [*lines, f"{more:,} more errors are not listed."] if more > 0 else lines
