"""Forms of the admin for accounts and memberships."""

from typing import Any

from django import forms
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.core.exceptions import ValidationError
from django.forms.formsets import DELETION_FIELD_NAME
from django.forms.models import BaseInlineFormSet

from accounts.models import Membership, Role, User, UserManager
from accounts.roles import AnyUser


class MembershipForm(forms.ModelForm):
    """Adds a member by the exact e-mail address of an account, because owners must not see a list of all users."""

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
                raise ValidationError(f"There is no account with the e-mail {email}. Ask a superuser to create one.")
            self.instance.user = user
        return email


class MembershipFormSet(BaseInlineFormSet):
    user: AnyUser  # The user who submits the form. The inline sets this attribute.

    def clean(self) -> None:
        super().clean()
        staying = [
            form
            for form in self.forms
            if form.cleaned_data.get("email") and not form.cleaned_data.get(DELETION_FIELD_NAME)
        ]
        emails = [form.cleaned_data["email"] for form in staying]
        # Read the members from the database, not from the forms: another user may have added some in the meantime.
        known = {m.pk: m.user.email for m in Membership.objects.filter(site=self.instance.pk).select_related("user")}
        for form in staying:
            email = form.cleaned_data["email"]
            if emails.count(email) > 1 or (form.instance.pk is None and email in known.values()):
                raise ValidationError(
                    f"{email} is already a member. A member has exactly one role; change it in the existing row."
                )
        had_owner = any(form.initial.get("role") == Role.OWNER for form in self.initial_forms)
        has_owner = any(form.cleaned_data.get("role") == Role.OWNER for form in staying)
        if had_owner and not has_owner and not getattr(self.user, "is_superuser", False):
            raise ValidationError(
                "The site would be left without an owner. Give another member the role “Owner” first."
            )


class UserAddForm(AdminUserCreationForm):
    class Meta:
        model = User
        fields = ["email", "name"]


class UserForm(UserChangeForm):
    user: AnyUser  # The user who submits the form. The admin sets this attribute.

    class Meta:
        model = User
        fields = ["email", "name", "password", "is_active", "is_superuser"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.instance.pk == self.user.pk and not (cleaned.get("is_active") and cleaned.get("is_superuser")):
            raise ValidationError(
                "You cannot remove these rights from your own account. Ask another superuser to do it."
            )
        return cleaned
