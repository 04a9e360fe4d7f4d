"""A real Traefik serves https and gets certificates from a local ACME authority for the domains that resolve to it."""

import ssl

import pytest

from devstack.ports import free_port
from devstack.processes import ProcessFailed, wait_until
from devstack.stack import ADMIN_HOST, TECHBLOG
from devstack.traefik import Traefik
from devstack.web import Web
from tests.support.stack.client import HttpClient, row_of
from tests.support.stack.pebble import Names, Pebble, missing

pytestmark = pytest.mark.stack

# Domains of these tests. ALIAS is a further domain of the site CHECKED. The site PINNED has its own deployment.
CHECKED, PINNED, UNCHECKED, ELSEWHERE = (
    "checked.localhost",
    "pinned.localhost",
    "unchecked.localhost",
    "elsewhere.localhost",
)
ALIAS = "alias.localhost"
RESOLVING_HERE = [CHECKED, ALIAS, PINNED, ADMIN_HOST]

MAKE_SITES = """
from tenancy import lifecycle
lifecycle.add_domain(lifecycle.create("{checked}", "Certified", by=None), "{alias}", by=None)
lifecycle.create("{pinned}", "Certified", by=None, deployment="{deployment}")
lifecycle.create("{unchecked}", "Certified", by=None)
lifecycle.create("{elsewhere}", "Certified", by=None)
"""
DELETE_SITES = """
from django.contrib.sites.models import Site
from tenancy import lifecycle, models
for site in Site.objects.filter(name="Certified"):
    lifecycle.delete(site, by=None)
models.DomainCheck.objects.all().delete()
"""


class HttpsClient(HttpClient):
    """A client that uses https. It accepts any certificate unless `context` is given."""

    def __init__(self, port, host, context=None):
        super().__init__(port, host)
        # Until the authority issues certificates, Traefik uses a self-signed certificate.
        self.context = context or ssl._create_unverified_context()  # noqa: S323

    def connect(self):
        """Connect over TLS. Raises SSLCertVerificationError."""
        return self.context.wrap_socket(super().connect(), server_hostname=self.host)


@pytest.fixture(scope="module")
def authority(stack):
    """A certificate authority that is not started yet."""
    names = Names(stack.session, stack.environment)
    return Pebble(stack.session, stack.environment, names, http_port=free_port())


@pytest.fixture(scope="module")
def web(stack):
    """A gunicorn that is configured for its Traefik before it starts."""
    web = Web(stack.session, "secure-web", stack.environment)
    stack.webs.append(web)
    return web


@pytest.fixture(scope="module")
def traefik(stack, authority, web):
    """A Traefik with https. Only sites with their own deployment have routers."""
    environment = stack.traefik.environment | authority.client_environment | {"SHARED_DEPLOYMENT": web.url}
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
    names = {"checked": CHECKED, "alias": ALIAS, "pinned": PINNED, "unchecked": UNCHECKED, "elsewhere": ELSEWHERE}
    stack.manage("shell", "-c", MAKE_SITES.format(**names, deployment=web.url))
    yield
    stack.manage("shell", "-c", DELETE_SITES)


@pytest.fixture(scope="module")
def pebble(authority):
    """The certificate authority after its start."""
    if absent := missing():
        pytest.skip(f"the certificate authority needs these programs: {', '.join(absent)}")
    authority.names.start()
    authority.start()
    yield authority
    authority.stop()
    authority.names.stop()


@pytest.fixture(scope="module")
def certified(traefik, pebble):
    """certified(): the domains of these tests for which Traefik has a certificate from the authority."""
    context = ssl.create_default_context(cadata=pebble.root())

    def is_certified(host):
        try:
            HttpsClient(traefik.https_port, host, context).connect().close()
        except ssl.SSLCertVerificationError:
            return False
        return True

    return lambda: [host for host in [*RESOLVING_HERE, UNCHECKED, ELSEWHERE] if is_certified(host)]


@pytest.fixture(scope="module")
def checked(stack, traefik, sites, certified):
    """The domain check passed for RESOLVING_HERE and failed for ELSEWHERE. Traefik has the certificates."""
    assert certified() == []
    assert not check(stack, free_port(), ELSEWHERE)
    assert check(stack, traefik.port, *RESOLVING_HERE)
    took = wait_until(lambda: set(certified()) >= set(RESOLVING_HERE), timeout=30)
    print(f"from the check to the last certificate {took:.1f} s")


def check(stack, port, *hosts):
    """Run the domain check while every name resolves to this port. Return whether it passed for all hosts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(stack.environment, "http_proxy", f"http://127.0.0.1:{port}")
        try:
            stack.manage("site", "domain", "check", *hosts)
        except ProcessFailed as error:
            assert "Not every domain leads here" in str(error)
            return False
        return True


def router_of(traefik, host):
    """The name of Traefik's router for this host over https."""
    path = f"/no-page-{free_port()}-{host}/"
    HttpsClient(traefik.https_port, host).fetch(path)
    return row_of(traefik, path).get("RouterName")


def test_http_redirects_to_https_of_the_same_path_and_query(traefik):
    response = HttpClient(traefik.port, TECHBLOG).fetch("/some/path/?and=query")

    location = f"https://{TECHBLOG}:{traefik.https_port}/some/path/?and=query"
    assert (response.status, response.headers["Location"]) == (308, location)


def test_http_of_a_further_domain_redirects_directly_to_https_of_the_primary_domain(traefik, sites):
    response = HttpClient(traefik.port, ALIAS).fetch("/feed/")

    assert (response.status, response.headers["Location"]) == (308, f"https://{CHECKED}:{traefik.https_port}/feed/")


def test_http_of_the_admin_redirects_to_https_without_showing_a_form(traefik):
    response = HttpClient(traefik.port, ADMIN_HOST).fetch("/login/?next=/")

    location = f"https://{ADMIN_HOST}:{traefik.https_port}/login/?next=/"
    assert (response.status, response.headers["Location"], response.body) == (308, location, "")


def test_an_unknown_host_gets_404_without_a_redirect(traefik):
    for http_client in (
        HttpClient(traefik.port, "unknown.localhost"),
        HttpsClient(traefik.https_port, "unknown.localhost"),
    ):
        response = http_client.fetch()

        assert (response.status, "Location" in response.headers) == (404, False)


def test_https_works_before_there_is_a_certificate_and_hsts_excludes_subdomains(traefik):
    response = HttpsClient(traefik.https_port, TECHBLOG).fetch()

    assert (response.status, "<title>Stack &amp; Heap" in response.body) == (200, True)
    # Without includeSubDomains.
    assert response.headers["Strict-Transport-Security"] == f"max-age={365 * 24 * 3600}"
    assert "Strict-Transport-Security" not in HttpClient(traefik.port, TECHBLOG).fetch().headers


def test_the_session_cookie_of_the_admin_is_secure_and_bound_to_its_host(traefik):
    owner = HttpsClient(traefik.https_port, ADMIN_HOST)

    assert (
        owner.log_in("owner@example.com").status == 403
    )  # by default `log_in` sends an Origin header with the scheme http
    origin = f"https://{ADMIN_HOST}:{traefik.https_port}"
    assert owner.log_in("owner@example.com", Origin=origin).status == 302

    session = owner.cookies["__Host-session"]
    assert (session["secure"], session["httponly"], session["path"], session["domain"]) == (True, True, "/", "")
    assert owner.fetch("/").status == 200


def test_certificates_are_ordered_only_for_domains_that_passed_the_check(checked, certified, pebble):
    assert certified() == RESOLVING_HERE
    assert (pebble.orders(), pebble.validated()) == (len(RESOLVING_HERE), set(RESOLVING_HERE))


def test_a_domain_without_its_own_router_gets_a_certificate(checked, certified, traefik):
    assert [router_of(traefik, host) for host in (CHECKED, PINNED)] == ["_catch-all-tls@http", f"{PINNED}@http"]
    assert {CHECKED, PINNED} <= set(certified())


def test_a_new_site_and_failed_checks_cause_no_orders_and_keep_existing_certificates(
    checked, certified, pebble, stack, web, traefik
):
    """A failed check must not remove a certificate, because it can also fail when this server's own network is down."""
    assert not check(stack, free_port(), CHECKED, ELSEWHERE)
    stack.manage("site", "create", "newcomer.localhost", "--name", "Certified")
    stack.manage("site", "move", "newcomer.localhost", "--to", web.url)
    wait_until(lambda: router_of(traefik, "newcomer.localhost") == "newcomer.localhost@http")

    assert certified() == RESOLVING_HERE
    assert (pebble.orders(), pebble.validated()) == (len(RESOLVING_HERE), set(RESOLVING_HERE))
