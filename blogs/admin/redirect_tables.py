"""The pages of the admin that import and export the redirects of a site as CSV."""

from hashlib import sha256
from typing import Any

from django.contrib import messages
from django.contrib.admin.helpers import AdminForm
from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.contrib.sites.models import Site
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from accounts.admin.scoped import ScopedAdmin
from accounts.models import Role
from accounts.roles import sites_of
from blogs import redirects
from blogs.admin.redirect_forms import ImportForm
from blogs.models import Redirect
from blogs.redirects.plans import Change, Plan
from lib.keys import is_key

SITES_SHOWN = 20  # links for the export
CHANGES_SHOWN = 200  # lines of the preview


class TableViews(ScopedAdmin[Redirect]):
    """Import with a preview, and export."""

    def import_view(self, request: HttpRequest) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        return self._with_refresh_message(request, lambda: self._import(request))

    def _import(self, request: HttpRequest) -> HttpResponse:
        """Show the form, the preview of a table, or the wrong lines; with `_apply` import what the preview showed."""
        form = self._import_form(request)
        plan = None
        if request.method == "POST" and form.is_valid():
            site, table = form.cleaned_data["site"], form.cleaned_data["table"]
            apply = "_apply" in request.POST
            try:
                plan = redirects.plan_import(site, table, by=request.user)
                if apply and request.POST.get("seen") == _digest(plan):
                    plan = redirects.import_table(site, table, by=request.user)
                    self._log(request, site, plan)
                    self.message_user(request, f"Redirects of {site.domain}: {plan.summary()}.", messages.SUCCESS)
                    return HttpResponseRedirect(reverse("admin:blogs_redirect_changelist"))
            except ValidationError as error:
                form.add_error("table", error)
            else:
                if apply:
                    form.add_error(None, "The redirects have changed since the preview. Check the new preview below.")
        return self._import_page(request, form, plan)

    def _import_form(self, request: HttpRequest) -> ImportForm:
        site_field: Any = self.formfield_for_foreignkey(Redirect._meta.get_field("site"), request)
        sent = (request.POST, request.FILES) if request.method == "POST" else ()
        return ImportForm(*sent, site_field=site_field, initial=self.only_site(request, "site"))

    def _import_page(self, request: HttpRequest, form: Any, plan: Plan | None) -> HttpResponse:
        sites = sites_of(request.user, Role.EDITOR).order_by("domain")[: SITES_SHOWN + 1]
        context = {
            **self.admin_site.each_context(request),
            "adminform": AdminForm(form, [(None, {"fields": list(form.fields)})], {}, (), model_admin=self),
            "errors": form.errors,
            "export_sites": sites[:SITES_SHOWN],
            "has_more_sites": len(sites) > SITES_SHOWN,
            "lines": _lines(plan) if plan else (),
            "media": self.media + form.media,
            "opts": self.opts,
            "plan": plan,
            "seen": _digest(plan) if plan else "",
            "title": "Import and export redirects",
        }
        return TemplateResponse(request, "blogs/admin/redirect_import.html", context)

    def _log(self, request: HttpRequest, site: Site, plan: Plan) -> None:
        kinds = ((ADDITION, plan.new), (CHANGE, [*plan.changed, *plan.followed]))
        for flag, changes in kinds:
            rows = Redirect.objects.on(site).filter(old_path__in=[change.old for change in changes])
            if changes:
                user_id: Any = request.user.pk
                LogEntry.objects.log_actions(user_id, rows, flag, "Imported from a table.")

    def export_view(self, request: HttpRequest) -> HttpResponse:
        """The redirects of the site `?site=`, as a file."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if "site" not in request.GET:
            return HttpResponseRedirect(reverse("admin:blogs_redirect_import"))
        key = request.GET["site"]
        site = sites_of(request.user, Role.EDITOR).filter(pk=key).first() if is_key(key) else None
        if site is None:
            raise Http404("You are not an editor of a site with this id.")
        return HttpResponse(
            redirects.export(site, by=request.user),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="redirects-{site.domain}.csv"'},
        )


def _digest(plan: Plan) -> str:
    return sha256(repr(plan).encode("utf-8", "backslashreplace")).hexdigest()


def _lines(plan: Plan) -> list[tuple[str, Change]]:
    """The first lines of the preview: what happens, and the redirect."""
    kinds = (("new", plan.new), ("changed", plan.changed), ("follows", plan.followed), ("unchanged", plan.unchanged))
    return [(kind, change) for kind, changes in kinds for change in changes][:CHANGES_SHOWN]
