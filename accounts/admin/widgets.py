"""Form widgets of the admin. The autocomplete widgets query the database with valid keys only."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.contrib.admin.widgets import AutocompleteSelect, AutocompleteSelectMultiple
from django.core.exceptions import ValidationError

from lib import images, media_files
from lib.keys import is_key

if TYPE_CHECKING:
    Widget = AutocompleteSelect
else:
    Widget = object


class KeysOnly(Widget):
    """Ignores values that are not primary keys, as in a forged form. Django would pass them to the database."""

    def optgroups(self, name: str, value: Any, attr: Any = None) -> Any:
        return super().optgroups(name, [key for key in value if is_key(key)], attr)


class Chooser(KeysOnly, AutocompleteSelect):
    pass


class MultipleChooser(KeysOnly, AutocompleteSelectMultiple):
    site_id: int | None = None  # If set, the field offers only rows of this site.

    def get_url(self) -> str:
        return f"{super().get_url()}?site={self.site_id}" if self.site_id else super().get_url()


class MultipleChoice(forms.ModelMultipleChoiceField):
    def clean(self, value: Any) -> Any:
        for key in value or []:
            if not is_key(key):
                raise ValidationError(self.error_messages["invalid_pk_value"], "invalid_pk_value", {"pk": key})
        return super().clean(value)


class SuggestingInput(forms.TextInput):
    """A text input for one value, or several separated by commas. It suggests known values if JavaScript is enabled."""

    template_name = "admin/suggesting_input.html"
    suggestions: Iterable[str] = ()

    class Media:
        js = ["newsstand/suggest.js"]

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        context["widget"]["suggestions"] = self.suggestions
        return context


class BoundedFileInput(forms.FileInput):
    """An input for a file. With JavaScript, the browser does not send a form with a file that is too large.

    A proxy refuses large requests before the application can show the form again, and the user would lose all entries.
    """

    class Media:
        js = ["newsstand/upload.js"]

    def __init__(self, max_bytes: int, message: str, accept: str, attrs: dict[str, Any] | None = None) -> None:
        """`message` contains `{size}`, for the number of bytes."""
        limit = {"data-max-bytes": str(max_bytes), "data-too-large": message}
        super().__init__({"accept": accept, **limit, **(attrs or {})})


class ImageInput(BoundedFileInput):
    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(images.MAX_BYTES, images.too_many_bytes("{size}"), "image/*", attrs)


class MediaFileInput(BoundedFileInput):
    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        limit = settings.MAX_MEDIA_FILE
        super().__init__(limit, media_files.too_many_bytes("{size}", limit), "audio/*,video/*,.vtt", attrs)
