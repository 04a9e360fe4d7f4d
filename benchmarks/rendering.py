"""Figure 4: the cost of rendering a page, as a multiple of the minimum cost of a request. Both use sync workers.

The goals apply to the web processes. PostgreSQL's CPU time is only reported; it includes the queries of the registry.

python -m benchmarks rendering
"""

from collections.abc import Iterator

from benchmarks.figures import Figure
from benchmarks.installation import FIRST, PAGES, two_blogs
from benchmarks.load import Page
from benchmarks.pairs import compare, side

MULTIPLES = {"home": 16, "post": 11, "feed": 16}


def measure() -> Iterator[Figure]:
    with two_blogs() as installation:
        ours = installation.serve("uncached", worker="sync", DJANGO_SETTINGS_MODULE="benchmarks.uncached")
        bare = installation.serve("hello", "benchmarks.bare:hello", worker="sync")
        for name, path in PAGES.items():
            page = Page(FIRST, path)
            rendered = side(ours, page, keep_alive=False)._replace(others=[installation.postgresql])
            measured = compare(rendered, side(bare, page, keep_alive=False))
            times = (
                f"{measured.one.cpu:.2f} ms, a bare request {measured.other.cpu:.3f} ms;"
                f" PostgreSQL used another {measured.one.others:.2f} ms."
            )
            yield Figure(f"uncached {name}: CPU of a bare request", measured.cpu, "×", MULTIPLES[name], reason=times)
