"""Editors and importers learn which parts of a text the sanitiser removes."""

import pytest
from django.contrib.messages import get_messages

from blogs.markdown import TooLarge, removed
from blogs.markdown.limits import MAX_MARKS
from blogs.models import Post
from tests.support.admin import send


@pytest.mark.pure
@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("plain *text* with 1 < 2 and `<iframe>`, <b>bold</b> <!-- <iframe> --> <p class='lead'>x</p>", []),
        ('<iframe src="https://x.example/<p>"></iframe>\n\n<IFRAME></IFRAME>', ["<iframe> with its content (2 times)"]),
        (
            "a <script>if (a < b) x()</script> <style>p{}</style>",
            ["<script> with its content", "<style> with its content"],
        ),
        (
            "<picture><source srcset=y>words</picture> <dialog>x</dialog>",
            ["<picture>", "the attribute srcset of <source>", "<dialog>"],
        ),
        ("a List<String> and </nope>", ["<string>"]),
        (
            "<p style='color:red' onclick=\"x('>')\">a</p> <p style=''>b</p>",
            ["the attribute style of <p> (2 times)", "the attribute onclick of <p>"],
        ),
        (
            "<a href=' java\nscript:x' target=_top rel=me>b</a>",
            ["the address javascript:… of <a>", "the attribute target of <a>"],
        ),
        (
            "<img src=data:image/png;base64,x> <img src=/a:b> <a href=mailto:a@b.example>c</a>",
            ["the address data:… of <img>"],
        ),
        ("<input type=text> <input type=checkbox checked>", ["the attribute type of <input>"]),
        (f"<{'x' * 60} {'y' * 60}> <p {'y' * 60}>", [f"<{'x' * 40}…>", f"the attribute {'y' * 40}… of <p>"]),
    ],
)
def test_removed_names_each_kind_of_removed_html_once(text, parts):
    assert list(map(str, removed(text))) == parts


@pytest.mark.pure
def test_a_text_beyond_a_limit_has_no_removals():
    with pytest.raises(TooLarge, match="at most"):
        removed("[" * (MAX_MARKS + 1))


def warnings(response):
    return [str(message) for message in get_messages(response.wsgi_request) if message.level_tag == "warning"]


@pytest.mark.rollback
def test_the_admin_names_what_readers_do_not_see_after_a_post_is_saved(techblog, editor, admin_as):
    client = admin_as(editor)
    text = "<iframe src=/x></iframe> <p onclick=x>words</p>"

    added = send(client, "/blogs/post/add/", title="Hello", home=techblog.pk, body=text)

    assert warnings(added) == [
        "Readers do not see these parts of the text, because posts cannot contain them: <iframe> with its content,"
        " the attribute onclick of <p>. The stored text still has them."
    ]
    post = Post.objects.get()
    assert "<iframe" in post.body
    assert "iframe" not in post.body_html
    address = f"/blogs/post/{post.pk}/change/"
    assert warnings(send(client, address, title="Other")) == []  # the text did not change
    assert warnings(send(client, address, body="<b>words</b>")) == []


@pytest.mark.rollback
def test_the_admin_names_at_most_ten_parts(techblog, editor, admin_as):
    text = " ".join(f"<x{number}>" for number in range(13))

    added = send(admin_as(editor), "/blogs/post/add/", title="Hello", home=techblog.pk, body=text)

    assert "<x9>, and 3 more." in warnings(added)[0]
    assert "<x10>" not in warnings(added)[0]


@pytest.mark.rollback
def test_the_admin_names_a_removed_iframe_a_video_of_another_site_and_a_script(techblog, editor, admin_as):
    text = "<iframe src=/x></iframe>\n\n<video autoplay src=https://x.example/a.mp4></video>\n\n<script>x()</script>"

    added = send(admin_as(editor), "/blogs/post/add/", title="Hello", home=techblog.pk, body=text)

    (message,) = warnings(added)
    assert "<iframe> with its content, the attribute autoplay of <video>" in message
    assert "the address https://x.example/a.mp4 of <video>, <script> with its content." in message
