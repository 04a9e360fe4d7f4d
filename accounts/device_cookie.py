"""A cookie on the admin's host which proves that the browser has logged in to an account before.

It grants nothing but a login limit of its own (login_limits.py). See OWASP, "Slow Down Online Guessing Attacks with
Device Cookies".
"""

from django.conf import settings
from django.core.signing import BadSignature, TimestampSigner
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import get_random_string

LIFETIME = 90 * 24 * 3600  # seconds since the last login


def set_device(response: HttpResponse, account: str) -> None:
    """Give the browser a new device id for `account`, a normalised e-mail address."""
    response.set_cookie(
        _name(),
        _signer(account).sign(get_random_string(22)),
        max_age=LIFETIME,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Strict",
    )


def get_device(request: HttpRequest, account: str) -> str:
    """The device id of the browser; "" without a valid cookie for this account."""
    try:
        return _signer(account).unsign(request.COOKIES.get(_name(), ""), max_age=LIFETIME)
    except BadSignature:
        return ""


def _name() -> str:
    # The name of the session cookie has the prefix and the port that cookies of this installation need.
    return f"{settings.SESSION_COOKIE_NAME}-device"


def _signer(account: str) -> TimestampSigner:
    # The account is part of the salt, so the cookie does not contain it.
    return TimestampSigner(salt=f"accounts.device_cookie:{account}")
