"""Environment variables are validated, and each can be read from a file."""

import os

import pytest
from django.core.exceptions import ImproperlyConfigured

from settings import environment

pytestmark = pytest.mark.pure

STRONG = "0123456789-abcdefghijklmnopqrstuvwxyz"


def refused(read, *arguments):
    with pytest.raises(ImproperlyConfigured) as refusal:
        read("NAME", *arguments)
    return str(refusal.value)


def test_a_variable_is_read_from_the_environment_or_from_a_file(monkeypatch, tmp_path):
    file = tmp_path / "secret"
    file.write_text(f"  {STRONG}\n")
    assert environment.text("NAME", "default") == "default"

    monkeypatch.setenv("NAME_FILE", str(file))
    assert environment.text("NAME") == STRONG
    assert environment.secret("NAME", 32) == STRONG

    monkeypatch.delenv("NAME_FILE")
    monkeypatch.setenv("NAME", "value")
    assert environment.text("NAME") == "value"


def test_every_kind_of_variable_can_be_read_from_a_file(monkeypatch, tmp_path):
    file = tmp_path / "value"
    monkeypatch.setenv("NAME_FILE", str(file))
    for contents, read, arguments, expected in [
        ("7\n", environment.integer, [1], 7),
        ("https\n", environment.choice, ["http", ("http", "https")], "https"),
        ("b,a\n", environment.choices, [(), ("a", "b", "c")], ("a", "b")),
        ("Blog.Example.COM.\n", environment.host, [], "blog.example.com"),
        ("http://web:8000\n", environment.addresses, [], ("http://web:8000",)),
        ("10.0.0.0/8\n", environment.networks, [], ("10.0.0.0/8",)),
        ("[::1]:80\n", environment.listening, ["127.0.0.1:8000"], "[::1]:80"),
        ("redis://cache\n", environment.redis, [], "redis://cache"),
    ]:
        file.write_text(contents)
        assert read("NAME", *arguments) == expected


def test_a_variable_that_is_missing_or_set_twice_is_refused(monkeypatch, tmp_path):
    assert "NAME is missing" in refused(environment.text)

    monkeypatch.setenv("NAME", "value")
    monkeypatch.setenv("NAME_FILE", str(tmp_path / "file"))
    assert "NAME and NAME_FILE are both set" in refused(environment.text)


@pytest.mark.parametrize(
    ("contents", "expected"),
    [
        (None, "No such file"),
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"a" * 70_000, "larger than 65536 bytes"),
        (b"\xff\xfe", "it is not UTF-8 text"),
    ],
)
def test_an_unreadable_file_is_named_in_the_message(monkeypatch, tmp_path, contents, expected):
    file = tmp_path / "secret"
    if contents is not None:
        file.write_bytes(contents)
    monkeypatch.setenv("NAME_FILE", str(file))

    message = refused(environment.text)
    assert f"NAME_FILE='{file}'" in message
    assert expected in message


def test_the_path_of_a_folder_instead_of_a_file_is_refused(monkeypatch, tmp_path):
    monkeypatch.setenv("NAME_FILE", str(tmp_path))
    assert "Is a directory" in refused(environment.text)


@pytest.mark.parametrize(
    "weak", ["short", "a" * 60, "abc" * 20, "with spaces " + STRONG, STRONG + "\x07", "ä" + STRONG]
)
def test_the_message_about_a_weak_secret_does_not_show_the_secret(monkeypatch, weak):
    monkeypatch.setenv("NAME", weak)

    message = refused(environment.secret, 32)
    assert "NAME is too weak" in message
    assert "at least 32" in message
    assert weak not in message


@pytest.mark.parametrize("wrong", ["x", "a,x", ",", "a,,b", "A"])
def test_an_unknown_choice_is_refused(monkeypatch, wrong):
    monkeypatch.setenv("NAME", "c, a")
    assert environment.choices("NAME", ("b",), ("a", "b", "c")) == ("a", "c")

    monkeypatch.setenv("NAME", wrong)
    assert "separated by commas: a, b, c" in refused(environment.choices, ("b",), ("a", "b", "c"))


@pytest.mark.parametrize(
    "right",
    [
        "http://web:8000",
        "https://web.example.com",
        "http://10.0.0.1:80,http://10.0.0.2:80",
        "http://[fd00::1]:8000",
        "http://xn--bcher-kva.example:1",
    ],
)
def test_addresses_of_deployments_are_accepted(monkeypatch, right):
    monkeypatch.setenv("NAME", right)
    assert environment.addresses("NAME") == tuple(right.split(","))


@pytest.mark.parametrize("wrong", ["web:8000", "http://user@web", "http://web,", ",http://web", "http://web\n:8000"])
def test_an_invalid_address_of_a_deployment_is_refused(monkeypatch, wrong):
    monkeypatch.setenv("NAME", wrong)
    assert "is not the address of a deployment" in refused(environment.addresses)


@pytest.mark.parametrize(
    ("value", "networks"),
    [("10.0.0.0/8, ::1", ("10.0.0.0/8", "::1/128")), ("127.0.0.1", ("127.0.0.1/32",)), ("", ())],
)
def test_networks_are_normalised(monkeypatch, value, networks):
    monkeypatch.setenv("NAME", value)
    assert environment.networks("NAME") == networks


@pytest.mark.parametrize("wrong", ["*", "10.0.0.1/8", "10.0.0.0/33", "localhost", "10.0.0.0/8,", "all"])
def test_an_invalid_network_is_refused(monkeypatch, wrong):
    monkeypatch.setenv("NAME", wrong)
    assert "Write IP networks like 10.0.0.0/8" in refused(environment.networks)


@pytest.mark.parametrize("right", ["127.0.0.1:8000", "0.0.0.0:80", "[::]:8000", "localhost:1", "unix:/run/web.sock"])
def test_addresses_to_listen_on_are_accepted(monkeypatch, right):
    monkeypatch.setenv("NAME", right)
    assert environment.listening("NAME", "127.0.0.1:8000") == right


@pytest.mark.parametrize("wrong", ["8000", ":8000", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:99999", "unix:", "fd://3"])
def test_an_invalid_address_to_listen_on_is_refused(monkeypatch, wrong):
    monkeypatch.setenv("NAME", wrong)
    assert "Write an address and a port" in refused(environment.listening, "127.0.0.1:8000")


@pytest.mark.parametrize("right", ["redis://:pass,word@cache:6379/0", "rediss://cache", "unix:///run/redis.sock?db=1"])
def test_urls_of_redis_are_accepted(monkeypatch, right):
    monkeypatch.setenv("NAME", right)
    assert environment.redis("NAME") == right


@pytest.mark.parametrize(
    "wrong", ["hidden:6379", "http://hidden", "redis://:hidden@", "redis://:hidden@cache:99999", "unix://hidden"]
)
def test_the_message_about_an_invalid_url_of_redis_does_not_show_the_url(monkeypatch, wrong):
    monkeypatch.setenv("NAME", wrong)
    message = refused(environment.redis)
    assert "NAME is not the URL of a Redis server" in message
    assert "hidden" not in message


def test_the_url_of_postgresql_may_override_options(monkeypatch):
    options = {"connect_timeout": 2, "options": "-c statement_timeout=10s"}
    monkeypatch.setenv(
        "NAME", "postgresql://db/newsstand?connect_timeout=7&sslmode=require&options=-c%20search_path%3Dx"
    )

    read = environment.postgresql("NAME", options)["OPTIONS"]
    assert read["connect_timeout"] in (7, "7")
    assert read["sslmode"] == "require"
    assert read["options"] == "-c statement_timeout=10s -c search_path=x"


@pytest.mark.parametrize("wrong", ["sqlite:///hidden", "mysql://hidden@db/x", "hidden", "postgresql://db:hidden/x"])
def test_the_message_about_an_invalid_url_of_postgresql_does_not_show_the_url(monkeypatch, wrong):
    monkeypatch.setenv("NAME", wrong)
    message = refused(environment.postgresql, {})
    assert "postgresql://user:password@host:5432/database" in message
    assert "hidden" not in message


def test_inherited_sockets_are_remembered_after_gunicorn_deletes_the_variables(monkeypatch):
    environment.inherits_sockets.cache_clear()
    monkeypatch.setenv("LISTEN_FDS", "1")
    monkeypatch.setenv("LISTEN_PID", str(os.getpid()))
    try:
        assert environment.inherits_sockets()
        monkeypatch.delenv("LISTEN_FDS")
        assert environment.inherits_sockets()
    finally:
        environment.inherits_sockets.cache_clear()
    assert not environment.inherits_sockets()
    environment.inherits_sockets.cache_clear()
