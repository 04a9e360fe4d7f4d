"""The paths of the admin that check passwords."""

from collections.abc import Mapping
from typing import Any

# The paths on ADMIN_HOST to which forms send passwords. Constants, because processes that do not serve the admin do not
# import its urlconf. A test compares the two.
LOGIN_PATH = "/login/"
PASSWORD_CHANGE_PATH = "/password_change/"  # noqa: S105  # a path


def is_login(environ: Mapping[str, Any]) -> bool:
    """Whether the WSGI request may hash a password: a POST to LOGIN_PATH, on any host."""
    return bool(environ["PATH_INFO"] == LOGIN_PATH and environ["REQUEST_METHOD"].upper() == "POST")


def is_password_change(environ: Mapping[str, Any]) -> bool:
    """Whether the WSGI request may hash passwords of a logged-in user."""
    return bool(environ["PATH_INFO"] == PASSWORD_CHANGE_PATH and environ["REQUEST_METHOD"].upper() == "POST")
