"""Environment variables, each read once and strictly: a wrong value stops the start and says what to write instead."""

import os
from collections.abc import Sequence

import dj_database_url
from django.core.exceptions import ImproperlyConfigured, ValidationError


def text(name: str) -> str:
    """A variable that must be there."""
    value = os.environ.get(name, "")
    if not value:
        raise ImproperlyConfigured(
            f"The environment variable {name} is missing, which {os.environ.get('DJANGO_SETTINGS_MODULE')} needs."
            f" Write {name}=… before the command; settings/production.py shows what it is for."
        )
    return value


def integer(name: str, default: int | None, least: int = 1, most: int = 2**31 - 1) -> int | None:
    """A whole number between `least` and `most`; `default` when the variable is absent or empty."""
    value = os.environ.get(name, "")
    if not value:
        return default
    # The length first: Python refuses to read a number of many thousand digits.
    if not (value.isascii() and value.isdecimal() and len(value) <= 10 and least <= int(value) <= most):
        raise ImproperlyConfigured(
            f"{name}={value!r} is not possible. Write a whole number from {least} to {most}, or unset it."
        )
    return int(value)


def choice(name: str, default: str, choices: Sequence[str]) -> str:
    value = os.environ.get(name) or default
    if value not in choices:
        raise ImproperlyConfigured(f"{name}={value!r} is not possible. Write one of: {', '.join(choices)}.")
    return value


def host(name: str, default: str) -> str:
    """A host name in its canonical spelling."""
    from tenancy import domains  # it reads Django's settings, which are being made here

    value = os.environ.get(name) or default
    try:
        return domains.canonical(value)
    except ValidationError as error:
        raise ImproperlyConfigured(f"{name}={value!r} is not possible: {error.message}") from error


def database(name: str) -> dj_database_url.DBConfig:
    """The database that an address describes. The message does not repeat the address: it holds a password."""
    try:
        return dj_database_url.parse(text(name), conn_max_age=60, conn_health_checks=True)
    except ValueError as error:
        raise ImproperlyConfigured(
            f"{name} is no address of a database. Write postgresql://user:password@host:5432/database."
        ) from error
