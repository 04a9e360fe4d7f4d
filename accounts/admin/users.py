"""Accounts in the admin."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.db import models
from django.http import HttpRequest

from accounts.admin.forms import UserAddForm, UserForm
from accounts.admin.scoped import ScopedAdmin
from accounts.admin.site import site as admin_site
from accounts.models import Membership, User
from accounts.roles import AnyUser, sites_of


@admin.register(User, site=admin_site)
class UserAdmin(ScopedAdmin[User], DjangoUserAdmin):
    """Accounts, which only superusers may see. Roles are edited in the list of members in the form of a site."""

    menu_order = 8
    required_roles = dict.fromkeys(("view", "add", "change", "delete"))
    form = UserForm
    add_form = UserAddForm
    fieldsets = [
        (None, {"fields": ["email", "name", "password"]}),
        ("Rights", {"fields": ["is_active", "is_superuser", "roles"]}),
    ]
    add_fieldsets = [(None, {"fields": ["email", "name", "usable_password", "password1", "password2"]})]
    readonly_fields = ["roles"]
    list_display = ["email", "name", "is_active", "is_superuser", "roles"]
    list_filter = ()
    search_fields = ["email", "name"]
    ordering = ["email"]
    filter_horizontal = ()

    def scope(self, rows: models.QuerySet[User], user: AnyUser) -> models.QuerySet[User]:
        """All accounts. A pinned process leaves out accounts that are members of other sites only."""
        if not self.allows("view", user):
            return rows.none()
        elsewhere = Membership.objects.exclude(site__in=sites_of(user)).values("user")
        here = Membership.objects.filter(site__in=sites_of(user)).values("user")
        return rows.exclude(models.Q(pk__in=elsewhere, is_superuser=False) & ~models.Q(pk__in=here))

    def allows(self, verb: str, user: AnyUser, obj: Any = None) -> bool:
        """Users cannot delete their own account."""
        return super().allows(verb, user, obj) and not (verb == "delete" and obj == user)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[User]:
        held = Membership.objects.filter(site__in=sites_of(request.user)).select_related("site")
        return super().get_queryset(request).prefetch_related(models.Prefetch("memberships", held, "shown_roles"))

    def roles(self, obj: Any) -> str:
        return ", ".join(f"{m.get_role_display()} of {m.site.domain}" for m in obj.shown_roles) or "none"

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, obj, **kwargs, change=change)
        form.user = request.user
        return form
