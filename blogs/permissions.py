"""Permissions on content: named predicates over a user and a post, a placement, a tag or an author.

`blogs/publishing/` tests them before it writes. Views and the admin test them to decide which actions to offer. A
user of None is the operator of the installation, who works on the command line and has all permissions.
"""

from typing import Protocol

from django.core.exceptions import PermissionDenied
from django.db.models import Model, Q
from rules.predicates import Predicate, predicate

from accounts.models import Role
from accounts.roles import Actor, AnyUser, has_role, is_superuser, sites_of
from blogs.models import Author, Placement, Post
from blogs.models.posts import PostQuerySet


class OfSite(Protocol):
    """A row that belongs to one site: a placement, an image, a redirect, a tag, an author."""

    site_id: int


def require(permission: Predicate, by: Actor, target: Model) -> None:
    """Raises PermissionDenied unless `by` has the permission for `target`."""
    if by is not None and not permission.test(by, target):
        raise PermissionDenied(f"{by} does not have the permission for this action on “{target}”.")


def visible_posts(user: AnyUser) -> PostQuerySet:
    """The posts whose home is a site of `user`."""
    return Post.objects.filter(home__in=sites_of(user))


def editable_posts(user: AnyUser) -> PostQuerySet:
    """The posts that `user` may edit, place and delete.

    Editors of its home may edit a post. Authors of its home may edit the post if they created it and it is a draft.
    """
    own_drafts = Q(created_by=user.pk, pk__in=Post.objects.drafts().values("pk"))
    return Post.objects.filter(Q(home__in=sites_of(user, Role.EDITOR)) | Q(home__in=sites_of(user)) & own_drafts)


# This predicate reads the stored row, because a form may have changed the post in memory.
@predicate
def can_edit_post(user: AnyUser, post: Post) -> bool:
    return editable_posts(user).filter(pk=post.pk).exists()


@predicate
def is_author_of_home(user: AnyUser, post: Post) -> bool:
    return has_role(user, post.home_id, Role.AUTHOR)


@predicate
def is_editor_of_home(user: AnyUser, post: Post) -> bool:
    return has_role(user, post.home_id, Role.EDITOR)


@predicate
def is_draft(user: AnyUser, post: Post) -> bool:
    return Post.objects.drafts().filter(pk=post.pk).exists()


# For a post whose `home` is already the new site, before it is saved.
can_move_post = is_editor_of_home | (is_author_of_home & is_draft)


@predicate
def is_author_of_site(user: AnyUser, row: OfSite) -> bool:
    return has_role(user, row.site_id, Role.AUTHOR)


@predicate
def is_editor_of_site(user: AnyUser, row: OfSite) -> bool:
    return has_role(user, row.site_id, Role.EDITOR)


@predicate
def is_at_home(user: AnyUser, placement: Placement) -> bool:
    return placement.site_id == placement.post.home_id


@predicate
def is_unpublished(user: AnyUser, placement: Placement) -> bool:
    return placement.published_at is None and not placement.pinned


@predicate
def can_edit_its_post(user: AnyUser, placement: Placement) -> bool:
    return bool(can_edit_post.test(user, placement.post))


@predicate
def can_link_account(user: AnyUser, author: Author) -> bool:
    """Owners and editors do not see all accounts, so only superusers link an author to one."""
    return is_superuser(user)


# Editors may change all placements on their site. Authors may prepare the placement of their own draft on its home.
can_change_placement = is_editor_of_site | (is_at_home & is_unpublished & can_edit_its_post)
can_place = can_edit_its_post & can_change_placement

can_upload_file = is_author_of_site
can_edit_file = is_editor_of_site  # rename and delete
can_edit_name = is_editor_of_site  # create, edit and delete tags and authors
can_edit_redirect = is_editor_of_site  # add, change and delete
