"""The AdminSite. It decides which users may log in and which of Django's admin views exist."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, cast

from django.contrib.admin import AdminSite
from django.contrib.admin.models import LogEntry
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.contrib.sites.models import Site
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver

from accounts.admin import login
from accounts.admin.scoped import SEARCH_LENGTH
from accounts.models import Role
from accounts.roles import has_role, has_role_anywhere, sites_of
from lib.absolute_urls import absolute_url

SITES_SHOWN = 20  # The index page links to this number of sites.


class SiteAwareAutocomplete(AutocompleteJsonView):
    """Lets users select the sites on which they have a role. Django requires the view permission for Site."""

    def process_request(self, request: HttpRequest) -> Any:
        term, model_admin, source_field, to_field = super().process_request(request)
        if not hasattr(source_field, "get_limit_choices_to"):  # A reverse relation: no form selects rows through it.
            raise PermissionDenied
        # SQLite fails on a very long pattern.
        return term[:SEARCH_LENGTH], model_admin, source_field, to_field

    def has_perm(self, request: HttpRequest, obj: Any = None) -> bool:
        if self.model_admin.model is Site:
            return has_role_anywhere(request.user)
        return super().has_perm(request, obj)

    def serialize_result(self, obj: Any, to_field_name: str) -> dict[str, str]:
        model_admin: Any = self.model_admin
        label = model_admin.choice_label(obj, self.request)
        return {**super().serialize_result(obj, to_field_name), "text": label}

    def get_queryset(self) -> QuerySet[Any]:
        if self.model_admin.model is not Site:
            return super().get_queryset()
        matches = Q(domain__icontains=self.term) | Q(name__icontains=self.term)
        return sites_of(self.request.user).filter(matches).order_by("domain")


class NewsstandAdmin(AdminSite):
    """Contains only the models that this project registers. Django registers its own with the default AdminSite."""

    site_header = "Newsstand"
    site_title = "Newsstand"
    index_title = "Newsstand"
    site_url = None  # No "View site" link, because there are many sites. The index page links to them.
    login_form = login.LoginForm
    empty_value_display = "–"
    # A context manager that reports which sites the transaction of a POST has affected. The package `tenancy` sets it,
    # because `accounts` must not import `tenancy`.
    observed_changes: Callable[[], AbstractContextManager[Callable[[], list[int]]]]

    def has_permission(self, request: HttpRequest) -> bool:
        return has_role_anywhere(request.user)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return login.complete(request, super().login(request, extra_context))

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        context = {**self.each_context(request), **(extra_context or {})}
        return cast(TemplateResponse, login.PasswordChangeView.as_view(extra_context=context)(request))

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """Remove Django's "view on site" view, which reveals the domain of any object by its id."""
        return [url for url in super().get_urls() if getattr(url, "name", None) != "view_on_site"]

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Sort apps and models by `menu_order`: content first, then sites, then users."""
        groups: list[Any] = list(self._build_app_dict(request, app_label).values())
        for group in groups:
            group["models"].sort(key=self._menu_order)
        return sorted(groups, key=lambda group: self._menu_order(group["models"][0]))

    def _menu_order(self, entry: dict[str, Any]) -> int:
        model_admin: Any = self.get_model_admin(entry["model"])
        return int(model_admin.menu_order)

    def autocomplete_view(self, request: HttpRequest) -> HttpResponse:
        return cast(HttpResponse, SiteAwareAutocomplete.as_view(admin_site=self)(request))

    def get_log_entries(self, request: HttpRequest) -> QuerySet[LogEntry]:
        """Return no "recent actions", because they still name objects of sites on which the user has lost the role."""
        return LogEntry.objects.none()

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        user = request.user
        sites = list(sites_of(user)[: SITES_SHOWN + 1])
        own = [
            {"site": site, "url": absolute_url(site.domain), "is_owner": has_role(user, site, Role.OWNER)}
            for site in sites[:SITES_SHOWN]
        ]
        context = {"own_sites": own, "has_more_sites": len(sites) > SITES_SHOWN, **(extra_context or {})}
        return super().index(request, context)


site = NewsstandAdmin()
