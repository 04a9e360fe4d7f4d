"""A fingerprint that separates the entries of installations and releases that share one Redis."""

import sys
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path

import django
from django.conf import settings

# Packages that take no part in a response.
IGNORED_PACKAGES = ("benchmarks", "devstack", "tests")


def fingerprint() -> str:
    """Differs between installations, and changes with code, templates, static files and the public address."""
    digest = blake2b(digest_size=10)
    for component in _components():
        digest.update(component + b"\0")
    return digest.hexdigest()


def _components() -> Iterator[bytes]:
    # SECRET_KEY identifies the installation. The digest does not reveal it.
    yield settings.SECRET_KEY.encode()
    yield f"{settings.PUBLIC_SCHEME} {settings.PUBLIC_PORT} {settings.STATIC_URL}".encode()
    yield f"{django.get_version()} {sys.version}".encode()
    for name, file in _files():
        yield name.encode()
        yield file.read_bytes()


def _files() -> Iterator[tuple[str, Path]]:
    """The files that pages depend on, by their names in the release. The manifest has hashes of the static files."""
    packages = {init.parent for init in settings.BASE_DIR.glob("*/__init__.py")}
    for folder in sorted(package for package in packages if package.name not in IGNORED_PACKAGES):
        for file in sorted(folder.rglob("*")):
            if file.suffix in (".py", ".html"):
                yield str(file.relative_to(settings.BASE_DIR)), file
    manifest = Path(settings.STATIC_ROOT or "") / "staticfiles.json"
    if manifest.is_file():
        yield manifest.name, manifest
