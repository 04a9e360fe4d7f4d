"""https through the real Traefik, with certificates of a real authority (Debian's pebble) for those who lead here."""

import http.client
import socket
import ssl
from contextlib import closing

import pytest

from blogs.demo.accounts import PASSWORD
from devstack.pebble import Names, Pebble, missing
from devstack.processes import ProcessFailed, free_port
from devstack.traefik import Traefik
from devstack.web import Web
from tests.processes import Answer
from tests.stack.visitors import Visitor, row_of, seconds_until

pytestmark = pytest.mark.stack

TECHBLOG, ADMIN = "techblog.localhost", "admin.localhost"


class SecureVisitor(Visitor):
    """By https. Trusts everybody who has the key of any certificate, as long as there is no `context`."""

    def __init__(self, port, host, context=None):
        super().__init__(port, host)
        self.context = context or ssl._create_unverified_context()

    def ask(self, path="/", method="GET", body=None, **headers):
        cookies = {"Cookie": self.cookies.output(attrs=[], header="", sep=";").strip()} if self.cookies else {}
        with closing(http.client.HTTPConnection(self.host, self.port)) as connection:
            connection.sock = self.connect()
            connection.request(method, path, body, cookies | headers)
            response = connection.getresponse()
            for cookie in response.headers.get_all("Set-Cookie", []):
                self.cookies.load(cookie)
            return Answer(response.status, dict(response.headers), response.read().decode())

    def connect(self):
        """Raises SSLCertVerificationError."""
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=20)
        return self.context.wrap_socket(connection, server_hostname=self.host)


@pytest.fixture(scope="module")
def authority(stack):
    """A certificate authority, which is only started by those who need one."""
    names = Names(stack.session, stack.environment)
    return Pebble(stack.session, stack.environment, names, http_port=free_port())


@pytest.fixture(scope="module")
def web(stack):
    web = Web(stack.session, "secure-web", stack.environment)
    stack.webs.append(web)
    return web


@pytest.fixture(scope="module")
def traefik(stack, authority, web):
    """With https, and with a process behind it that knows its port."""
    environment = stack.traefik.environment | authority.told | {"SHARED_DEPLOYMENT": web.url}
    traefik = Traefik(stack.session, environment, authority.http_port, name="secure")
    stack.further_traefiks.append(traefik)
    public = {"PUBLIC_SCHEME": "https", "PUBLIC_PORT": str(traefik.https_port)}
    web.environment |= public | {"SHARED_DEPLOYMENT": web.url}
    web.start()
    traefik.start()
    seconds_until(lambda: Visitor(traefik.port, TECHBLOG).ask().status == 308)
    return traefik


@pytest.fixture(scope="module")
def pebble(authority):
    """The authority, at work."""
    if lacking := missing():
        pytest.skip(f"No certificate authority for tests on this machine: it has no {', no '.join(lacking)}")
    authority.names.start()
    authority.start()
    yield authority
    authority.stop()
    authority.names.stop()


@pytest.fixture
def is_certified(traefik, pebble):
    """is_certified(host): whether Traefik has a certificate of the authority for it."""
    context = ssl.create_default_context(cadata=pebble.root())

    def is_certified(host):
        try:
            SecureVisitor(traefik.https_port, host, context).connect().close()
        except ssl.SSLCertVerificationError:
            return False
        return True

    return is_certified


@pytest.fixture
def check(stack, traefik, monkeypatch):
    """check(host, …): our own check, where all names lead to Traefik, or to `port`. Whether all of them led here."""

    def check(*hosts, port=traefik.port):
        monkeypatch.setitem(stack.environment, "http_proxy", f"http://127.0.0.1:{port}")
        try:
            stack.manage("site", "domain", "check", *hosts)
        except ProcessFailed as error:
            assert "Not every domain leads here" in str(error)
            return False
        return True

    return check


@pytest.fixture(scope="module")
def create(stack):
    """create(host): a site of these tests. At their end it is deleted, and all checks are forgotten."""

    def create(host):
        stack.manage("site", "create", host, "--name", "Certified")
        return host

    yield create
    stack.manage(
        "shell",
        "-c",
        "from django.contrib.sites.models import Site; from tenancy import lifecycle, models;"
        "[lifecycle.delete(site) for site in Site.objects.filter(name='Certified')];"
        "models.DomainCheck.objects.all().delete()",
    )


def test_http_leads_to_https_of_the_same_page(traefik):
    answer = Visitor(traefik.port, TECHBLOG).ask("/some/path/?and=query")

    location = f"https://{TECHBLOG}:{traefik.https_port}/some/path/?and=query"
    assert (answer.status, answer.headers["Location"]) == (308, location)


def test_http_of_a_further_domain_leads_to_https_of_the_sites_own_in_one_step(stack, traefik):
    stack.manage("site", "domain", "add", TECHBLOG, "alias.localhost")
    try:
        seconds_until(lambda: Visitor(traefik.port, "alias.localhost").ask().status != 404)
        answer = Visitor(traefik.port, "alias.localhost").ask("/feed/")
    finally:
        stack.manage("site", "domain", "remove", TECHBLOG, "alias.localhost")

    assert (answer.status, answer.headers["Location"]) == (308, f"https://{TECHBLOG}:{traefik.https_port}/feed/")


def test_http_of_the_admin_leads_to_its_https_and_shows_no_form(traefik):
    answer = Visitor(traefik.port, ADMIN).ask("/login/?next=/")

    location = f"https://{ADMIN}:{traefik.https_port}/login/?next=/"
    assert (answer.status, answer.headers["Location"], answer.body) == (308, location, "")


def test_an_unknown_host_leads_nowhere(traefik):
    for visitor in (Visitor(traefik.port, "unknown.localhost"), SecureVisitor(traefik.https_port, "unknown.localhost")):
        answer = visitor.ask()

        assert (answer.status, "Location" in answer.headers) == (404, False)


def test_https_answers_before_there_is_a_certificate_and_is_asked_for_on_this_host_alone_from_then_on(traefik):
    answer = SecureVisitor(traefik.https_port, TECHBLOG).ask()

    assert (answer.status, "<title>Stack &amp; Heap" in answer.body) == (200, True)
    assert answer.headers["Strict-Transport-Security"] == f"max-age={365 * 24 * 3600}"
    assert "Strict-Transport-Security" not in Visitor(traefik.port, TECHBLOG).ask().headers


def test_the_session_of_the_admin_is_a_cookie_of_this_host_alone_which_never_leaves_tls(traefik):
    owner = SecureVisitor(traefik.https_port, ADMIN)
    form = {"username": "owner@example.com", "password": PASSWORD}

    assert owner.send("/login/", form).status == 403  # the origin was that of http
    assert owner.send("/login/", form, Origin=f"https://{ADMIN}:{traefik.https_port}").status == 302

    session = owner.cookies["__Host-session"]
    assert (session["secure"], session["httponly"], session["path"], session["domain"]) == (True, True, "/", "")
    assert owner.ask("/").status == 200


def test_who_leads_here_gets_a_certificate_and_nobody_else_is_asked_for(create, check, is_certified, pebble, stack):
    """The authority's log names every domain that it was ever asked for."""
    leads_here, unchecked, elsewhere = map(create, ("here.localhost", "unchecked.localhost", "elsewhere.localhost"))
    before = pebble.orders()
    assert not check(elsewhere, port=free_port())
    assert not is_certified(leads_here)

    assert check(leads_here)
    took = seconds_until(lambda: is_certified(leads_here))

    print(f"from the check to the certificate {took:.1f} s")
    assert (is_certified(unchecked), is_certified(elsewhere)) == (False, False)
    assert pebble.orders() == before + 1
    assert (leads_here in pebble.log.read_text(), unchecked in pebble.log.read_text()) == (True, False)
    assert elsewhere not in pebble.log.read_text()


def test_what_happens_to_other_sites_makes_no_further_order(create, check, is_certified, pebble, traefik):
    failed = create("failed.localhost")
    assert not check(failed, port=free_port())
    before = pebble.orders()

    newcomer = create("newcomer.localhost")
    seconds_until(lambda: router_of(traefik, newcomer) == f"{newcomer}@http")

    assert (pebble.orders(), failed in pebble.log.read_text()) == (before, False)


def test_a_certificate_stays_when_its_domain_fails_a_later_check(create, check, is_certified, pebble, traefik):
    """It was somebody's network that was away, perhaps."""
    lasting = create("lasting.localhost")
    assert check(lasting)
    seconds_until(lambda: is_certified(lasting))
    before = pebble.orders()

    assert not check(lasting, port=free_port())
    later = create("later.localhost")
    seconds_until(lambda: router_of(traefik, later) == f"{later}@http")

    assert is_certified(lasting)
    assert pebble.orders() == before


def test_a_domain_without_a_router_of_its_own_gets_its_certificate_and_so_does_the_admin(
    create, check, is_certified, web, traefik
):
    web.environment["DOMAIN_ROUTERS"] = "0"
    web.restart()
    beyond = create("beyond.localhost")

    assert check(beyond, ADMIN)

    seconds_until(lambda: is_certified(beyond) and is_certified(ADMIN))
    assert router_of(traefik, beyond) == "shared-tls@http"


def router_of(traefik, host):
    """Of Traefik's routers the one that leads there by https."""
    path = f"/no-page-{free_port()}-{host}/"
    SecureVisitor(traefik.https_port, host).ask(path)
    return row_of(traefik, path).get("RouterName")
