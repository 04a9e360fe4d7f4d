"""Typed text contains no control characters, and text without a visible character counts as empty."""

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import models

from accounts.models import User
from blogs import publishing
from blogs.models import Author, Image, Post
from lib.text_fields import LinesField, OneLineField, lines, one_line
from tenancy import lifecycle
from tests.support.admin import errors, saved, send

INVISIBLE = [
    "\u200b",
    "\u200b\u200d\ufeff",
    "\u00ad",
    "\u2060",
    "\u3164",
    "\u2800",
    "\x07",
    "\u0301",
    "\u202e",
    "\u2066\u2069",
    "\ufffc",
    "\U0001fffe",
    " \t\n",
]
OURS = ("accounts", "blogs", "tenancy", "transfer")
# Text that no person types, or whose validators refuse control characters.
OTHERS = {
    "accounts.User.password", "blogs.Image.digest", "blogs.Image.name", "blogs.MediaFile.digest",
    "blogs.MediaFile.name", "blogs.Placement.last_live_slug", "blogs.Post.body", "blogs.Post.body_html",
    "blogs.Post.feed_id", "blogs.Post.summary", "blogs.Redirect.new_path", "blogs.Redirect.new_path_key",
    "blogs.Redirect.old_path", "tenancy.Domain.name", "tenancy.DomainCheck.name", "tenancy.DomainCheck.reason",
    "tenancy.Release.fingerprint", "tenancy.SiteSettings.accent", "tenancy.SiteSettings.deployment",
    "tenancy.SiteSettings.theme", "tenancy.SiteSettings.time_zone", "transfer.ImportedFile.digest",
    "transfer.ImportedFile.left_as", "transfer.ImportedFile.path", "transfer.ImportedFile.source",
}  # fmt: skip


@pytest.mark.pure
@pytest.mark.parametrize("text", INVISIBLE)
def test_a_text_without_a_visible_character_is_empty(text):
    assert one_line(text) == lines(text) == ""
    assert one_line(f"a{text}").startswith("a")


@pytest.mark.pure
@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("a\0b\x07c\x7f\x9f\ufffe\ud800", "abc"),
        (" a\r\n b\u2028c\td ", "a  b c d"),
        ("safe\u202egnp.exe", "safegnp.exe"),
        ("👩\u200d💻 می\u200cخواهم", "👩\u200d💻 می\u200cخواهم"),
        ("日本語 – Привет", "日本語 – Привет"),
        ("\ufeffa", "a"),
        ("a\u206f\ufff9\U0001ffff\U0010fffeb", "ab"),
        ("א\u200f 1\u200e", "א\u200f 1\u200e"),
    ],
)
def test_one_line_removes_control_characters_and_keeps_joiners(typed, kept):
    assert one_line(typed) == kept


@pytest.mark.pure
def test_lines_keeps_line_breaks():
    assert lines("a\r\n\tb\x0bc\x00\n") == "a\r\n\tbc\n"


@pytest.mark.pure
def test_every_text_field_for_typed_text_removes_control_characters():
    for model in apps.get_models():
        for field in model._meta.fields:
            label = f"{model._meta.label}.{field.name}"
            is_plain = isinstance(field, models.CharField | models.TextField) and not field.choices
            if model._meta.app_label in OURS and is_plain and label not in OTHERS:
                known = OneLineField | LinesField | models.SlugField | models.EmailField
                assert isinstance(field, known), f"Use a field of lib.text_fields for {label}."


@pytest.mark.rollback
@pytest.mark.sqlite
@pytest.mark.parametrize("text", INVISIBLE)
def test_a_title_or_name_without_a_visible_character_is_refused(text, techblog, publish):
    for refused in (
        lambda: publishing.create_post(Post(home=techblog, title=text), by=None),
        lambda: publishing.edit_post(publish("Hello", on=techblog).post, {"title": text}, by=None, version=1),
        lambda: lifecycle.create("other.test", text, by=None),
        lambda: lifecycle.change_name(techblog, text, by=None),
    ):
        with pytest.raises(ValidationError, match="blank"):
            refused()
    assert Author(name=text)._meta.get_field("name").to_python(text) == ""


@pytest.mark.rollback
@pytest.mark.sqlite
def test_control_characters_are_removed_from_every_row_that_is_saved(techblog):
    post = Post(home=techblog, title="He\x07llo", excerpt="a\x0b\nb", cover_alt="x\x1fy")
    publishing.create_post(post, by=None)
    post.refresh_from_db()
    user = User.objects.create_user("a@example.com", name="A\x08da")
    lifecycle.change_name(techblog, "Tech\x07blog", by=None)

    assert (post.title, post.excerpt, post.cover_alt) == ("Hello", "a\nb", "xy")
    assert User.objects.get(pk=user.pk).name == "Ada"
    assert techblog.name == "Techblog"
    assert Image._meta.get_field("title").to_python("a\x07") == "a"


@pytest.mark.rollback
def test_the_forms_of_the_admin_refuse_a_name_without_a_visible_character(techblog, superuser, publish, admin_as):
    client = admin_as(superuser)

    assert "blank" in errors(send(client, "/blogs/post/add/", title="\u200b"))
    assert "no visible character" in errors(send(client, f"/sites/site/{techblog.pk}/change/", name="\u200b"))
    assert saved(send(client, "/blogs/post/add/", title="He\x07llo", **{"placements-0-slug": "hello"}))
    assert Post.objects.get().title == "Hello"


def test_control_characters_in_typed_text_do_not_break_the_feed(techblog, publish, visit):
    publish("Bell \x07", on=techblog, excerpt="Tab \x0b and bell \x07", body="Text \x07.")

    response = visit(techblog, "/feed/")

    assert response.status_code == 200
    assert "Bell" in response.content.decode()
