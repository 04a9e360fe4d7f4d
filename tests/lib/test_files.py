"""A file that is written atomically has either its complete new content or its old content."""

import os
from pathlib import Path

import pytest

from lib.files import atomic_write

pytestmark = pytest.mark.pure


def test_a_file_is_replaced_only_at_the_end_of_the_with_block(tmp_path):
    target = tmp_path / "port"
    target.write_text("8000")

    with atomic_write(target) as file:
        file.write(b"8001")
        assert target.read_text() == "8000"

    assert target.read_text() == "8001"
    assert target.stat().st_mode & 0o777 == 0o644
    assert list(tmp_path.iterdir()) == [target]


def test_all_bytes_are_written_to_the_disk_before_the_file_is_replaced(tmp_path, monkeypatch):
    steps = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: steps.append(os.pread(descriptor, 100, 0)))
    monkeypatch.setattr(Path, "replace", lambda path, target: steps.append("replaced"))

    with atomic_write(tmp_path / "port") as file:
        file.write(b"8001")

    assert steps == [b"8001", "replaced"]


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt])
def test_an_exception_leaves_the_old_file_unchanged_and_no_temporary_file(tmp_path, error):
    target = tmp_path / "port"
    target.write_text("8000")

    with pytest.raises(error), atomic_write(target) as file:
        file.write(b"80")
        raise error

    assert target.read_text() == "8000"
    assert list(tmp_path.iterdir()) == [target]
