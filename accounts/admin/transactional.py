"""Runs each change of the admin in one transaction, and tells the user on which sites it refreshes pages."""

import re
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, models, transaction
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from accounts.roles import sites_of
from lib.database import DATABASE_AWAY

SITES_NAMED = 10  # in the message about refreshed pages
# Form fields that users do not fill in: hidden fields, and the counters of inline rows.
_NOT_TYPED = re.compile(r"(?:^|-)(?:seen|seen_version|id|TOTAL_FORMS|INITIAL_FORMS|M(?:IN|AX)_NUM_FORMS)$|__prefix__")

Row = TypeVar("Row", bound=models.Model)

# Django's class is generic in the type stubs, but not at runtime.
if TYPE_CHECKING:

    class _ModelAdmin(admin.ModelAdmin[Row]): ...
else:

    class _ModelAdmin(admin.ModelAdmin, Generic[Row]): ...


class TransactionalAdmin(_ModelAdmin[Row]):
    """Runs each POST in one transaction. If it cannot be saved, the response shows the input of the user."""

    # A save raises these when another request has changed the same data first. The form is then validated once more and
    # shows what changed.
    retried_errors: tuple[type[Exception], ...] = (IntegrityError, ValidationError)

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Validate again if another transaction came first. The form then shows the error and keeps the user's input.

        If the form still cannot be saved, respond with a page that shows the input, so that the user can copy it.
        """
        show = partial(super().changeform_view, request, object_id, *args, **kwargs)
        if request.method != "POST":
            return show()
        try:
            is_gone = object_id is not None and self.get_object(request, unquote(object_id)) is None
            if is_gone and self.has_change_permission(request):
                return self._not_saved(
                    request, 404, "This object no longer exists, or you no longer have access to it."
                )
            return self._with_retry(request, show)
        except PermissionDenied:
            reason = "You do not have the permission for this change. It may have been revoked while you were editing."
            return self._not_saved(request, 403, reason)
        except DATABASE_AWAY:  # for example a lock that another transaction holds for seconds
            return self._not_saved(request, 503, "The database did not respond in time. Try again in a moment.")
        except self.retried_errors:
            return self._not_saved(request, 409, "Another user is changing the same data at this moment. Try again.")

    def _with_retry(self, request: HttpRequest, show: Callable[[], HttpResponse]) -> HttpResponse:
        try:
            return self._with_refresh_message(request, show)
        except self.retried_errors:
            for name in request.FILES:
                for file in request.FILES.getlist(name):
                    file.seek(0)
            return self._with_refresh_message(request, show)

    def _not_saved(self, request: HttpRequest, status: int, reason: str) -> HttpResponse:
        """A page with the reason and all input of the user, so that they can copy it."""
        typed = {
            name: value
            for name, value in request.POST.items()
            if value and not _NOT_TYPED.search(name) and not name.startswith(("_", "csrf"))
        }
        context = {
            **self.admin_site.each_context(request),
            "title": "Nothing was saved",
            "reason": reason,
            "typed": typed,
        }
        return TemplateResponse(request, "admin/not_saved.html", context, status=status)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return self._with_refresh_message(request, partial(super().changelist_view, request, extra_context))

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        return self._with_refresh_message(request, partial(super().delete_view, request, object_id, extra_context))

    def _with_refresh_message(self, request: HttpRequest, view: Callable[[], HttpResponse]) -> HttpResponse:
        """Call `view` in one transaction, and show the user on which of their sites the change refreshes pages."""
        if request.method != "POST":
            return view()
        with transaction.atomic(), self.admin_site.observed_changes() as affected_site_ids:  # type: ignore[attr-defined]
            response = view()
            sites = sites_of(request.user).filter(pk__in=affected_site_ids())
            names = list(sites.values_list("domain", flat=True)[: SITES_NAMED + 1])
        if names:
            more = " and others" if len(names) > SITES_NAMED else ""
            self.message_user(request, f"Pages are refreshed on {', '.join(names[:SITES_NAMED])}{more}.", messages.INFO)
        return response
