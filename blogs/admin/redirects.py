"""Old addresses of a site that lead to new ones."""

from django.contrib import admin
from django.contrib.redirects.models import Redirect

from blogs.forms import RedirectForm
from tenancy.admin_filters import site_filter
from tenancy.admin_scope import ScopedAdmin
from tenancy.admin_site import site as admin_site


@admin.register(Redirect, site=admin_site)
class RedirectAdmin(ScopedAdmin):
    menu_place = 6
    form = RedirectForm
    fields = ["site", "old_path", "new_path"]
    list_display = ["old_path", "new_path", "site"]
    list_filter = [site_filter()]
    list_select_related = ["site"]
    search_fields = ["old_path", "new_path", "site__domain"]
