"""Declares which rows of content affect the public pages of which sites. Drafts affect no site."""

from django.contrib.sites.models import Site

from blogs.models import Author, AuthorListing, Image, Placement, Post, Redirect, Tag, TagListing
from tenancy.changes.moments import watch_moments
from tenancy.changes.watches import watch
from tenancy.models import SiteSettings

_LISTED = (
    "SELECT {row}.site_id WHERE EXISTS (SELECT 1 FROM {list} l WHERE l.site_id = {row}.site_id AND l.{name} = {row}.id)"
)
_PLACED = "SELECT p.site_id FROM blogs_placement p {join} WHERE p.published_at IS NOT NULL AND {condition}"


def watch_content() -> None:
    """Declare for each table which sites a change of a row affects."""
    watch(Placement, "SELECT {row}.site_id WHERE {row}.published_at IS NOT NULL")
    # The other sites of a shared post show its canonical URL, which is on its home if the post and the home are live.
    watch(
        Placement,
        placed(
            "JOIN blogs_post o ON o.id = p.post_id",
            "p.post_id = {row}.post_id AND o.home_id = {row}.site_id AND {row}.published_at IS NOT NULL",
        ),
        fields=["post", "site", "slug", "published_at"],
        lock_by="post_id",
    )
    watch(Site, posts_at_home("{row}.id"), fields=["domain"])
    # A post without a language of its own has the language of its home, which the other sites show as `lang`.
    watch(SiteSettings, posts_at_home("{row}.site_id"), fields=["state", "language"])

    watch(Post, placed("", "p.post_id = {row}.id"), lock_by="id")
    for through, model, listing in (
        (Post.authors.through, Author, AuthorListing),
        (Post.tags.through, Tag, TagListing),
    ):
        name = listing.NAME
        watch(
            through,
            placed(
                f"JOIN {model._meta.db_table} o ON o.site_id = p.site_id",
                f"p.post_id = {{row}}.post_id AND o.id = {{row}}.{name}_id",
            ),
            lock_by="post_id",
            immutable=[model],
        )
        # At COMMIT the lists still hold the rows from before the transaction. So this finds the site of a deleted tag,
        # with which the transaction has also deleted the rows of the watch above.
        watch(
            model,
            _LISTED.replace("{list}", listing._meta.db_table).replace("{name}", f"{name}_id"),
            fields=["slug", "name", *(["bio"] if model is Author else [])],
            inserts=False,
        )
    watch(
        Image,
        placed("JOIN blogs_post o ON o.id = p.post_id", "o.cover_id = {row}.id"),
        fields=["name", "width", "height"],
        inserts=False,
    )
    watch(Redirect, "SELECT {row}.site_id")

    # When a scheduled post becomes live, its site shows it. If this site is its home, the canonical URL that its other
    # sites show changes as well.
    watch_moments(
        "SELECT p.site_id, s.published_at AS moment FROM blogs_placement s"
        " JOIN blogs_post o ON o.id = s.post_id"
        " JOIN blogs_placement p ON p.post_id = s.post_id AND (p.id = s.id OR s.site_id = o.home_id)"
        " WHERE s.published_at > {now}"
    )


def placed(join: str, condition: str) -> str:
    """SQL for the sites of placements that are not drafts and satisfy the condition."""
    return _PLACED.replace("{join}", join).replace("{condition}", condition)


def posts_at_home(site_id: str) -> str:
    """SQL for the other sites that show posts of this home."""
    return placed("JOIN blogs_post o ON o.id = p.post_id", f"o.home_id = {site_id} AND p.site_id <> o.home_id")
