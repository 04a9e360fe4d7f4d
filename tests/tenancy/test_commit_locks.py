"""Transactions on different posts commit together. Those that can affect each other commit one after the other.

tests/pagecache/test_overlapping.py shows for each pair of changes what readers would miss without these locks.
"""

import random
import time
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection
from django.utils import timezone

from blogs.models import Author, Placement, Post, Redirect, Tag
from tenancy.changes import triggers
from tenancy.changes.postgresql import MAX_KEYS
from tenancy.models import Generation
from tests.support.timing import InThreads
from tests.support.transactions import ADVISORY, ROWS, connect, in_a_transaction, meanwhile, wait_until_blocked

pytestmark = pytest.mark.timeout(30)

GENERATION = "SELECT FROM tenancy_generation WHERE site_id = %s FOR UPDATE"
LOCKS = """
    SELECT mode, classid::bigint << 32 | objid::bigint
    FROM pg_locks JOIN pg_database ON pg_database.oid = database
    WHERE datname = current_database() AND locktype = 'advisory' AND granted
"""


def locks():
    """The numbers of the advisory locks that transactions hold in this database, as two lists: shared, exclusive."""
    with connection.cursor() as cursor:
        cursor.execute(LOCKS)
        rows = cursor.fetchall()
    return [[number for mode, number in rows if mode == wanted] for wanted in ("ShareLock", "ExclusiveLock")]


def add_posts(site, count):
    """Publish new posts on the site. Returns their ids."""
    posts = Post.objects.bulk_create(Post(home=site, title=f"Post {number}") for number in range(count))
    moment = timezone.now() - timedelta(days=1)
    Placement.objects.bulk_create(
        Placement(post=post, site=site, slug=f"post-{post.pk}", published_at=moment) for post in posts
    )
    return [post.pk for post in posts]


def change_titles(*ids):
    Post.objects.filter(pk__in=ids).update(title="New title")


@pytest.fixture
def post(techblog, publish):
    return publish("Old title", on=techblog).post


@pytest.fixture
def another(financeblog, publish):
    """A post of the other site."""
    return publish("Another", on=financeblog).post


@pytest.fixture
def during_commit(post, another, techblog):
    """during_commit(work): call `work` in a transaction in a thread.

    Another transaction has edited `post`, holds its locks, and commits after the test.
    """
    threads = []

    def during_commit(work):
        threads.append(in_a_transaction(work))
        return threads[-1]

    with meanwhile(GENERATION, techblog.pk):
        edit = during_commit(lambda: change_titles(post.pk))
        wait_until_blocked(ROWS)
        yield during_commit
        assert edit.are_running()
    for thread in threads:
        thread.results()


def test_an_edit_commits_during_the_commit_of_a_post_of_another_site(during_commit, another):
    during_commit(lambda: change_titles(another.pk)).results()


def test_new_rows_that_no_post_shows_yet_commit_during_the_commit_of_a_post(during_commit, financeblog):
    def add():
        Tag.objects.create(site=financeblog, slug="new", name="New")
        Author.objects.create(site=financeblog, slug="new", name="New")
        Redirect.objects.create(site=financeblog, old_path="/old/", new_path="/")

    during_commit(add).results()


def test_two_changes_of_one_post_commit_one_after_the_other(during_commit, post):
    author = Author.objects.create(site=post.home, slug="ada", name="Ada")
    change = during_commit(lambda: post.authors.add(author))
    wait_until_blocked(ADVISORY)
    assert change.are_running()


def test_a_renamed_tag_waits_for_all_commits_and_later_commits_wait_for_it(during_commit, another):
    Tag.objects.create(site=another.home, slug="python", name="Python")
    rename = during_commit(lambda: Tag.objects.update(name="Django"))
    wait_until_blocked(ADVISORY)
    later = during_commit(lambda: change_titles(another.pk))
    wait_until_blocked(ADVISORY, count=2)
    assert rename.are_running()
    assert later.are_running()


def test_an_upgrade_waits_for_the_commits_that_have_begun(during_commit):
    upgrade = during_commit(lambda: triggers.install(connection))
    wait_until_blocked(ADVISORY)
    assert upgrade.are_running()


@pytest.mark.parametrize(
    ("count", "shared", "exclusive"), [(1, 1, 1), (MAX_KEYS, 1, MAX_KEYS), (MAX_KEYS + 1, 0, 1), (3_000, 0, 1)]
)
def test_a_transaction_locks_each_of_a_few_posts_or_commits_alone(financeblog, count, shared, exclusive):
    posts = add_posts(financeblog, count)
    before = Generation.objects.get(site_id=financeblog.pk)

    with meanwhile(GENERATION, financeblog.pk):
        change = in_a_transaction(lambda: change_titles(*posts))
        wait_until_blocked(ROWS)
        assert list(map(len, locks())) == [shared, exclusive]
    change.results()

    assert Generation.objects.get(site_id=financeblog.pk).value != before.value
    assert locks() == [[], []]


def test_a_transaction_locks_posts_in_the_order_of_the_numbers_of_their_locks(financeblog):
    posts = add_posts(financeblog, MAX_KEYS)
    with meanwhile(GENERATION, financeblog.pk):
        change = in_a_transaction(lambda: change_titles(*posts))
        wait_until_blocked(ROWS)
        lowest = min(locks()[1])
    change.results()

    with meanwhile("SELECT pg_advisory_xact_lock(%s)", lowest):
        change = in_a_transaction(lambda: change_titles(*posts))
        wait_until_blocked(ADVISORY)
        assert locks()[1] == [lowest]
    change.results()


def test_a_transaction_writes_generations_in_the_order_of_the_sites(shared, techblog, financeblog):
    assert techblog.pk < financeblog.pk

    with meanwhile(GENERATION, techblog.pk):
        change = in_a_transaction(lambda: change_titles(shared.pk))
        wait_until_blocked(ROWS)
        with meanwhile(f"{GENERATION} NOWAIT", financeblog.pk):
            assert change.are_running()
    change.results()


def test_a_commit_leaves_no_recorded_change(post):
    change_titles(post.pk)

    with connection.cursor() as cursor:
        cursor.execute("SELECT watch FROM tenancy_change")
        assert cursor.fetchall() == []


def test_random_changes_of_posts_on_several_sites_do_not_deadlock(techblog, financeblog):
    """The changed rows differ, so the transactions conflict only in the locks of the triggers."""
    sites = [techblog, financeblog]
    posts = [pk for site in sites for pk in add_posts(site, 12)]
    moment = timezone.now() - timedelta(days=1)
    Placement.objects.bulk_create(
        Placement(post_id=pk, site=site, slug=f"post-{pk}", published_at=moment)
        for site, shared in ((financeblog, posts[:6]), (techblog, posts[12:18]))
        for pk in shared
    )
    tags = Tag.objects.bulk_create(Tag(site=techblog, slug=f"tag-{number}", name="Tag") for number in range(8))
    until = time.monotonic() + 3

    def work():
        chance, tag = random.Random(tags[-1].pk), tags.pop()
        commits = 0
        with connect(autocommit=True) as own:
            while time.monotonic() < until:
                with own.transaction():
                    for post in chance.sample(posts, chance.choice([1, 2, 4, 20])):
                        own.execute("DELETE FROM blogs_post_tags WHERE post_id = %s AND tag_id = %s", [post, tag.pk])
                        own.execute("INSERT INTO blogs_post_tags (post_id, tag_id) VALUES (%s, %s)", [post, tag.pk])
                    if chance.random() < 0.1:
                        own.execute("UPDATE blogs_tag SET name = %s WHERE id = %s", [f"Tag {commits}", tag.pk])
                commits += 1
        return commits

    assert min(InThreads(work, count=8).results()) > 5


def test_a_transaction_that_waits_for_an_upgrade_runs_the_new_functions(post):
    body = "BEGIN RAISE 'the new function'; END"
    function = "FUNCTION newsstand_recorded_sites() RETURNS SETOF integer LANGUAGE plpgsql"
    try:
        with connect() as upgrade:
            upgrade.execute("SELECT pg_advisory_xact_lock(hashtextextended('newsstand_write_generations', 0))")
            change = in_a_transaction(lambda: change_titles(post.pk))
            wait_until_blocked(ADVISORY)
            upgrade.execute(f"CREATE OR REPLACE {function} AS $$ {body} $$")
        with pytest.raises(DatabaseError, match="the new function"):
            change.results()
    finally:
        triggers.install(connection)
