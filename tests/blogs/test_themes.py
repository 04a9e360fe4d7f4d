"""Each theme is complete, and templates read only what the contexts declare."""

import re
from pathlib import Path
from typing import get_args, get_type_hints, is_typeddict

import pytest
from django.contrib.staticfiles import finders
from django.template.loader import get_template

from blogs.pages import contexts
from lib.languages import Words
from tenancy.themes import theme_names

pytestmark = pytest.mark.pure

TEMPLATES = Path(contexts.__file__).parents[1] / "templates"
VARIABLES = {
    "author": contexts.AuthorContext,
    "post": contexts.PostContext,
    "plain_words": Words,
    "post_list": contexts.PostList,
    "site": contexts.SiteContext,
    "tag": contexts.TagContext,
    "words": Words,
}
LOOP = re.compile(r"{% for (\w+) in ([\w.]+) %}")


def item_context(path):
    """The context of the items of a list such as `post.tags`. None if no context declares that list."""
    variable, _, key = path.partition(".")
    hints = get_type_hints(VARIABLES[variable]) if variable in VARIABLES else {}
    return next(filter(is_typeddict, get_args(hints.get(key))), None)


def undeclared(source):
    """Every `variable.key` in the source whose key the context of the variable does not declare."""
    known = VARIABLES | {variable: item_context(path) for variable, path in LOOP.findall(source)}
    tags = re.sub(r'"[^"]*"', "", " ".join(re.findall(r"{[{%].*?[}%]}", source)))
    return {
        f"{variable}.{key}"
        for variable, key in re.findall(r"(?<![.\w])(\w+)\.(\w+)", tags)
        if known.get(variable) and key not in get_type_hints(known[variable])
    }


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('{{ post.title }} post.x {% include "post.html" %}{% if post_list.before %}', set()),
        ("{{ post.editor }} {% if site.owner %}", {"post.editor", "site.owner"}),
        ("{{ post.body_html }}", set()),
        ("{% for post in post_list.posts %}{{ post.body_html }}{{ post.title }}", {"post.body_html"}),
        ("{% for tag in post.tags %}{{ tag.path }}{{ tag.feed }}", {"tag.feed"}),
        ("{% for tag in tags %}{{ tag.posts }}", set()),
    ],
)
def test_keys_that_no_context_declares_are_found(source, found):
    assert undeclared(source) == found


def test_templates_read_only_declared_keys():
    found = {
        str(path.relative_to(TEMPLATES)): keys
        for path in TEMPLATES.rglob("*.html")
        if (keys := undeclared(path.read_text()))
    }

    assert found == {}


def own_words(source):
    """Words for readers that the source itself contains, and `words`, which are HTML, in attributes."""
    found = re.findall(r'\b(?:title|description)="([^"]+)"', " ".join(re.findall("{%.*?%}", source)))
    source = re.sub("{#.*?#}|{%.*?%}", "", source)
    found += re.findall(r"<[^>]*{{ (words\.\w+)", source)
    source = re.sub("{{.*?}}", "", source)
    found += re.findall(r' (?:alt|aria-label|title)="([^"]*)"', source)
    return {word for text in (*found, re.sub("<[^>]*>", " ", source)) for word in re.findall(r"[^\W\d_]{2,}", text)}


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('{# A #}<p class="a" title="{{ plain_words.tag }}">{{ words.tag }} 404 · </p>{% x title=post.title %}', set()),
        ("<p>{{ words.by }} and</p>", {"and"}),
        ('<nav aria-label="Main {{ site.name }}">', {"Main"}),
        ('<nav aria-label="{{ words.main_menu }}">', {"words", "main", "menu"}),
        ('{% include "a.html" with title="Not found" %}', {"Not", "found"}),
    ],
)
def test_words_of_a_template_are_found(source, found):
    assert own_words(source) == found


def test_templates_take_all_words_from_the_context_so_that_each_language_has_them():
    pages = [path for path in TEMPLATES.rglob("*.html") if "admin" not in path.parts]
    found = {str(path.relative_to(TEMPLATES)): words for path in pages if (words := own_words(path.read_text()))}

    assert found == {}


def test_the_canonical_url_is_the_only_variable_of_all_pages_that_a_page_overrides():
    base = get_type_hints(contexts.BaseContext).keys()

    assert {key for page in get_args(contexts.PageContext) for key in get_type_hints(page)} & base == {"canonical"}


@pytest.mark.parametrize("theme", theme_names())
def test_a_theme_has_a_base_a_list_and_a_style_sheet(theme):
    assert get_template(f"themes/{theme}/base.html")
    assert get_template(f"themes/{theme}/list.html")
    assert finders.find(f"themes/{theme}.css")
