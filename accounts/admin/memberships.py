"""The members of a site, shown as inline rows in the form of the site."""

from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest

from accounts.admin.forms import MembershipForm, MembershipFormSet
from accounts.admin.scoped import ScopedInline
from accounts.models import Membership, Role

OWNERS = dict.fromkeys(("view", "add", "change", "delete"), Role.OWNER)


class MembershipInline(ScopedInline[Membership], admin.TabularInline):
    model = Membership
    form = MembershipForm
    formset = MembershipFormSet
    verbose_name = "member"
    verbose_name_plural = "members"
    required_roles = OWNERS
    extra = 0

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Membership]:
        return super().get_queryset(request).select_related("user").order_by("-role", "user__email")

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        return with_user(super().get_formset(request, obj, **kwargs), request)


def with_user(formset: Any, request: HttpRequest) -> Any:
    """Tell the formset class who submits it. Django creates the class for each request, so requests do not share it."""
    formset.user = request.user
    return formset
