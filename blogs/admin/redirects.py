"""Redirects from old addresses of a site to new ones, and addresses that are gone."""

from typing import Any, cast

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.urls import URLPattern, path

from accounts.admin.filters import ChoiceFilter, site_filter
from accounts.admin.site import site as admin_site
from accounts.roles import AnyUser
from blogs import permissions, redirects
from blogs.admin.redirect_forms import RedirectForm
from blogs.admin.redirect_tables import TableViews
from blogs.models import Redirect, RedirectQuerySet
from blogs.redirects.rules import shown

UNUSED_DAYS = 90


class StateFilter(ChoiceFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return [("redirect", "redirects"), ("gone", "gone (410)"), ("inactive", "inactive: a post has the address")]

    def value_in(self, rows: models.QuerySet[Redirect], value: str) -> models.QuerySet[Redirect]:
        if value == "gone":
            return rows.filter(new_path="")
        if value == "inactive":
            return cast(RedirectQuerySet, rows).covered()
        return rows.exclude(new_path="")


class UseFilter(ChoiceFilter):
    title = "use"
    parameter_name = "use"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return [("unused", f"not used for {UNUSED_DAYS} days"), ("never", "never used")]

    def value_in(self, rows: models.QuerySet[Redirect], value: str) -> models.QuerySet[Redirect]:
        found = cast(RedirectQuerySet, rows)
        return found.unused_for(UNUSED_DAYS) if value == "unused" else found.never_used()


@admin.register(Redirect, site=admin_site)
class RedirectAdmin(TableViews):
    menu_order = 6
    form = RedirectForm
    change_list_template = "blogs/admin/redirect_list.html"
    fields = ["site", "old_path", "new_path"]
    list_display = ["old", "target", "site", "state", "uses", "last_used"]
    list_filter = [site_filter(), StateFilter, UseFilter]
    list_select_related = ["site", "use"]
    search_fields = ["old_path", "new_path", "site__domain"]

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Redirect]:
        return cast(RedirectQuerySet, super().get_queryset(request)).with_covered()

    def allows(self, verb: str, user: AnyUser, obj: Redirect | None = None) -> bool:
        if obj is None:
            return super().allows(verb, user)
        return bool(permissions.can_edit_redirect.test(user, obj))

    @admin.display(description="old path", ordering="old_path")
    def old(self, obj: Redirect) -> str:
        return shown(obj.old_path)

    @admin.display(description="new path", ordering="new_path")
    def target(self, obj: Redirect) -> str:
        return obj.new_path or "gone (410)"

    @admin.display
    def state(self, obj: Any) -> str:
        return "inactive" if obj.is_covered else "active"

    @admin.display(ordering="use__uses")
    def uses(self, obj: Any) -> int:
        return obj.use.uses if hasattr(obj, "use") else 0

    @admin.display(ordering="use__last_used")
    def last_used(self, obj: Any) -> str | None:
        return f"{obj.use.last_used:%Y-%m-%d}" if hasattr(obj, "use") else None

    def save_model(self, request: HttpRequest, obj: Redirect, form: Any, change: bool) -> None:
        redirects.save(obj, by=request.user)

    def delete_model(self, request: HttpRequest, obj: Redirect) -> None:
        redirects.delete(obj, by=request.user)

    def get_urls(self) -> list[URLPattern]:
        views = [("import/", self.import_view, "import"), ("export/", self.export_view, "export")]
        own = [path(at, self.admin_site.admin_view(view), name=f"blogs_redirect_{name}") for at, view, name in views]
        return [*own, *super().get_urls()]
