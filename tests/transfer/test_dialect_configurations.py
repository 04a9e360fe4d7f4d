"""Configuration files of hostile archives: they cost little, stop no import, and disclose no file elsewhere."""

import time

import pytest

from blogs.models import Placement
from transfer.dialects import config
from transfer.dialects.detection import DIALECTS, detect

pytest_plugins = ["tests.support.importing"]
pytestmark = pytest.mark.sqlite

_LEVELS = "".join(f"a{level}: &a{level} {{<<: [{', '.join([f'*a{level - 1}'] * 10)}]}}\n" for level in range(1, 12))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("_config.yml", "a0: &a0 {x: 1}\n" + _LEVELS),
        ("_config.yml", 'a: !!int ""'),
        ("_config.yml", "a: !!bool x"),
        ("_config.yml", "a: !!timestamp x"),
        ("_config.yml", f"title: 0x{'f' * 5_000}"),
        ("hugo.toml", f"title = 0x{'f' * 5_000}"),
        ("hugo.toml", ".".join("a" * 100_000) + " = 1"),
        ("_config.json", "[" * 100_000),
    ],
)
def test_a_hostile_configuration_is_ignored(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    begin = time.process_time()

    assert config.read(tmp_path / name, tmp_path) is None
    assert time.process_time() - begin < 2


def test_aliases_and_merge_keys_of_a_configuration_are_read(tmp_path):
    (tmp_path / "_config.yml").write_text("a: &a {x: 1}\nb: {<<: *a, y: 2}\nc: &c [*c]\n")

    assert config.read(tmp_path / "_config.yml", tmp_path)["b"] == {"x": 1, "y": 2}


@pytest.mark.parametrize(
    ("link", "variable"), [("_config.yml", "site.password"), ("posts/posts.json", "page.password")]
)
def test_a_configuration_outside_the_archive_is_not_published(archive, tmp_path_factory, link, variable):
    secret = tmp_path_factory.mktemp("elsewhere") / "secret.json"
    secret.write_text('{"password": "hunter2", "collections": []}')
    archive.write("posts/post.md", f"---\ntitle: A\ndate: 2015-10-26\n---\nIt is {{{{ {variable} }}}}.")
    (archive.folder / link).symlink_to(secret)

    archive.run("--dialect", "eleventy" if "posts" in link else "jekyll")

    assert "hunter2" not in Placement.objects.get().post.body


@pytest.mark.parametrize("text", ["+++\n" + "\n" * 19_900 + "[extra]", "](@/" * 5_000, "tags:" + "\n" * 19_900])
def test_detecting_the_dialect_takes_linear_time(tmp_path, text):
    (tmp_path / "a.md").write_text(text)
    begin = time.process_time()

    assert detect(tmp_path, [tmp_path / "a.md"]).dialect.name in DIALECTS
    assert time.process_time() - begin < 0.3
