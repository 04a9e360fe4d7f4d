"""Forms of the admin for placements, in the page of a post and in a page of their own."""

import json
import re
from copy import copy
from datetime import datetime
from typing import Any, cast

from django.core.exceptions import ValidationError
from django.http import QueryDict

from accounts.admin.formsets import BoundedFormSet
from accounts.roles import AnyUser
from blogs import publishing
from blogs.admin.merging import MergingForm, digest
from blogs.models import Placement


class PlacementForm(MergingForm):
    user: AnyUser  # The admin sets this attribute for each request.

    compared = ("slug", "published_at", "pinned")

    class Meta:
        model = Placement
        fields = ["post", "site", "slug", "published_at", "pinned"]
        help_texts = {
            "published_at": "If empty, the post is a draft. A time in the future schedules the post. Times are in UTC."
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk and "site" in self.fields:
            # The site of a placement never changes. Another site needs another placement.
            self.fields["site"].disabled = True

    def has_changed(self) -> bool:
        """A form for a new placement counts as filled in if it names a site, even if the site is preselected."""
        return super().has_changed() or (not self.instance.pk and bool(self.data.get(self.add_prefix("site"))))

    def clean(self) -> dict[str, Any]:
        """Refuse a changed field that another user has changed as well. If the user saves again, accept the value."""
        cleaned = super().clean()
        seen = dict(cleaned.get("seen") or {})
        for name in set(self.changed_data).intersection(self.changed_by_others):
            stored = self.stored_values[name]
            if name not in cleaned or digest(cleaned[name]) == self.stored[name]:
                continue
            shown = f"{stored:%Y-%m-%d %H:%M:%S}" if isinstance(stored, datetime) else stored or "empty"
            self.add_error(
                name,
                f"Another user changed this field after you opened the page. Its value is now: {shown}."
                " Save again to replace it with your value.",
            )
            seen[name] = self.stored[name]
        if self.instance.pk and seen != cleaned.get("seen"):
            self.replace_sent({"seen": json.dumps(seen)})
        return cleaned

    def _post_clean(self) -> None:
        stored = self.stored_placement()
        super()._post_clean()  # type: ignore[misc]  # Django's own step after `clean`
        if self.instance.site_id and hasattr(self.instance, "post") and self.has_changed():
            if stored:
                self.add_errors_of(publishing.validate_placement, stored, by=self.user)
            self.add_errors_of(publishing.validate_placement, self.instance, by=self.user)

    def stored_placement(self) -> Placement | None:
        """The placement without the changes of the form, or None if the placement is new."""
        if not self.instance.pk:
            return None
        stored: Placement = copy(self.instance)
        vars(stored).update(self.stored_values)
        return stored


class PlacementFormSet(BoundedFormSet):
    """Handles placements that another user has removed or changed after the form was opened."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.missing = self.is_bound and self._drop_missing_rows()

    def _drop_missing_rows(self) -> bool:
        """Drop rows that no longer exist, and renumber the rest. Django would report an error but not show it."""
        data = cast(QueryDict, self.data)
        pattern = re.compile(rf"{re.escape(str(self.prefix))}-([0-9]{{1,4}})-(.+)")
        rows: dict[int, dict[str, list[str]]] = {}
        for key in data:
            if match := pattern.fullmatch(key):
                rows.setdefault(int(match[1]), {})[match[2]] = data.getlist(key)
        existing = {str(placement.pk) for placement in self.get_queryset()}
        missing = [number for number, row in rows.items() if row.get("id", [""])[-1] not in ("", *existing)]
        if not missing:
            return False
        kept = [rows[number] for number in sorted(rows) if number not in missing]
        data = QueryDict(mutable=True)
        for key in self.data:
            if not pattern.fullmatch(key):
                data.setlist(key, cast(QueryDict, self.data).getlist(key))
        for number, row in enumerate(kept):
            for name, values in row.items():
                data.setlist(f"{self.prefix}-{number}-{name}", values)
        data[f"{self.prefix}-TOTAL_FORMS"] = str(len(kept))
        data[f"{self.prefix}-INITIAL_FORMS"] = str(sum(row.get("id", [""])[-1] != "" for row in kept))
        self.data = data
        return True

    def clean(self) -> None:
        super().clean()
        if self.missing:
            raise ValidationError(
                "Another user removed a placement after you opened the page. Check the others, then save again."
            )
        for form in cast(list[PlacementForm], self.deleted_forms):
            stored = form.stored_placement()
            if stored is None:
                continue
            if form.changed_by_others:
                form.replace_sent({"seen": json.dumps(form.stored)})
                raise ValidationError(
                    f"Another user changed the placement on {stored.site} after you opened the page: it is now"
                    f" /{stored.slug}/, {stored.state}. Save again to remove this placement."
                )
            try:
                publishing.validate_placement(stored, by=form.user)
            except ValidationError as error:
                raise ValidationError(error.messages) from error  # Errors of a formset cannot name fields.
