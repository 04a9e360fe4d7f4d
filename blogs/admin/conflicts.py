"""The content of the conflict page: the fields of a post that two users have edited at the same time."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher
from functools import cached_property
from typing import Any, NamedTuple, Self

from django.db import models

from accounts.models import User
from blogs.admin.merging import MergingForm

# The time of a comparison grows with the square of the number of lines.
MAX_COMPARED_LINES = 1_000
CONTEXT_LINES = 2  # The number of unchanged lines shown before and after a change.


class Block(NamedTuple):
    mark: str  # "-" only in theirs, "+" only in mine, "=" in both, "…" omitted unchanged lines
    text: str


@dataclass(frozen=True)
class Difference:
    """A field whose value differs between the versions. `blocks` is empty if the texts are too long to compare."""

    name: str
    label: str
    mine: str
    theirs: str

    @cached_property
    def blocks(self) -> list[Block]:
        theirs, mine = self.theirs.splitlines(), self.mine.splitlines()
        if len(theirs) + len(mine) > MAX_COMPARED_LINES:
            return []
        blocks: list[Block] = []
        for group in SequenceMatcher(None, theirs, mine).get_grouped_opcodes(CONTEXT_LINES):
            if group[0][1] > 0:
                blocks.append(Block("…", ""))
            for operation, a, b, c, d in group:
                if operation == "equal":
                    blocks.append(Block("=", "\n".join(mine[c:d])))
                else:
                    changed = ("-", theirs[a:b]), ("+", mine[c:d])
                    blocks += [Block(mark, "\n".join(lines) or "¶") for mark, lines in changed if lines]
        return blocks


@dataclass(frozen=True)
class EditConflict:
    """Another user saved the post after this user opened the form.

    `both` are the fields that both users changed, to different values. `kept` are the labels of fields that only the
    other user changed. The form shows their stored values, so a save keeps them.
    """

    saved_by: User | None
    saved_at: datetime
    both: list[Difference]
    kept: list[str]

    @classmethod
    def of(cls, form: MergingForm) -> Self:
        mine, theirs = set(form.changed_data), form.changed_by_others
        both = [_difference(form, name) for name in theirs if name in mine]
        only_theirs = [name for name in theirs if name not in mine]
        return cls(
            form.instance.saved_by,
            form.instance.saved_at,
            [difference for difference in both if difference.mine != difference.theirs],
            [str(form[name].label) for name in only_theirs],
        )


def _difference(form: MergingForm, name: str) -> Difference:
    # The cleaned value of this user, or the sent text if it is not valid.
    mine = form.cleaned_data.get(name, form[name].data)
    return Difference(name, str(form[name].label), _text(mine), _text(form.stored_values[name]))


def _text(value: Any) -> str:
    return "\n".join(_names(value)).replace("\r\n", "\n").strip()


def _names(value: Any) -> Iterator[str]:
    match value:
        case None:
            pass
        case dict():
            yield from sorted(value.values())
        case list() | models.QuerySet():
            yield from sorted(map(str, value))
        case _:
            yield str(value)
