"""Themes are folders: an added theme can be chosen without a migration, and a removed theme breaks no page."""

import logging

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command

from tenancy import checks, lifecycle
from tenancy.models import SiteSettings
from tenancy.themes import DEFAULT_THEME, theme_choices, theme_names
from tests.support.admin import errors, fields, saved, send

pytestmark = pytest.mark.sqlite


@pytest.fixture
def added_theme(tmp_path, settings):
    """The name of a theme in an additional template directory."""
    folder = tmp_path / "templates" / "themes" / "postcard"
    folder.mkdir(parents=True)
    (folder / "base.html").write_text('{% extends "blogs/base.html" %}')
    (folder / "description.txt").write_text("one picture a page\n")
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [tmp_path / "templates"]}]
    yield "postcard"


def test_the_default_theme_is_installed():
    assert DEFAULT_THEME in theme_names()


def test_a_theme_in_an_added_folder_can_be_chosen(added_theme, superuser, techblog, admin_as, visit):
    assert (added_theme, "Postcard: one picture a page") in theme_choices()

    assert saved(send(admin_as(superuser), f"/sites/site/{techblog.pk}/change/", **{"settings-0-theme": added_theme}))
    assert "/static/themes/postcard.css" in visit(techblog).text


def test_a_theme_without_a_template_for_posts_shows_the_title_of_a_post(added_theme, techblog, publish, visit):
    publish("Hello", on=techblog)
    SiteSettings.objects.filter(site=techblog).update(theme=added_theme)

    assert "<h1>Hello</h1>" in visit(techblog, "/hello/").text


def test_an_added_theme_needs_no_migration(added_theme, installation):
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_a_site_cannot_be_created_with_an_unknown_theme(installation):
    with pytest.raises(ValidationError, match=r"There is no theme 'none'\. Choose one of: broadsheet, terminal"):
        lifecycle.create("blog.test", "Blog", theme="none", by=None)
    assert lifecycle.create("blog.test", "Blog", theme="broadsheet", by=None).settings.theme == "broadsheet"


@pytest.fixture
def removed_theme(techblog):
    """The name of a theme that the techblog uses and that is no longer installed."""
    SiteSettings.objects.filter(site=techblog).update(theme="removed")
    return "removed"


def test_a_site_whose_theme_is_not_installed_is_served_in_the_default_theme(removed_theme, techblog, visit, caplog):
    with caplog.at_level(logging.ERROR):
        response = visit(techblog)

    assert response.status_code == 200
    assert f"/static/themes/{DEFAULT_THEME}.css" in response.text
    assert "theme 'removed' of techblog.test is not installed" in caplog.text


def test_a_check_warns_of_sites_whose_theme_is_not_installed(techblog, financeblog):
    assert checks.themes_of_sites_are_installed(None, databases=["default"]) == []

    SiteSettings.objects.filter(site=techblog).update(theme="removed")
    (warning,) = checks.themes_of_sites_are_installed(None, databases=["default"])
    assert warning.id == "newsstand.W001"
    assert "1 sites use the theme 'removed'" in warning.msg
    assert checks.themes_of_sites_are_installed(None) == [], "the check must not query the database without --database"


def test_the_form_of_a_site_with_a_removed_theme_requires_another_choice(removed_theme, techblog, owner, admin_as):
    client, address = admin_as(owner), f"/sites/site/{techblog.pk}/change/"

    assert fields(client, address)["settings-0-theme"] == "removed"
    assert "There is no theme 'removed'" in errors(send(client, address))
    assert saved(send(client, address, **{"settings-0-theme": "broadsheet"}))
