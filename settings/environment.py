"""Environment variables, each read strictly: a wrong value stops the start and says what to write instead.

Each can also come from a file, for those who hand out secrets that way: NAME_FILE holds its path. No message repeats
a value that may be secret.
"""

import ipaddress
import os
import re
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

import dj_database_url
from django.core.exceptions import ImproperlyConfigured, ValidationError

# From this exit code gunicorn, and whoever started it, learn that there is no use in trying again.
CANNOT_BE_LOADED = 4
LONGEST = 64 * 1024  # bytes of a variable's file
LEAST_VARIETY = 10  # different characters in a secret

_LISTENED = re.compile(r"(?P<host>\[[^][/@]+\]|[^][:/@]+)(?P<port>:[0-9]{1,5})")


def refuse(reason: object) -> NoReturn:
    """End with a message, where nobody else turns ImproperlyConfigured into one."""
    print(f"Error: {reason}", file=sys.stderr, flush=True)
    sys.exit(CANNOT_BE_LOADED)


def text(name: str, default: str | None = None) -> str:
    """A variable's value. Without a default it must be there."""
    value = _value(name) or default
    if value is None:
        raise ImproperlyConfigured(
            f"The environment variable {name} is missing, which {os.environ.get('DJANGO_SETTINGS_MODULE')} needs."
            f" Write {name}=… before the command, or {name}_FILE=… with the path of a file that holds it;"
            " docs/deployment.md says what it is for."
        )
    return value


def secret(name: str, least: int, default: str | None = None) -> str:
    """A secret of at least `least` characters. Without a default it must be there."""
    value = text(name, default)
    if value == default:
        return value
    long, varied = len(value) >= least, len(set(value)) >= LEAST_VARIETY
    plain = value.isascii() and value.isprintable() and not set(value) & set(" \"'\\")
    if not (long and varied and plain):
        raise ImproperlyConfigured(
            f"{name} is too weak, or no plain text. Write at least {least} ASCII characters, no spaces, quotes or"
            f" backslashes, {LEAST_VARIETY} of them different, for example what this prints:"
            ' python3 -c "import secrets; print(secrets.token_urlsafe(50))"'
        )
    return value


def integer(name: str, default: int | None, least: int = 1, most: int = 2**31 - 1) -> int | None:
    """A whole number between `least` and `most`; `default` when the variable is absent or empty."""
    value = _value(name)
    if not value:
        return default
    # The length first: Python refuses to read a number of many thousand digits.
    if not (value.isascii() and value.isdecimal() and len(value) <= 10 and least <= int(value) <= most):
        raise ImproperlyConfigured(
            f"{name}={value!r} is not possible. Write a whole number from {least} to {most}, or unset it."
        )
    return int(value)


def choice(name: str, default: str, choices: Sequence[str]) -> str:
    value = _value(name) or default
    if value not in choices:
        raise ImproperlyConfigured(f"{name}={value!r} is not possible. Write one of: {', '.join(choices)}.")
    return value


def choices(name: str, default: Sequence[str], allowed: Sequence[str]) -> tuple[str, ...]:
    """Some of `allowed`, written as a list with commas, answered in the order of `allowed`."""
    value = _value(name)
    chosen = _listed(value) if value else list(default)
    if not chosen or set(chosen) - set(allowed):
        raise ImproperlyConfigured(
            f"{name}={value!r} is not possible. Write one or more of these, with commas between: {', '.join(allowed)}."
        )
    return tuple(one for one in allowed if one in chosen)


def host(name: str, default: str | None = None) -> str:
    """A host name in its canonical spelling. Without a default it must be there."""
    from lib import hostnames  # it reads Django's settings, which are being made here

    value = text(name, default)
    try:
        return hostnames.canonical(value)
    except ValidationError as error:
        raise ImproperlyConfigured(f"{name}={value!r} is not possible: {error.message}") from error


def addresses(name: str) -> tuple[str, ...]:
    """Addresses of servers, like http://web:8000, written as a list with commas; none when the variable is absent."""
    return tuple(_address(name, one) for one in _listed(_value(name)))


def networks(name: str) -> tuple[str, ...]:
    """IP networks, written as a list with commas; none when the variable is absent."""
    return tuple(_network(name, one) for one in _listed(_value(name)))


def listening(name: str, default: str) -> str:
    """Where a server listens: host:port, [IPv6 address]:port or unix:/path."""
    value = _value(name) or default
    match = _LISTENED.fullmatch(value)
    if value.startswith("unix:/") or (match and _is_host(match["host"]) and _is_port(match["port"])):
        return value
    raise ImproperlyConfigured(
        f"{name}={value!r} is not possible. Write an address and a port, like 127.0.0.1:8000, [::1]:8000 or"
        " 0.0.0.0:8000, or a socket's path, like unix:/run/newsstand/web.sock."
    )


def database(name: str) -> dj_database_url.DBConfig:
    """The database that an address describes."""
    try:
        return dj_database_url.parse(text(name), conn_max_age=60, conn_health_checks=True)
    except ValueError as error:
        raise ImproperlyConfigured(
            f"{name} is no address of a database. Write postgresql://user:password@host:5432/database."
        ) from error


def postgresql(name: str, options: dict[str, Any]) -> dj_database_url.DBConfig:
    """A PostgreSQL. Its address may change `options` by a query string: ?connect_timeout=5&options=-c …"""
    described = database(name)
    if described["ENGINE"] != "django.db.backends.postgresql":
        raise ImproperlyConfigured(
            f"{name} is no address of a PostgreSQL. Write postgresql://user:password@host:5432/database."
        )
    given = described.get("OPTIONS", {})
    described["ENGINE"] = "lib.postgresql"
    # Of two values for one setting PostgreSQL takes the last.
    sessions = " ".join(filter(None, [options.get("options"), given.get("options")]))
    described["OPTIONS"] = {**options, **given, "options": sessions}
    return described


def redis(name: str) -> str:
    """The address of a Redis."""
    value = text(name)
    try:
        parts = urlsplit(value)
        there = parts.path if parts.scheme == "unix" else parts.hostname
        known = parts.scheme in ("redis", "rediss", "unix") and there and parts.port != 0
    except ValueError:
        known = False
    if not known:
        raise ImproperlyConfigured(
            f"{name} is no address of a Redis. Write redis://:password@host:6379/0, rediss://… for TLS, or unix:///path."
        )
    return value


@cache
def inherits_sockets() -> bool:
    """Whether systemd handed this process its sockets. Remembered: gunicorn takes the variables away when it starts."""
    return os.environ.get("LISTEN_PID") == str(os.getpid()) and os.environ.get("LISTEN_FDS", "0") != "0"


def _value(name: str) -> str:
    """The variable, or what its file holds; empty when there is neither."""
    value, path = os.environ.get(name, ""), os.environ.get(f"{name}_FILE", "")
    if value and path:
        raise ImproperlyConfigured(f"{name} and {name}_FILE are both set. Unset one of them.")
    return _contents(f"{name}_FILE", Path(path)) if path else value


def _contents(name: str, path: Path) -> str:
    try:
        with path.open("rb") as file:
            contents = file.read(LONGEST + 1)
        value = contents.decode().strip()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text in UTF-8"
        raise ImproperlyConfigured(f"{name}={str(path)!r} cannot be read: {reason}.") from None
    if not value or len(contents) > LONGEST:
        raise ImproperlyConfigured(f"{name}={str(path)!r} is empty, or larger than {LONGEST} bytes. Name another file.")
    return value


def _listed(value: str) -> list[str]:
    return [one.strip() for one in value.split(",")] if value else []


def _address(name: str, value: str) -> str:
    from tenancy import deployments

    try:
        deployments.validate_address(value)
    except ValidationError as error:
        raise ImproperlyConfigured(f"{name}: {error.message} Put commas between several.") from error
    return value


def _network(name: str, value: str) -> str:
    try:
        return str(ipaddress.ip_network(value))
    except ValueError as error:
        raise ImproperlyConfigured(
            f"{name}: {error}. Write IP networks like 10.0.0.0/8 or fd00::/8, and commas between several."
        ) from error


def _is_host(value: str) -> bool:
    """Whether `value` is an IP address (of version 6 in brackets) or a host name in its canonical spelling."""
    from lib import hostnames

    try:
        return ipaddress.ip_address(value.strip("[]")).version == (6 if value.startswith("[") else 4)
    except ValueError:
        pass
    try:
        return hostnames.canonical(value) == value
    except ValidationError:
        return False


def _is_port(value: str) -> bool:
    return 1 <= int(value.removeprefix(":")) <= 65535
