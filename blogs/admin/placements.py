"""Placements: what stands on a site, when and where, also of posts whose home is elsewhere."""

from typing import Any

from django.contrib import admin, messages
from django.db import models
from django.http import HttpRequest
from django.utils import timezone

from accounts.admin.filters import ChoiceFilter, site_filter
from accounts.admin.scoped import ScopedAdmin, ScopedInline
from accounts.admin.site import site as admin_site
from accounts.models import Role
from accounts.roles import AnyUser, has_role_anywhere, sites_of
from blogs.admin.forms import PlacementForm
from blogs.models import Placement, PlacementQuerySet, Post
from tenancy.absolute_urls import site_url

LIVE, SCHEDULED, DRAFT = "live", "scheduled", "draft"


def in_state(placements: PlacementQuerySet, state: str) -> PlacementQuerySet:
    match state:
        case "live":
            return placements.live()
        case "scheduled":
            return placements.scheduled()
        case "draft":
            return placements.drafts()
    return placements.none()


def state_of(placement: Placement) -> str:
    if placement.published_at is None:
        return DRAFT
    return LIVE if placement.is_live else SCHEDULED


def when(placement: Placement) -> str:
    """The state in a few words, e.g. "scheduled 2026-05-01 09:00"."""
    time = f" {placement.published_at:%Y-%m-%d %H:%M}" if placement.published_at else ""
    return state_of(placement) + time


class StateFilter(ChoiceFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return [(state, state) for state in (LIVE, SCHEDULED, DRAFT)]

    def value_in(self, rows: models.QuerySet[Any], value: str) -> models.QuerySet[Any]:
        return in_state(rows, value)  # type: ignore[arg-type]  # rows of Placement


class PlacementInline(ScopedInline, admin.StackedInline):
    """Where a post stands, as far as the user may change that. Placements elsewhere are neither shown nor touched."""

    model = Placement
    form = PlacementForm
    verbose_name = "placement"
    verbose_name_plural = "on the sites"
    fields = [("site", "slug"), ("published_at", "pinned")]
    required_roles = dict.fromkeys(("view", "add", "change", "delete"), Role.AUTHOR)
    site_choice_role = Role.AUTHOR  # the form tells who may place where

    def scope(self, rows: models.QuerySet[Any], user: AnyUser) -> models.QuerySet[Any]:
        at_home = models.Q(site__in=sites_of(user), site=models.F("post__home"))
        return rows.filter(models.Q(site__in=sites_of(user, Role.EDITOR)) | at_home)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        writes = obj is None or self.admin_site.get_model_admin(Post).has_change_permission(request, obj)
        return self.fields if writes else [("site_name", "slug"), ("published_at", "pinned")]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        if obj is not None and not self.admin_site.get_model_admin(Post).has_change_permission(request, obj):
            return ["site_name", "slug", "published_at", "pinned"]
        return [] if has_role_anywhere(request.user, Role.EDITOR) else ["published_at", "pinned"]

    def get_extra(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> int:
        return 1 if obj is None else 0

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        formset: Any = super().get_formset(request, obj, **kwargs)
        formset.form.user = request.user  # the class is made anew for each request
        return formset


@admin.register(Placement, site=admin_site)
class PlacementAdmin(ScopedAdmin):
    """Editors of a site publish, move and withdraw what stands there; the post itself belongs to its home."""

    menu_order = 2
    form = PlacementForm
    actions = ["publish_now", "withdraw"]
    list_display = ["title", "site", "state", "pinned"]
    list_filter = [site_filter(), StateFilter]
    list_select_related = ["post", "site"]
    ordering = ["-published_at", "-pk"]
    search_fields = ["post__title", "slug", "site__domain"]
    autocomplete_fields = ["post"]

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        return super().get_queryset(request).select_related("post", "site").defer("post__body", "post__body_html")

    def choices(self, target: type[models.Model], request: HttpRequest) -> models.QuerySet[Any]:
        """Of posts those that the user may change: an author sees drafts of others, and does not publish them."""
        rows = super().choices(target, request)
        posts: Any = self.admin_site.get_model_admin(Post)
        return posts.changeable(rows, request.user) if target is Post else rows

    @admin.display(ordering="post__title")
    def title(self, obj: Placement) -> str:
        return obj.post.title

    @admin.display(ordering="published_at")
    def state(self, obj: Placement) -> str:
        return when(obj)

    def view_on_site(self, obj: Placement) -> str | None:
        return site_url(obj.site, obj.get_absolute_url()) if obj.is_live else None

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return [*(["post", "site"] if obj is None else ["title", "site_name"]), "slug", "published_at", "pinned"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [] if obj is None else ["title", "site_name"]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, obj, change, **kwargs)
        form.user = request.user
        return form

    @admin.action(description="Publish now", permissions=["change"])
    def publish_now(self, request: HttpRequest, queryset: PlacementQuerySet) -> None:
        waiting = queryset.filter(models.Q(published_at=None) | models.Q(pk__in=queryset.scheduled()))
        self._set_time(request, waiting, timezone.now(), "published")

    @admin.action(description="Withdraw (back to draft)", permissions=["change"])
    def withdraw(self, request: HttpRequest, queryset: PlacementQuerySet) -> None:
        self._set_time(request, queryset.exclude(published_at=None), None, "withdrawn")

    def _set_time(self, request: HttpRequest, placements: PlacementQuerySet, time: Any, done: str) -> None:
        changed = list(placements)
        for placement in changed:
            placement.published_at = time
            placement.save(update_fields=["published_at"])
            self.log_change(request, placement, f"{done.capitalize()}.")
        self.message_user(request, f"{len(changed)} {done}.", messages.SUCCESS if changed else messages.INFO)
