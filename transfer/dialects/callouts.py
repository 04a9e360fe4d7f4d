"""The names and arguments of the tags and components that archives use for callouts."""

from collections.abc import Mapping, Sequence

# The words for kinds of callouts in other tools, and the kind that readers see.
_KINDS = {
    **dict.fromkeys(("abstract", "default", "example", "info", "note", "primary", "secondary"), "note"),
    **dict.fromkeys(("hint", "success", "tip"), "tip"),
    **dict.fromkeys(("important",), "important"),
    **dict.fromkeys(("attention", "warn", "warning"), "warning"),
    **dict.fromkeys(("bug", "caution", "danger", "error", "failure"), "caution"),
}
NAMES = frozenset(
    {
        "admonition", "alert", "alertbox", "aside", "attention", "callout", "caution", "danger", "hint", "important",
        "info", "note", "notice", "tip", "warn", "warning",
    }
)  # fmt: skip
_KIND_ARGUMENTS = ("type", "kind", "style", "level", "status", "variant", "color", "class", "intent")
_TITLE_ARGUMENTS = ("title", "header", "heading")
_OPTIONS = frozenset({"false", "html", "icon", "markdown", "md", "no-icon", "simple", "true"})


def first_line(name: str, positional: Sequence[str], named: Mapping[str, str]) -> str:
    """The kind and the title of a callout, as they stand after `:::`."""
    kind = _KINDS.get(name, "note")
    given = next((_KINDS[value] for key in _KIND_ARGUMENTS if (value := named.get(key, "").lower()) in _KINDS), "")
    words = [value for value in positional if value.lower() not in _OPTIONS]
    if words and words[0].lower() in _KINDS:
        given = given or _KINDS[words[0].lower()]
        words = words[1:]
    elif words and words[0].islower() and " " not in words[0]:  # the name of a style that only the old site knew
        words = words[1:]
    title = " ".join((next((named[key] for key in _TITLE_ARGUMENTS if named.get(key)), "") or " ".join(words)).split())
    if not any(letter.isalnum() for letter in title):
        title = ""
    return f"{given or kind} {title}".rstrip()
