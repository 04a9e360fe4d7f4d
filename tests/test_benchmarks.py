"""Benchmarks count only correct responses, and report every figure, including figures that miss their goal."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from benchmarks import results
from benchmarks.counting import statements
from benchmarks.figures import Figure
from benchmarks.load import Load, Page, UnexpectedResponse
from benchmarks.posts import texts
from benchmarks.visible import Read, stale_times

pytestmark = pytest.mark.pure

FIGURES = [
    Figure("cached home: requests/s of the limit", 0.97, "×", 0.95, at_least=True),
    Figure("uncached feed: CPU of a bare request", 17.25, "×", 16, reason="Half of it is <escaping>."),
    Figure("limit, without Redis", 2997.4, "requests/s"),
    Figure("peer: could not be measured", None, "", reason="There is no network."),
]


class Server(ThreadingHTTPServer):
    """Sends the responses in `planned`, each (status, body, headers), and then repeats the last response."""

    daemon_threads = True

    def __init__(self, *planned):
        super().__init__(("127.0.0.1", 0), Handler)
        self.planned = list(planned)
        self.lock = threading.Lock()
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def handle_error(self, request, client_address):
        """Ignore errors: the load generator closes its connections at an unexpected response."""

    def next(self):
        with self.lock:
            return self.planned.pop(0) if len(self.planned) > 1 else self.planned[0]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        status, body, headers = self.server.next()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def server():
    """server((status, body, headers), …): starts a server with these responses and returns its port."""
    started = []

    def start(*planned):
        started.append(Server(*planned))
        return started[-1].server_address[1]

    yield start
    for each in started:
        each.shutdown()
        each.server_close()


def load(port, **options):
    page = Page("blog.test", "/", **options)
    with Load(port, page) as load:
        return load.run(0.1)


GOOD = (200, b"page", {"X-Cache": "HIT"})


def test_correct_responses_are_counted(server):
    result = load(server(GOOD), marker=b"X-Cache: HIT")

    assert result.requests >= 8
    assert result.seconds >= 0.1


@pytest.mark.parametrize("wrong", [(500, b"page", {}), (404, b"page", {}), (200, b"pag", {}), (200, b"", {})])
def test_a_wrong_response_among_correct_responses_ends_the_measurement(server, wrong):
    with pytest.raises(UnexpectedResponse):
        load(server(GOOD, GOOD, GOOD, wrong))


def test_a_cache_miss_ends_the_measurement_of_a_cached_page(server):
    miss = (200, b"page", {"X-Cache": "MISS"})

    with pytest.raises(UnexpectedResponse):
        load(server(GOOD, GOOD, miss), marker=b"X-Cache: HIT")


def test_a_closed_connection_ends_the_measurement(server):
    with pytest.raises((UnexpectedResponse, ConnectionError)):
        load(server(GOOD, (200, b"page", {"Connection": "close"})))


def test_each_figure_is_written_with_its_goal_and_its_result(tmp_path):
    results.write({"cached": FIGURES}, tmp_path)
    written = json.loads((tmp_path / "latest.json").read_text())

    assert set(written) == {"machine", "versions", "figures"}
    rows = [{name: row[name] for name in ("name", "value", "goal", "met")} for row in written["figures"]]
    assert rows == [
        {"name": "cached home: requests/s of the limit", "value": 0.97, "goal": 0.95, "met": True},
        {"name": "uncached feed: CPU of a bare request", "value": 17.25, "goal": 16, "met": False},
        {"name": "limit, without Redis", "value": 2997, "goal": None, "met": True},
        {"name": "peer: could not be measured", "value": None, "goal": None, "met": False},
    ]


def test_figures_of_other_measures_stay_when_some_are_measured_again(tmp_path):
    results.write({"limit": FIGURES[:1], "cached": FIGURES[1:2]}, tmp_path)
    results.write({"cached": FIGURES[2:3]}, tmp_path)

    written = json.loads((tmp_path / "latest.json").read_text())["figures"]
    assert [(row["measure"], row["name"]) for row in written] == [
        ("limit", FIGURES[0].name),
        ("cached", FIGURES[2].name),
    ]


def test_the_table_and_the_chart_include_figures_that_miss_their_goal(tmp_path):
    results.write({"cached": FIGURES}, tmp_path)
    table, chart = ((tmp_path / name).read_text() for name in ("latest.md", "latest.svg"))

    row = f"17.25 × | ≤ 16 | **missed** | {results.commit()} | Half of it is <escaping>. |"
    assert f"| uncached feed: CPU of a bare request | {row}" in table
    assert table.count("**missed**") == 2
    assert chart.count('class="missed"') == 1  # a figure without a goal has no bar


def test_the_age_of_a_stale_read_counts_from_the_first_commit_that_it_does_not_show():
    reads = [Read(0.9, 0), Read(1.1, 0), Read(1.3, 1), Read(2.05, 1), Read(2.2, 1), Read(2.4, 2)]

    assert max(stale_times([1.0, 2.0], reads)) == pytest.approx(0.2)
    with pytest.raises(UnexpectedResponse):
        stale_times([1.0, 2.0, 3.0], reads)


def test_statements_of_a_registry_are_not_counted():
    log = (
        b"2026-01-01 00:00:00.000 UTC [7] LOG:  statement: \n\tSELECT now.horizon\n\tFROM (SELECT pg_snapshot_xmin(\n"
        b"2026-01-01 00:00:00.000 UTC [8] LOG:  execute <unnamed>: SELECT *\n\tFROM blogs_post\n"
        b"2026-01-01 00:00:00.000 UTC [8] DETAIL:  Parameters: $1 = '1'\n"
        b"2026-01-01 00:00:00.000 UTC [7] LOG:  statement: BEGIN\n"
        b"2026-01-01 00:00:00.000 UTC [9] LOG:  statement: SELECT 1\n"
    )

    assert statements(log) == 2


def test_generated_texts_are_deterministic_and_as_long_as_a_typical_post():
    written = texts(100)

    assert written == texts(100)
    assert len({text.slug for text in written}) == len({text.title for text in written}) == 100
    assert all(500 < len(text.body.split()) < 700 for text in written)
