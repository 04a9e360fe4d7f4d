"""The base of the formset of every inline."""

from typing import Any

from django.forms.models import BaseInlineFormSet

MAX_NEW_ROWS = 50  # that one request can add


class BoundedFormSet(BaseInlineFormSet):
    """Accepts the stored rows and MAX_NEW_ROWS more, whatever number of rows the client sends in TOTAL_FORMS.

    Django's limit is 2,000, and it builds and renders each of these forms before it reports the error.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.absolute_max = len(self.get_queryset()) + MAX_NEW_ROWS
        self.max_num = min(self.max_num, self.absolute_max)  # The error message and the link “Add another” use it.
