"""Filters of lists in the admin. They offer only values, and match only rows, that the user may see."""

from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest

from accounts.roles import sites_of

SITES_IN_FILTER = 50  # A user with more sites gets no filter and searches for the domain instead.


class ChoiceFilter(admin.SimpleListFilter):
    """A filter that matches no rows if the value in the query string is not one of its choices."""

    def value_in(self, rows: models.QuerySet[Any], value: str) -> models.QuerySet[Any]:
        """The rows with this value."""
        raise NotImplementedError

    def queryset(self, request: HttpRequest, rows: models.QuerySet[Any]) -> models.QuerySet[Any] | None:
        value = self.value()
        if value is None:
            return None
        return self.value_in(rows, value) if value in dict(self.lookup_choices) else rows.none()


def site_filter(path: str = "site") -> type[admin.SimpleListFilter]:
    """A filter by the sites of the user. Django's own filter would list all sites."""

    class SiteFilter(ChoiceFilter):
        title = path
        parameter_name = "site"

        def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
            sites = sites_of(request.user).values_list("pk", "domain")[: SITES_IN_FILTER + 1]
            return [] if not 1 < len(sites) <= SITES_IN_FILTER else [(str(pk), domain) for pk, domain in sites]

        def value_in(self, rows: models.QuerySet[Any], value: str) -> models.QuerySet[Any]:
            return rows.filter(**{path: value})

    return SiteFilter
