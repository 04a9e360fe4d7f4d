"""Each theme is complete, and templates read only what the contexts declare."""

import re
from pathlib import Path
from typing import get_args, get_type_hints

import pytest
from django.contrib.staticfiles import finders
from django.template.loader import get_template

from blogs.pages import contexts
from tenancy.themes import theme_names

pytestmark = pytest.mark.pure

TEMPLATES = Path(contexts.__file__).parents[1] / "templates"
LISTS = {"list.html"}  # here `post` is a post of a list
VARIABLE = re.compile(r"\b(author|post|post_list|site|tag)\.(\w+)")
CONTEXTS = {
    "author": contexts.AuthorContext,
    "post": contexts.PostContext,
    "post_list": contexts.PostList,
    "site": contexts.SiteContext,
    "tag": contexts.TagContext,
}


def undeclared(source, *, is_list):
    """`variable.key` wherever the source reads a key that the variable's context does not declare."""
    declared = CONTEXTS | ({"post": contexts.ListedPost} if is_list else {})
    tags = re.sub(r'"[^"]*"', "", " ".join(re.findall(r"{[{%].*?[}%]}", source)))
    return {
        f"{variable}.{key}" for variable, key in VARIABLE.findall(tags) if key not in get_type_hints(declared[variable])
    }


@pytest.mark.parametrize(
    ("source", "is_list", "found"),
    [
        ('{{ post.title }} post.x {% include "post.html" %}{% if post_list.before %}', False, set()),
        ("{{ post.subtitle }} {% if site.owner %}", False, {"post.subtitle", "site.owner"}),
        ("{{ post.body_html }}", False, set()),
        ("{{ post.body_html }}", True, {"post.body_html"}),
    ],
)
def test_keys_that_no_context_declares_are_found(source, is_list, found):
    assert undeclared(source, is_list=is_list) == found


def test_templates_read_declared_keys_only():
    found = {
        str(path.relative_to(TEMPLATES)): names
        for path in TEMPLATES.rglob("*.html")
        if (names := undeclared(path.read_text(), is_list=path.name in LISTS))
    }

    assert found == {}


def test_no_page_overrides_a_variable_of_all_pages_but_the_canonical_url():
    base = get_type_hints(contexts.BaseContext).keys()

    assert {key for page in get_args(contexts.PageContext) for key in get_type_hints(page)} & base == {"canonical"}


@pytest.mark.parametrize("theme", theme_names())
def test_a_theme_has_a_base_a_list_and_a_style_sheet(theme):
    assert get_template(f"themes/{theme}/base.html")
    assert get_template(f"themes/{theme}/list.html")
    assert finders.find(f"themes/{theme}.css")
