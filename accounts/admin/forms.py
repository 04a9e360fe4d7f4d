"""Forms of the admin for accounts and memberships."""

from typing import Any

from django import forms
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.core.exceptions import ValidationError
from django.forms.formsets import DELETION_FIELD_NAME

from accounts import memberships
from accounts.admin.formsets import BoundedFormSet
from accounts.models import Membership, User, UserManager
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


class MembershipFormSet(BoundedFormSet):
    user: AnyUser  # The user who submits the form. The inline sets this attribute.

    def clean(self) -> None:
        super().clean()
        filled = [form for form in self.forms if form.cleaned_data.get("email")]
        staying = [form for form in filled if not form.cleaned_data.get(DELETION_FIELD_NAME)]
        memberships.validate(
            self.instance,
            by=self.user,
            added=[form.instance for form in staying if form.instance.pk is None],
            changed=[form.instance for form in staying if form.instance.pk is not None],
            removed=[form.instance for form in filled if form not in staying and form.instance.pk is not None],
        )

    def save(self, commit: bool = True) -> list[Membership]:
        saved: list[Membership] = super().save(commit=False)
        memberships.change(
            self.instance,
            by=self.user,
            added=self.new_objects,
            changed=[membership for membership, _ in self.changed_objects],
            removed=self.deleted_objects,
        )
        return saved


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
