"""Tags and authors. Members of a site see those of their site, and its editors create, rename and delete them."""

from typing import Any, TypeVar

from django.contrib import admin
from django.http import HttpRequest

from accounts.admin.filters import site_filter
from accounts.admin.scoped import ScopedAdmin
from accounts.admin.site import site as admin_site
from accounts.models import Role
from accounts.roles import AnyUser, is_superuser, sites_of
from blogs import permissions, publishing
from blogs.admin.forms import TagForm
from blogs.models import Author, Tag
from lib.keys import is_key

POSTS_NAMED = 20

Name = TypeVar("Name", Tag, Author)


class NameAdmin(ScopedAdmin[Name]):
    required_roles = {"view": Role.AUTHOR, "add": Role.EDITOR, "change": Role.EDITOR, "delete": Role.EDITOR}
    list_display = ["name", "slug", "site"]
    list_filter = [site_filter()]
    list_select_related = ["site"]
    search_fields = ["name", "slug", "site__domain"]

    def allows(self, verb: str, user: AnyUser, obj: Name | None = None) -> bool:
        if obj is None or verb in ("view", "add"):
            return super().allows(verb, user, obj)
        return bool(permissions.can_edit_name.test(user, obj))

    def get_readonly_fields(self, request: HttpRequest, obj: Name | None = None) -> list[str]:
        return ["slug", "site_name"] if obj else []

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """Autocomplete fields may name the site whose rows they offer."""
        rows, has_duplicates = super().get_search_results(request, queryset, search_term)
        site = request.GET.get("site", "")
        is_chooser = request.resolver_match and request.resolver_match.url_name == "autocomplete"
        return rows.filter(site=site) if is_chooser and is_key(site) else rows, has_duplicates

    def choice_label(self, obj: Name, request: HttpRequest) -> str:
        """Add the site for users with several sites."""
        return f"{obj} · {obj.site}" if len(sites_of(request.user)[:2]) > 1 else str(obj)

    def blockers(self, objs: list[Name], user: AnyUser) -> list[str]:
        blocking = [publishing.blocking_posts(obj).values_list("title", flat=True)[:POSTS_NAMED] for obj in objs]
        return [
            f"The post “{title}” has “{obj}”" for obj, titles in zip(objs, blocking, strict=True) for title in titles
        ]


@admin.register(Tag, site=admin_site)
class TagAdmin(NameAdmin[Tag]):
    """Saving a post creates its new tags as well."""

    menu_order = 5
    form = TagForm

    def get_fields(self, request: HttpRequest, obj: Tag | None = None) -> Any:
        return ["name", "slug", "site_name"] if obj else ["site", "name"]

    def save_model(self, request: HttpRequest, obj: Tag, form: Any, change: bool) -> None:
        if change:
            publishing.rename_tag(obj, obj.name, by=request.user)
        else:
            publishing.create_tag(obj, by=request.user)

    def delete_model(self, request: HttpRequest, obj: Tag) -> None:
        publishing.delete_tag(obj, by=request.user)


@admin.register(Author, site=admin_site)
class AuthorAdmin(NameAdmin[Author]):
    menu_order = 4
    autocomplete_fields = ["user"]

    def get_fields(self, request: HttpRequest, obj: Author | None = None) -> Any:
        account = ["user"] if is_superuser(request.user) else []
        return ["name", "slug", "site_name", "bio", *account] if obj else ["site", "name", "bio", *account]

    def save_model(self, request: HttpRequest, obj: Author, form: Any, change: bool) -> None:
        if change:
            changes = {name: form.cleaned_data[name] for name in form.changed_data}
            publishing.edit_author(obj, changes, by=request.user)
        else:
            publishing.create_author(obj, by=request.user)

    def delete_model(self, request: HttpRequest, obj: Author) -> None:
        publishing.delete_author(obj, by=request.user)
