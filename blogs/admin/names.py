"""Tags and authors, which all sites share. Users see the tags and authors of their sites.

Users may change an author only if all posts of the author belong to their sites."""

from typing import Any

from django.contrib import admin
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.http import HttpRequest

from accounts.admin.scoped import ScopedAdmin
from accounts.admin.site import site as admin_site
from accounts.models import Role
from accounts.roles import AnyUser, is_superuser, sees_everything, sites_of
from blogs import permissions, publishing
from blogs.models import Author, Post, Tag


def on_sites_of(user: AnyUser) -> models.QuerySet[Post]:
    """Posts whose home is a site of the user, or that a site of the user shows."""
    sites = sites_of(user)
    return Post.objects.filter(Q(home__in=sites) | Q(placements__site__in=sites))


@admin.register(Tag, site=admin_site)
class TagAdmin(ScopedAdmin[Tag]):
    """Saving a post creates its new tags. All sites share a tag, so only superusers may rename it."""

    menu_order = 5
    required_roles = {"view": Role.AUTHOR, "add": None, "change": None, "delete": None}
    list_display = ["name", "slug"]
    search_fields = ["name", "slug"]

    def scope(self, rows: models.QuerySet[Tag], user: AnyUser) -> models.QuerySet[Tag]:
        if sees_everything(user):
            return rows
        return rows.filter(Exists(on_sites_of(user).filter(tags=OuterRef("pk"))))

    def allows(self, verb: str, user: AnyUser, obj: Tag | None = None) -> bool:
        """A tag belongs to no site. `scope` decides which tags a user sees."""
        return super().allows(verb, user)

    def get_readonly_fields(self, request: HttpRequest, obj: Tag | None = None) -> list[str]:
        return ["slug"] if obj else []


@admin.register(Author, site=admin_site)
class AuthorAdmin(ScopedAdmin[Author]):
    """Authors of posts on sites of the user, and unused authors that the user has created."""

    menu_order = 4
    required_roles = {"view": Role.AUTHOR, "add": Role.EDITOR, "change": Role.EDITOR, "delete": Role.EDITOR}
    list_display = ["name", "slug"]
    search_fields = ["name", "slug"]
    autocomplete_fields = ["user"]

    def scope(self, rows: models.QuerySet[Author], user: AnyUser) -> models.QuerySet[Author]:
        if sees_everything(user):
            return rows
        used = Exists(on_sites_of(user).filter(authors=OuterRef("pk")))
        return rows.filter(used | ~Exists(Post.objects.filter(authors=OuterRef("pk"))) & Q(created_by=user.pk))

    def allows(self, verb: str, user: AnyUser, obj: Author | None = None) -> bool:
        """An author belongs to no site. `scope` decides which authors a user sees."""
        if not super().allows(verb, user) or obj is None or verb == "view" or sees_everything(user):
            return super().allows(verb, user)
        return bool(permissions.can_edit_author.test(user, obj))

    def get_fields(self, request: HttpRequest, obj: Author | None = None) -> Any:
        return [*(["name", "slug"] if obj else ["name"]), "bio", *(["user"] if is_superuser(request.user) else [])]

    def get_readonly_fields(self, request: HttpRequest, obj: Author | None = None) -> list[str]:
        return ["slug"] if obj else []

    def save_model(self, request: HttpRequest, obj: Author, form: Any, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
        else:
            publishing.create_author(obj, by=request.user)

    def blockers(self, objs: list[Author], user: AnyUser) -> list[str]:
        titles = on_sites_of(user).filter(authors__in=objs).distinct().values_list("title", flat=True)[:20]
        return [f"“{title}” names this author" for title in titles]
