"""The admin of sites: name, settings, domains and members on one form."""

from typing import Any, cast

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.sites.models import Site
from django.db import DEFAULT_DB_ALIAS, models
from django.db.models.deletion import Collector
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import URLPattern, path, reverse

from accounts.admin.filters import ChoiceFilter
from accounts.admin.memberships import OWNERS, MembershipInline, with_user
from accounts.admin.scoped import ScopedAdmin, ScopedInline
from accounts.admin.site import site as admin_site
from accounts.models import Role
from accounts.roles import AnyUser, sites_of
from tenancy import lifecycle, media
from tenancy.absolute_urls import site_url
from tenancy.admin.forms import DomainForm, DomainFormSet, SettingsForm, SettingsFormSet, SiteAddForm, SiteForm
from tenancy.models import Domain, SiteSettings

POSTS_NAMED = 5


class SettingsInline(ScopedInline[SiteSettings], admin.StackedInline):
    model = SiteSettings
    form = SettingsForm
    formset = SettingsFormSet
    verbose_name_plural = "settings"
    required_roles = OWNERS
    min_num = max_num = 1
    can_delete = False
    fields = tuple(SettingsForm.Meta.fields)

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        return with_user(super().get_formset(request, obj, **kwargs), request)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [] if request.user.is_superuser else ["state"]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Only superusers see the field `deployment`, because it may name a host of the internal network."""
        return [name for name in self.fields if name != "deployment" or request.user.is_superuser]


class DomainInline(ScopedInline[Domain], admin.TabularInline):
    """Further domains. The primary domain is a field of the site's form."""

    model = Domain
    form = DomainForm
    formset = DomainFormSet
    verbose_name = "further domain"
    verbose_name_plural = "further domains, which redirect to the primary one"
    required_roles = {**dict.fromkeys(("add", "change", "delete")), "view": Role.OWNER}
    extra = 0

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        return with_user(super().get_formset(request, obj, **kwargs), request)

    def scope(self, rows: models.QuerySet[Domain], user: AnyUser) -> models.QuerySet[Domain]:
        return super().scope(rows, user).filter(primary=False)


class StateFilter(ChoiceFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return SiteSettings._meta.get_field("state").choices

    def value_in(self, rows: models.QuerySet[Any], value: str) -> models.QuerySet[Any]:
        return rows.filter(settings__state=value)


@admin.register(Site, site=admin_site)
class SiteAdmin(ScopedAdmin[Site]):
    """Superusers create, rename, suspend and delete sites. Owners edit name, settings and members of their sites."""

    menu_order = 7
    site_path = "pk"
    required_roles = {"view": Role.OWNER, "change": Role.OWNER, "add": None, "delete": None}
    form = SiteForm
    fields = ["name", "domain"]
    inlines = [SettingsInline, DomainInline, MembershipInline]
    list_display = ["name", "domain", "state", "theme"]
    list_filter = [StateFilter]
    list_select_related = ["settings"]
    search_fields = ["name", "domain"]

    def has_add_permission(self, request: HttpRequest, obj: Site | None = None) -> bool:
        """A pinned process could not show the site that it creates."""
        return settings.PINNED_SITE_ID is None and super().has_add_permission(request, obj)

    def site_id_of(self, obj: Site) -> int | None:
        return obj.pk

    @admin.display(ordering="settings__state")
    def state(self, obj: Site) -> str:
        return obj.settings.get_state_display() if hasattr(obj, "settings") else "no settings, not served"

    @admin.display(ordering="settings__theme")
    def theme(self, obj: Site) -> str:
        return obj.settings.theme if hasattr(obj, "settings") else ""

    def view_on_site(self, obj: Site) -> str:
        return site_url(obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [] if request.user.is_superuser else ["domain"]

    def get_inlines(self, request: HttpRequest, obj: Site | None) -> Any:
        return super().get_inlines(request, obj) if obj else []

    def get_form(self, request: HttpRequest, obj: Site | None = None, change: bool = False, **kwargs: Any) -> Any:
        return super().get_form(request, obj, change=change, **kwargs if obj else {"form": SiteAddForm, **kwargs})

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Site:
        """On the add form, create the site: `lifecycle.create` saves it with its domain and settings."""
        site: Site = super().save_form(request, form, change) if change else form.create(by=request.user)
        return site

    def save_model(self, request: HttpRequest, obj: Site, form: Any, change: bool) -> None:
        if not change:
            return
        if "domain" in form.changed_data:
            lifecycle.rename(obj, obj.domain, by=request.user)
        if "name" in form.changed_data:
            lifecycle.change_name(obj, obj.name, by=request.user)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        if change:
            super().save_related(request, form, formsets, change)

    def response_add(self, request: HttpRequest, obj: Site, post_url_continue: str | None = None) -> HttpResponse:
        """Continue with the site's settings, domains and members, unless the user asks for another add form."""
        if "_addanother" in request.POST:
            return super().response_add(request, obj, post_url_continue)
        text = f"Created {obj.domain}. Now enter its settings, and add an owner under “members”."
        self.message_user(request, text, messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:sites_site_change", args=[obj.pk]))

    def blockers(self, objs: list[Site], user: AnyUser) -> list[str]:
        try:
            Collector(using=DEFAULT_DB_ALIAS).collect(objs)
        except models.ProtectedError as error:
            posts = [
                f"“{row}” has this site as its home and is also published on other sites"
                for row in error.protected_objects
            ]
            return [
                *posts,
                "To give them another home and delete the site, run: manage.py site delete DOMAIN --move-home-to OTHER",
            ]
        return []

    def also_deleted(self, obj: Site, user: AnyUser) -> list[str]:
        return ["its settings, domains, members, redirects, posts and images with their files"]

    def delete_model(self, request: HttpRequest, obj: Site) -> None:
        lifecycle.delete(obj, by=request.user)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return self._unless_protected(request, super().changelist_view, request, extra_context)

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        return self._unless_protected(request, super().delete_view, request, object_id, extra_context)

    def _unless_protected(self, request: HttpRequest, view: Any, *args: Any) -> HttpResponse:
        """If a post was placed on another site in the meantime, show the confirmation page again, with this post."""
        try:
            return cast(HttpResponse, view(*args))
        except models.ProtectedError as error:
            titles = ", ".join(f"“{row}”" for row in list(error.protected_objects)[:POSTS_NAMED])
            self.message_user(request, f"Nothing was deleted. Other sites also show {titles}.", messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.logo_view, cacheable=True)
        return [path("<int:site_id>/logo/", view, name="sites_site_logo"), *super().get_urls()]

    def logo_view(self, request: HttpRequest, site_id: int) -> HttpResponseBase:
        site = sites_of(request.user, Role.OWNER).filter(pk=site_id, settings__logo__gt="").first()
        if site is None:
            raise Http404("None of your sites with a logo has this id.")
        return media.media_response(request, site.settings.logo, media.PRIVATE_CACHE_CONTROL)
