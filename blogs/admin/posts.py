"""Posts. Editors of a post's home may edit it, and authors may edit their own drafts."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import ObjectDoesNotExist
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html_join

from accounts.admin.filters import ChoiceFilter, site_filter
from accounts.admin.scoped import ScopedAdmin
from accounts.admin.site import site as admin_site
from accounts.models import Role
from accounts.roles import AnyUser, name_of, sites_of
from blogs import permissions, publishing
from blogs.admin.forms import PostForm
from blogs.admin.placements import PlacementInline, when
from blogs.models import Placement, Post, Tag
from blogs.publishing import PlacementEdit
from tenancy.absolute_urls import site_url

NAMES = ["author_names", "tag_names"]  # on the page of a post that the user may not edit
REMOVALS_NAMED = 10  # in the message after a save


class StatusFilter(ChoiceFilter):
    """Filters by the state of the placements on the user's sites, not on other sites."""

    title = "status"
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        self.here = Placement.objects.filter(site__in=sites_of(request.user))
        return [(state, state) for state in Placement.State.values]

    def value_in(self, rows: models.QuerySet[Post], value: str) -> models.QuerySet[Post]:
        if value == Placement.State.DRAFT:
            return rows.exclude(pk__in=self.here.exclude(published_at=None).values("post"))
        return rows.filter(pk__in=self.here.in_state(Placement.State(value)).values("post"))


class PostList(ChangeList):
    def get_queryset(self, request: HttpRequest, *args: Any, **kwargs: Any) -> models.QuerySet[Any]:
        here = Placement.objects.filter(site__in=sites_of(request.user)).select_related("site").order_by("site")
        posts = super().get_queryset(request, *args, **kwargs).defer("body", "body_html")
        return posts.prefetch_related(models.Prefetch("placements", here, "shown_placements"))


@admin.register(Post, site=admin_site)
class PostAdmin(ScopedAdmin[Post]):
    menu_order = 1
    retried_errors = (*ScopedAdmin.retried_errors, publishing.Conflict, ObjectDoesNotExist)
    site_path = "home"
    site_choice_role = Role.AUTHOR
    required_roles = dict.fromkeys(("view", "add", "change", "delete"), Role.AUTHOR)
    form = PostForm
    fieldsets = [
        (None, {"fields": ["title", ("home", "language", "kind"), "body", "excerpt", ("seen", "seen_version")]}),
        ("Cover", {"fields": ["cover", "new_cover", "cover_alt"]}),
        ("Authors and tags", {"fields": ["authors", "tag_names"]}),
    ]
    inlines = [PlacementInline]
    change_form_template = "blogs/admin/post_form.html"
    autocomplete_fields = ["authors", "cover"]
    list_display = ["title", "type", "placed"]
    list_filter = [StatusFilter, site_filter("home")]
    list_select_related = ["home"]
    search_fields = ["title", "home__domain"]

    def allows(self, verb: str, user: AnyUser, obj: Post | None = None) -> bool:
        if not super().allows(verb, user, obj) or obj is None or verb in ("view", "add"):
            return super().allows(verb, user, obj)
        return bool(permissions.can_edit_post.test(user, obj))

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """Autocomplete fields select the post of a new placement, so they offer only posts that the user may edit."""
        posts, has_duplicates = super().get_search_results(request, queryset, search_term)
        if request.resolver_match and request.resolver_match.url_name == "autocomplete":
            posts = posts.filter(pk__in=permissions.editable_posts(request.user).values("pk"))
        return posts, has_duplicates

    def get_fieldsets(self, request: HttpRequest, obj: Post | None = None) -> Any:
        if obj is None or self.allows("change", request.user, obj):
            return self.fieldsets
        return [(None, {"fields": ["title", "home_name", "language", "kind", "body", "excerpt", "cover_alt", *NAMES]})]

    def get_readonly_fields(self, request: HttpRequest, obj: Post | None = None) -> list[str]:
        return ["home_name", *([] if obj is None or self.allows("change", request.user, obj) else NAMES)]

    @admin.display(description="authors")
    def author_names(self, obj: Post) -> str:
        return ", ".join(map(str, obj.authors.filter(site=obj.home_id)))

    @admin.display(description="tags")
    def tag_names(self, obj: Post) -> str:
        return ", ".join(map(str, obj.tags.filter(site=obj.home_id)))

    @admin.display(description="home")
    def home_name(self, obj: Post) -> str:
        # The name is not a link, because the user may not have access to the settings of the site.
        return obj.home.domain

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return PostList

    @admin.display(description="kind", ordering="kind")
    def type(self, obj: Post) -> str:
        return obj.kind.capitalize()  # The label of the choice is too long for a list.

    @admin.display(description="placements")
    def placed(self, obj: Any) -> Any:
        rows = [(p.site.domain, " (home)" * (p.site_id == obj.home_id), when(p)) for p in obj.shown_placements]
        if all(p.site_id != obj.home_id for p in obj.shown_placements):
            rows.append((obj.home.domain, " (home)", "not there"))
        return format_html_join("", '<span class="placed">{}{} <em>{}</em></span>', rows)

    def view_on_site(self, obj: Post) -> str | None:
        placement = obj.placements.live().filter(site=obj.home_id).select_related("site").first()
        return site_url(placement.site, placement.get_absolute_url()) if placement else None

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "body":
            kwargs["widget"] = forms.Textarea(attrs={"rows": 28, "class": "vLargeTextField markdown"})
        elif db_field.name == "excerpt":
            kwargs["widget"] = forms.Textarea(attrs={"rows": 3, "class": "vLargeTextField"})
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def get_form(self, request: HttpRequest, obj: Post | None = None, change: bool = False, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, obj, change, **kwargs)
        form.user = request.user
        form.visible_tags = self.choices(Tag, request)
        return form

    def get_formset_kwargs(self, request: HttpRequest, obj: Any, inline: Any, prefix: str) -> dict[str, Any]:
        kwargs = super().get_formset_kwargs(request, obj, inline, prefix)
        if obj.pk is None and (initial := self.only_site(request, "site")):
            kwargs["initial"] = [initial]
        return kwargs

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        conflict = getattr(context["adminform"].form, "conflict", None)
        context["conflict"] = conflict
        context["conflict_with"] = conflict and name_of(conflict.saved_by, request.user)
        return super().render_change_form(request, context, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: Post, form: Any, change: bool) -> None:
        if not change:
            written = form.cleaned_data
            publishing.create_post(
                obj,
                by=request.user,
                authors=written.get("authors") or (),
                tags=written.get("tag_names"),
                new_cover=written.get("new_cover"),
            )
            self._name_removals(request, obj)
        elif changes := form.changes():
            stored = publishing.edit_post(obj, changes, by=request.user, version=form.cleaned_data["seen_version"])
            if "body" in changes:
                self._name_removals(request, stored)

    def _name_removals(self, request: HttpRequest, post: Post) -> None:
        if post.removed:
            parts = ", ".join(map(str, post.removed[:REMOVALS_NAMED]))
            more = f", and {len(post.removed) - REMOVALS_NAMED} more" if len(post.removed) > REMOVALS_NAMED else ""
            self.message_user(
                request,
                f"Readers do not see these parts of the text, because posts cannot contain them: {parts}{more}."
                " The stored text still has them.",
                messages.WARNING,
            )

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Save only the formsets and do not call `form.save_m2m`: `save_model` has already written authors and tags."""
        for formset in formsets:
            self.save_formset(request, form, formset, change=change)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        formset.save(commit=False)
        existing = [row for row in formset.initial_forms if row not in formset.deleted_forms and row.has_changed()]
        publishing.arrange(
            form.instance,
            by=request.user,
            new=formset.new_objects,
            edited=[PlacementEdit(row.instance, row.changes(), row.stored_values) for row in existing],
            removed=[
                PlacementEdit(row.instance, {}, row.stored_values) for row in formset.deleted_forms if row.instance.pk
            ],
        )

    def delete_model(self, request: HttpRequest, obj: Post) -> None:
        publishing.delete_post(obj, by=request.user)

    def construct_change_message(self, request: HttpRequest, form: Any, formsets: Any, add: bool = False) -> Any:
        """Log changes of placements in their own history, because some readers may not know all sites of the post."""
        placements = self.admin_site.get_model_admin(Placement)
        for formset in formsets or []:
            for placement in formset.new_objects:
                placements.log_addition(request, placement, "Placed.")
            for placement in formset.deleted_objects:
                placements.log_deletions(request, [placement])  # type: ignore[arg-type]  # any iterable will do
            for placement, fields in formset.changed_objects:
                placements.log_change(request, placement, [{"changed": {"fields": fields}}])
        return super().construct_change_message(request, form, [], add)

    def also_deleted(self, obj: Post, user: AnyUser) -> list[str]:
        placements = obj.placements.filter(site__in=sites_of(user)).select_related("site")
        return [f"its placement on {placement.site}: /{placement.slug}/" for placement in placements]
