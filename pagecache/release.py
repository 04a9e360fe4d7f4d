"""What tells the pages of this installation and this release from those of others."""

import sys
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path

import django
from django.conf import settings

# Packages beside the application that no response is made by.
NOT_SERVED = ("benchmarks", "devstack", "tests")


def fingerprint() -> str:
    """Another one for another installation, other code, templates or static files, another public address."""
    digest = blake2b(digest_size=10)
    for fact in _facts():
        digest.update(fact + b"\0")
    return digest.hexdigest()


def _facts() -> Iterator[bytes]:
    # Who knows an installation's secret is of it; a digest does not tell the secret.
    yield settings.SECRET_KEY.encode()
    yield f"{settings.PUBLIC_SCHEME} {settings.PUBLIC_PORT} {settings.STATIC_URL}".encode()
    yield f"{django.get_version()} {sys.version}".encode()
    for name, file in _files():
        yield name.encode()
        yield file.read_bytes()


def _files() -> Iterator[tuple[str, Path]]:
    """All that a page is made by, wherever the release lies; the manifest names the static files by their content."""
    packages = {init.parent for init in settings.BASE_DIR.glob("*/__init__.py")}
    for folder in sorted(package for package in packages if package.name not in NOT_SERVED):
        for file in sorted(folder.rglob("*")):
            if file.suffix in (".py", ".html"):
                yield str(file.relative_to(settings.BASE_DIR)), file
    manifest = Path(settings.STATIC_ROOT or "") / "staticfiles.json"
    if manifest.is_file():
        yield manifest.name, manifest
