"""The field for slugs. Its values have the form of `blogs.slugs`, so that an address has one spelling."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.db import models
from django.db.models.expressions import Combinable

from blogs.slugs import MAX_SOURCE, is_slug, slug_from, typed_slug

# Django's field is generic in the type stubs, but not at runtime.
if TYPE_CHECKING:
    _SlugField = models.SlugField[str | Combinable, str]
else:
    _SlugField = models.SlugField


class SlugFormField(forms.SlugField):
    """A typed slug: “My Post” becomes “my-post”."""

    default_validators = []  # Django's own validator refuses combining marks, so all words in Devanagari.

    def to_python(self, value: Any) -> str:
        text = super().to_python(value) or ""
        return typed_slug(text) if text else text


class SlugField(_SlugField):
    """A slug, whose values get the form of slugs when they are validated and when they are saved.

    `to_python` does not change them, because Django also calls it for the search terms of the admin.
    """

    default_validators = []

    def clean(self, value: Any, model_instance: models.Model | None) -> Any:
        return super().clean(typed_slug(value) if value else value, model_instance)

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        value = super().pre_save(model_instance, add)
        if isinstance(value, str) and not is_slug(value):
            value = slug_from(value, self.max_length or MAX_SOURCE)
            setattr(model_instance, self.attname, value)
        return value

    def formfield(self, **kwargs: Any) -> Any:
        return super().formfield(**{"form_class": SlugFormField, **kwargs})

    def deconstruct(self) -> Any:
        """Migrations use Django's own field, because the column is the same."""
        name, _path, arguments, keywords = super().deconstruct()
        return name, "django.db.models.SlugField", arguments, keywords
