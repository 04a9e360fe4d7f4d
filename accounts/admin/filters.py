"""Filters of the admin's lists, which offer and find no more than their user may see."""

from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest

from accounts.roles import sites_of
from lib.keys import is_key

SITES_IN_FILTER = 50


class ChoiceFilter(admin.SimpleListFilter):
    """A filter whose values are checked: what it does not offer finds nothing."""

    def value_in(self, rows: models.QuerySet[Any], value: str) -> models.QuerySet[Any]:
        raise NotImplementedError

    def queryset(self, request: HttpRequest, rows: models.QuerySet[Any]) -> models.QuerySet[Any] | None:
        value = self.value()
        return None if value is None else self.value_in(rows, value)


def site_filter(path: str = "site") -> type[admin.SimpleListFilter]:
    """A filter by the sites of the user; Django's own would list all there are."""

    class SiteFilter(ChoiceFilter):
        title = path
        parameter_name = "site"

        def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
            sites = sites_of(request.user).values_list("pk", "domain")[: SITES_IN_FILTER + 1]
            # So many are found by search, which knows domains too.
            return [] if not 1 < len(sites) <= SITES_IN_FILTER else [(str(pk), domain) for pk, domain in sites]

        def value_in(self, rows: models.QuerySet[Any], value: str) -> models.QuerySet[Any]:
            return rows.filter(**{path: value}) if is_key(value) else rows.none()

    return SiteFilter
