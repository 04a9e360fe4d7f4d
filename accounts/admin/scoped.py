"""Base classes of every ModelAdmin and inline. Rows, choices and permissions follow from the user's roles.

An action that no role grants is denied.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import unquote
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.contrib.sites.models import Site
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, models, transaction
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.text import capfirst

from accounts.admin.formsets import BoundedFormSet
from accounts.admin.widgets import Chooser, MultipleChoice, MultipleChooser
from accounts.models import Membership, Role
from accounts.roles import AnyUser, has_role, has_role_anywhere, is_superuser, sees_everything, sites_of
from lib.keys import is_key

SITES_NAMED = 10  # The message about refreshed pages names this number of sites.
# Maximum characters of a search term. Django adds a condition for each word and column, and databases fail on very many
# conditions and on very long words.
SEARCH_LENGTH = 200
# Form fields that users do not fill in: hidden fields, and the counters of inline rows.
_NOT_TYPED = re.compile(r"(?:^|-)(?:seen|seen_version|id|TOTAL_FORMS|INITIAL_FORMS|M(?:IN|AX)_NUM_FORMS)$|__prefix__")

Row = TypeVar("Row", bound=models.Model)

# Django's classes are generic in the type stubs, but not at runtime.
if TYPE_CHECKING:

    class _BaseModelAdmin(admin.options.BaseModelAdmin[Row]): ...

    class _ModelAdmin(admin.ModelAdmin[Row]): ...
else:

    class _BaseModelAdmin(Generic[Row]): ...

    class _ModelAdmin(admin.ModelAdmin, Generic[Row]): ...


class Scoped(_BaseModelAdmin[Row]):
    """Base class of ModelAdmins and inlines whose rows belong to a site.

    `site_path` is the lookup from a row to its site. `required_roles` maps each verb to the role that a user needs on
    that site. None allows the verb to superusers only.
    """

    site_path = "site"
    required_roles: Mapping[str, Role | None] = dict.fromkeys(("view", "add", "change", "delete"), Role.EDITOR)
    site_choice_role = Role.EDITOR  # The role that a user needs on a site to select this site in a form.
    view_on_site: Any = False

    def scope(self, rows: models.QuerySet[Row], user: AnyUser) -> models.QuerySet[Row]:
        """The rows that `user` may see."""
        role = self.required_roles["view"]
        sites = sites_of(user, role or Role.AUTHOR)
        if role is None and not is_superuser(user):
            return rows.none()
        return rows.filter(**{f"{self.site_path}__in": sites})

    def allows(self, verb: str, user: AnyUser, obj: Any = None) -> bool:
        """Whether `user` may view, add, change or delete (`verb`) `obj` or, if `obj` is None, at least one row."""
        role = self.required_roles[verb]
        if role is None:
            return is_superuser(user)
        if obj is None:
            return has_role_anywhere(user, role)
        return has_role(user, self.site_id_of(obj), role)

    def site_id_of(self, obj: Row) -> int | None:
        return cast(int | None, getattr(obj, f"{self.site_path}_id"))

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Row]:
        return self.scope(super().get_queryset(request), request.user)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.allows("view", request.user, obj)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.allows("add", request.user, None)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.allows("change", request.user, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.allows("delete", request.user, obj)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.allows("view", request.user)

    @admin.display(description="site")
    def site_name(self, obj: Any) -> str:
        """The site as plain text. Django would show a link to its settings, which authors and editors may not open."""
        return str(obj.site)

    def choices(self, target: type[models.Model], request: HttpRequest) -> models.QuerySet[Any]:
        """The rows that a field may refer to. Form validation refuses the key of any other row."""
        if target is Site:
            return sites_of(request.user, self.site_choice_role)
        if self.admin_site.is_registered(target):
            return self.admin_site.get_model_admin(target).get_queryset(request)
        return target._default_manager.none()

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        kwargs["queryset"] = self.choices(db_field.remote_field.model, request)
        if db_field.remote_field.model is Site or db_field.name in self.get_autocomplete_fields(request):
            kwargs.setdefault("widget", Chooser(db_field, self.admin_site))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        kwargs["queryset"] = self.choices(db_field.remote_field.model, request)
        kwargs.setdefault("form_class", MultipleChoice)
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs.setdefault("widget", MultipleChooser(db_field, self.admin_site))
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Remove the links "delete" from fields that select rows, and also "add" and "change" from fields for sites."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field and isinstance(field.widget, RelatedFieldWidgetWrapper):
            field.widget.can_delete_related = False
            if db_field.remote_field.model is Site:
                field.widget = field.widget.widget
        return field


class ScopedInline(Scoped[Row]):
    """Inline rows of a parent object. The ModelAdmin of the parent has already limited it to the user's scope."""

    formset: Any = BoundedFormSet

    def allows(self, verb: str, user: AnyUser, obj: Any = None) -> bool:
        """Ignore `obj`, because Django passes the parent object here."""
        return super().allows(verb, user)


class ScopedAdmin(Scoped[Row], _ModelAdmin[Row]):
    list_per_page = 50
    menu_order = 100  # Position in the list of models: the lowest number comes first.
    # A save raises these when another request has changed the same data first. The form is then validated once more and
    # shows what changed.
    retried_errors: tuple[type[Exception], ...] = (IntegrityError, ValidationError)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Allow only the parameters of the filters: other lookups could reveal values of rows outside the scope."""
        return lookup in {f.parameter_name for f in self.list_filter if isinstance(f, type)}  # type: ignore[attr-defined]

    def to_field_allowed(self, request: HttpRequest, to_field: str) -> bool:
        return to_field == self.opts.pk.name

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        return super().get_search_results(request, queryset, search_term[:SEARCH_LENGTH])

    def choice_label(self, obj: Row, request: HttpRequest) -> str:
        """The text of a choice in an autocomplete field."""
        return str(obj)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Ignore initial dates and times from the query string: their form widget raises an exception for text."""
        times = {field.name for field in self.opts.fields if isinstance(field, models.DateTimeField)}
        initial = super().get_changeform_initial_data(request)
        return {name: value for name, value in initial.items() if name not in times}

    # -- concurrent changes ----------------------------------------------------------------------------------------

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
            try:
                return self._with_refresh_message(request, show)
            except self.retried_errors:
                for name in request.FILES:
                    for file in request.FILES.getlist(name):
                        file.seek(0)
                return self._with_refresh_message(request, show)
        except PermissionDenied:
            reason = "You do not have the permission for this change. It may have been revoked while you were editing."
            return self._not_saved(request, 403, reason)
        except self.retried_errors:
            return self._not_saved(request, 409, "Another user is changing the same data at this moment. Try again.")

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

    # -- the message about refreshed pages -------------------------------------------------------------------------

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

    # -- actions ---------------------------------------------------------------------------------------------------

    def response_action(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse | None:
        if not all(is_key(key) for key in request.POST.getlist(ACTION_CHECKBOX_NAME)):
            self.message_user(
                request, "Nothing was done, because the selection is invalid. Select the rows again.", messages.WARNING
            )
            return None
        return super().response_action(request, *args, **kwargs)

    # -- deleting --------------------------------------------------------------------------------------------------

    def get_deleted_objects(self, objs: Iterable[Row], request: HttpRequest) -> Any:
        """The lines of the confirmation page: the objects and what is deleted with them, within the user's sites."""
        objs = list(objs)
        user = request.user
        shown: list[Any] = []
        for obj in objs:
            shown += [f"{capfirst(self.opts.verbose_name)}: {obj}", *filter(None, [self.also_deleted(obj, user)])]
        lacking = {self.opts.verbose_name} if not all(self.has_delete_permission(request, o) for o in objs) else set()
        return shown, {self.opts.verbose_name_plural: len(objs)}, lacking, self.blockers(objs, user)

    def also_deleted(self, obj: Row, user: AnyUser) -> list[str]:
        """Descriptions of the rows that are deleted together with `obj`, limited to rows that `user` may see."""
        return []

    def blockers(self, objs: list[Row], user: AnyUser) -> list[str]:
        """Reasons why `objs` cannot be deleted, limited to rows that `user` may see. Empty if deletion is possible."""
        return []

    # -- history ---------------------------------------------------------------------------------------------------

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Show only the names of users who share a site with the reader of the history."""
        user = request.user
        known = Membership.objects.filter(site__in=sites_of(user)).values_list("user_id", flat=True)
        context = {
            "known_users": {*known, user.pk},
            "knows_everybody": sees_everything(user),
            **(extra_context or {}),
        }
        return super().history_view(request, object_id, context)
