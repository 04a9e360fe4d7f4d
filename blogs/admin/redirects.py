"""Redirects from old addresses of a site to new ones."""

from django.contrib import admin
from django.contrib.redirects.models import Redirect

from accounts.admin.filters import site_filter
from accounts.admin.scoped import ScopedAdmin
from accounts.admin.site import site as admin_site
from blogs.admin.forms import RedirectForm


@admin.register(Redirect, site=admin_site)
class RedirectAdmin(ScopedAdmin[Redirect]):
    menu_order = 6
    form = RedirectForm
    fields = ["site", "old_path", "new_path"]
    list_display = ["old_path", "new_path", "site"]
    list_filter = [site_filter()]
    list_select_related = ["site"]
    search_fields = ["old_path", "new_path", "site__domain"]
