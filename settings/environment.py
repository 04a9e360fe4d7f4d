"""Readers of environment variables. A wrong value stops the start with a message that says what to write instead.

Each variable can also come from a file, for example a container's secret: NAME_FILE holds the path. No message contains
a value that may be secret.
"""

import ipaddress
import os
import re
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, NoReturn, overload
from urllib.parse import urlsplit

import dj_database_url
from django.core.exceptions import ImproperlyConfigured, ValidationError

# gunicorn's Arbiter.APP_LOAD_ERROR. When a worker exits with this code, gunicorn exits too and starts no other worker.
APP_LOAD_ERROR = 4
MAX_FILE_SIZE = 64 * 1024  # bytes of a variable's file
MIN_DIFFERENT = 10  # different characters in a secret

_LISTENED = re.compile(r"(?P<host>\[[^][/@]+\]|[^][:/@]+)(?P<port>:[0-9]{1,5})")


def refuse(reason: object) -> NoReturn:
    """Print the reason and exit. For places where ImproperlyConfigured would not be reported."""
    print(f"Error: {reason}", file=sys.stderr, flush=True)
    sys.exit(APP_LOAD_ERROR)


def text(name: str, default: str | None = None) -> str:
    """The value of a variable. Without a default the variable is required."""
    value = _value(name) or default
    if value is None:
        raise ImproperlyConfigured(
            f"The environment variable {name} is missing; {os.environ.get('DJANGO_SETTINGS_MODULE')} requires it."
            f" Write {name}=… before the command, or {name}_FILE=… with the path of a file that holds the value."
            " docs/deployment.md describes all variables."
        )
    return value


def secret(name: str, min_length: int, default: str | None = None) -> str:
    """A secret of at least `min_length` characters. Without a default the variable is required."""
    value = text(name, default)
    return value if value == default else _strong(name, value, min_length)


def secrets(name: str, min_length: int) -> list[str]:
    """Like `secret`, for several values, which spaces or line breaks separate. Empty if the variable is absent."""
    return [_strong(name, value, min_length) for value in _value(name).split()]


def _strong(name: str, value: str, min_length: int) -> str:
    long, varied = len(value) >= min_length, len(set(value)) >= MIN_DIFFERENT
    plain = value.isascii() and value.isprintable() and not set(value) & set(" \"'\\")
    if not (long and varied and plain):
        raise ImproperlyConfigured(
            f"{name} is too weak, or not printable ASCII. Write at least {min_length} ASCII characters, without spaces,"
            f" quotes and backslashes, {MIN_DIFFERENT} of them different, for example what this prints:"
            ' python3 -c "import secrets; print(secrets.token_urlsafe(50))"'
        )
    return value


@overload
def integer(name: str, default: int, minimum: int = 1, maximum: int = 2**31 - 1) -> int: ...
@overload
def integer(name: str, default: None, minimum: int = 1, maximum: int = 2**31 - 1) -> int | None: ...
def integer(name: str, default: int | None, minimum: int = 1, maximum: int = 2**31 - 1) -> int | None:
    """A whole number from `minimum` to `maximum`; `default` if the variable is absent or empty."""
    value = _value(name)
    if not value:
        return default
    # Check the length first, because int() raises ValueError for thousands of digits.
    if not (value.isascii() and value.isdecimal() and len(value) <= 10 and minimum <= int(value) <= maximum):
        raise ImproperlyConfigured(
            f"{name}={value!r} is not valid. Write a whole number from {minimum} to {maximum}, or unset it."
        )
    return int(value)


def choice(name: str, default: str, choices: Sequence[str]) -> str:
    """One of `choices`; `default` if the variable is absent or empty."""
    value = _value(name) or default
    if value not in choices:
        raise ImproperlyConfigured(f"{name}={value!r} is not valid. Write one of: {', '.join(choices)}.")
    return value


def choices(name: str, default: Sequence[str], allowed: Sequence[str]) -> tuple[str, ...]:
    """Some of `allowed`, separated by commas in the variable, in the order of `allowed`."""
    value = _value(name)
    chosen = _listed(value) if value else list(default)
    if not chosen or set(chosen) - set(allowed):
        raise ImproperlyConfigured(
            f"{name}={value!r} is not valid. Write one or more of these, separated by commas: {', '.join(allowed)}."
        )
    return tuple(one for one in allowed if one in chosen)


def host(name: str, default: str | None = None) -> str:
    """The canonical spelling of the host name in the variable. Without a default the variable is required."""
    from lib import hostnames

    value = text(name, default)
    try:
        return hostnames.canonical(value)
    except ValidationError as error:
        raise ImproperlyConfigured(f"{name}={value!r} is not valid: {error.message}") from error


def addresses(name: str) -> tuple[str, ...]:
    """The addresses in the variable, such as http://web:8000, separated by commas. Empty if it is absent."""
    return tuple(_address(name, one) for one in _listed(_value(name)))


def networks(name: str) -> tuple[str, ...]:
    """The IP networks in the variable, separated by commas. Empty if it is absent."""
    return tuple(_network(name, one) for one in _listed(_value(name)))


def listening(name: str, default: str) -> str:
    """The address that a server listens on: host:port, [IPv6 address]:port or unix:/path."""
    value = _value(name) or default
    match = _LISTENED.fullmatch(value)
    if value.startswith("unix:/") or (match and _is_host(match["host"]) and _is_port(match["port"])):
        return value
    raise ImproperlyConfigured(
        f"{name}={value!r} is not valid. Write an address and a port, like 127.0.0.1:8000, [::1]:8000 or"
        " 0.0.0.0:8000, or the path of a socket, like unix:/run/newsstand/web.sock."
    )


def database(name: str) -> dj_database_url.DBConfig:
    """The entry of DATABASES for the URL in the variable."""
    try:
        return dj_database_url.parse(text(name), conn_max_age=60, conn_health_checks=True)
    except ValueError as error:
        raise ImproperlyConfigured(
            f"{name} is not the URL of a database. Write postgresql://user:password@host:5432/database."
        ) from error


def postgresql(name: str, options: dict[str, Any]) -> dj_database_url.DBConfig:
    """Like `database`, for PostgreSQL, with these connection `options`. The URL's query can override them.

    Example: ?connect_timeout=5&options=-c …
    """
    config = database(name)
    if config["ENGINE"] != "django.db.backends.postgresql":
        raise ImproperlyConfigured(
            f"{name} is not the URL of a PostgreSQL database. Write postgresql://user:password@host:5432/database."
        )
    given = config.get("OPTIONS", {})
    config["ENGINE"] = "lib.postgresql"
    # PostgreSQL uses the last value of a session setting, so the settings in the URL come last.
    session_settings = " ".join(filter(None, [options.get("options"), given.get("options")]))
    config["OPTIONS"] = {**options, **given, "options": session_settings}
    return config


def redis(name: str) -> str:
    """The URL of a Redis server. The variable is required."""
    value = text(name)
    try:
        parts = urlsplit(value)
        place = parts.path if parts.scheme == "unix" else parts.hostname
        valid = parts.scheme in ("redis", "rediss", "unix") and place and parts.port != 0
    except ValueError:
        valid = False
    if not valid:
        raise ImproperlyConfigured(
            f"{name} is not the URL of a Redis server. Write redis://:password@host:6379/0, rediss://… for TLS, or unix:///path."
        )
    return value


@cache
def inherits_sockets() -> bool:
    """Whether systemd passed sockets to this process. Cached, because gunicorn deletes the variables when it starts."""
    return os.environ.get("LISTEN_PID") == str(os.getpid()) and os.environ.get("LISTEN_FDS", "0") != "0"


def _value(name: str) -> str:
    """The value of the variable or the contents of its file; "" if neither is set."""
    value, path = os.environ.get(name, ""), os.environ.get(f"{name}_FILE", "")
    if value and path:
        raise ImproperlyConfigured(f"{name} and {name}_FILE are both set. Unset one of them.")
    return _contents(f"{name}_FILE", Path(path)) if path else value


def _contents(name: str, path: Path) -> str:
    try:
        with path.open("rb") as file:
            contents = file.read(MAX_FILE_SIZE + 1)
        value = contents.decode().strip()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ImproperlyConfigured(f"{name}={str(path)!r} cannot be read: {reason}.") from None
    if not value or len(contents) > MAX_FILE_SIZE:
        raise ImproperlyConfigured(
            f"{name}={str(path)!r} is empty, or larger than {MAX_FILE_SIZE} bytes. Name another file."
        )
    return value


def _listed(value: str) -> list[str]:
    return [one.strip() for one in value.split(",")] if value else []


def _address(name: str, value: str) -> str:
    from tenancy import deployments

    try:
        deployments.validate_address(value)
    except ValidationError as error:
        raise ImproperlyConfigured(f"{name}: {error.message} Separate several by commas.") from error
    return value


def _network(name: str, value: str) -> str:
    try:
        return str(ipaddress.ip_network(value))
    except ValueError as error:
        raise ImproperlyConfigured(
            f"{name}: {error}. Write IP networks like 10.0.0.0/8 or fd00::/8, separated by commas."
        ) from error


def _is_host(value: str) -> bool:
    """Whether `value` is an IP address (IPv6 in brackets) or a host name in its canonical spelling."""
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
