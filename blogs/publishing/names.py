"""Tags and authors."""

from collections.abc import Mapping

from django.core.exceptions import ValidationError

from accounts.roles import Actor
from blogs import permissions
from blogs.models import Author, Tag
from blogs.models.posts import AUTHOR_SLUG_LENGTH
from blogs.publishing.rows import user_of
from blogs.slugs import free_slug, slug_from

MAX_TAGS = 50  # of a post that a user saves; imports may have more


def validate_number_of_tags(number: int, *, by: Actor, present: int) -> None:
    """Raises ValidationError for more than MAX_TAGS tags. A post that already has more may keep as many."""
    if by is not None and number > max(MAX_TAGS, present):
        raise ValidationError(f"A post can have at most {MAX_TAGS} tags, but this one has {number}. Remove some tags.")


def tags_named(names: Mapping[str, str]) -> list[Tag]:
    """Return the tags with these slugs, and create missing tags with the given names. All sites share tags by slug."""
    known = {tag.slug: tag for tag in Tag.objects.filter(slug__in=names)}
    # Sort the slugs, so that two transactions that create the same tags do not deadlock.
    for slug in sorted(names.keys() - known.keys()):
        known[slug] = Tag.objects.get_or_create(slug=slug, defaults={"name": names[slug]})[0]
    return list(known.values())


def create_author(author: Author, *, by: Actor) -> None:
    """Store a new author. An author without a slug gets a free slug made from the name.

    Raises PermissionDenied unless `by` is an editor of a site.
    """
    permissions.require(permissions.can_create_author, by)
    author.created_by = user_of(by)
    if not author.slug:
        wanted = slug_from(author.name, AUTHOR_SLUG_LENGTH) or "author"
        author.slug = free_slug(wanted, Author.objects.all(), AUTHOR_SLUG_LENGTH)
    author.full_clean()
    author.save()
