"""During random changes of three blogs, each response is correct at its time and contains nothing of another blog.

Random edits, moves, publications and schedules on PostgreSQL, and random requests to several processes that share one
Redis. One process keeps pages in its memory, one keeps none, and one evicts pages all the time. A model in plain
Python predicts the responses (tests/support/pagecache/model.py).
"""

import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import count
from random import randrange
from time import monotonic, sleep, time

import pytest
from django.conf import settings as django_settings
from django.test import Client
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import invariant, run_state_machine_as_test

from accounts.models import User
from tests.support.accounts import PASSWORD
from tests.support.pagecache.memory import EACH_MEMORY
from tests.support.pagecache.model import Seen, difference
from tests.support.pagecache.random_reads import PERSONAL, Readers, decompressed, entries, words
from tests.support.pagecache.random_site_edits import SiteEdits
from tests.support.pagecache.truth import rendered
from tests.support.processes import KNOWN_WITHIN, running

# No shrinking of failed examples: a failure prints its whole history, and shrinking takes longer than reading it.
AT_RANDOM = settings(
    database=None,
    deadline=None,
    phases=[Phase.generate],
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)
# Hypothesis omits some rules in each example, so more examples find more errors than more steps in one example.
SHORT = settings(AT_RANDOM, derandomize=True, max_examples=5, stateful_step_count=7)
LONG = settings(AT_RANDOM, max_examples=1, stateful_step_count=30)
LONG_DURATION = 240  # seconds

RACING = 4  # requests during the commit of a change
IMMEDIATE = 3  # requests directly after the commit
PER_SITE = 15  # requests to each site once all processes must know the change
ANY_HOST = 6  # requests to any host, including former domains and paths of other sites
COMPARED = 3  # the number of these responses that are compared with the responses of Django


class Blogs(SiteEdits):
    def __init__(self, processes, admin, pool, log):
        super().__init__()
        self.admin, self._pool, self._processes, self._log = admin, pool, processes, log
        self._racing = []

    def create_readers(self):
        cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in self.admin.cookies.items())
        self.readers = Readers(self._processes, self.random, cookies, self._log.states)

    def send_racing_requests(self):
        if self.is_known_to_all():
            self._racing = [(host, path, self.send(host, path)) for host, path in self.some_addresses(RACING)]

    def is_known_to_all(self):
        return time() >= self.history.committed_at + KNOWN_WITHIN

    def send(self, host, path):
        request = self.readers.request(host, path, sorted(self.hosts))
        return self._pool.submit(self.readers.send, request)

    def some_addresses(self, number):
        return [(self.random.choice(sorted(self.hosts)), self.random.choice(self.all_paths())) for _ in range(number)]

    def all_paths(self):
        return sorted(self.shared_paths.union(*self.paths.values()))

    @invariant()
    def responses_are_correct(self):
        self.remember_addresses()
        if self._racing:
            for host, path, reading in self._racing:
                self.check(host, path, reading.result())
            for host, path in self.some_addresses(IMMEDIATE):
                self.check(host, path, self.send(host, path).result())
            self._racing = []
        if self.random.random() < 0.1:
            return  # sometimes make the next change before all processes know this one
        sleep(max(0, self.history.committed_at + KNOWN_WITHIN - time()))
        readings = [(host, path, self.send(host, path)) for host, path in self.addresses()]
        for host, path, reading in readings:
            self.check(host, path, reading.result())
        for host, path, reading in self.random.sample(readings, COMPARED):
            self.check_bytes(host, path, reading.result())
        self.check_redis()

    def addresses(self):
        """Most addresses of each site, and some addresses of any host, including former and further domains."""
        for site in self.world.sites.values():
            own = sorted(self.shared_paths | self.paths.get(site.key, set()))
            yield from ((site.domain, path) for path in self.random.sample(own, min(PER_SITE, len(own))))
        yield from self.some_addresses(ANY_HOST)

    def check(self, host, path, reading):
        correct = self.history.correct_responses(host, reading.request.address, reading.began, reading.ended)
        reading = self.readers.complete(reading, host, path)
        if not reading.is_understood:
            self.fail(f"{reading} has an encoding that the request does not accept: {reading.headers}")
        if wrong := difference(reading.seen, correct):
            self.fail(f"{reading}\n    sent at {reading.began % 1000:.3f}, {wrong}")
        self.check_personal(reading, reading.headers, reading.text)

    def check_personal(self, what, headers, text):
        if personal := [word for word in PERSONAL if word in f"{headers} {text}".lower()]:
            self.fail(f"{what} contains {personal}")

    def check_bytes(self, host, path, reading):
        """Compare the reading with the response of Django in this process, unless a post became live in between."""
        response = rendered(host, reading.request.address)
        status, location, text = response.status_code, response.headers.get("Location"), response.content.decode()
        if self.history.moments(reading.began - 1, time() + 1) or reading.status == 304:
            return
        if (reading.status, reading.headers.get("Location"), reading.text) != (status, location, text):
            self.fail(f"{reading}\n{reading.text}\n    differs from what Django renders: {status} {location}\n{text}")

    def check_redis(self):
        for key, address, page in entries(self.world.sites):
            headers, now = dict(page.headers), time()
            if now < page.expires_at:
                text = decompressed(page.body, headers).decode()
                seen = Seen(int(page.status[:3]), headers.get("Location"), words(text))
                correct = self.history.correct_responses(self.world.sites[key].domain, address, now, now)
                wrong = difference(seen, correct)
                if wrong or not self.is_known(address):
                    self.fail(f"Redis holds {address} of site {key} until {page.expires_at}, {wrong}")
                self.check_personal(address, headers, text)

    def is_known(self, address):
        """Whether the address has only query parameters that its view declares."""
        return "?" not in address or re.fullmatch(r"/\?before=[0-9]+", address)

    def fail(self, difference):
        self._log.failures.append("\n".join([*self.story, f"{time() % 1000:.3f} {difference}"]))
        pytest.fail(difference, pytrace=False)


@pytest.fixture(scope="module")
def fleet(django_db_setup):
    with running(3, TEST_PAGE_MEMORY_MB=EACH_MEMORY) as fleet:
        yield fleet


class Log:
    def __init__(self):
        self.states, self.failures = Counter(), []


@pytest.fixture
def log():
    return Log()


@pytest.fixture
def run(fleet, installation, log):
    """run(settings): makes random changes of three blogs. Fails with the history of the first wrong response."""
    superuser = User.objects.create_superuser("root@installation.test", PASSWORD)
    admin = Client(headers={"host": django_settings.ADMIN_HOST})
    admin.force_login(superuser)
    admin.get("/")

    def run(settings, number=None):
        blogs = partial(Blogs, fleet, admin, pool, log)
        try:
            run_state_machine_as_test(blogs if number is None else seed(number)(blogs), settings=settings)
        except BaseException:  # Hypothesis repeats a failed example, and the repetition may succeed
            if log.failures:
                pytest.fail(log.failures[0], pytrace=False)
            raise

    with ThreadPoolExecutor(6) as pool:
        yield run


@pytest.mark.timeout(300)  # seconds; the test takes this long only on a busy machine
def test_random_changes_give_correct_responses(run, log):
    run(SHORT)

    assert log.states["HIT"] > log.states.total() / 10, log.states  # otherwise the test would not test the cache


@pytest.mark.long
@pytest.mark.timeout(LONG_DURATION + 240)
def test_random_changes_give_correct_responses_for_minutes(run, log, request):
    first, began = int(request.config.getoption("--hypothesis-seed") or randrange(2**32)), monotonic()
    for number in count(first):
        print(f"--hypothesis-seed={number}")  # the option that repeats this run
        run(LONG, number)
        if monotonic() - began > LONG_DURATION:
            break
    print(f"{log.states.total():,} readers: {dict(log.states)}")
