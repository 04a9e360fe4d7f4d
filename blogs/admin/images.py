"""The images of a site. Its posts show them in the text or as covers."""

from typing import Any

from django.contrib import admin
from django.db import models
from django.http import Http404, HttpRequest, HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.admin.filters import site_filter
from accounts.admin.scoped import ScopedAdmin
from accounts.admin.site import site as admin_site
from accounts.models import Role
from accounts.roles import AnyUser
from blogs.models import Image, Post
from tenancy.media import PRIVATE_CACHE_CONTROL, image_response

POSTS_NAMED = 20


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

    def get_fields(self, request: HttpRequest, obj: Image | None = None) -> Any:
        return ["site", "file", "title"] if obj is None else ["preview", "title", "site_name", "size", "markdown"]

    def get_readonly_fields(self, request: HttpRequest, obj: Image | None = None) -> list[str]:
        # The file is read-only: a new file would get a new address, and posts would still show the old address.
        return [] if obj is None else ["preview", "site_name", "size", "markdown"]

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        sites = self.choices(Image._meta.get_field("site").related_model, request)[:2]
        only = {"site": sites[0].pk} if len(sites) == 1 else {}
        return {**only, **super().get_changeform_initial_data(request)}

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

    def blockers(self, objs: list[Image], user: AnyUser) -> list[str]:
        shows = models.Q(images__in=objs) | models.Q(cover__in=objs)
        visible = self.admin_site.get_model_admin(Post).scope(Post.objects.all(), user)  # type: ignore[attr-defined]
        named = visible.filter(shows).distinct().values_list("title", flat=True)[:POSTS_NAMED]
        if not named and Post.objects.filter(shows).exists():
            return ["A post on another site shows this image."]
        return [f"The post “{title}” shows this image" for title in named]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.file_view, cacheable=True)
        return [path("file/<str:name>", view, name="blogs_image_file"), *super().get_urls()]

    def file_view(self, request: HttpRequest, name: str) -> HttpResponseBase:
        image = self.scope(Image.objects.all(), request.user).filter(name=name.replace("\0", "")).first()
        if image is None:
            raise Http404("None of your sites has an image with this name.")
        return image_response(image.file, PRIVATE_CACHE_CONTROL)
