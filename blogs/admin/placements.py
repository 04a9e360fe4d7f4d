"""Placements: which posts a site shows, at which address and when. The home of a post may be another site."""

from collections.abc import Callable
from typing import Any, cast

from django.contrib import admin, messages
from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db import models, transaction
from django.http import HttpRequest

from accounts.admin.filters import ChoiceFilter, site_filter
from accounts.admin.scoped import ScopedAdmin, ScopedInline
from accounts.admin.site import site as admin_site
from accounts.models import Role
from accounts.roles import AnyUser, has_role_anywhere, sites_of
from blogs import publishing
from blogs.admin.placement_forms import PlacementForm, PlacementFormSet
from blogs.models import Placement, PlacementQuerySet, Post
from blogs.permissions import editable_posts
from tenancy.absolute_urls import site_url


def when(placement: Placement) -> str:
    """The state with its time, for example "scheduled 2026-05-01 09:00"."""
    time = f" {placement.published_at:%Y-%m-%d %H:%M}" if placement.published_at else ""
    return placement.state + time


class StateFilter(ChoiceFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return [(state, state) for state in Placement.State.values]

    def value_in(self, rows: models.QuerySet[Placement], value: str) -> models.QuerySet[Placement]:
        return cast(PlacementQuerySet, rows).in_state(Placement.State(value))


class PlacementInline(ScopedInline[Placement], admin.StackedInline):
    """The placements of a post that the user may change. Placements on other sites are neither shown nor changed."""

    model = Placement
    form = PlacementForm
    formset = PlacementFormSet
    verbose_name = "placement"
    verbose_name_plural = "placements"
    fields = [("site", "slug"), ("published_at", "pinned"), "seen"]
    required_roles = dict.fromkeys(("view", "add", "change", "delete"), Role.AUTHOR)
    site_choice_role = Role.AUTHOR  # The form refuses changes that authors may not make.

    def scope(self, rows: models.QuerySet[Placement], user: AnyUser) -> models.QuerySet[Placement]:
        at_home = models.Q(site__in=sites_of(user), site=models.F("post__home"))
        return rows.filter(models.Q(site__in=sites_of(user, Role.EDITOR)) | at_home)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        writes = obj is None or self.admin_site.get_model_admin(Post).has_change_permission(request, obj)
        return self.fields if writes else [("site_name", "slug"), ("published_at", "pinned")]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        if obj is not None and not self.admin_site.get_model_admin(Post).has_change_permission(request, obj):
            return ["site_name", "slug", "published_at", "pinned"]
        return [] if has_role_anywhere(request.user, Role.EDITOR) else ["published_at", "pinned"]

    def get_extra(self, request: HttpRequest, obj: Post | None = None, **kwargs: Any) -> int:
        return 1 if obj is None else 0

    def get_formset(self, request: HttpRequest, obj: Post | None = None, **kwargs: Any) -> Any:
        formset: Any = super().get_formset(request, obj, **kwargs)
        formset.form.user = request.user  # Django creates the class for each request
        return formset


@admin.register(Placement, site=admin_site)
class PlacementAdmin(ScopedAdmin[Placement]):
    """Editors of a site publish, rename and unpublish its placements. The post itself belongs to its home."""

    menu_order = 2
    retried_errors = (*ScopedAdmin.retried_errors, publishing.Conflict, ObjectDoesNotExist)
    form = PlacementForm
    actions = ["publish_now", "unpublish"]
    list_display = ["title", "site", "state", "pinned"]
    list_filter = [site_filter(), StateFilter]
    list_select_related = ["post", "site"]
    ordering = ["-published_at", "-pk"]
    search_fields = ["post__title", "slug", "site__domain"]
    autocomplete_fields = ["post"]

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Placement]:
        return super().get_queryset(request).select_related("post", "site").defer("post__body", "post__body_html")

    def choices(self, target: type[models.Model], request: HttpRequest) -> models.QuerySet[Any]:
        """Offer only posts that the user may edit: authors see drafts of other authors but cannot place them."""
        rows = super().choices(target, request)
        return rows.filter(pk__in=editable_posts(request.user).values("pk")) if target is Post else rows

    @admin.display(ordering="post__title")
    def title(self, obj: Placement) -> str:
        return obj.post.title

    @admin.display(ordering="published_at")
    def state(self, obj: Placement) -> str:
        return when(obj)

    def view_on_site(self, obj: Placement) -> str | None:
        return site_url(obj.site, obj.get_absolute_url()) if obj.is_live else None

    def get_fields(self, request: HttpRequest, obj: Placement | None = None) -> Any:
        return [
            *(["post", "site"] if obj is None else ["title", "site_name"]),
            "slug",
            "published_at",
            "pinned",
            "seen",
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Placement | None = None) -> list[str]:
        return [] if obj is None else ["title", "site_name"]

    def get_form(self, request: HttpRequest, obj: Placement | None = None, change: bool = False, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, obj, change, **kwargs)
        form.user = request.user
        return form

    def save_model(self, request: HttpRequest, obj: Placement, form: Any, change: bool) -> None:
        if change:
            publishing.change_placement(obj, form.changes(), by=request.user, seen=form.stored_values)
        else:
            publishing.place(obj, by=request.user)

    def delete_model(self, request: HttpRequest, obj: Placement) -> None:
        publishing.remove(obj, by=request.user)

    @admin.action(description="Publish now", permissions=["change"])
    def publish_now(self, request: HttpRequest, queryset: PlacementQuerySet) -> None:
        waiting = queryset.filter(models.Q(published_at=None) | models.Q(pk__in=queryset.scheduled()))
        self._change_all(request, waiting, publishing.publish, "published")

    @admin.action(description="Unpublish (back to draft)", permissions=["change"])
    def unpublish(self, request: HttpRequest, queryset: PlacementQuerySet) -> None:
        self._change_all(request, queryset.exclude(published_at=None), publishing.unpublish, "unpublished")

    def _change_all(
        self, request: HttpRequest, placements: PlacementQuerySet, change: Callable[..., Placement], done: str
    ) -> None:
        changed = 0
        for placement in placements:
            try:
                with transaction.atomic():
                    change(placement, by=request.user)
            except (ObjectDoesNotExist, ValidationError) as error:
                self.message_user(request, f"/{placement.slug}/ on {placement.site}: {error}", messages.ERROR)
            else:
                self.log_change(request, placement, f"{done.capitalize()}.")
                changed += 1
        self.message_user(request, f"{changed} {done}.", messages.SUCCESS if changed else messages.INFO)
