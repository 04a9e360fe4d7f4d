"""Forms of the admin for sites, their settings and their further domains."""

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.contrib.sites.models import Site
from django.core.exceptions import ValidationError
from django.forms.formsets import DELETION_FIELD_NAME
from django.urls import reverse

from accounts.admin.formsets import BoundedFormSet
from accounts.admin.widgets import ImageInput, SuggestingInput
from accounts.roles import AnyUser
from lib.text_fields import one_line
from tenancy import claims, deployments, lifecycle
from tenancy.lifecycle import DomainTaken
from tenancy.models import Domain, SiteSettings
from tenancy.themes import theme_choices, theme_names


class SiteForm(forms.ModelForm):
    """The name and the primary domain of a site. Owners see the domain read-only, so their form has no such field."""

    class Meta:
        model = Site
        fields = ["name", "domain"]
        labels = {"name": "Name", "domain": "Primary domain"}
        # Shown if another transaction claims the domain between `clean_domain` and the model's own check.
        error_messages = {
            "domain": {"unique": "The domain is taken. Choose another, or remove it from its site first."}
        }
        help_texts = {
            "name": "Shown at the top of every page of the blog.",
            "domain": (
                "Host name of the blog, for example blog.example.com."
                " If you change it, the old name redirects to the new one."
            ),
        }

    def clean_name(self) -> str:
        name = one_line(self.cleaned_data["name"])
        if not name:
            raise ValidationError("The name has no visible character. Enter another name.")
        return name

    def clean_domain(self) -> str:
        name = claims.claimable(self.cleaned_data["domain"])
        if Domain.objects.filter(name=name).exclude(site=self.instance.pk).exists():
            raise DomainTaken(name)
        return name


class SiteAddForm(SiteForm):
    """Creates a site with default settings. Settings, further domains and members are on the form that follows."""

    def create(self, *, by: AnyUser) -> Site:
        return lifecycle.create(self.cleaned_data["domain"], self.cleaned_data["name"], by=by)


class TimeZoneInput(SuggestingInput):
    suggestions = sorted(available_timezones())


class LogoInput(ImageInput, forms.ClearableFileInput):
    """Shows the logo from the admin's own host, because the blog may be suspended or its DNS not set up yet."""

    template_name = "admin/logo_input.html"

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        if self.is_initial(value):
            context["widget"]["logo"] = reverse("admin:sites_site_logo", args=[value.instance.site_id])
        return context


class SettingsForm(forms.ModelForm):
    theme = forms.ChoiceField(choices=theme_choices)

    class Meta:
        model = SiteSettings
        fields = [
            *(
                "tagline",
                "language",
                "time_zone",
                "theme",
                "accent",
                "logo",
                "posts_per_page",
                "robots",
                "state",
                "deployment",
            ),
        ]
        widgets = {
            "accent": forms.ColorInput,
            "logo": LogoInput,
            "time_zone": TimeZoneInput(attrs={"class": "vTextField"}),
        }
        help_texts = {
            "accent": "Colour of links and highlights.",
            "time_zone": "The time zone of dates on the blog: an IANA name, for example Europe/Berlin.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        theme = self.instance.theme
        if theme not in theme_names():  # without this choice, a browser would select the first theme
            choices = [(theme, f"{theme} (not installed)"), *theme_choices()]
            self.fields["theme"] = forms.ChoiceField(choices=choices)

    def clean_deployment(self) -> str:
        """Check the deployment only if its address changes: other settings can be saved while it is being replaced."""
        address = str(self.cleaned_data["deployment"])
        if address and "deployment" in self.changed_data:
            deployments.check(address, self.instance.site)
        return address

    def clean_accent(self) -> str:
        return str(self.cleaned_data["accent"]).lower()


class SettingsFormSet(BoundedFormSet):
    """The settings of a site, saved by `tenancy.lifecycle`."""

    user: AnyUser  # The user who submits the form. The inline sets this attribute.

    def save_new(self, form: "forms.ModelForm[SiteSettings]", commit: bool = True) -> SiteSettings:
        return self._save(form)

    def save_existing(
        self, form: "forms.ModelForm[SiteSettings]", obj: SiteSettings, commit: bool = True
    ) -> SiteSettings:
        return self._save(form)

    def _save(self, form: "forms.ModelForm[SiteSettings]") -> SiteSettings:
        changes = {name: getattr(form.instance, name) for name in form.changed_data}
        return lifecycle.change_settings(self.instance, changes, by=self.user)


class DomainForm(forms.ModelForm):
    class Meta:
        model = Domain
        fields = ["name"]
        labels = {"name": "Domain"}

    def clean_name(self) -> str:
        name = claims.claimable(self.cleaned_data["name"])
        if Domain.objects.filter(name=name).exclude(pk=self.instance.pk).exists():
            raise DomainTaken(name)
        return name


class DomainFormSet(BoundedFormSet):
    """Further domains, saved by `tenancy.lifecycle`."""

    user: AnyUser  # The user who submits the form. The inline sets this attribute.

    def clean(self) -> None:
        """Refuse to add or remove a further domain that the same form makes the primary domain."""
        super().clean()
        primary = self.instance.domain
        for form in self.forms:
            deleted = form.cleaned_data.get(DELETION_FIELD_NAME)
            is_listed = form.instance.pk is not None and form.instance.name == primary
            is_added = form.instance.pk is None and form.cleaned_data.get("name") == primary
            if (deleted and is_listed) or (not deleted and is_added):
                raise ValidationError(
                    f"{primary} is the primary domain, so it cannot be added or removed as a further domain."
                )

    def save_new(self, form: "forms.ModelForm[Domain]", commit: bool = True) -> Domain:
        return lifecycle.add_domain(self.instance, form.cleaned_data["name"], by=self.user)

    def save_existing(self, form: "forms.ModelForm[Domain]", obj: Domain, commit: bool = True) -> Domain:
        lifecycle.remove_domain(self.instance, form.initial["name"], by=self.user)
        return lifecycle.add_domain(self.instance, form.cleaned_data["name"], by=self.user)

    def delete_existing(self, obj: Domain, commit: bool = True) -> None:
        lifecycle.remove_domain(self.instance, obj.name, by=self.user)
