"""Resolves chains of redirects (A → B and B → C become A → C) and finds loops, in memory."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from django.utils.encoding import iri_to_uri

from blogs.paths import target_key
from blogs.redirects.lookup import patterns_for
from lib.query_strings import with_query

MAX_STEPS = 10

PagesAt = Callable[[Collection[str]], set[str]]


@dataclass
class Chain:
    """The redirects that a request for one old path follows. `matches` are their old paths, in this order."""

    target: str
    matches: list[str]
    leads_to_gone: bool = False
    is_loop: bool = False
    is_complete: bool = field(default=False, repr=False)


class Chains:
    """All redirects of a site, by old path. `pages_at` returns those of some addresses that have a page."""

    def __init__(self, targets: Mapping[str, str], pages_at: PagesAt) -> None:
        self._targets = targets
        self._pages_at = pages_at
        self._pages: dict[str, bool] = {}

    def resolve(self) -> dict[str, Chain]:
        """Follow all redirects to their ends. Takes one call of `pages_at` for each step of the longest chain."""
        chains = {old: Chain(target, [old]) for old, target in self._targets.items()}
        pending = list(chains.values())
        while pending:
            covered = [(chain, key, match) for chain in pending for key, match in self._following(chain)]
            unknown = {key for _, key, _ in covered} - self._pages.keys()
            found = self._pages_at(unknown) if unknown else set()
            self._pages |= {key: key in found for key in unknown}
            for chain, key, match in covered:
                self._follow(chain, key, match)
            pending = [chain for chain, _, _ in covered if not chain.is_complete]
        return chains

    def _following(self, chain: Chain) -> list[tuple[str, str]]:
        """The address to which the chain leads, and the redirect that covers it, if there is one."""
        key = target_key(chain.target)
        match = self._match(key) if key not in ("", "/") else None
        return [(key, match)] if match else []

    def _match(self, key: str) -> str | None:
        """The old path or pattern that covers the address. A last segment `*` stands for any segments."""
        return next((old for old in (key, *patterns_for(key)) if old in self._targets), None)

    def _follow(self, chain: Chain, key: str, match: str) -> None:
        following = self._targets[match]
        if self._pages[key]:
            chain.is_complete = True
            if self._hides_loop(chain.matches[0], key):
                chain.is_loop = True
                chain.matches += [key] if key == chain.matches[0] else [key, chain.matches[0]]
        elif target_key(following) == key and not following.endswith("*"):
            chain.is_complete = True  # a pattern that covers its own target: the lookup does not redirect it to itself
        elif match in chain.matches or len(chain.matches) > MAX_STEPS:
            chain.matches.append(match)
            chain.is_complete = chain.is_loop = True
        elif not following:
            chain.matches.append(match)
            chain.is_complete = chain.leads_to_gone = True
        else:
            chain.matches.append(match)
            chain.target = _joined(match, following, chain.target)

    def _hides_loop(self, old: str, key: str) -> bool:
        """Whether the page at `key` hides a redirect that leads back to `old`. The page may be unpublished later."""
        for _ in range(MAX_STEPS):
            key = target_key(self._targets.get(key, ""))
            if key == old:
                return True
        return False


def _joined(match: str, following: str, target: str) -> str:
    """Where the redirect from `match` to `following` sends a request for `target`."""
    path, _, query = target.partition("#")[0].partition("?")
    if match.endswith("/*") and following.endswith("/*"):
        rest = path.lstrip("/").split("/")[match.count("/") - 1 :]
        following = following[:-1] + "/".join(rest).lstrip("/")
    return with_query(following, iri_to_uri(query))
