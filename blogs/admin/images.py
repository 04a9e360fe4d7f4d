"""The images of a site. Its posts show them in the text or as covers."""

from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.admin.filters import site_filter
from accounts.admin.scoped import ScopedAdmin
from accounts.admin.site import site as admin_site
from accounts.admin.widgets import ImageInput
from accounts.models import Role
from accounts.roles import AnyUser
from blogs import permissions, publishing
from blogs.models import Image
from tenancy.media import PRIVATE_CACHE_CONTROL, SiteImageField, image_response


@admin.register(Image, site=admin_site)
class ImageAdmin(ScopedAdmin[Image]):
    """Authors of a site upload and see its images. Editors rename and delete them."""

    menu_order = 3
    required_roles = {"view": Role.AUTHOR, "add": Role.AUTHOR, "change": Role.EDITOR, "delete": Role.EDITOR}
    site_choice_role = Role.AUTHOR
    list_display = ["preview", "title_or_name", "site", "markdown"]
    list_display_links = ["preview", "title_or_name"]
    list_filter = [site_filter()]
    list_per_page = 20
    list_select_related = ["site"]
    search_fields = ["title", "name", "site__domain"]
    formfield_overrides = {SiteImageField: {"widget": ImageInput}}

    def allows(self, verb: str, user: AnyUser, obj: Image | None = None) -> bool:
        if obj is None or verb in ("view", "add"):
            return super().allows(verb, user, obj)
        return bool(permissions.can_edit_image.test(user, obj))

    def get_fields(self, request: HttpRequest, obj: Image | None = None) -> Any:
        return ["site", "file", "title"] if obj is None else ["preview", "title", "site_name", "size", "markdown"]

    def get_readonly_fields(self, request: HttpRequest, obj: Image | None = None) -> list[str]:
        # The file is read-only: a new file would get a new address, and posts would still show the old address.
        return [] if obj is None else ["preview", "site_name", "size", "markdown"]

    @admin.display(description="title", ordering="title")
    def title_or_name(self, obj: Image) -> str:
        return str(obj)

    def size(self, obj: Image) -> str:
        return f"{obj.width} × {obj.height}"

    @admin.display(description="image")
    def preview(self, obj: Image) -> SafeString:
        address = reverse("admin:blogs_image_file", args=[obj.name])
        return format_html('<img class="preview" src="{}" alt="{}" loading="lazy">', address, obj)

    @admin.display(description="Markdown to paste into the text of a post")
    def markdown(self, obj: Image) -> SafeString:
        return format_html("<code>![{}]({})</code>", obj.title or "Alt text", obj.get_absolute_url())

    def save_model(self, request: HttpRequest, obj: Image, form: Any, change: bool) -> None:
        if not change:
            publishing.create_image(obj, by=request.user)
        elif "title" in form.changed_data:
            publishing.rename_image(obj, obj.title, by=request.user)

    def delete_model(self, request: HttpRequest, obj: Image) -> None:
        publishing.delete_image(obj, by=request.user)

    def blockers(self, objs: list[Image], user: AnyUser) -> list[str]:
        try:
            publishing.validate_images_are_unused(objs, by=user)
        except publishing.ImageInUse as error:
            return error.messages
        return []

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.file_view, cacheable=True)
        return [path("file/<str:name>", view, name="blogs_image_file"), *super().get_urls()]

    def file_view(self, request: HttpRequest, name: str) -> HttpResponseBase:
        image = self.scope(Image.objects.all(), request.user).filter(name=name).first()
        if image is None:
            raise Http404("None of your sites has an image with this name.")
        return image_response(image.file, PRIVATE_CACHE_CONTROL)
