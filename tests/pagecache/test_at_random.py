"""Whatever happens to three blogs, each reader at each process sees what is true then, and nothing of another blog.

Random edits, moves, publications and schedules on PostgreSQL, random reads over HTTP at several processes that share
one Redis. What is true says a model in plain Python (tests/support/pagecache/model.py).
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
from tests.support.pagecache.model import Seen, difference
from tests.support.pagecache.random_reads import PERSONAL, Readers, decompressed, entries, words
from tests.support.pagecache.random_upheavals import Upheavals
from tests.support.pagecache.truth import rendered
from tests.support.processes import KNOWN_WITHIN, running

# A failure tells its whole story; to look for a shorter one would take longer than to read it.
AT_RANDOM = settings(
    database=None,
    deadline=None,
    phases=[Phase.generate],
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)
# Hypothesis leaves out some rules in each example, so that a few examples are worth more than a few more steps.
SHORT = settings(AT_RANDOM, derandomize=True, max_examples=5, stateful_step_count=7)
LONG = settings(AT_RANDOM, max_examples=1, stateful_step_count=30)
LONG_TAKES = 240  # seconds

RACING = 4  # readers who come while a change is committed
AT_ONCE = 3  # who come right after it
OF_A_SITE = 15  # addresses that are read each time when all must know
AT_ANY_HOST = 6  # also where a site once was, and of other sites
COMPARED = 3  # of these, with what Django renders


class Blogs(Upheavals):
    def __init__(self, processes, admin, pool, log):
        super().__init__()
        self.admin, self._pool, self._processes, self._log = admin, pool, processes, log
        self._racing = []

    def invite_readers(self):
        cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in self.admin.cookies.items())
        self.readers = Readers(self._processes, self.random, cookies, self._log.states)

    def send_racing_readers(self):
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
    def readers_see_what_is_true(self):
        self.remember_addresses()
        if self._racing:
            for host, path, reading in self._racing:
                self.check(host, path, reading.result())
            for host, path in self.some_addresses(AT_ONCE):
                self.check(host, path, self.send(host, path).result())
            self._racing = []
        if self.random.random() < 0.1:
            return  # the next change follows at once
        sleep(max(0, self.history.committed_at + KNOWN_WITHIN - time()))
        readings = [(host, path, self.send(host, path)) for host, path in self.addresses()]
        for host, path, reading in readings:
            self.check(host, path, reading.result())
        for host, path, reading in self.random.sample(readings, COMPARED):
            self.check_bytes(host, path, reading.result())
        self.check_redis()

    def addresses(self):
        """Most of each site; of the others' some, and some at hosts that were or are further ones."""
        for site in self.world.sites.values():
            own = sorted(self.shared_paths | self.paths.get(site.key, set()))
            yield from ((site.domain, path) for path in self.random.sample(own, min(OF_A_SITE, len(own))))
        yield from self.some_addresses(AT_ANY_HOST)

    def check(self, host, path, reading):
        answers = self.history.answers(host, reading.request.address, reading.began, reading.ended)
        reading = self.readers.complete(reading, host, path)
        if not reading.is_understood:
            self.fail(f"{reading} comes as {reading.headers}")
        if wrong := difference(reading.seen, answers):
            self.fail(f"{reading}\n    sent at {reading.began % 1000:.3f}, {wrong}")
        self.check_personal(reading, reading.headers, reading.text)

    def check_personal(self, what, headers, text):
        if personal := [word for word in PERSONAL if word in f"{headers} {text}".lower()]:
            self.fail(f"{what} holds {personal}")

    def check_bytes(self, host, path, reading):
        """As Django makes them in this process, unless time or a change came in between."""
        answer = rendered(host, reading.request.address)
        status, location, text = answer.status_code, answer.headers.get("Location"), answer.content.decode()
        if self.history.moments(reading.began - 1, time() + 1) or reading.status == 304:
            return
        if (reading.status, reading.headers.get("Location"), reading.text) != (status, location, text):
            self.fail(f"{reading}\n{reading.text}\n    is not what Django renders: {status} {location}\n{text}")

    def check_redis(self):
        for key, address, page in entries(self.world.sites):
            headers, now = dict(page.headers), time()
            if now < page.expires_at:
                text = decompressed(page.body, headers).decode()
                seen = Seen(int(page.status[:3]), headers.get("Location"), words(text))
                answers = self.history.answers(self.world.sites[key].domain, address, now, now)
                wrong = difference(seen, answers)
                if wrong or not self.is_known(address):
                    self.fail(f"Redis holds {address} of site {key} until {page.expires_at}, {wrong}")
                self.check_personal(address, headers, text)

    def is_known(self, address):
        """Whether it has no parameter but the one that its view reads."""
        return "?" not in address or re.fullmatch(r"/\?before=[0-9]+", address)

    def fail(self, difference):
        self._log.failures.append("\n".join([*self.story, f"{time() % 1000:.3f} {difference}"]))
        pytest.fail(difference, pytrace=False)


@pytest.fixture(scope="module")
def fleet(django_db_setup):
    with running(3) as fleet:
        yield fleet


class Log:
    def __init__(self):
        self.states, self.failures = Counter(), []


@pytest.fixture
def log():
    return Log()


@pytest.fixture
def run(fleet, installation, log):
    """run(settings): what may happen to three blogs. Fails with the story of the first thing that was wrong."""
    superuser = User.objects.create_superuser("root@installation.test", PASSWORD)
    admin = Client(headers={"host": django_settings.ADMIN_HOST})
    admin.force_login(superuser)
    admin.get("/")

    def run(settings, number=None):
        blogs = partial(Blogs, fleet, admin, pool, log)
        try:
            run_state_machine_as_test(blogs if number is None else seed(number)(blogs), settings=settings)
        except BaseException:  # Hypothesis tries again what failed, and may see it succeed
            if log.failures:
                pytest.fail(log.failures[0], pytrace=False)
            raise

    with ThreadPoolExecutor(6) as pool:
        yield run


@pytest.mark.timeout(300)  # on a busy machine
def test_readers_see_what_is_true(run, log):
    run(SHORT)

    assert log.states["HIT"] > log.states.total() / 10, log.states  # else there was no cache to be wrong


@pytest.mark.long
@pytest.mark.timeout(LONG_TAKES + 240)
def test_readers_see_what_is_true_for_minutes(run, log, request):
    first, began = int(request.config.getoption("--hypothesis-seed") or randrange(2**32)), monotonic()
    for number in count(first):
        print(f"--hypothesis-seed={number}")  # begins with this one
        run(LONG, number)
        if monotonic() - began > LONG_TAKES:
            break
    print(f"{log.states.total():,} readers: {dict(log.states)}")
