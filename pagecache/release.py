"""The fingerprint in each cache key. It separates the entries of installations and releases that share one Redis."""

import logging
import sys
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path
from time import time
from typing import NamedTuple

import django
from django.conf import settings
from django.db import Error

from tenancy.releases import record_release

# Code of these packages does not affect responses.
IGNORED_PACKAGES = ("benchmarks", "devstack", "tests")

logger = logging.getLogger(__name__)


class Release(NamedTuple):
    """The release of this process."""

    fingerprint: str
    serving_since: float  # Unix time


def recorded_release() -> Release:
    """This release, with the time that all its processes share. Without the database, it counts as new."""
    own = fingerprint()
    try:
        return Release(own, record_release(own).timestamp())
    except Error as error:
        logger.warning("The release could not be recorded: %s", error)
        return Release(own, time())


def fingerprint() -> str:
    """Return a digest of SECRET_KEY, the public address, and all code, templates and static files of the release."""
    digest = blake2b(digest_size=10)
    for component in _components():
        digest.update(component + b"\0")
    return digest.hexdigest()


def _components() -> Iterator[bytes]:
    # SECRET_KEY identifies the installation. The digest does not reveal the key.
    yield settings.SECRET_KEY.encode()
    yield f"{settings.PUBLIC_SCHEME} {settings.PUBLIC_PORT} {settings.STATIC_URL}".encode()
    yield f"{django.get_version()} {sys.version}".encode()
    for name, file in _files():
        yield name.encode()
        yield file.read_bytes()


def _files() -> Iterator[tuple[str, Path]]:
    """The files that affect pages, by their paths in the release. The manifest contains hashes of the static files."""
    packages = {init.parent for init in settings.BASE_DIR.glob("*/__init__.py")}
    for folder in sorted(package for package in packages if package.name not in IGNORED_PACKAGES):
        for file in sorted(folder.rglob("*")):
            if file.suffix in (".py", ".html"):
                yield str(file.relative_to(settings.BASE_DIR)), file
    manifest = Path(settings.STATIC_ROOT or "") / "staticfiles.json"
    if manifest.is_file():
        yield manifest.name, manifest
