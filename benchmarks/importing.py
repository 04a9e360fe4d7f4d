"""The time of an import, as a multiple of the time that rendering its Markdown and decoding its images takes alone.

NEWSSTAND_ARCHIVE=FOLDER python -m benchmarks importing

The import and the bare work run in turns in one process. Each import uses a new site, and its posts are kept.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import NamedTuple

from benchmarks import cpu
from benchmarks.figures import Figure
from benchmarks.installation import Installation

IMPORTS = 3
GOAL = 3


class Run(NamedTuple):
    """Times in seconds. The CPU time of the import includes its PostgreSQL session."""

    posts: int
    images: int
    seconds: float
    cpu: float
    bare_seconds: float
    bare_cpu: float


def measure() -> Iterator[Figure]:
    folder = os.environ.get("NEWSSTAND_ARCHIVE")
    if not folder:
        raise FileNotFoundError("Set NEWSSTAND_ARCHIVE to a folder of Markdown files with images.")
    with Installation() as installation:
        output = installation.run("benchmarks.importing", folder)
    runs = [Run(**run) for run in json.loads(output.splitlines()[-1])]
    last = runs[-1]
    name = f"import of {last.posts} posts with {last.images} images"
    times = f"{_median(runs, 'seconds'):.1f} s, alone {_median(runs, 'bare_seconds'):.1f} s."
    ratio = median(run.seconds / run.bare_seconds for run in runs)
    yield Figure(f"{name}: time of rendering and decoding", ratio, "×", GOAL, reason=times)
    yield Figure(f"{name}: CPU, PostgreSQL included", median(run.cpu / run.bare_cpu for run in runs), "×")


def _median(runs: list[Run], field: str) -> float:
    return float(median(getattr(run, field) for run in runs))


def _runs(folder: Path) -> Iterator[Run]:
    """Import the archive into a new site, and then do the bare work, once per run."""
    from django.core.management import call_command
    from django.db import connection

    from blogs.models import Image, Post
    from tenancy import lifecycle

    for number in range(IMPORTS):
        site = lifecycle.create(f"import-{number}.localhost", f"Import {number}", by=None, time_zone="America/New_York")
        session = connection.connection.info.backend_pid
        before = cpu.of_process(session)
        seconds, own = _timed(call_command, "import_markdown", folder, site=site.domain, verbosity=0)
        after = cpu.of_process(session)
        texts = list(Post.objects.filter(home=site).values_list("body", flat=True))
        images = [Path(image.file.path) for image in Image.objects.filter(site=site)]
        bare = _timed(_render_and_decode, texts, images)
        yield Run(len(texts), len(images), seconds, own + after - before, *bare)


def _timed(work: Callable[..., object], *arguments: object, **options: object) -> tuple[float, float]:
    """Seconds of elapsed time and of CPU time of this process."""
    began, used = time.monotonic(), time.process_time()
    work(*arguments, **options)
    return time.monotonic() - began, time.process_time() - used


def _render_and_decode(texts: list[str], images: list[Path]) -> None:
    from PIL import Image

    from blogs import markdown

    for text in texts:
        markdown.render(text)
    for path in images:
        with Image.open(path) as image:
            image.load()


if __name__ == "__main__":
    import django

    django.setup()
    print(json.dumps([run._asdict() for run in _runs(Path(sys.argv[1]))]))
