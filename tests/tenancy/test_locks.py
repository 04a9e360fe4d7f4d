"""A transaction waits for a conflicting transaction. SQLite needs no test, because it allows one writer at a time."""

import threading

from django.db import IntegrityError, connections, transaction

from blogs.models import Placement
from tenancy import lifecycle
from tenancy.lifecycle import DomainTaken
from tenancy.signals import home_moves
from tests.support.sites import domains_of, references_to


def test_adding_a_domain_waits_for_an_uncommitted_claim_of_the_same_domain(techblog, financeblog):
    waiting = threading.Event()
    result = []

    def claim():
        try:
            waiting.set()
            result.append(lifecycle.add_domain(financeblog, "contested.test", by=None))
        except DomainTaken as error:
            result.append(error)
        finally:
            connections.close_all()

    with transaction.atomic():
        lifecycle.add_domain(techblog, "contested.test", by=None)
        thread = threading.Thread(target=claim)
        thread.start()
        waiting.wait(5)
        thread.join(0.3)
        assert not result
    thread.join(10)

    assert isinstance(result[0], DomainTaken)
    assert domains_of(financeblog) == ["financeblog.test"]


def test_a_placement_created_during_the_deletion_of_its_site_is_refused(techblog, financeblog, publish):
    post = publish("Shared", on=financeblog).post
    site_id = techblog.pk
    seen = []

    def place():
        try:
            Placement.objects.create(post=post, site_id=site_id, slug="late")
            seen.append("placed")
        except IntegrityError:
            seen.append("refused")
        finally:
            connections.close_all()

    placing = threading.Thread(target=place)

    def begin(**kwargs):
        placing.start()
        placing.join(0.5)
        seen.append("waits" if placing.is_alive() else "does not wait")

    home_moves.connect(begin)
    try:
        lifecycle.delete(techblog, move_home_to=financeblog, by=None)
    finally:
        home_moves.disconnect(begin)
    placing.join(10)

    assert seen == ["waits", "refused"]
    assert references_to(site_id) == ["tenancy_generation.site_id"]
