"""The syntaxes of template tags: Liquid and Nunjucks, Hugo, Zola, attribute lists of Markdown."""

import re
from typing import NamedTuple

_ATTRIBUTE = r"""(?:[.#][A-Za-z][\w:-]*+|[\w:-]++=(?:"[^"\n]*+"|'[^'\n]*+'|[^\s{}"']++))"""
TOKEN = re.compile(
    r"\{\{-?\s*+([\"'])(?P<literal>[{}%#<>]{1,3})\1\s*+-?\}\}"
    r"|\{\{(?P<mark>[<%])(?P<hugo>(?:(?!\{\{[<%]|[%>]\}\}).)*+)[%>]\}\}"
    r"|\{%[-~]?+(?P<tag>(?:(?!\{%|%\}).)*+)%\}"
    r"|\{\{(?P<expression>(?:(?!\{\{|\}\}).)*+)\}\}"
    r"|\{#(?P<comment>[-\s](?:(?!\{#|#\}).)*+|[^{}#\n]*+)#\}"
    r"|(?<![ \t])[ \t]*+\{(?:"
    r":[ \t]*+(?=[.#\w/:\"])[^{}\n]*+|[ \t]*+[.#][A-Za-z][\w:-]*+(?:[ \t]++" + _ATTRIBUTE + r")*+[ \t]*+"
    r")\}"
    r"|(?<=[)\]`])\{[ \t]*+" + _ATTRIBUTE + r"(?:[ \t]++" + _ATTRIBUTE + r")*+[ \t]*+\}",
    re.DOTALL,
)
_LIQUID = re.compile(r"[-~\s]*+(?P<name>/?[\w-]*+)(?P<opening>\s*+\()?(?P<rest>.*)", re.DOTALL)
_HUGO = re.compile(r"\s*+(?P<closing>/?)\s*+(?P<name>[^\s/\"'`=]*+(?:/[^\s/\"'`=]++)*+)(?P<rest>.*)", re.DOTALL)
_FUNCTION = re.compile(r"[-~\s]*+(?P<name>[A-Za-z_][\w:]*+)\((?P<rest>.*)\)[-~\s]*+", re.DOTALL)
_ESCAPED = re.compile(r"\s*+/\*(?P<inside>.*)\*/\s*+", re.DOTALL)


class Tag(NamedTuple):
    """A tag as it is written. `syntax` says which end tag it has."""

    syntax: str  # "liquid", "hugo" or "zola"
    name: str
    rest: str
    is_end: bool


def tag_of(token: re.Match[str]) -> Tag | None:
    """The tag that the token is, or None for a value and for everything else."""
    if token["hugo"] is not None and (found := _HUGO.fullmatch(token["hugo"])):
        return Tag("hugo", found["name"].lower(), found["rest"], bool(found["closing"]))
    if token["tag"] is not None and (found := _LIQUID.fullmatch(token["tag"])):
        name = found["name"].lower().rstrip("-")
        if found["opening"]:
            return Tag("zola", name, found["rest"], False)
        if name == "end":
            return Tag("zola", "", "", True)
        is_end = name.startswith(("end", "/"))
        return Tag("liquid", name.removeprefix("end").removeprefix("/"), found["rest"], is_end)
    if token["expression"] is not None and (found := _FUNCTION.fullmatch(token["expression"])):
        return Tag("zola", found["name"].rpartition(":")[2].lower(), found["rest"], False)
    return None


def unescaped(token: re.Match[str]) -> str | None:
    """The tag as readers see it, if the author escaped it: {{</* tag */>}}, {{/* tag() */}} or {{ "{{" }}."""
    if token["literal"]:
        return token["literal"]
    inside = next((token[group] for group in ("hugo", "tag", "expression") if token[group] is not None), None)
    escaped = _ESCAPED.fullmatch(inside) if inside is not None else None
    if escaped is None:
        return None
    begin = token[0].index("/*")
    end = token[0].rindex("*/")
    return f"{token[0][:begin]}{token[0][begin + 2 : end]}{token[0][end + 2 :]}"


def end_tag(syntax: str, name: str) -> re.Pattern[str]:
    """The pattern of the tag that ends the tag `name`."""
    name = re.escape(name)
    if syntax == "hugo":
        return re.compile(rf"\{{\{{[<%]\s*+/\s*+{name}\s*+[%>]\}}\}}", re.IGNORECASE)
    if syntax == "zola":
        return re.compile(r"\{%[-~]?\s*+end\s*+[-~]?%\}")
    return re.compile(rf"\{{%[-~]?\s*+end{name}\s*+[-~]?%\}}", re.IGNORECASE)
