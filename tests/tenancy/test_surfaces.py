"""A process serves some surfaces or all; what is off is as unknown as a host that never was."""

import pytest
from django.conf import settings

ADMIN, INTERNAL = settings.ADMIN_HOST, settings.INTERNAL_HOST


@pytest.mark.parametrize(
    ("surfaces", "answers"),
    [
        ("blogs", {"techblog.test": 200, ADMIN: 404, INTERNAL: 404}),
        ("admin,internal", {"techblog.test": 404, ADMIN: 302, INTERNAL: 401}),
        ("internal,blogs", {"techblog.test": 200, ADMIN: 404, INTERNAL: 401}),
    ],
)
def test_hosts_of_surfaces_that_are_off_get_404(techblog, processes, surfaces, answers):
    [process] = processes(1, SURFACES=surfaces)

    found = {host: process.status(host, "/traefik/document" if host == INTERNAL else "/") for host in answers}

    assert found == answers


def test_a_surface_that_is_off_answers_like_a_host_that_never_was(techblog, processes):
    [process] = processes(1, SURFACES="blogs")

    assert process.get(ADMIN).body == process.get("unknown.test").body
    assert process.get(INTERNAL).body == process.get("unknown.test").body
    assert "Techblog" in process.get("techblog.test").body


def test_a_process_without_the_machines_surface_still_says_whether_it_is_well(techblog, processes):
    [process] = processes(1, SURFACES="blogs")

    assert process.status(INTERNAL, "/health/ready") == 200
    assert process.status(INTERNAL, "/health/live") == 200
    assert process.status(INTERNAL, "/traefik/document") == 404
