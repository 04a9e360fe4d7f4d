"""Imported posts get slugs, and their old addresses redirect to them."""

import pytest

from blogs.models import Placement, Redirect
from blogs.paths import RESERVED_SLUGS

pytest_plugins = ["tests.support.importing"]
pytestmark = pytest.mark.sqlite

HEAD = "---\ndate: 2015-01-01\n---\n"


def test_a_taken_slug_gets_a_suffix_and_is_reported(archive, techblog, financeblog, publish):
    publish("Hello", on=techblog)
    publish("Other", on=financeblog)
    archive.write("2014-01-01-hello.md", HEAD)
    archive.write("2015-01-01-hello.md", HEAD)
    archive.write("other.md", HEAD)

    run = archive.run()

    assert [record["address"] for record in run.records.values()] == ["/hello-2/", "/hello-3/", "/other/"]
    (note,) = run.notes("2014-01-01-hello.md")
    assert "/hello/" in note and "/hello-2/" in note
    assert run.notes("other.md") == []
    assert set(archive.run().verdicts().values()) == {"unchanged"}


@pytest.mark.parametrize(
    "slug", ["2024", *sorted(RESERVED_SLUGS - {"-"})]
)  # “-” is excluded, because no file name gives this slug
def test_a_reserved_slug_gets_a_suffix(archive, slug):
    archive.write(f"{slug}.md", HEAD)

    run = archive.run()

    assert Placement.objects.get().slug == f"{slug}-2"
    (note,) = run.notes(f"{slug}.md")
    assert f"/{slug}/" in note and f"/{slug}-2/" in note


def test_a_long_slug_is_truncated_to_the_maximum_length_including_its_suffix(archive):
    archive.write("a.md", f"---\nslug: {'x' * 250}\n---\n")
    archive.write("b.md", f"---\nslug: {'x' * 250}\n---\n")

    archive.run()

    assert [len(slug) for slug in Placement.objects.order_by("pk").values_list("slug", flat=True)] == [200, 192]


@pytest.mark.parametrize(
    ("field", "path"),
    [
        ("redirect_from: /old/address/", "/old/address/"),
        ("redirect_from:\n  - /x/\n  -  /old.html", "/old.html"),
        ("aliases: [posts/old]", "/posts/old"),
        ("permalink: /2014/03/12/Hello/", "/2014/03/12/Hello/"),
        ("redirect_from: http://old.example.com/caf%C3%A9/", "/café/"),
    ],
)
def test_old_addresses_redirect_to_the_post_only_on_its_own_site(archive, techblog, financeblog, visit, field, path):
    archive.write("hello.md", f"---\ndate: 2015-01-01\n{field}\n---\n")

    archive.run()

    response = visit(techblog, path)
    assert (response.status_code, response["Location"]) == (301, "/hello/")
    assert not Redirect.objects.filter(site=financeblog).exists()


def test_the_address_that_jekyll_derives_from_the_file_name_redirects_to_the_post(archive, techblog, visit):
    archive.write("2015-05-21-TockingTime.md", "---\ndate: 2015-05-22\n---\n")

    archive.run()

    for path in ("/2015/05/21/TockingTime/", "/2015/05/22/TockingTime/"):
        assert visit(techblog, path)["Location"] == "/tockingtime/"


@pytest.mark.parametrize(
    "field", ["permalink: /:year/:title/", "redirect_from: /?p=12", "aliases: /", "aliases: '//['"]
)
def test_an_old_address_without_a_usable_path_creates_no_redirect(archive, field):
    archive.write("hello.md", f"---\ndate: 2015-01-01\n{field}\n---\n")

    assert archive.run().verdicts() == {"hello.md": "created"}
    assert not Redirect.objects.exists()


def test_an_existing_redirect_is_kept_and_reported(archive, techblog):
    for name in ("a", "b"):
        archive.write(f"{name}.md", "---\ndate: 2015-01-01\nredirect_from: /old/\n---\n")
    archive.write("c.md", f"---\ndate: 2015-01-01\nredirect_from: /{'x' * 600}/\n---\n")

    run = archive.run()

    assert Redirect.objects.get().new_path == "/a/"
    (note,) = run.notes("b.md")
    assert "/old/" in note and "/a/" in note
    assert "too long" in run.notes("c.md")[0]


def test_links_to_other_domains_of_the_site_become_relative(archive, techblog):
    archive.write("b.md", HEAD)
    archive.write("a.md", HEAD + "[x](http://www.techblog.test/b/) [y](http://financeblog.test/b/)")
    techblog.domains.create(name="www.techblog.test")

    archive.run()

    assert Placement.objects.get(slug="a").post.body == "[x](/b/) [y](http://financeblog.test/b/)"
