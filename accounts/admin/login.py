"""The forms of the admin that check passwords."""

import logging
from typing import Any, cast

from django.contrib.admin.forms import AdminAuthenticationForm, AdminPasswordChangeForm
from django.contrib.auth import views as auth_views
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse_lazy

from accounts.device_cookie import set_device
from accounts.login_limits import Attempt, TooManyFailures
from accounts.roles import AnyUser, has_role_anywhere

logger = logging.getLogger(__name__)


class LoginForm(AdminAuthenticationForm):
    request: HttpRequest
    retry_after: int | None = None  # Seconds until the client may try again, if this login was refused by a limit.
    error_messages = {
        **AdminAuthenticationForm.error_messages,
        "invalid_login": "Enter the e-mail and password of an account with a role on at least one site.",
    }

    def clean(self) -> dict[str, Any]:
        """Check the password, unless a limit is reached."""
        if not (self.cleaned_data.get("username") and self.cleaned_data.get("password")):
            return super().clean()  # a field is missing, so no password is checked
        attempt = Attempt(self.request, self.cleaned_data["username"])
        try:
            attempt.start()
        except TooManyFailures as error:
            self.retry_after = error.retry_after
            self._log("Refused login to %s from %s: too many failed logins.", attempt)
            raise ValidationError(str(error), "limited") from error
        failed = False
        try:
            return super().clean()
        except ValidationError:
            failed = True
            self._log("Failed login to %s from %s.", attempt)
            raise
        finally:
            if not failed:  # also if the database is away
                attempt.forget()

    def confirm_login_allowed(self, user: AbstractBaseUser) -> None:
        """Refuse users without any role: the admin has nothing to show them, so they get no session."""
        if not has_role_anywhere(cast(AnyUser, user)):
            raise ValidationError(
                self.error_messages["invalid_login"], "invalid_login", {"username": self.username_field.verbose_name}
            )

    def _log(self, message: str, attempt: Attempt) -> None:
        logger.warning(message, attempt.account, attempt.address, extra={"request": self.request})


class PasswordChangeForm(AdminPasswordChangeForm):
    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        self.request = request
        super().__init__(*args, **kwargs)

    def clean_old_password(self) -> str:
        """Check the old password. A wrong one counts as a failed login, because a stolen session could guess it."""
        attempt = Attempt(self.request, self.user.email)
        try:
            attempt.start()
        except TooManyFailures as error:
            raise ValidationError(str(error), "limited") from error
        old_password = super().clean_old_password()
        attempt.forget()
        return old_password


class PasswordChangeView(auth_views.PasswordChangeView):
    form_class = PasswordChangeForm
    success_url = reverse_lazy("admin:password_change_done")

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "request": self.request}


def complete(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Complete the response of Django's login view: the status of a refused login, the cookie of a successful one."""
    if isinstance(response, TemplateResponse):
        retry_after = getattr((response.context_data or {}).get("form"), "retry_after", None)
        if retry_after is not None:
            response.status_code = 429
            response["Retry-After"] = str(retry_after)
    elif request.method == "POST" and response.status_code == 302:
        set_device(response, cast(Any, request.user).email)
    return response
