"""Every valid spelling of a domain becomes its canonical form. Invalid input is refused with a reason."""

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lib.hostnames import MAX_LENGTH, InvalidDomain, canonical, is_canonical, split_host
from tenancy import surfaces
from tenancy.claims import claimable

pytestmark = pytest.mark.pure

MAX_LABEL = "a" * 63
# 100 characters, the maximum length of `Site.domain`.
MAX_NAME = f"{MAX_LABEL}.{'b' * 36}"

ACCEPTED = {
    "blog.example.com": "blog.example.com",
    "Blog.EXAMPLE.Com": "blog.example.com",
    "blog.example.com.": "blog.example.com",
    "localhost": "localhost",
    "techblog.localhost": "techblog.localhost",
    "a": "a",
    "3com.example": "3com.example",
    "1.2.3.example": "1.2.3.example",
    "0xdeadbeef.example": "0xdeadbeef.example",
    "r3---sn.example": "r3---sn.example",
    f"{MAX_LABEL}.example": f"{MAX_LABEL}.example",
    MAX_NAME: MAX_NAME,
    f"{MAX_NAME}.": MAX_NAME,
    "münchen.de": "xn--mnchen-3ya.de",
    "MÜNCHEN.DE": "xn--mnchen-3ya.de",
    "mu\u0308nchen.de": "xn--mnchen-3ya.de",  # u and a combining diaeresis
    "XN--MNCHEN-3YA.de": "xn--mnchen-3ya.de",
    "xn--mnchen-3ya.de.": "xn--mnchen-3ya.de",
    "www.münchen.xn--p1ai": "www.xn--mnchen-3ya.xn--p1ai",
    "faß.de": "xn--fa-hia.de",
    "fass.de": "fass.de",
    "blog。example．com": "blog.example.com",  # the full stops of East Asian keyboards
    "ｂｌｏｇ.example": "blog.example",
    "so\u00adft.example": "soft.example",  # the canonical spelling has no soft hyphen
    "\u212aelvin.example": "kelvin.example",
    "İstanbul.example": "xn--istanbul-o0e.example",
    "न्\u200dनी.example": "xn--l2ba6e4b623p.example",  # a zero-width joiner in a word whose spelling requires it
    "𐌰𐌱.example": "xn--ec8cc.example",  # letters outside the Basic Multilingual Plane
}

REFUSED = {
    "": "a label is",
    ".": "a label is",
    "..": "a label is",
    ".example.com": "a label is",
    "example..com": "a label is",
    "example.com..": "a label is",
    "*": "wildcard",
    "*.example.com": "wildcard",
    "blog.*.com": "wildcard",
    "127.0.0.1": "IP address",
    "127.0.0.1.": "IP address",
    "127.1": "IP address",
    "2130706433": "IP address",
    "0x7f000001": "IP address",
    "0x7f.0.0.0x1": "IP address",
    "0X7F.1": "IP address",
    "0x": "IP address",
    "017700000001": "IP address",
    "0177.0.0.01": "IP address",
    "1.2.3.4.5": "IP address",
    "256.256.256.256": "IP address",
    "example.123": "IP address",
    "１２７.０.０.１": "IP address",
    "127。0。0。1": "IP address",
    "①②⑦.⓪.⓪.①": "IP address",
    "::1": "IP address",
    "[::1]": "IP address",
    "[::1]:80": "port",
    "fe80::1%eth0": "IP address",
    "::ffff:127.0.0.1": "IP address",
    "example.com:80": "port",
    "example.com:": "port",
    ":80": "port",
    "127.0.0.1:80": "port",
    "http://example.com": "scheme",
    "https://example.com:443/x": "scheme",
    "//example.com": "path",
    "example.com/": "path",
    "example.com/path": "path",
    "example.com／path": "valid",
    "example.com\\path": "a label is",
    "user@example.com": "user",
    "user:secret@example.com": "user",
    "user＠example.com": "valid",
    "example.com?x": "a label is",
    "example.com#x": "a label is",
    "exa`mple.com": "a label is",
    "example.com`) || Host(`evil.com": "a label is",
    "exa mple.com": "a label is",
    " example.com": "a label is",
    "example.com ": "a label is",
    "example.com\n": "a label is",
    "exam\tple.com": "a label is",
    "exam\r\nple.com": "a label is",
    "exam\0ple.com": "a label is",
    "\0": "a label is",
    "%00.example.com": "a label is",
    "exam%70le.com": "a label is",
    "under_score.com": "a label is",
    "_dmarc.example.com": "a label is",
    "ünder_score.com": "valid",
    "-example.com": "a label is",
    "example-.com": "a label is",
    "example.-com": "a label is",
    "example.com,evil.com": "a label is",
    "example.com;": "a label is",
    "{evil}": "a label is",
    "(evil)": "a label is",
    "'evil'": "a label is",
    '"evil"': "a label is",
    "$evil": "a label is",
    f"{MAX_LABEL}a.com": "a label is",
    f"b{MAX_NAME}": "101 characters",
    "a." * 127: "253 characters",
    "ü." * 60 + "de": "too long",
    "xn--": "valid",
    "xn--a": "valid",
    "xn--fake-.com": "valid",
    "xn--abc.com": "valid",
    "xn--example-.com": "valid",
    "ü.xn--a.de": "valid",
    "ab--cd.münchen.de": "valid",
    "😀.example": "valid",
    "\u200b": "valid",  # only a zero-width space, which the canonical spelling does not contain
    "a\u200db.example": "valid",
    "नी\u200c.example": "valid",  # a zero-width non-joiner where it is not allowed
    "\u202eexample.com": "valid",  # right-to-left override
    "א1b.example": "valid",  # right-to-left and left-to-right letters in one label
    "\ud800.example": "valid",
    "½.example": "valid",
    "example.℀": "valid",  # one character that normalises to a/c
}


@pytest.mark.parametrize(("text", "name"), ACCEPTED.items())
def test_each_domain_has_one_canonical_spelling(text, name):
    assert canonical(text) == name
    assert canonical(name) == name
    assert is_canonical(name)


@pytest.mark.parametrize(("text", "reason"), REFUSED.items())
def test_an_invalid_domain_is_refused_with_the_reason(text, reason):
    with pytest.raises(InvalidDomain) as refusal:
        canonical(text)

    assert reason in refusal.value.message
    assert refusal.value.message.isascii() or "…" in refusal.value.message
    assert len(refusal.value.message) < 1000


@pytest.mark.parametrize("text", REFUSED)
def test_an_invalid_domain_is_not_a_valid_host_header(text):
    assert split_host(text) is None or text == "example.com:80"


def test_domains_that_look_alike_stay_different():
    assert canonical("faß.de") != canonical("fass.de")
    assert canonical("pаypal.test") != canonical("paypal.test")  # a Cyrillic а


@given(st.text(max_size=120))
@example("x\u0338\u0323.test")
def test_the_canonical_spelling_of_a_canonical_name_is_the_same(text):
    try:
        name = canonical(text)
    except InvalidDomain:
        return
    assert canonical(name) == name
    assert is_canonical(name)
    assert len(name) <= MAX_LENGTH
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-.")


LABELS = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True).filter(lambda text: "xn--" not in text)
NAMES = st.lists(LABELS, min_size=1, max_size=4).map(".".join).filter(lambda text: not text.split(".")[-1].isdigit())


@given(NAMES.filter(lambda name: not name.rpartition(".")[2].startswith("0x")), st.data())
def test_case_port_and_trailing_dot_of_a_host_header_do_not_change_the_name(name, data):
    spelling = "".join(data.draw(st.sampled_from([sign.upper(), sign.lower()])) for sign in name)
    dot = data.draw(st.sampled_from(["", "."]))
    port = data.draw(st.sampled_from(["", ":80", ":65535"]))

    assert split_host(spelling + dot + port) == (name, port)


@pytest.mark.parametrize(
    "header", ["", ":", ":80", "a.test:", "a.test:x", "a.test:123456", "a.test:80:80", "a.test, b.test"]
)
def test_an_invalid_host_header_gives_no_name(header):
    assert split_host(header) is None


@pytest.mark.parametrize(
    "text",
    [
        "a" * 1_000_000,
        "a." * 500_000,
        "1." * 500_000,
        ":" * 1_000_000,
        "ü" * 1_000_000,
        "xn--" + "a" * 1_000_000,
        "\u0300" * 1_000_000,
        "[" * 1_000_000,
    ],
    ids=["letters", "labels", "numbers", "colons", "umlauts", "punycode", "accents", "brackets"],
)
def test_a_text_of_a_million_characters_is_refused_without_being_encoded(text, monkeypatch):
    monkeypatch.setattr(
        "idna.encode", lambda *args, **kwargs: pytest.fail("canonical() encoded the text, which may take long.")
    )
    began = time.perf_counter()
    with pytest.raises(InvalidDomain):
        canonical(text)
    assert split_host(text) is None
    assert time.perf_counter() - began < 0.1


@pytest.mark.parametrize("text", ["admin.localhost", "Admin.Localhost.", "internal.localhost"])
def test_no_site_can_claim_the_host_of_a_surface(text):
    with pytest.raises(InvalidDomain, match="_HOST"):
        claimable(text)
    assert canonical(text) in surfaces.reserved()


def test_a_site_can_claim_a_subdomain_of_the_admins_host():
    assert claimable("www.admin.localhost") == "www.admin.localhost"


LOOKALIKES = {
    "pаypal.example": "mixes letters of Cyrillic and Latin",
    "blog.gооgle.example": "mixes letters of Cyrillic and Latin",
    "αpple.example": "mixes letters of Greek and Latin",
    "αб.example": "mixes letters of Cyrillic and Greek",
    "日本б.example": "mixes letters of Cjk and Cyrillic",
    "xn--pypal-4ve.example": "mixes letters of Cyrillic and Latin",
    "аррӏе.example": "all letters of the label",
}
ONE_SCRIPT = [
    "blog.example", "xn--bcher-kva.example", "bücher.example", "пример.example", "παράδειγμα.example", "例え.テスト",
    "日本語ブログ.example", "abcブログ.example", "東京タワー.example", "中文blog.example", "한국blog.example",
    "blog-2.пример.example", "עברית.example", "العربية.example", "हिन्दी.example", "ไทย.example",
]  # fmt: skip


@pytest.mark.parametrize("text", LOOKALIKES)
def test_a_domain_that_looks_like_another_one_is_refused_with_the_reason(text):
    with pytest.raises(InvalidDomain, match=LOOKALIKES[text]):
        claimable(text)
    # A client may still send such a name as the Host header; it is an unknown host.
    assert canonical(text)


@pytest.mark.parametrize("text", ONE_SCRIPT)
def test_a_domain_in_any_script_or_in_a_usual_combination_is_allowed(text):
    assert claimable(text) == canonical(text)
