"""Forms of the admin for redirects."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from blogs import redirects
from blogs.models import Redirect
from blogs.redirects.rules import MAX_TYPED, shown
from blogs.redirects.tables import COLUMNS, MAX_BYTES, MAX_LINES, text_of

_WIDE = {"class": "vTextField"}


class RedirectForm(forms.ModelForm):
    old_path = forms.CharField(
        max_length=MAX_TYPED,
        widget=forms.TextInput(attrs=_WIDE),
        help_text="A path of this site, such as /2015/old-name/. A pattern such as /blog/* stands for all addresses"
        " below /blog/.",
    )
    new_path = forms.CharField(
        max_length=MAX_TYPED,
        required=False,
        widget=forms.TextInput(attrs=_WIDE),
        help_text="A path of this site, or an absolute URL that begins with https:// or http://. If the old path is a"
        " pattern, /* at the end stands for the rest of the address. If empty, the old address responds with 410, which"
        " means that it was removed on purpose.",
    )

    class Meta:
        model = Redirect
        fields = ["site", "old_path", "new_path"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["old_path"] = shown(self.instance.old_path)

    def clean(self) -> dict[str, Any]:
        """Validate as `blogs.redirects` does, so that its errors appear at the form fields."""
        cleaned = super().clean() or self.cleaned_data
        site = cleaned.get("site")
        if site is not None and not self.errors:
            paths = {name: cleaned[name] for name in COLUMNS}
            candidate = Redirect(pk=self.instance.pk, site=site, **paths)
            try:
                redirects.validate(candidate)
            except ValidationError as error:
                self.add_error(None, error)
            else:
                cleaned |= {name: getattr(candidate, name) for name in COLUMNS}
        return cleaned


class ImportForm(forms.Form):
    """The site and the table, as a file or as text. The preview shows the form again with the text of the file."""

    file = forms.FileField(
        required=False,
        label="CSV file",
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,text/csv"}),
        help_text=f"At most {MAX_LINES:,} redirects and {MAX_BYTES // 1000:,} kB.",
    )
    table = forms.CharField(
        required=False,
        label="Or paste the table",
        strip=False,
        widget=forms.Textarea(attrs={"rows": 12, "class": "vLargeTextField table-text", "spellcheck": "false"}),
        help_text="The first line names the columns: old_path,new_path. An empty new_path means that the address was"
        " removed on purpose (410). Redirects that the table does not name stay as they are.",
    )

    data: Any  # replaced by a copy with the text of the file

    def __init__(self, *args: Any, site_field: forms.Field, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields = {"site": site_field, **self.fields}

    def clean_file(self) -> Any:
        """Move the text of the file to the field for the table, where a correction needs no second upload."""
        file = self.cleaned_data["file"]
        if file is not None:
            if file.size > MAX_BYTES:
                raise ValidationError(f"{file.name} has {file.size:,} bytes; at most {MAX_BYTES:,} are allowed.")
            self.data = self.data.copy()
            self.data["table"] = text_of(file.read())
        return file

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.errors and not cleaned["table"].strip():
            self.add_error("file", "Choose a CSV file, or paste the table below.")
        return cleaned
