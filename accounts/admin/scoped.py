"""Base classes of every ModelAdmin and inline. Rows, choices and permissions follow from the user's roles.

An action that no role grants is denied.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Generic, cast

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.contrib.sites.models import Site
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils.text import capfirst

from accounts.admin.formsets import BoundedFormSet
from accounts.admin.transactional import Row, TransactionalAdmin
from accounts.admin.widgets import Chooser, MultipleChoice, MultipleChooser
from accounts.models import Role
from accounts.roles import (
    AnyUser,
    has_role,
    has_role_anywhere,
    is_superuser,
    known_users,
    sees_everything,
    sites_of,
)
from lib.keys import is_key

# Maximum characters of a search term. Django adds a condition for each word and column, and databases fail on very many
# conditions and on very long words.
SEARCH_LENGTH = 200

# Django's classes are generic in the type stubs, but not at runtime.
if TYPE_CHECKING:

    class _BaseModelAdmin(admin.options.BaseModelAdmin[Row]): ...
else:

    class _BaseModelAdmin(Generic[Row]): ...


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


class ScopedAdmin(Scoped[Row], TransactionalAdmin[Row]):
    list_per_page = 50
    menu_order = 100  # Position in the list of models: the lowest number comes first.

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
        """Select the site if the user can select only one.

        Ignore dates and times in the query string: their form widget raises an exception for text.
        """
        fields = {field.name: field for field in self.opts.fields}
        given = super().get_changeform_initial_data(request).items()
        only = self.only_site(request, self.site_path) if self.site_path in fields else {}
        return only | {name: value for name, value in given if not isinstance(fields.get(name), models.DateTimeField)}

    def only_site(self, request: HttpRequest, field: str) -> dict[str, int]:
        """The initial value of the field `field`, if the user can select only one site."""
        sites = self.choices(Site, request).values_list("pk", flat=True)[:2]
        return {field: sites[0]} if len(sites) == 1 else {}

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

    def delete_queryset(self, request: HttpRequest, queryset: models.QuerySet[Row]) -> None:
        """Delete each row with `delete_model`, in one order, so that two such requests do not deadlock."""
        for row in queryset.order_by("pk"):
            self.delete_model(request, row)

    # -- history ---------------------------------------------------------------------------------------------------

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Show only the names of users who share a site with the reader of the history."""
        user = request.user
        context = {
            "known_users": known_users(user).values_list("pk", flat=True),
            "knows_everybody": sees_everything(user),
            **(extra_context or {}),
        }
        return super().history_view(request, object_id, context)
