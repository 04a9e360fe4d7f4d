"""Fields of front matter have many names: covers, tags and feed ids are found under each."""

from datetime import UTC

import pytest

from blogs.models import Placement, Post
from transfer.markdown import drafts

pytest_plugins = ["tests.support.importing"]
pytestmark = [pytest.mark.rollback, pytest.mark.sqlite]


def draft_of(lines, name="hello.md"):
    return drafts.read(f"---\n{lines}\n---\nText.", name, UTC)


@pytest.mark.parametrize(
    "lines",
    [
        "image: a.png\nimage_alt: A cat",
        "images: [a.png]\nimages_alt: A cat",
        "images: [{src: a.png, alt: A cat}]",
        "coverImage: a.png\ncoverImageAlt: A cat",
        "cover-image: a.png\ncover-image-alt: A cat",
        "heroImage: a.png\nheroImageAlt: A cat",
        "hero: {image: a.png, alt: A cat}",
        "cover: {image: a.png, alt: A cat}",
        "cover:\n  src: a.png\n  caption: A cat",
        "featured_image: a.png\nfeatured_image_alt: A cat",
        "featuredImage: {url: a.png, altText: A cat}",
        "thumbnail: a.png\nthumbnail_alt: A cat",
        "banner: a.png\nbanner_alt: A cat",
        "header: {teaser: b.png, image: a.png, image_alt: A cat}",
        "header: {overlay_image: a.png, caption: A cat}",
        "header: Welcome!\nfeature: true\nbanner: [a.png]\nimage_alt: A cat",
        "feature: {image: a.png, alt: A cat}",
        "featureImage: a.png\nfeatureImageCaption: A cat",
        "params: {cover: {image: a.png, alt: A cat}}",
        "extra:\n  banner: a.png\n  banner_alt: A cat",
        "image: {path: a.png, alt: A cat}\nthumbnail: b.png",
    ],
)
def test_the_cover_is_found_under_the_names_of_all_generators(lines):
    draft = draft_of(lines)

    assert (draft.cover, draft.cover_alt) == ("a.png", "A cat")
    assert draft.ignored_fields == ()


@pytest.mark.parametrize("lines", ["header: Welcome!", "feature: true", "banner: 3", "images: []", "hero: {a: b}"])
def test_a_field_without_an_image_gives_no_cover(lines):
    assert draft_of(lines).cover == ""


def test_the_first_image_of_a_list_becomes_the_cover(archive):
    archive.picture("posts/a.png")
    archive.write("posts/a.md", "---\ndate: 2015-01-01\nimages: [a.png, b.png]\n---\nText.")

    run = archive.run()

    assert run.notes("posts/a.md") == []
    assert Post.objects.get().cover.title == "posts/a.png"


@pytest.mark.parametrize(
    ("lines", "name", "tags"),
    [
        ("tags: ruby rails", "2015-01-01-hello.md", ["ruby", "rails"]),
        ("categories: ruby rails\ntags: [c]", "2015-01-01-hello.md", ["c", "ruby", "rails"]),
        ("category: ruby rails", "2015-01-01-hello.md", ["ruby-rails"]),
        ("tag: ruby rails", "2015-01-01-hello.md", ["ruby-rails"]),
        ("tags: ruby on rails, web", "2015-01-01-hello.md", ["ruby-on-rails", "web"]),
        ("tags: ruby rails", "hello.md", ["ruby-rails"]),
        ("tags: [ruby rails, '#web']", "2015-01-01-hello.md", ["ruby-rails", "web"]),
        ("categories: [[a, b], [c]]", "hello.md", ["a", "b", "c"]),
        ("taxonomies: {tags: [a], categories: [b]}", "hello.md", ["a", "b"]),
    ],
)
def test_tags_are_separated_as_jekyll_and_others_separate_them(lines, name, tags):
    assert list(draft_of(lines, name).tags) == tags


def test_fields_that_are_not_understood_are_named():
    draft = draft_of("title: a\nmathjax: true\nLayout: post\nToC: true\nempty:\nextra: {mood: fine}")

    assert draft.ignored_fields == ("mathjax", "mood", "toc")


@pytest.mark.parametrize(
    ("line", "feed_id"),
    [
        ("guid: https://old.example.com/?p=12", "https://old.example.com/?p=12"),
        ("guid: 'tag:example.com,2015:1'", "tag:example.com,2015:1"),
        ("feed_id: urn:uuid:0A0A0A0A-0000-4000-8000-000000000000", "urn:uuid:0A0A0A0A-0000-4000-8000-000000000000"),
        ("feed_id: 0A0A0A0A-0000-4000-8000-000000000000", "urn:uuid:0a0a0a0a-0000-4000-8000-000000000000"),
        ("id: tag:example.com,2015:1", "tag:example.com,2015:1"),
        ("id: https://example.com/1", "https://example.com/1"),
        ("id: 12", ""),
        ("id: my-post", ""),
        ("guid: ''", ""),
    ],
)
def test_the_feed_id_of_the_old_blog_is_read(line, feed_id):
    draft = draft_of(f"date: 2015-01-01\n{line}")

    assert draft.feed_id == feed_id
    assert draft.notes == ()


@pytest.mark.parametrize(
    "line", ["guid: 12", "guid: a b", "guid: '/2015/a/'", 'guid: "https://a.test/\\u0001"',
             'guid: "https://a.test/\\u202e"', 'guid: "https://a.test/<b>"', f"guid: https://a.test/{'x' * 500}"]
)  # fmt: skip
def test_an_invalid_feed_id_is_left_out_and_reported(line):
    draft = draft_of(f"date: 2015-01-01\n{line}")

    assert draft.feed_id == ""
    assert [note.message.rpartition("; ")[2] for note in draft.notes] == [
        "the post gets a new id, so feed readers show it again"
    ]


def test_each_post_of_a_site_has_its_own_feed_id(archive, techblog, financeblog):
    for name in ("a", "b"):
        archive.write(f"{name}.md", "---\ndate: 2015-01-01\nguid: tag:old,2015:1\n---\nText.")

    for site in (techblog, financeblog):
        run = archive.run(site=site.domain)
        posts = {placement.slug: placement.post.feed_id for placement in Placement.objects.on(site)}
        assert posts == {"a": "tag:old,2015:1", "b": ""}
        assert run.notes("b.md") == [
            "another post of the site has the feed id tag:old,2015:1; this post keeps its own id"
        ]
    assert set(archive.run().verdicts().values()) == {"unchanged"}


def test_a_feed_id_that_is_added_to_a_file_changes_nothing_but_the_id(archive):
    archive.write("a.md", "---\ndate: 2015-01-01\n---\nText.")
    archive.run()
    before = Post.objects.get()
    archive.write("a.md", "---\ndate: 2015-01-01\nguid: tag:old,2015:1\n---\nText.")

    assert archive.run().verdicts() == {"a.md": "updated"}

    after = Post.objects.get()
    assert (after.feed_id, after.updated_at, after.uuid) == ("tag:old,2015:1", before.updated_at, before.uuid)
    archive.write("a.md", "---\ndate: 2015-01-01\nguid: tag:old,2015:1\n---\nNew text.")
    assert archive.run().verdicts() == {"a.md": "updated"}
    assert Post.objects.get().feed_id == "tag:old,2015:1"
