"""Checks changes of the redirects of a site together, and writes them with all redirects that follow from them."""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import NamedTuple, Self

from django.contrib.sites.models import Site

from blogs.models import Redirect
from blogs.models.redirects import PATH_LENGTH
from blogs.redirects.chains import Chain, Chains
from blogs.redirects.rules import Typed, shown
from blogs.redirects.taken import pages_at

MAX_REDIRECTS = 20_000  # of a site; a save reads all of them
_BATCH = 500  # rows in one statement


class Change(NamedTuple):
    """A redirect before and after. `before` is None for a new one."""

    old: str
    before: str | None
    after: str

    @property
    def is_none(self) -> bool:
        return self.before == self.after


class Refusal(NamedTuple):
    """Why the redirect from `old` is refused. `field` is the field of Redirect that is wrong."""

    old: str
    field: str
    reason: str


class Plan(NamedTuple):
    """What changes of redirects do. `followed` are other redirects whose targets change with them."""

    new: list[Change]
    changed: list[Change]
    unchanged: list[Change]
    followed: list[Change]
    refused: list[Refusal]

    @classmethod
    def of(cls, site: Site, stored: Mapping[str, str], changes: Iterable[Typed]) -> Self:
        """Check the changes against the `stored` redirects of the site, which map old paths to targets."""
        wanted = {change.old: change.new for change in changes}
        targets = {**stored, **wanted}
        plan = cls([], [], [], [], [])
        plan.refused.extend(_on_pages(site, [old for old in wanted if stored.get(old) != wanted[old]]))
        if len(targets) > max(MAX_REDIRECTS, len(stored)):
            reason = f"The site would have {len(targets):,} redirects; at most {MAX_REDIRECTS:,} are allowed."
            plan.refused.append(Refusal("", "old_path", f"{reason} Delete those that are not used."))
            return plan
        for old, chain in Chains(targets, partial(pages_at, site, drafts_too=True)).resolve().items():
            plan._add(Change(old, stored.get(old), chain.target), chain, wanted)
        return plan

    def _add(self, change: Change, chain: Chain, wanted: Mapping[str, str]) -> None:
        is_wanted = change.old in wanted
        if chain.is_loop:
            # The redirect that was entered is refused, not a stored one that leads into the loop.
            culprit = next((old for old in chain.matches if old in wanted), None)
            if culprit is not None:
                steps = " → ".join(map(shown, chain.matches))
                self._refuse(culprit, f"There would be a loop: {steps}. Choose another target or delete the others.")
        elif chain.leads_to_gone and is_wanted:
            reason = f"{change.after} was removed on purpose (410). Choose another target, or leave it empty for 410."
            self._refuse(change.old, reason)
        elif is_wanted and len(change.after) > PATH_LENGTH:
            self._refuse(change.old, f"It would lead to {change.after[:100]}…, which is too long. Shorten the target.")
        elif is_wanted:
            (self.new if change.before is None else self.unchanged if change.is_none else self.changed).append(change)
        elif any(old in wanted for old in chain.matches[1:]):
            followed = change._replace(after="" if chain.leads_to_gone else change.after)
            if not followed.is_none and len(followed.after) <= PATH_LENGTH:
                self.followed.append(followed)

    def _refuse(self, old: str, reason: str) -> None:
        if all(refusal.old != old for refusal in self.refused):
            self.refused.append(Refusal(old, "new_path", reason))

    def summary(self) -> str:
        """The numbers of redirects, as one line."""
        follow = f", {len(self.followed)} of others follow" if self.followed else ""
        counts = f"{len(self.new)} new, {len(self.changed)} changed, {len(self.unchanged)} unchanged, 0 removed"
        return counts + follow

    def write(self, site: Site) -> None:
        """Store all changes. The caller has locked the site."""
        rows = [
            Redirect(site=site, old_path=change.old, new_path=change.after).fill_keys()
            for change in (*self.new, *self.changed, *self.followed)
        ]
        Redirect.objects.bulk_create(
            rows,
            batch_size=_BATCH,
            update_conflicts=True,
            unique_fields=["site", "old_path"],
            update_fields=["new_path", "new_path_key"],
        )


def stored_targets(site: Site) -> dict[str, str]:
    """The target of each redirect of the site, by its old path."""
    return dict(Redirect.objects.on(site).order_by().values_list("old_path", "new_path"))


def lock(site: Site) -> None:
    """Let other changes of redirects of this site wait until the transaction ends. Other changes do not wait."""
    Site.objects.select_for_update(no_key=True).get(pk=site.pk)


def _on_pages(site: Site, olds: list[str]) -> Iterable[Refusal]:
    for old in sorted(pages_at(site, olds)):
        reason = (
            f"{shown(old)} is the address of a page of {site.domain}, so it cannot be redirected. To move a post,"
            " change its slug; its old address is then redirected. To remove it, delete the post."
        )
        yield Refusal(old, "old_path", reason)
