"""The dates in front matter decide when a post is live, and when it was last changed."""

from datetime import UTC, datetime

import pytest

from blogs.models import Placement, Post

pytest_plugins = ["tests.support.importing"]
pytestmark = [pytest.mark.rollback, pytest.mark.sqlite]


def state_of(slug="a"):
    placement = Placement.objects.get(slug=slug)
    return placement.state, placement.published_at


@pytest.mark.parametrize("field", ["publishDate", "publish_date", "pubDate", "published_at"])
def test_a_publish_date_after_the_date_schedules_the_post(archive, field):
    archive.write("a.md", f"---\ndate: 2024-01-01\n{field}: 2099-01-01\n---\nText.")

    run = archive.run()

    assert state_of() == ("scheduled", datetime(2099, 1, 1, tzinfo=UTC))
    assert run.summary["scheduled"] == 1
    assert archive.run().verdicts() == {"a.md": "unchanged"}


def test_a_publish_date_before_the_date_does_not_change_the_date(archive):
    archive.write("a.md", "---\ndate: 2024-01-02\npublishDate: 2024-01-01\n---\nText.")

    archive.run()

    assert state_of() == ("live", datetime(2024, 1, 2, tzinfo=UTC))


@pytest.mark.parametrize("field", ["date", "pubDate", "published", "created", "publishedAt", "date_created"])
def test_a_date_is_found_under_any_of_its_names(archive, field):
    archive.write("a.md", f"---\n{field}: 2024-01-01\n---\nText.")

    archive.run()

    assert state_of() == ("live", datetime(2024, 1, 1, tzinfo=UTC))


def test_an_expired_post_is_a_draft_with_the_reason(archive):
    archive.write("a.md", "---\ndate: 2014-01-01\nexpiryDate: 2015-01-01\n---\nText.")

    run = archive.run()

    assert state_of() == ("draft", None)
    assert run.notes("a.md") == ["the post expired on 2015-01-01; it becomes a draft"]
    assert run.summary["drafts_by_cause"] == {"expired": 1}
    assert archive.run().verdicts() == {"a.md": "unchanged"}


def test_a_post_that_expires_in_the_future_is_live_and_has_a_note(archive):
    archive.write("a.md", "---\ndate: 2014-01-01\nexpiryDate: 2099-01-01\n---\nText.")

    run = archive.run()

    assert state_of()[0] == "live"
    assert run.notes("a.md") == ["the post expires on 2099-01-01; nothing withdraws it then, so withdraw it by hand"]


@pytest.mark.parametrize(
    "field", ["lastmod", "updated", "modified", "last_modified_at", "updatedDate", "modDatetime", "date_updated"]
)
def test_the_date_of_the_last_change_is_kept(archive, field):
    archive.write("a.md", f"---\ndate: 2014-01-01\n{field}: 2015-06-01 12:00\n---\nText.")

    archive.run()

    assert Post.objects.get().updated_at == datetime(2015, 6, 1, 12, tzinfo=UTC)
    assert archive.run().verdicts() == {"a.md": "unchanged"}
    archive.write("a.md", f"---\ndate: 2014-01-01\n{field}: 2016-06-01 12:00\n---\nNew text.")
    assert archive.run().verdicts() == {"a.md": "updated"}
    assert Post.objects.get().updated_at == datetime(2016, 6, 1, 12, tzinfo=UTC)


def test_a_last_change_in_the_future_is_ignored_and_reported(archive):
    archive.write("a.md", "---\ndate: 2014-01-01\nlastmod: 2099-01-01\n---\nText.")

    run = archive.run()

    assert Post.objects.get().updated_at == datetime(2014, 1, 1, tzinfo=UTC)
    assert run.notes("a.md") == ["the last change 2099-01-01 is in the future; the value is ignored"]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("draft: true", "draft: true"),
        ("draft: 'yes'", "draft: true"),
        ("published: false", "published: false"),
        ("published: 'no'", "published: false"),
        ("status: Draft", "status: draft"),
        ("status: private", "status: private"),
        ("private: true", "private: true"),
        ("visibility: private", "visibility: private"),
    ],
)
def test_a_draft_names_its_reason(archive, line, reason):
    archive.write("a.md", f"---\ndate: 2014-01-01\n{line}\n---\nText.")

    run = archive.run()

    assert state_of()[0] == "draft"
    assert run.records["a.md"]["unpublished_because"] == reason


def test_a_file_in_a_folder_of_drafts_is_a_draft(archive):
    archive.write("_drafts/a.md", "---\ndate: 2014-01-01\n---\nText.")

    run = archive.run()

    assert state_of()[0] == "draft"
    assert "1 draft: 1 is in a folder _drafts." in run.output
