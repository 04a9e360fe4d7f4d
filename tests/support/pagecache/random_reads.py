"""Random requests, and the responses that are correct for each request at its time."""

import gzip
import http.client
from contextlib import closing
from copy import deepcopy
from time import time
from typing import NamedTuple

import brotli
import redis

from pagecache.cached_response import from_bytes
from pagecache.release import fingerprint
from tenancy.models import Generation
from tests.support import servers
from tests.support.pagecache.model import WORD, Seen, World, new_word
from tests.support.processes import KNOWN_WITHIN

APPEARS_WITHIN = 1.0  # seconds after its publication time in which a post must appear

# Values of Accept-Encoding, and the encodings that each accepts.
ENCODINGS = {
    "gzip, deflate, br": ("gzip", "br"),
    "": (),
    "gzip": ("gzip",),
    "br": ("br",),
    "identity": (),
    "br;q=0, gzip;q=0.5": ("gzip",),
    "*": ("gzip", "br"),
}
OF_BROWSERS, *RARE = ENCODINGS
# Words of responses for a single user. No public response may contain them.
PERSONAL = ["csrf", "session", "set-cookie", "successfully", "messagelist"]


class Request(NamedTuple):
    process: int
    spelling: str  # the host as the request spells it
    address: str
    headers: dict[str, str]


class Reading(NamedTuple):
    """A response, and the Unix times at which the request began and the response ended."""

    request: Request
    began: float
    ended: float
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def is_understood(self):
        encoding = self.headers.get("Content-Encoding")
        return encoding is None or encoding in ENCODINGS[self.request.headers["Accept-Encoding"]]

    @property
    def text(self):
        return decompressed(self.body, self.headers).decode()

    @property
    def seen(self):
        return Seen(self.status, self.headers.get("Location"), words(self.text))

    def __str__(self):
        request = f"{self.request.spelling}{self.request.address} of process {self.request.process}"
        return f"{request}, {self.headers.get('X-Cache')}, {self.request.headers}"


class History:
    """The current state of the model, and earlier states that a response may still show."""

    def __init__(self):
        self.world = World()
        self.committed_at = 0.0
        self._before = []  # earlier states with the time at which each ended

    def before_change(self):
        return deepcopy(self.world)

    def committed(self, before):
        self.committed_at = time()
        self._before = [(before, self.committed_at), *self._before[:9]]

    def correct_responses(self, host, address, began, ended):
        """All responses that are correct for a request that began and ended at these Unix times."""
        worlds = [world for world, until in self._before if began < until + KNOWN_WITHIN] + [self.world]
        return {
            world.response(host, address, at)
            for world in worlds
            for at in (began - APPEARS_WITHIN, ended, *self.moments(began - APPEARS_WITHIN, ended, world))
        }

    def moments(self, begin, end, world=None):
        places = (world or self.world).places()
        return [place.moment for place in places if place.moment and begin < place.moment <= end]


class Readers:
    """Send requests with random headers, parameters and spellings, none of which may change the response."""

    def __init__(self, processes, random, cookies, states):
        self._processes, self._random, self._cookies = processes, random, cookies
        self._states = states  # counts the values of X-Cache
        self._known = {}  # a browser's cache: address → (headers, body)

    def request(self, host, address, others=("other.test",)):
        """A random request. `others` are host names for forged headers."""
        pick = self._random.choice
        headers = {"Accept-Encoding": OF_BROWSERS if self._random.random() < 0.5 else pick(RARE)}
        noise = {
            "Accept-Language": "de",
            "Authorization": f"Bearer {new_word()}",
            "Cookie": pick([self._cookies, f"session={new_word()}; messages={new_word()}"]),
            "Forwarded": f"for=10.0.0.1;host={pick(others)};proto=https",
            "Referer": f"http://{new_word()}.test/",
            "X-Forwarded-Host": pick(others),
            "X-Forwarded-Proto": "https",
            "X-Original-URL": f"/{new_word()}/",
            "X-HTTP-Method-Override": "POST",
        }
        headers |= {name: noise[name] for name in self._random.sample(sorted(noise), self._random.randint(0, 3))}
        key = host, address, headers["Accept-Encoding"]
        if key in self._known and self._random.random() < 0.3:
            name, value = pick([("If-None-Match", "ETag"), ("If-Modified-Since", "Last-Modified")])
            headers[name] = self._known[key][0][value]
        if self._random.random() < 0.3:
            address += f"{'&' if '?' in address else '?'}utm={new_word()}&after=7"
        spelling = pick([host, host, host, host.upper(), f"{host}.", f"{host}:80"])
        return Request(self._random.randrange(len(self._processes)), spelling, address, headers)

    def send(self, request):
        """Send the request. May be called from any thread."""
        port, began = self._processes[request.process].port, time()
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=20)) as connection:
            connection.request("GET", request.address, headers={"Host": request.spelling, **request.headers})
            response = connection.getresponse()
            body = response.read()
        return Reading(request, began, time(), response.status, dict(response.getheaders()), body)

    def complete(self, reading, host, address):
        """The reading as a browser shows it: after a 304, with the page from the browser's cache."""
        self._states[reading.headers.get("X-Cache")] += 1
        key = host, address, reading.request.headers["Accept-Encoding"]
        if reading.status == 304:
            headers, body = self._known[key]
            return reading._replace(status=200, headers=headers | reading.headers, body=body)
        if "ETag" in reading.headers:
            self._known[key] = reading.headers, reading.body
        return reading


def decompressed(body, headers):
    ways = {"br": brotli.decompress, "gzip": gzip.decompress}
    return ways.get(headers.get("Content-Encoding"), bytes)(body)


def words(text):
    return frozenset(WORD.findall(text))


def entries(sites):
    """Yield (site id, address, response) for each Redis entry of the current generations of these sites."""
    prefix = fingerprint()
    generations = {g.site_id: str(g.value) for g in Generation.objects.filter(site_id__in=sites)}
    with closing(redis.Redis.from_url(servers.redis.url)) as server:
        for stored in server.scan_iter(f"*{prefix}:*", count=1000):
            key = prefix + stored.decode().partition(prefix)[2]
            _, site_id, generation, rest = key.split(":", 3)
            if generations.get(int(site_id)) == generation:
                address = rest.rpartition(":")[0].removesuffix("?")
                yield int(site_id), address, from_bytes(key, server.get(stored))
