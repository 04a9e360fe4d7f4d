"""Autocompletes of the admin that ask the database for keys alone."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.admin.widgets import AutocompleteSelect, AutocompleteSelectMultiple
from django.core.exceptions import ValidationError

from lib.keys import is_key

if TYPE_CHECKING:
    Widget = AutocompleteSelect
else:
    Widget = object


class KeysOnly(Widget):
    """Shows what is chosen; Django would ask the database for whatever was typed into the address or forged."""

    def optgroups(self, name: str, value: Any, attr: Any = None) -> Any:
        return super().optgroups(name, [key for key in value if is_key(key)], attr)


class Chooser(KeysOnly, AutocompleteSelect):
    pass


class MultipleChooser(KeysOnly, AutocompleteSelectMultiple):
    pass


class MultipleChoice(forms.ModelMultipleChoiceField):
    def clean(self, value: Any) -> Any:
        for key in value or []:
            if not is_key(key):
                raise ValidationError(self.error_messages["invalid_pk_value"], "invalid_pk_value", {"pk": key})
        return super().clean(value)


class SuggestingInput(forms.TextInput):
    """A text, or several with commas between; suggests known ones. A plain text field where scripts do not run."""

    template_name = "admin/suggesting_input.html"
    suggestions: Iterable[str] = ()

    class Media:
        js = ["newsstand/suggest.js"]

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        context["widget"]["suggestions"] = self.suggestions
        return context
