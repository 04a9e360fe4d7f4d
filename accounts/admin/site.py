"""The admin itself: who may enter, and what of Django's own it does without."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, cast

from django.contrib.admin import AdminSite
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.admin.models import LogEntry
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.sites.models import Site
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver

from accounts.admin.scoped import SEARCH_LENGTH
from accounts.models import Role
from accounts.roles import AnyUser, has_role, has_role_anywhere, sites_of
from lib.absolute_urls import absolute_url

SITES_SHOWN = 20


class LoginForm(AdminAuthenticationForm):
    error_messages = {
        **AdminAuthenticationForm.error_messages,
        "invalid_login": "Please enter the e-mail and the password of an account that has a role on a site.",
    }

    def confirm_login_allowed(self, user: AbstractBaseUser) -> None:
        """Nobody gets a session who may see nothing here."""
        if not has_role_anywhere(cast(AnyUser, user)):
            raise ValidationError(
                self.error_messages["invalid_login"], "invalid_login", {"username": self.username_field.verbose_name}
            )


class SiteAwareAutocomplete(AutocompleteJsonView):
    """Sites are chosen by who may write on them; who may open their settings is another question."""

    def process_request(self, request: HttpRequest) -> Any:
        term, model_admin, source_field, to_field = super().process_request(request)
        if not hasattr(source_field, "get_limit_choices_to"):  # the far end of a relation: nothing is chosen there
            raise PermissionDenied
        # PostgreSQL cannot compare with NUL, nor SQLite with a very long pattern.
        return term.replace("\0", "")[:SEARCH_LENGTH], model_admin, source_field, to_field

    def has_perm(self, request: HttpRequest, obj: Any = None) -> bool:
        if self.model_admin.model is Site:
            return has_role_anywhere(request.user)
        return super().has_perm(request, obj)

    def get_queryset(self) -> QuerySet[Any]:
        if self.model_admin.model is not Site:
            return super().get_queryset()
        matches = Q(domain__icontains=self.term) | Q(name__icontains=self.term)
        return sites_of(self.request.user).filter(matches).order_by("domain")


class NewsstandAdmin(AdminSite):
    """Only what is registered here exists: Django's stock admins of sites, groups and redirects register elsewhere."""

    site_header = "Newsstand"
    site_title = "Newsstand"
    index_title = "Newsstand"
    # There is no one site to view; the index names them all.
    site_url = None
    login_form = LoginForm
    empty_value_display = "–"
    # Tells which sites the transaction of a POST has changed. tenancy, which is above this package, sets it.
    observed_changes: Callable[[], AbstractContextManager[Callable[[], list[int]]]]

    def has_permission(self, request: HttpRequest) -> bool:
        return has_role_anywhere(request.user)

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """Without Django's "view on site", which tells the domain of any object to whoever knows its number."""
        return [url for url in super().get_urls() if getattr(url, "name", None) != "view_on_site"]

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """In the order of the work: first what is written, last who may."""
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
        """No "recent actions": they would go on naming objects of sites that somebody has left."""
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
