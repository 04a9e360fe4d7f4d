"""Redirects from old addresses of a site to new ones."""

from typing import Any

from django.contrib import admin
from django.contrib.redirects.models import Redirect
from django.http import HttpRequest

from accounts.admin.filters import site_filter
from accounts.admin.scoped import ScopedAdmin
from accounts.admin.site import site as admin_site
from accounts.roles import AnyUser
from blogs import permissions, redirects
from blogs.admin.forms import RedirectForm


@admin.register(Redirect, site=admin_site)
class RedirectAdmin(ScopedAdmin[Redirect]):
    menu_order = 6
    form = RedirectForm
    fields = ["site", "old_path", "new_path"]
    list_display = ["old_path", "new_path", "site"]
    list_filter = [site_filter()]
    list_select_related = ["site"]
    search_fields = ["old_path", "new_path", "site__domain"]

    def allows(self, verb: str, user: AnyUser, obj: Redirect | None = None) -> bool:
        if obj is None:
            return super().allows(verb, user)
        return bool(permissions.can_edit_redirect.test(user, obj))

    def save_model(self, request: HttpRequest, obj: Redirect, form: Any, change: bool) -> None:
        redirects.save(obj, by=request.user)

    def delete_model(self, request: HttpRequest, obj: Redirect) -> None:
        redirects.delete(obj, by=request.user)
