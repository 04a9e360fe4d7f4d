"""Sums up an import: what readers see now, what is left to do, and why."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from blogs.models import Placement
from transfer.markdown.outcomes import Note, Outcome, Subject, Verdict

MOST_FREQUENT = 5  # values that are shown of each group
MAX_FIELDS = 20
MAX_CAUSES = 20
_COUNTED = (Subject.LINK, Subject.HIDDEN)  # in lines of their own

Cause = tuple[Subject, str]


@dataclass
class Summary:
    """The figures of an import. `not_read` counts the texts in other formats by suffix."""

    not_read: Counter[str]
    verdicts: Counter[Verdict] = field(default_factory=Counter)
    states: Counter[str] = field(default_factory=Counter)
    drafts: Counter[str] = field(default_factory=Counter)
    fields: Counter[str] = field(default_factory=Counter)
    causes: Counter[Cause] = field(default_factory=Counter)
    values: dict[Cause, Counter[str]] = field(default_factory=dict)
    skipped: Counter[str] = field(default_factory=Counter)
    broken: list[Outcome] = field(default_factory=list)
    images: int = 0
    recognised: int = 0

    def add(self, outcome: Outcome) -> None:
        self.verdicts[outcome.verdict] += 1
        self.images += outcome.images
        self.recognised += bool(outcome.imported_as)
        self.fields.update(outcome.ignored_fields)
        if outcome.state:
            self.states[outcome.state] += 1
        if outcome.state == Placement.State.DRAFT:
            self.drafts[outcome.unpublished_because or "withdrawn on the site"] += 1
        if outcome.broken:
            self.broken.append(outcome)
        elif outcome.verdict is Verdict.SKIPPED:
            self.skipped[outcome.reason] += 1
        for note in outcome.notes:
            self._add_note(note)

    def _add_note(self, note: Note) -> None:
        cause = note.subject, note.cause or "other notes"
        self.causes[cause] += 1
        if note.about:
            self.values.setdefault(cause, Counter())[note.about] += 1

    def lines(self) -> Iterator[str]:
        """The summary for the terminal. What the user must know comes first."""
        states = Placement.State
        yield (
            f"Posts and pages: {self.states[states.LIVE]:,} live, {self.states[states.SCHEDULED]:,} scheduled,"
            f" {_drafts(self.states[states.DRAFT])}. Files that could not be imported: {len(self.broken):,}."
        )
        if self.drafts:
            reasons = ", ".join(_draft_reason(reason, number) for reason, number in self.drafts.most_common())
            yield f"{_drafts(self.states[states.DRAFT])}: {reasons}."
        for title, subject in (
            ("Dead internal links", Subject.LINK),
            ("Links to drafts and scheduled posts, which work once these are live", Subject.HIDDEN),
        ):
            found = self._of(subject)
            if found:
                yield f"{title}: {sum(found.values()):,} {self._most_frequent(found)}".rstrip()
        if self.not_read:
            kinds = ", ".join(f"{number:,} {suffix}" for suffix, number in self.not_read.most_common())
            yield f"Texts in formats that are not read: {kinds}."
        counts = ", ".join(f"{self.verdicts[verdict]} {verdict}" for verdict in Verdict)
        yield f"This run: {counts}; {self.images} images stored."
        if self.recognised:
            yield (
                f"{self.recognised:,} files are known from an import that started in another folder; their posts were"
                " not created again."
            )
        yield from (f"{number:,} skipped: {reason}." for reason, number in self.skipped.most_common())
        yield from self._note_lines()
        if self.fields:
            yield f"Fields that are not understood: {_most_frequent(self.fields, MAX_FIELDS)}."
        if self.broken:
            yield f"Files that could not be imported: {len(self.broken):,}. Fix them and run the command again:"
            yield from (f"  {outcome.headline()}" for outcome in self.broken)

    def _of(self, subject: Subject) -> Counter[Cause]:
        return Counter({cause: number for cause, number in self.causes.items() if cause[0] is subject})

    def _note_lines(self) -> Iterator[str]:
        """The notes by cause, the most frequent first. Causes of drafts and dead links are counted above."""
        counted = {cause for cause in self.causes if cause[0] in _COUNTED or cause[1] in self.drafts}
        notes = [(cause, number) for cause, number in self.causes.most_common() if cause not in counted]
        if notes:
            yield "Notes to review:"
        for (subject, reason), number in notes[:MAX_CAUSES]:
            values = self._most_frequent([(subject, reason)])
            yield f"  {number:>6,} {subject}: {reason} {values}".rstrip()
        if len(notes) > MAX_CAUSES:
            yield f"  {len(notes) - MAX_CAUSES:,} more causes are in the report (--report FILE)."

    def _most_frequent(self, causes: Iterable[Cause]) -> str:
        values: Counter[str] = Counter()
        for cause in causes:
            values.update(self.values.get(cause, {}))
        return f"({_most_frequent(values, MOST_FREQUENT)})" if values else ""

    def record(self) -> Mapping[str, Any]:
        """The summary as the last line of the JSON report."""
        return {
            "live": self.states[Placement.State.LIVE],
            "scheduled": self.states[Placement.State.SCHEDULED],
            "drafts": self.states[Placement.State.DRAFT],
            "drafts_by_cause": dict(self.drafts.most_common()),
            "dead_links": sum(self._of(Subject.LINK).values()),
            "links_not_live": sum(self._of(Subject.HIDDEN).values()),
            "not_read": dict(self.not_read.most_common()),
            **{str(verdict): self.verdicts[verdict] for verdict in Verdict},
            "broken": len(self.broken),
            "images": self.images,
            "recognised": self.recognised,
            "ignored_fields": dict(self.fields.most_common()),
            "notes": [
                {"subject": subject, "cause": reason, "number": number, "about": self._values_of((subject, reason))}
                for (subject, reason), number in self.causes.most_common()
            ],
        }

    def _values_of(self, cause: Cause) -> dict[str, int]:
        return dict(self.values.get(cause, Counter()).most_common())


def _drafts(number: int) -> str:
    return f"{number:,} {'draft' if number == 1 else 'drafts'}"


def _draft_reason(reason: str, number: int) -> str:
    """For example “380 have no date” and “1 says draft: true”."""
    if reason == "no date":
        return f"{number:,} {'has' if number == 1 else 'have'} no date"
    if ":" in reason:
        return f"{number:,} {'says' if number == 1 else 'say'} {reason}"
    if reason.startswith("in "):
        return f"{number:,} {'is' if number == 1 else 'are'} {reason}"
    return f"{number:,} {reason}"


def _most_frequent(values: Counter[str], limit: int) -> str:
    shown = ", ".join(f"{value} {number:,}" for value, number in values.most_common(limit))
    return f"{shown} and {len(values) - limit:,} more" if len(values) > limit else shown
