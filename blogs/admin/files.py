"""The images and media files of a site. Its posts show them in the text, and images as covers as well."""

from pathlib import PurePosixPath
from typing import Any, TypeVar

from django.conf import settings
from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.admin.filters import site_filter
from accounts.admin.scoped import ScopedAdmin
from accounts.admin.site import site as admin_site
from accounts.admin.widgets import ImageInput, MediaFileInput
from accounts.models import Role
from accounts.roles import AnyUser
from blogs import permissions, publishing
from blogs.models import Image, MediaFile
from lib.media_files import CAPTIONS, CONTENT_TYPES
from tenancy.media import PRIVATE_CACHE_CONTROL, SiteImageField, SiteMediaField, media_response

ACCEPTED_FILES = (
    "MP4 with H.264, WebM, MP3, M4A, Ogg or WAV, with at most"
    f" {settings.MAX_MEDIA_FILE // 1024**2} MiB, or captions as WebVTT."
)

AnyFile = TypeVar("AnyFile", Image, MediaFile)


class FileAdmin(ScopedAdmin[AnyFile]):
    """Authors of a site upload and see its files. Editors rename and delete them."""

    menu_order = 3
    required_roles = {"view": Role.AUTHOR, "add": Role.AUTHOR, "change": Role.EDITOR, "delete": Role.EDITOR}
    site_choice_role = Role.AUTHOR
    list_display = ["preview", "title_or_name", "site", "markdown"]
    list_display_links = ["preview", "title_or_name"]
    list_filter = [site_filter()]
    list_per_page = 20
    list_select_related = ["site"]
    search_fields = ["title", "name", "site__domain"]

    def allows(self, verb: str, user: AnyUser, obj: Any = None) -> bool:
        if obj is None or verb in ("view", "add"):
            return super().allows(verb, user, obj)
        return bool(permissions.can_edit_file.test(user, obj))

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ["site", "file", "title"] if obj is None else ["preview", "title", "site_name", "size", "markdown"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        # The file is read-only: a new file would get a new address, and posts would still show the old address.
        return [] if obj is None else ["preview", "site_name", "size", "markdown"]

    @admin.display(description="title", ordering="title")
    def title_or_name(self, obj: AnyFile) -> str:
        return str(obj)

    def file_address(self, obj: AnyFile) -> str:
        """The address of the file in the admin."""
        return reverse(f"admin:blogs_{self.opts.model_name}_file", args=[obj.name])

    def save_model(self, request: HttpRequest, obj: AnyFile, form: Any, change: bool) -> None:
        if not change:
            publishing.create_file(obj, by=request.user)
        elif "title" in form.changed_data:
            publishing.rename_file(obj, obj.title, by=request.user)

    def delete_model(self, request: HttpRequest, obj: AnyFile) -> None:
        publishing.delete_file(obj, by=request.user)

    def blockers(self, objs: list[AnyFile], user: AnyUser) -> list[str]:
        try:
            publishing.validate_files_are_unused(objs, by=user)
        except publishing.FileInUse as error:
            return error.messages
        return []

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.file_view, cacheable=True)
        return [path("file/<str:name>", view, name=f"blogs_{self.opts.model_name}_file"), *super().get_urls()]

    def file_view(self, request: HttpRequest, name: str) -> HttpResponseBase:
        row = self.scope(self.model._default_manager.all(), request.user).filter(name=name).first()
        if row is None:
            raise Http404("None of your sites has a file with this name.")
        return media_response(request, row.file, PRIVATE_CACHE_CONTROL)


@admin.register(Image, site=admin_site)
class ImageAdmin(FileAdmin[Image]):
    formfield_overrides = {SiteImageField: {"widget": ImageInput}}

    def size(self, obj: Image) -> str:
        return f"{obj.width} × {obj.height}"

    @admin.display(description="image")
    def preview(self, obj: Image) -> SafeString:
        address = self.file_address(obj)
        return format_html('<img class="preview" src="{}" alt="{}" loading="lazy">', address, obj)

    @admin.display(description="Markdown to paste into the text of a post")
    def markdown(self, obj: Image) -> SafeString:
        return format_html("<code>![{}]({})</code>", obj.title or "Alt text", obj.get_absolute_url())


@admin.register(MediaFile, site=admin_site)
class MediaFileAdmin(FileAdmin[MediaFile]):
    list_display_links = ["title_or_name"]  # a click on a player must not follow a link
    formfield_overrides = {SiteMediaField: {"widget": MediaFileInput, "help_text": ACCEPTED_FILES}}

    @admin.display(description="type")
    def size(self, obj: MediaFile) -> str:
        content_type = CONTENT_TYPES[PurePosixPath(obj.name).suffix].partition(";")[0]
        return f"{content_type}, {obj.width} × {obj.height}" if obj.width else content_type

    @admin.display(description="file")
    def preview(self, obj: MediaFile) -> SafeString | str:
        if obj.kind == CAPTIONS:
            return "captions"
        html = '<{0} class="preview" src="{1}" aria-label="{2}" controls preload="none"></{0}>'
        return format_html(html, obj.kind, self.file_address(obj), obj)

    @admin.display(description="Markdown to paste into the text of a post")
    def markdown(self, obj: MediaFile) -> SafeString:
        address = obj.get_absolute_url()
        if obj.kind == CAPTIONS:
            track = '<track src="{}" kind="captions" srclang="en" label="English">'
            return format_html("<code>{}</code>", track.format(address))
        return format_html("<code>![{}]({})</code>", obj.title or f"A short title of the {obj.kind}", address)
