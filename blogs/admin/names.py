"""Tags and authors: shared by all sites. Everybody sees those of their sites, and changes authors of theirs alone."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.models import ADDITION, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Cast
from django.http import HttpRequest
from django.utils.text import slugify

from accounts.admin.scoped import ScopedAdmin
from accounts.admin.site import site as admin_site
from accounts.models import Role
from accounts.roles import AnyUser, has_role_anywhere, is_superuser, sees_everything, sites_of
from blogs.models import Author, Post, Tag


def on_sites_of(user: AnyUser) -> models.QuerySet[Post]:
    """Posts whose home or place is a site of the user."""
    sites = sites_of(user)
    return Post.objects.filter(Q(home__in=sites) | Q(placements__site__in=sites))


@admin.register(Tag, site=admin_site)
class TagAdmin(ScopedAdmin):
    """Tags come into being with posts. All sites share them by slug: only superusers give one another name."""

    menu_order = 5
    required_roles = {"view": Role.AUTHOR, "add": None, "change": None, "delete": None}
    list_display = ["name", "slug"]
    search_fields = ["name", "slug"]

    def scope(self, rows: models.QuerySet[Any], user: AnyUser) -> models.QuerySet[Any]:
        if sees_everything(user):
            return rows
        return rows.filter(Exists(on_sites_of(user).filter(tags=OuterRef("pk"))))

    def allows(self, verb: str, user: AnyUser, obj: Any = None) -> bool:
        """A tag is of no site: what of them a user may see, the scope says."""
        return super().allows(verb, user)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["slug"] if obj else []


@admin.register(Author, site=admin_site)
class AuthorAdmin(ScopedAdmin):
    """Authors of the user's sites, and those whom the user has just made and no post names yet."""

    menu_order = 4
    required_roles = {"view": Role.AUTHOR, "add": Role.EDITOR, "change": Role.EDITOR, "delete": Role.EDITOR}
    list_display = ["name", "slug"]
    search_fields = ["name", "slug"]
    autocomplete_fields = ["user"]

    def scope(self, rows: models.QuerySet[Any], user: AnyUser) -> models.QuerySet[Any]:
        if sees_everything(user):
            return rows
        used = Exists(on_sites_of(user).filter(authors=OuterRef("pk")))
        return rows.filter(used | ~Exists(Post.objects.filter(authors=OuterRef("pk"))) & _made_by(user))

    def allows(self, verb: str, user: AnyUser, obj: Any = None) -> bool:
        """An author is changed where all their posts are at home."""
        role = self.required_roles[verb]
        if obj is None or role is None or role == Role.AUTHOR or sees_everything(user):
            return super().allows(verb, user)
        if not has_role_anywhere(user, role):
            return False
        return not Post.objects.filter(authors=obj).exclude(home__in=sites_of(user, role)).exists()

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return [*(["name", "slug"] if obj else ["name"]), "bio", *(["user"] if is_superuser(request.user) else [])]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["slug"] if obj else []

    def save_model(self, request: HttpRequest, obj: Author, form: Any, change: bool) -> None:
        obj.slug = obj.slug or free_slug(obj.name)
        super().save_model(request, obj, form, change)

    def blockers(self, objs: list[Any], user: AnyUser) -> list[str]:
        titles = on_sites_of(user).filter(authors__in=objs).distinct().values_list("title", flat=True)[:20]
        return [f"“{title}” names this author" for title in titles]


def _made_by(user: AnyUser) -> Exists:
    """The admin's log tells who made a row: one that no post uses yet is nobody else's to see."""
    content_type = ContentType.objects.get_for_model(Author)
    entries = LogEntry.objects.filter(content_type=content_type, action_flag=ADDITION, user=user.pk)
    return Exists(entries.filter(object_id=Cast(OuterRef("pk"), models.CharField(max_length=20))))


def free_slug(name: str) -> str:
    """The author's slug: from the name, with a number when another author has it."""
    base = slugify(name)[:90].strip("-") or "author"
    taken = set(Author.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    return next(slug for slug in (base, *(f"{base}-{n}" for n in range(2, len(taken) + 3))) if slug not in taken)
