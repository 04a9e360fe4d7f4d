"""Posts are rendered in the language of their home, and again on command."""

from io import StringIO

import pytest
from django.contrib.sites.models import Site
from django.core.management import CommandError, call_command

from blogs import publishing
from blogs.markdown.limits import MAX_MARKS
from blogs.models import Post

pytestmark = pytest.mark.rollback


def write(site, body='"text"'):
    post = Post(home=site, title="Title", body=body)
    publishing.create_post(post, by=None)
    return post


def render_posts(*arguments):
    out = StringIO()
    call_command("render_posts", *arguments, stdout=out, stderr=out)
    return out.getvalue()


def speak(site, language):
    type(site.settings).objects.filter(site=site).update(language=language)


def test_a_post_is_rendered_in_the_language_of_its_home(techblog, financeblog):
    speak(techblog, "de")
    techblog.refresh_from_db()

    assert write(techblog).body_html == "<p>„text“</p>\n"
    assert write(financeblog).body_html == "<p>“text”</p>\n"


def test_a_post_that_moves_to_another_home_is_rendered_in_its_language(techblog, financeblog):
    speak(financeblog, "de")
    post = write(techblog)

    moved = publishing.edit_post(post, {"home": Site.objects.get(pk=financeblog.pk)}, by=None, version=1)

    assert moved.body_html == "<p>„text“</p>\n"


def test_a_post_with_a_language_of_its_own_is_rendered_in_this_language(techblog):
    post = write(techblog)

    edited = publishing.edit_post(post, {"language": "de"}, by=None, version=1)

    assert edited.body_html == "<p>„text“</p>\n"


def test_render_posts_writes_the_posts_of_the_site_whose_html_changes_and_keeps_their_versions(techblog, financeblog):
    quoted, plain, other = write(techblog), write(techblog, "text"), write(financeblog)
    speak(techblog, "de")
    speak(financeblog, "de")

    assert "2 posts: 1 changed, 0 refused." in render_posts("--site", techblog.domain)

    after = Post.objects.get(pk=quoted.pk)
    assert (after.body_html, after.summary) == ("<p>„text“</p>\n", "„text“")
    assert (after.version, after.updated_at, after.saved_at) == (1, quoted.updated_at, quoted.saved_at)
    assert Post.objects.get(pk=plain.pk).body_html == plain.body_html
    assert Post.objects.get(pk=other.pk).body_html == other.body_html
    assert "3 posts: 1 changed, 0 refused." in render_posts()
    assert Post.objects.get(pk=other.pk).body_html == "<p>„text“</p>\n"


def test_render_posts_keeps_the_html_of_a_post_that_a_new_limit_refuses(techblog):
    post = write(techblog)
    Post.objects.filter(pk=post.pk).update(body="[" * (MAX_MARKS + 1))

    with pytest.raises(CommandError, match="Refused posts keep their HTML"):
        render_posts()

    assert Post.objects.get(pk=post.pk).body_html == "<p>“text”</p>\n"
