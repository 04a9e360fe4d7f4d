"""https through the real Traefik, with certificates of a real authority for the domains that lead here."""

import ssl

import pytest

from devstack.processes import ProcessFailed, free_port, wait_until
from devstack.stack import ADMIN_HOST, TECHBLOG
from devstack.traefik import Traefik
from devstack.web import Web
from tests.support.stack.pebble import Names, Pebble, missing
from tests.support.stack.visitors import Visitor, row_of

pytestmark = pytest.mark.stack

# Sites of these tests; the first one has the alias, the second a deployment of its own.
FOUND, APART, UNCHECKED, ELSEWHERE = "found.localhost", "apart.localhost", "unchecked.localhost", "elsewhere.localhost"
ALIAS = "alias.localhost"
LEADING_HERE = [FOUND, ALIAS, APART, ADMIN_HOST]

MAKE_SITES = """
from tenancy import lifecycle
lifecycle.add_domain(lifecycle.create("{found}", "Certified"), "{alias}")
lifecycle.create("{apart}", "Certified", deployment="{deployment}")
lifecycle.create("{unchecked}", "Certified")
lifecycle.create("{elsewhere}", "Certified")
"""
DELETE_SITES = """
from django.contrib.sites.models import Site
from tenancy import lifecycle, models
for site in Site.objects.filter(name="Certified"):
    lifecycle.delete(site)
models.DomainCheck.objects.all().delete()
"""


class SecureVisitor(Visitor):
    """Comes by https. Any certificate will do, unless there is a `context` that says otherwise."""

    def __init__(self, port, host, context=None):
        super().__init__(port, host)
        # Its own certificate is all that Traefik has at first.
        self.context = context or ssl._create_unverified_context()  # noqa: S323

    def connect(self):
        """Raises SSLCertVerificationError."""
        return self.context.wrap_socket(super().connect(), server_hostname=self.host)


@pytest.fixture(scope="module")
def authority(stack):
    """A certificate authority that is not at work yet."""
    names = Names(stack.session, stack.environment)
    return Pebble(stack.session, stack.environment, names, http_port=free_port())


@pytest.fixture(scope="module")
def web(stack):
    """A process that is told of its Traefik before it starts."""
    web = Web(stack.session, "secure-web", stack.environment)
    stack.webs.append(web)
    return web


@pytest.fixture(scope="module")
def traefik(stack, authority, web):
    """With https. Only sites with a deployment of their own have routers."""
    environment = stack.traefik.environment | authority.told | {"SHARED_DEPLOYMENT": web.url}
    traefik = Traefik(stack.session, environment, authority.http_port, name="secure")
    stack.further_traefiks.append(traefik)
    public = {"PUBLIC_SCHEME": "https", "PUBLIC_PORT": str(traefik.https_port)}
    web.environment |= public | {"SHARED_DEPLOYMENT": web.url, "DOMAIN_ROUTERS": "0"}
    web.start()
    traefik.start()
    wait_until(lambda: router_of(traefik, TECHBLOG) == "_catch-all-tls@http")
    return traefik


@pytest.fixture(scope="module")
def sites(stack, web):
    names = {"found": FOUND, "alias": ALIAS, "apart": APART, "unchecked": UNCHECKED, "elsewhere": ELSEWHERE}
    stack.manage("shell", "-c", MAKE_SITES.format(**names, deployment=web.url))
    yield
    stack.manage("shell", "-c", DELETE_SITES)


@pytest.fixture(scope="module")
def pebble(authority):
    """The authority at work."""
    if lacking := missing():
        pytest.skip(f"There is no certificate authority on this machine: it has no {', no '.join(lacking)}")
    authority.names.start()
    authority.start()
    yield authority
    authority.stop()
    authority.names.stop()


@pytest.fixture(scope="module")
def certified(traefik, pebble):
    """certified(): for which domains of these tests Traefik has a certificate of the authority."""
    context = ssl.create_default_context(cadata=pebble.root())

    def is_certified(host):
        try:
            SecureVisitor(traefik.https_port, host, context).connect().close()
        except ssl.SSLCertVerificationError:
            return False
        return True

    return lambda: [host for host in [*LEADING_HERE, UNCHECKED, ELSEWHERE] if is_certified(host)]


@pytest.fixture(scope="module")
def checked(stack, traefik, sites, certified):
    """Some domains were found to lead here, one was not, one was not asked, and what comes of it has come."""
    assert certified() == []
    assert not check(stack, free_port(), ELSEWHERE)
    assert check(stack, traefik.port, *LEADING_HERE)
    took = wait_until(lambda: set(certified()) >= set(LEADING_HERE), patience=30)
    print(f"from the check to the last certificate {took:.1f} s")


def check(stack, port, *hosts):
    """Our own check, while all names in the world lead to this port. Whether it found all to lead here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(stack.environment, "http_proxy", f"http://127.0.0.1:{port}")
        try:
            stack.manage("site", "domain", "check", *hosts)
        except ProcessFailed as error:
            assert "Not every domain leads here" in str(error)
            return False
        return True


def router_of(traefik, host):
    """Which of Traefik's routers leads there by https."""
    path = f"/no-page-{free_port()}-{host}/"
    SecureVisitor(traefik.https_port, host).ask(path)
    return row_of(traefik, path).get("RouterName")


def test_http_leads_to_https_of_the_same_page(traefik):
    answer = Visitor(traefik.port, TECHBLOG).ask("/some/path/?and=query")

    location = f"https://{TECHBLOG}:{traefik.https_port}/some/path/?and=query"
    assert (answer.status, answer.headers["Location"]) == (308, location)


def test_http_of_a_further_domain_leads_to_https_of_the_sites_own_in_one_step(traefik, sites):
    answer = Visitor(traefik.port, ALIAS).ask("/feed/")

    assert (answer.status, answer.headers["Location"]) == (308, f"https://{FOUND}:{traefik.https_port}/feed/")


def test_http_of_the_admin_leads_to_its_https_and_shows_no_form(traefik):
    answer = Visitor(traefik.port, ADMIN_HOST).ask("/login/?next=/")

    location = f"https://{ADMIN_HOST}:{traefik.https_port}/login/?next=/"
    assert (answer.status, answer.headers["Location"], answer.body) == (308, location, "")


def test_an_unknown_host_leads_nowhere(traefik):
    for visitor in (Visitor(traefik.port, "unknown.localhost"), SecureVisitor(traefik.https_port, "unknown.localhost")):
        answer = visitor.ask()

        assert (answer.status, "Location" in answer.headers) == (404, False)


def test_https_answers_before_there_is_a_certificate_and_stays_for_this_host_alone(traefik):
    answer = SecureVisitor(traefik.https_port, TECHBLOG).ask()

    assert (answer.status, "<title>Stack &amp; Heap" in answer.body) == (200, True)
    assert answer.headers["Strict-Transport-Security"] == f"max-age={365 * 24 * 3600}"  # includes no subdomains
    assert "Strict-Transport-Security" not in Visitor(traefik.port, TECHBLOG).ask().headers


def test_the_session_of_the_admin_is_a_cookie_of_this_host_alone_which_never_leaves_tls(traefik):
    owner = SecureVisitor(traefik.https_port, ADMIN_HOST)

    assert owner.log_in("owner@example.com").status == 403  # the origin was that of http
    origin = f"https://{ADMIN_HOST}:{traefik.https_port}"
    assert owner.log_in("owner@example.com", Origin=origin).status == 302

    session = owner.cookies["__Host-session"]
    assert (session["secure"], session["httponly"], session["path"], session["domain"]) == (True, True, "/", "")
    assert owner.ask("/").status == 200


def test_the_authority_is_asked_for_those_who_lead_here_and_for_nobody_else(checked, certified, pebble):
    assert certified() == LEADING_HERE
    assert (pebble.orders(), pebble.asked()) == (len(LEADING_HERE), set(LEADING_HERE))


def test_a_certificate_takes_no_router_of_its_own(checked, certified, traefik):
    assert [router_of(traefik, host) for host in (FOUND, APART)] == ["_catch-all-tls@http", f"{APART}@http"]
    assert {FOUND, APART} <= set(certified())


def test_other_sites_and_failed_checks_make_no_further_order_and_take_no_certificate_away(
    checked, certified, pebble, stack, web, traefik
):
    """A check may fail because our own network is away, too."""
    assert not check(stack, free_port(), FOUND, ELSEWHERE)
    stack.manage("site", "create", "newcomer.localhost", "--name", "Certified")
    stack.manage("site", "move", "newcomer.localhost", "--to", web.url)
    wait_until(lambda: router_of(traefik, "newcomer.localhost") == "newcomer.localhost@http")

    assert certified() == LEADING_HERE
    assert (pebble.orders(), pebble.asked()) == (len(LEADING_HERE), set(LEADING_HERE))
