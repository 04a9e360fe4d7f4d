"""A form that writes only the fields that its user changed, and detects changes by other users since it was opened."""

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.http import QueryDict

_HIDDEN = ("seen", "seen_version")


class MergingForm(forms.ModelForm):
    """Compares three states of a row: the state that the user saw, the stored state, and the state that the user sent.

    The hidden field `seen` contains a digest of each value that the form showed when it was opened. `changed_data`
    contains only fields that the user has changed since then, so that a save never writes outdated values back.
    Subclasses list in `compared` the fields whose values are stored in the row.
    """

    compared: tuple[str, ...]

    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._changed_data: list[str] | None = None
        super().__init__(*args, **kwargs)
        self.stored_values = {name: self.stored_value(name) for name in self._compared} if self.instance.pk else {}
        self.stored = {name: digest(value) for name, value in self.stored_values.items()}
        if "seen" in self.fields:
            self.fields["seen"].initial = json.dumps(self.stored)

    @property
    def _compared(self) -> list[str]:
        return [name for name in self.compared if name in self.fields and not self.fields[name].disabled]

    def stored_value(self, name: str) -> Any:
        """The value of the field in the database. Only valid before the form changes its instance."""
        value = getattr(self.instance, name)
        return list(value.all()) if isinstance(value, models.Manager) else value

    def clean_seen(self) -> dict[str, str]:
        try:
            seen = json.loads(self.cleaned_data["seen"] or "{}")
        except (ValueError, RecursionError):
            seen = {}
        return seen if isinstance(seen, dict) else {}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.instance.pk:
            seen = cleaned.get("seen") or {}  # Django removes a value that contains NUL.
            if not seen:
                self.add_error(
                    None,
                    "The form does not contain the values that it showed. Open the page again, then edit.",
                )
            unchanged = [name for name in self.stored if name in cleaned and digest(cleaned[name]) == seen.get(name)]
            uncompared = [name for name in super().changed_data if name not in (*self.compared, *_HIDDEN)]
            self._changed_data = [*(name for name in self.stored if name not in unchanged), *uncompared]
            cleaned.update({name: self.stored_values[name] for name in unchanged})
        return cleaned

    @property
    def changed_data(self) -> list[str]:
        """Names of the fields that the user changed. Before validation, of all fields that differ from the row."""
        if self._changed_data is None:
            return [name for name in super().changed_data if name not in _HIDDEN]
        return self._changed_data

    @property
    def changed_by_others(self) -> list[str]:
        """Names of the fields whose stored value differs from the value that the form showed."""
        seen = self.cleaned_data.get("seen") or {}
        return [name for name, stored in self.stored.items() if stored != seen.get(name)]

    def changes(self) -> dict[str, Any]:
        """The values of the fields that the user changed."""
        return {name: self.cleaned_data[name] for name in self.changed_data if name in self.cleaned_data}

    def stored_as_sent(self, name: str) -> str | list[str]:
        """The stored value as a browser would send it."""
        initial: Any = self.get_initial_for_field(self.fields[name], name)
        if isinstance(self.fields[name], forms.ModelMultipleChoiceField):
            return [str(row.pk) for row in initial]
        return "" if initial is None else str(initial)

    def replace_sent(self, values: Mapping[str, str | list[str]]) -> None:
        """Show these values in the fields instead of the values that the user sent."""
        data = cast(QueryDict, self.data).copy()
        for name, value in values.items():
            data.setlist(self.add_prefix(name), value if isinstance(value, list) else [value])
        self.data = data

    def add_errors_of(self, validate: Callable[..., None], row: models.Model, **values: Any) -> None:
        """Show the errors of `validate(row, …)` at the fields, and errors of fields that the form lacks at its top."""
        try:
            validate(row, **values)
        except ValidationError as error:
            for name, messages in error.message_dict.items():
                self.add_error(name if name in self.fields else None, messages)


def digest(value: Any) -> str:
    """A digest that is equal for values that differ only in form, such as line breaks, which browsers send as CR LF."""
    return sha256(repr(_comparable(value)).encode("utf-8", "backslashreplace")).hexdigest()[:16]


def _comparable(value: Any) -> Any:
    match value:
        case None:
            return ""
        case str():
            return str(value).replace("\r\n", "\n").strip()
        case models.Model():
            return value.pk
        case datetime():
            return value.replace(microsecond=0).timestamp()
        case Iterable():
            return sorted(map(_comparable, value))
    return value
