"""The contracts of import-linter cover every app. A new app without a contract fails these tests."""

import tomllib
from pathlib import Path

import pytest
from django.conf import settings

pytestmark = pytest.mark.pure

ROOT = Path(settings.BASE_DIR)
PRIVATE = ("admin", "forms", "pages")
SHARED = {"accounts.admin"}  # contains the base class of every ModelAdmin; accounts.admin.forms stays private


def configuration():
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]


def contracts(kind):
    return [contract for contract in configuration()["contracts"] if contract["type"] == kind]


def private_modules():
    for package in configuration()["root_packages"]:
        for path in (ROOT / package).rglob("*"):
            if path.stem in PRIVATE and (path.suffix == ".py" or (path / "__init__.py").exists()):
                name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
                if name not in SHARED:
                    yield name


def test_only_an_app_itself_may_import_its_admin_forms_and_pages():
    importers = {
        module: contract["allowed_importers"]
        for contract in contracts("protected")
        for module in contract["protected_modules"]
    }
    modules = list(private_modules())

    for module in modules:
        protected = [name for name in importers if module == name or module.startswith(f"{name}.")]
        assert [importers[name] for name in protected] == [[module.partition(".")[0]]], module
    assert {"blogs.admin", "blogs.pages", "tenancy.admin", "accounts.admin.forms"} <= set(modules)


def test_every_package_of_the_application_has_a_layer():
    (layers,) = (contract for contract in contracts("layers") if "containers" not in contract)
    layered = {name.strip() for layer in layers["layers"] for name in layer.split("|")}

    assert layered == set(configuration()["root_packages"])
    assert layered >= {path.parent.name for path in ROOT.glob("*/apps.py")}


def test_the_contract_that_forbids_imports_of_settings_covers_every_app():
    (forbidden,) = contracts("forbidden")

    assert {*forbidden["source_modules"], "server"} == set(configuration()["root_packages"])


def test_the_contract_forbids_apps_to_import_any_module_outside_the_apps():
    (forbidden,) = contracts("forbidden")
    importable = {path.parent.name for path in ROOT.glob("*/__init__.py")} | {path.stem for path in ROOT.glob("*.py")}

    assert set(forbidden["forbidden_modules"]) == importable - set(configuration()["root_packages"]) - {"manage"}
