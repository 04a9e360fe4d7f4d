"""The installed themes. Each is a folder `themes/<name>/` with a `base.html`, in a template directory of any app."""

import logging
from pathlib import Path

from django.core.exceptions import ValidationError
from django.template import engines

DEFAULT_THEME = "terminal"
MAX_LENGTH = 20  # of a theme's name

logger = logging.getLogger(__name__)


def theme_names() -> list[str]:
    """The names of all installed themes, sorted."""
    return sorted(_folders())


def theme_choices() -> list[tuple[str, str]]:
    """(name, label) of all installed themes. The label is the text of `description.txt` in the theme's folder."""
    return [(name, _label(name, folder)) for name, folder in sorted(_folders().items())]


def validate_theme(name: str) -> None:
    if name not in _folders():
        raise ValidationError(
            f"There is no theme {name!r}. Choose one of: {', '.join(theme_names())}.", "unknown_theme"
        )


def installed_theme(name: str, domain: str) -> str:
    """The theme for pages of the site with this domain: `name`, or the default theme if `name` is not installed."""
    if name in _folders():
        return name
    logger.error(
        "The theme %r of %s is not installed; the site is served in the theme %r. Install it again, or choose another.",
        name,
        domain,
        DEFAULT_THEME,
    )
    return DEFAULT_THEME


def _folders() -> dict[str, Path]:
    bases = [
        base for directory in engines["django"].template_dirs for base in Path(directory).glob("themes/*/base.html")
    ]
    return {base.parent.name: base.parent for base in bases}


def _label(name: str, folder: Path) -> str:
    description = folder / "description.txt"
    return f"{name.capitalize()}: {description.read_text().strip()}" if description.exists() else name.capitalize()
