"""Posts: their home's editors edit them, authors their own drafts."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db import models
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html_join

from accounts.admin.filters import ChoiceFilter, site_filter
from accounts.admin.scoped import ScopedAdmin
from accounts.admin.site import site as admin_site
from accounts.models import Role
from accounts.roles import AnyUser, sites_of
from blogs.admin.forms import PostForm
from blogs.admin.placements import DRAFT, LIVE, SCHEDULED, PlacementInline, in_state, when
from blogs.models import Image, Placement, Post, Tag
from tenancy.absolute_urls import site_url


class StatusFilter(ChoiceFilter):
    """By where the post stands on sites of the user; of other sites they learn nothing."""

    title = "status"
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        self.here = Placement.objects.filter(site__in=sites_of(request.user))
        return [(state, state) for state in (LIVE, SCHEDULED, DRAFT)]

    def value_in(self, rows: models.QuerySet[Any], value: str) -> models.QuerySet[Any]:
        if value == DRAFT:
            return rows.exclude(pk__in=self.here.exclude(published_at=None).values("post"))
        return rows.filter(pk__in=in_state(self.here, value).values("post"))


class PostList(ChangeList):
    def get_queryset(self, request: HttpRequest, *args: Any, **kwargs: Any) -> models.QuerySet[Any]:
        here = Placement.objects.filter(site__in=sites_of(request.user)).select_related("site").order_by("site")
        posts = super().get_queryset(request, *args, **kwargs).defer("body", "body_html")
        return posts.prefetch_related(models.Prefetch("placements", here, "shown_placements"))


@admin.register(Post, site=admin_site)
class PostAdmin(ScopedAdmin):
    menu_order = 1
    site_path = "home"
    site_choice_role = Role.AUTHOR
    required_roles = dict.fromkeys(("view", "add", "change", "delete"), Role.AUTHOR)
    form = PostForm
    fieldsets = [
        (None, {"fields": ["title", ("home", "kind"), "body", "excerpt"]}),
        ("Cover", {"fields": ["cover", "new_cover", "cover_alt"]}),
        ("Who and what", {"fields": ["authors", "tag_names"]}),
    ]
    inlines = [PlacementInline]
    autocomplete_fields = ["authors", "cover"]
    list_display = ["title", "type", "placed"]
    list_filter = [StatusFilter, site_filter("home")]
    list_select_related = ["home"]
    search_fields = ["title", "home__domain"]

    def allows(self, verb: str, user: AnyUser, obj: Any = None) -> bool:
        """Editors of the home may all; its authors change and delete their own posts while they are drafts."""
        if not super().allows(verb, user, obj) or obj is None or verb in ("view", "add"):
            return super().allows(verb, user, obj)
        # As it is stored: the form may have set another home on the object.
        return self.changeable(Post.objects.filter(pk=obj.pk), user).exists()

    def changeable(self, posts: models.QuerySet[Any], user: AnyUser) -> models.QuerySet[Any]:
        """Of `posts` those that `user` may change and delete, and therefore place."""
        own_drafts = models.Q(created_by=user.pk, pk__in=Post.objects.drafts().values("pk"))
        edited = models.Q(home__in=sites_of(user, Role.EDITOR))
        return posts.filter(edited | models.Q(home__in=sites_of(user)) & own_drafts)

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """Posts are chosen to be placed: a chooser offers those that the user may place."""
        posts, has_duplicates = super().get_search_results(request, queryset, search_term)
        if request.resolver_match and request.resolver_match.url_name == "autocomplete":
            posts = self.changeable(posts, request.user)
        return posts, has_duplicates

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None or self.allows("change", request.user, obj):
            return self.fieldsets
        return [(None, {"fields": ["title", "home_name", "kind", "body", "excerpt", "cover_alt", "authors", "tags"]})]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["home_name"]

    @admin.display(description="home")
    def home_name(self, obj: Post) -> str:
        return obj.home.domain  # not a link: who sees a post need not reach the site's settings

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return PostList

    @admin.display(description="kind", ordering="kind")
    def type(self, obj: Post) -> str:
        return obj.kind.capitalize()  # the choice's own label explains, at length

    @admin.display(description="on")
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

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, obj, change, **kwargs)
        form.user = request.user
        form.visible_tags = self.choices(Tag, request)
        return form

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {**_only_site(request, "home"), **super().get_changeform_initial_data(request)}

    def get_formset_kwargs(self, request: HttpRequest, obj: Any, inline: Any, prefix: str) -> dict[str, Any]:
        kwargs = super().get_formset_kwargs(request, obj, inline, prefix)
        if obj.pk is None and (initial := _only_site(request, "site")):
            kwargs["initial"] = [initial]
        return kwargs

    def save_model(self, request: HttpRequest, obj: Post, form: Any, change: bool) -> None:
        if not change:
            obj.created_by = request.user  # type: ignore[assignment]  # nobody else comes this far
        elif {"title", "body", "excerpt"}.intersection(form.changed_data):
            obj.updated_at = timezone.now()
        if form.cleaned_data.get("new_cover"):
            image = Image(site=obj.home, file=form.cleaned_data["new_cover"], title=obj.title)
            image.save()
            obj.cover = image
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        form.save_tags()

    def construct_change_message(self, request: HttpRequest, form: Any, formsets: Any, add: bool = False) -> Any:
        """Without the placements: who reads the post's history need not know all its sites. They log for themselves."""
        placements = self.admin_site.get_model_admin(Placement)
        for formset in formsets or []:
            for placement in formset.new_objects:
                placements.log_addition(request, placement, "Placed.")
            for placement, fields in formset.changed_objects:
                placements.log_change(request, placement, [{"changed": {"fields": fields}}])
        return super().construct_change_message(request, form, [], add)

    def also_deleted(self, obj: Post, user: AnyUser) -> list[str]:
        placements = obj.placements.filter(site__in=sites_of(user)).select_related("site")
        return [f"its place on {placement.site}: /{placement.slug}/" for placement in placements]


def _only_site(request: HttpRequest, field: str) -> dict[str, Any]:
    """Who writes for one site need not choose it."""
    sites = sites_of(request.user).values_list("pk", flat=True)[:2]
    return {field: sites[0]} if len(sites) == 1 else {}
