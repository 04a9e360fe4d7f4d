"""Limits for failed logins. They are checked before a password is hashed.

A browser with a device cookie for the account has a limit of its own. The failures of other clients do not count
against it, so clients that guess passwords cannot lock the owner of the account out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.crypto import salted_hmac
from limits import RateLimitItem, RateLimitItemPerMinute

from accounts.device_cookie import get_device
from accounts.models import UserManager
from lib import rate_limits
from lib.client_address import TrustedProxies, network_of
from lib.setting_values import computed_once
from lib.text import printable


@dataclass(frozen=True)
class Limit:
    """At most `item.amount` logins in `item.multiples` minutes, for each combination of the `fields`."""

    item: RateLimitItem
    fields: tuple[str, ...]
    # Completes the sentence "Too many failed logins …".
    subject: str
    counted: str = "failed logins"


OF_DEVICE = Limit(RateLimitItemPerMinute(5, 5, "login/device"), ("account", "device"), "to {account} from this browser")
# Successful logins count too, because each hashes a password: one account could keep the threads for logins busy.
OF_ALL = Limit(RateLimitItemPerMinute(100, 5, "login/all"), ("network",), "from your network", "logins")
# The limits of clients without a device cookie. That of the account has a short window: it may affect the owner on a
# new device.
OF_NETWORK = Limit(RateLimitItemPerMinute(20, 5, "login/network"), ("network",), "from your network")
OF_OTHERS = (
    OF_NETWORK,
    Limit(RateLimitItemPerMinute(5, 5, "login/pair"), ("account", "network"), "to {account} from your network"),
    Limit(RateLimitItemPerMinute(10, 1, "login/account"), ("account",), "to {account}"),
)


def is_network_limited(environ: Mapping[str, Any]) -> bool:
    """Whether the network of the client has reached one of its limits."""
    network = network_of(_client_address(environ))
    return any(rate_limits.is_reached(limit.item, network) for limit in (OF_NETWORK, OF_ALL))


def _client_address(environ: Mapping[str, Any]) -> str:
    return _trusted_proxies().client_address(environ)


@computed_once
def _trusted_proxies() -> TrustedProxies:
    return TrustedProxies(map(ip_network, settings.TRUSTED_PROXIES))


class TooManyFailures(Exception):
    """A limit is reached. The message is for the user; `retry_after` is in seconds."""

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Attempt:
    """A login to the account `name`, which is any text that a client sent."""

    def __init__(self, request: HttpRequest, name: str) -> None:
        address = _client_address(request.META)
        account = UserManager.normalize_email(name)
        device = get_device(request, account)
        # For messages and the log.
        self.account, self.address = printable(name, 100), printable(address, 64) or "-"
        self._limits = (OF_DEVICE,) if device else OF_OTHERS
        self._fields = {
            # A digest, because the text may be long, and Redis should hold no e-mail addresses.
            "account": salted_hmac("accounts.login_limits", account, algorithm="sha256").hexdigest()[:32],
            "device": device,
            "network": network_of(address),
        }

    def start(self) -> None:
        """Count the attempt as failed, so that simultaneous attempts cannot exceed a limit together.

        Raises TooManyFailures if a limit is reached. The attempt is then not counted.
        """
        if not rate_limits.take(OF_ALL.item, *self._key(OF_ALL)):
            raise self._error(OF_ALL)
        for number, limit in enumerate(self._limits, 1):
            if not rate_limits.take(limit.item, *self._key(limit)):
                error = self._error(limit)
                self._give_back(self._limits[:number])
                raise error

    def forget(self) -> None:
        """Undo `start`, because the login did not fail. It still counts for OF_ALL."""
        self._give_back(self._limits)

    def _give_back(self, limits: tuple[Limit, ...]) -> None:
        for limit in limits:
            rate_limits.give_back(limit.item, *self._key(limit))

    def _key(self, limit: Limit) -> list[str]:
        return [self._fields[field] for field in limit.fields]

    def _error(self, limit: Limit) -> TooManyFailures:
        seconds = rate_limits.seconds_left(limit.item, *self._key(limit))
        subject = limit.subject.format(account=self.account)
        rule = f"At most {limit.item.amount} are allowed in {_duration(limit.item.get_expiry())}"
        return TooManyFailures(
            f"Too many {limit.counted} {subject}. {rule}. Try again in {_duration(seconds)}.", seconds
        )


def _duration(seconds: int) -> str:
    """The duration in words: up to a minute in seconds, otherwise in minutes, rounded up."""
    count, unit = (seconds, "second") if seconds < 60 else (-(-seconds // 60), "minute")
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"
