"""The documents match the code: the variables, the packages and every file that they name."""

import re
import tomllib
from pathlib import Path

import pytest

from tests.support.files import ROOT, project_files
from tests.support.words import problems

pytestmark = pytest.mark.pure

READERS = "text|secret|secrets|integer|choice|choices|host|addresses|networks|listening|postgresql|redis"
LOCAL_TO_TRAEFIK_START = {"DEFAULT_CERTIFICATE", "NAME", "TMPDIR"}
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"`([^`\n]+)`")
FENCE = re.compile(r"^```.*?^```", re.M | re.S)
PATH = re.compile(r"[\w.<>*@-]+(?:/[\w.<>*@-]+)*/?")
SUFFIXES = {".css", ".html", ".in", ".json", ".md", ".py", ".toml", ".txt", ".yml"}
NAMED_IN_FILE = re.compile(r"`([\w./-]+\.\w+)`\s+\((`[\w.]+`(?:,\s+`[\w.]+`)*)\)")


def documents():
    return [path for path in project_files() if path.suffix == ".md" and not {"archives", "demo"} & set(path.parts)]


def prose(document):
    return FENCE.sub("", (ROOT / document).read_text())


def named_paths(document):
    """The paths in backticks: paths below a folder of the repository, and file names with one of SUFFIXES."""
    folders = {path.parts[0] for path in project_files() if len(path.parts) > 1}
    siblings = {path.name for path in (ROOT / document).parent.iterdir() if path.is_dir()}
    for code in CODE.findall(prose(document)):
        if PATH.fullmatch(code) and (
            (code.split("/")[0] in folders | siblings and "/" in code) or Path(code).suffix in SUFFIXES
        ):
            yield code


def exists(path, document):
    """Whether the path exists from the root, from the document's folder or as a file name. `<name>` is a wildcard."""
    pattern = re.sub(r"<[^>]*>", "*", path).rstrip("/")
    beside = (ROOT / document).parent
    if any(ROOT.glob(pattern)) or any(beside.glob(pattern)):
        return True
    return "/" not in pattern and any(file.match(pattern) for file in project_files())


def anchors(text):
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", text), re.M)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def layers():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (layered,) = (contract for contract in contracts if contract["type"] == "layers" and "containers" not in contract)
    return [re.findall(r"[\w.]+", layer) for layer in layered["layers"]]


def packages_section():
    return (ROOT / "docs/architecture.md").read_text().partition("## Packages\n")[2].partition("\n## ")[0]


def drawn_layers():
    """The layers of the drawing, from top to bottom. Each line starts with the packages of a layer and two spaces."""
    drawing = packages_section().partition("```\n")[2].partition("```")[0]
    return [re.findall(r"\w+", line.partition("  ")[0]) for line in drawing.splitlines() if line[:1].isalpha()]


def folders_beside_the_layers():
    rows = packages_section().partition("| folder |")[2].splitlines()[2:]
    return [name for row in rows if row.startswith("|") for name in CODE.findall(row.split("|")[1])]


def read_by_the_application():
    modules = [path for folder in ("settings", "server") for path in (ROOT / folder).glob("*.py")]
    return {name for file in modules for name in re.findall(rf'\b(?:{READERS})\(\s*"([A-Z_]+)"', file.read_text())}


def read_by_traefik():
    folder = ROOT / "traefik"
    texts = [path.read_text() for path in (folder / "traefik.yml", folder / "start", folder / "dynamic/newsstand.yml")]
    found = {name for text in texts for name in re.findall(r'(?:\$\{|\benv ")([A-Z_]+)', text)}
    return {name.removesuffix("_FILE") for name in found} - LOCAL_TO_TRAEFIK_START


def test_the_table_of_variables_lists_exactly_the_variables_that_are_read():
    listed = (ROOT / "docs/deployment.md").read_text().partition("## Variables")[2]
    explained = {name for row in re.findall(r"^\| (`.*?`) \|", listed, re.M) for name in re.findall(r"[A-Z_]+", row)}

    assert explained == read_by_the_application() | read_by_traefik()


def test_every_variable_of_compose_is_explained_in_the_example_environment():
    folder = ROOT / "compose"
    used = {name for file in folder.glob("*.yml") for name in re.findall(r"\$\{([A-Z_]+)", file.read_text())}
    explained = set(re.findall(r"^#?([A-Z_]+)=", (folder / "example.env").read_text(), re.M))

    # compose/roll sets the variables that end with _TAG.
    assert {name for name in used - explained if not name.endswith("_TAG")} == set()


def test_the_drawing_of_packages_equals_the_layers_of_import_linter():
    assert [sorted(layer) for layer in drawn_layers()] == [sorted(layer) for layer in layers()]


def test_the_section_on_packages_lists_every_folder_with_a_python_package():
    packages = {path.parts[0] for path in project_files() if path.name == "__init__.py" and len(path.parts) == 2}
    listed = {name for layer in drawn_layers() for name in layer} | set(folders_beside_the_layers())

    assert packages <= listed
    assert all((ROOT / name).exists() for name in listed)


def test_every_package_has_a_readme_of_at_most_60_lines():
    packages = {path.parts[0] for path in project_files() if path.name == "__init__.py" and len(path.parts) == 2}
    lengths = {package: len((ROOT / package / "README.md").read_text().splitlines()) for package in packages}

    assert {package: length for package, length in lengths.items() if length > 60} == {}


def test_every_file_that_a_document_names_exists():
    missing = [
        (str(document), path)
        for document in documents()
        for path in named_paths(document)
        if not exists(path, document)
    ]

    assert missing == []


def test_every_name_that_a_document_attributes_to_a_file_occurs_in_that_file():
    """Documents refer to names in a file as `file` (`name`, `other`)."""
    missing = []
    for document in documents():
        for path, names in NAMED_IN_FILE.findall(prose(document)):
            for name in CODE.findall(names):
                named = [folder / path for folder in (ROOT, (ROOT / document).parent) if (folder / path).is_file()]
                if not any(name.rpartition(".")[2] in file.read_text() for file in named):
                    missing.append((str(document), path, name))

    assert missing == []


def test_every_link_between_documents_leads_to_a_file_and_a_heading():
    broken = []
    for document in documents():
        for target in LINK.findall(prose(document)):
            if "://" in target:
                continue
            path, _, anchor = target.partition("#")
            file = (ROOT / document).parent / path if path else ROOT / document
            if not file.exists() or (anchor and anchor not in anchors(file.read_text())):
                broken.append((str(document), target))

    assert broken == []


@pytest.mark.parametrize("folder", ["recipes", "decisions"])
def test_the_index_of_a_folder_of_documents_links_to_all_documents_in_it(folder):
    pages = {path.name for path in (ROOT / "docs" / folder).glob("*.md")} - {"README.md"}

    assert set(LINK.findall((ROOT / "docs" / folder / "README.md").read_text())) >= pages


def test_every_recipe_has_at_most_five_steps():
    steps = {
        path.name: len(re.findall(r"^\d+\. ", prose(path), re.M))
        for path in documents()
        if path.parent == Path("docs/recipes") and path.name != "README.md"
    }

    assert {name: count for name, count in steps.items() if not 1 <= count <= 5} == {}


def test_a_listed_word_is_reported_with_file_line_and_suggestions():
    text = "A user waits.\nWhoever waits\nDEFAULT_PATIENCE = 3  # patiently, `nobody`\n"

    assert list(problems("page.md", text)) == [
        "page.md:2: “Whoever”: write the client, the user",
        "page.md:3: “PATIENCE”: write timeout",
    ]
