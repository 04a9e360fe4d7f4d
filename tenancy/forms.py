"""Forms of the admin for sites, their domains and members, and for users."""

from collections.abc import Iterable
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.contrib.sites.models import Site
from django.core.exceptions import ValidationError
from django.forms.formsets import DELETION_FIELD_NAME
from django.forms.models import BaseInlineFormSet
from django.urls import reverse

from tenancy import claims, deployments
from tenancy.lifecycle import DomainTaken
from tenancy.models import Domain, Membership, Role, SiteSettings, User, UserManager
from tenancy.roles import Visitor


class SiteForm(forms.ModelForm):
    """The name and the primary domain; the domain is missing for who may not change it."""

    class Meta:
        model = Site
        fields = ["name", "domain"]
        labels = {"name": "Name", "domain": "Primary domain"}
        # For who is overtaken between two checks; `clean_domain` names it.
        error_messages = {"domain": {"unique": "The domain is taken. Choose another, or remove it where it stands."}}
        help_texts = {
            "name": "Stands on top of every page of the blog.",
            "domain": "Where the blog lives, like blog.example.com. A changed domain goes on as a redirect.",
        }

    def clean_domain(self) -> str:
        name = claims.claimable(self.cleaned_data["domain"])
        if Domain.objects.filter(name=name).exclude(site=self.instance.pk).exists():
            raise DomainTaken(name)
        return name


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


class TimeZoneInput(SuggestingInput):
    suggestions = sorted(available_timezones())


class LogoInput(forms.ClearableFileInput):
    """Shows the logo from the admin's own host: the blog may be suspended, or not there yet."""

    template_name = "admin/logo_input.html"

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        if self.is_initial(value):
            context["widget"]["logo"] = reverse("admin:sites_site_logo", args=[value.instance.site_id])
        return context


class SettingsForm(forms.ModelForm):
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
            "logo": LogoInput(attrs={"accept": "image/*"}),
            "time_zone": TimeZoneInput(attrs={"class": "vTextField"}),
        }
        help_texts = {
            "accent": "Colour of links and marks.",
            "time_zone": "An IANA name, like Europe/Berlin. Dates on the blog are in it.",
        }

    def clean_deployment(self) -> str:
        """Only a new address is asked who is there: a form must not fail because a deployment is being replaced."""
        address = str(self.cleaned_data["deployment"])
        if address and "deployment" in self.changed_data:
            deployments.check(address, self.instance.site)
        return address

    def clean_accent(self) -> str:
        return str(self.cleaned_data["accent"]).lower()


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


class DomainFormSet(BaseInlineFormSet):
    """Beside a new primary domain in the same form: that one must neither go nor come here."""

    def clean(self) -> None:
        super().clean()
        primary = self.instance.domain
        for form in self.forms:
            deleted = form.cleaned_data.get(DELETION_FIELD_NAME)
            stands_here = form.instance.pk is not None and form.instance.name == primary
            typed_here = form.instance.pk is None and form.cleaned_data.get("name") == primary
            if (deleted and stands_here) or (not deleted and typed_here):
                raise ValidationError(f"{primary} is the primary domain; it cannot be removed or added here as well.")


class MembershipForm(forms.ModelForm):
    """A member is named by the exact e-mail of an account: there is no list of users to choose from."""

    email = forms.EmailField(label="E-mail", widget=forms.EmailInput(attrs={"class": "vTextField"}))

    class Meta:
        model = Membership
        fields = ["email", "role"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields["email"].initial = self.instance.user.email
            self.fields["email"].disabled = True

    def clean_email(self) -> str:
        email = UserManager.normalize_email(self.cleaned_data["email"])
        if self.instance.pk is None:
            user = User.objects.filter(email=email).first()
            if user is None:
                raise ValidationError(f"There is no account with the e-mail {email}. Ask a superuser to make one.")
            self.instance.user = user
        return email


class MembershipFormSet(BaseInlineFormSet):
    user: Visitor  # who sends the form; set by the inline

    def clean(self) -> None:
        super().clean()
        staying = [
            form
            for form in self.forms
            if form.cleaned_data.get("email") and not form.cleaned_data.get(DELETION_FIELD_NAME)
        ]
        emails = [form.cleaned_data["email"] for form in staying]
        # All rows of the site: also those that were added since the page was opened.
        known = {m.pk: m.user.email for m in Membership.objects.filter(site=self.instance.pk).select_related("user")}
        for form in staying:
            email = form.cleaned_data["email"]
            if emails.count(email) > 1 or (form.instance.pk is None and email in known.values()):
                raise ValidationError(f"{email} is a member already; a member has one role.")
        had_owner = any(form.initial.get("role") == Role.OWNER for form in self.initial_forms)
        has_owner = any(form.cleaned_data.get("role") == Role.OWNER for form in staying)
        if had_owner and not has_owner and not getattr(self.user, "is_superuser", False):
            raise ValidationError("The site would be left without an owner. Make somebody else an owner first.")


class UserAddForm(AdminUserCreationForm):
    class Meta:
        model = User
        fields = ["email", "name"]


class UserForm(UserChangeForm):
    user: Visitor  # who sends the form; set by the admin

    class Meta:
        model = User
        fields = ["email", "name", "password", "is_active", "is_superuser"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.instance.pk == self.user.pk and not (cleaned.get("is_active") and cleaned.get("is_superuser")):
            raise ValidationError("You cannot take these rights from yourself; ask another superuser to do it.")
        return cleaned
