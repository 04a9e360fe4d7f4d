"""Tags such as {% note info Title %}…{% endnote %} and {{% alert color="warning" %}}…{{% /alert %}} become callouts.

A tag becomes a callout if it begins its line and has an end tag. docs/markdown.md describes the result.
"""

from collections.abc import Callable

from transfer.dialects.callouts import NAMES, Nesting
from transfer.markdown.source.tag_syntax import TOKEN, Tag, tag_of

_LOOK_BACK = 200


def callout_tags(text: str, in_code: Callable[[int], bool]) -> Nesting:
    """The tags of a text that begin or end a callout, by their positions."""
    found = Nesting()
    for token in TOKEN.finditer(text):
        tag = tag_of(token)
        if tag is None or in_code(token.start()) or (tag.syntax == "zola" and token["tag"] is None):
            continue
        key = (tag.syntax, "" if tag.syntax == "zola" else tag.name)
        if tag.is_end:
            found.close(key, token.start())
        else:
            found.open(key, token.start(), _indentation(tag, token.start(), text))
    return found


def _indentation(tag: Tag, position: int, text: str) -> str | None:
    """What precedes the tag in its line, or None if the tag cannot become a callout."""
    if tag.name not in NAMES or tag.rest.rstrip().endswith("/"):
        return None
    line = text.rfind("\n", max(0, position - _LOOK_BACK), position) + 1
    before = text[line:position]
    return None if before.strip() else before
