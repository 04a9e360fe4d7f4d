"""Failed logins are limited per network and per account. A limited login costs no password hash."""

import pytest
from django.test import RequestFactory
from django.urls import reverse

from accounts.login import LOGIN_PATH, is_login

# --- which requests are logins ---------------------------------------------------------------------------------------


@pytest.mark.pure
def test_the_login_path_is_the_path_of_the_form_in_the_urlconf_of_the_admin():
    assert reverse("admin:login", urlconf="accounts.admin.urls") == LOGIN_PATH


@pytest.mark.pure
@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("POST", "/login/", True),
        ("POST", "/login/?next=/", True),
        ("GET", "/login/", False),
        ("POST", "/login", False),
        ("POST", "/logout/", False),
    ],
)
def test_a_login_is_a_post_to_the_login_path(method, path, expected):
    assert is_login(RequestFactory().generic(method, path).environ) is expected
