"""The login of the admin."""

from collections.abc import Mapping
from typing import Any

# The path on ADMIN_HOST to which the form sends user name and password. A constant, because processes that do not serve
# the admin do not import its urlconf. A test compares the two.
LOGIN_PATH = "/login/"


def is_login(environ: Mapping[str, Any]) -> bool:
    """Whether the WSGI request may hash a password: a POST to LOGIN_PATH, on any host."""
    return bool(environ["PATH_INFO"] == LOGIN_PATH and environ["REQUEST_METHOD"].upper() == "POST")
