"""Which users may add, change and remove members of a site, and that a site keeps an owner."""

import time

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction

from accounts import memberships
from accounts.models import Membership, Role
from tests.support.timing import InThreads

pytestmark = pytest.mark.rollback


def roles(site):
    return dict(site.memberships.values_list("user__email", "role"))


@pytest.fixture
def second_owner(techblog, stranger):
    return Membership.objects.create(user=stranger, site=techblog, role=Role.OWNER)


def test_owners_add_change_and_remove_members_of_their_site_but_editors_do_not(techblog, owner, editor, stranger):
    new = Membership(user=stranger, role=Role.AUTHOR)
    for change in ({"added": [new]}, {"removed": [editor.memberships.get()]}, {"changed": [editor.memberships.get()]}):
        with pytest.raises(PermissionDenied):
            memberships.change(techblog, by=editor, **change)

    promoted = editor.memberships.get()
    promoted.role = Role.OWNER
    memberships.change(techblog, by=owner, added=[new], changed=[promoted], removed=[owner.memberships.get()])

    assert roles(techblog) == {stranger.email: Role.AUTHOR, editor.email: Role.OWNER}


def test_an_owner_of_another_site_changes_nothing(techblog, financeblog, owner, member):
    victim = member("author", of=financeblog).memberships.get()
    with pytest.raises(PermissionDenied):
        memberships.change(financeblog, by=owner, removed=[victim])

    victim.role = Role.OWNER
    memberships.change(techblog, by=owner, changed=[victim])
    memberships.change(techblog, by=owner, removed=[victim])

    assert roles(financeblog) == {victim.user.email: Role.AUTHOR}


def test_only_a_superuser_or_the_operator_removes_the_last_owner(techblog, owner, superuser):
    last = owner.memberships.get()
    demoted = Membership(pk=last.pk, user=owner, site=techblog, role=Role.EDITOR)
    for change in ({"removed": [last]}, {"changed": [demoted]}):
        with pytest.raises(ValidationError, match="without an owner"):
            memberships.change(techblog, by=owner, **change)
    assert roles(techblog) == {owner.email: Role.OWNER}

    memberships.change(techblog, by=superuser, changed=[demoted])
    memberships.change(techblog, by=None, removed=[last])
    assert roles(techblog) == {}


def test_a_second_role_on_a_site_is_refused(techblog, owner, stranger):
    twice = [Membership(user=stranger, role=role) for role in (Role.AUTHOR, Role.EDITOR)]
    for added in (twice, [Membership(user=owner, role=Role.AUTHOR)]):
        with pytest.raises(ValidationError, match="is already a member"):
            memberships.change(techblog, by=owner, added=added)

    assert roles(techblog) == {owner.email: Role.OWNER}


@pytest.mark.django_db(transaction=True)
def test_two_owners_who_remove_each_other_at_the_same_time_leave_one_owner(techblog, owner, second_owner):
    first = owner.memberships.get()

    with transaction.atomic():
        memberships.change(techblog, by=second_owner.user, removed=[first])
        other = InThreads(lambda: memberships.change(techblog, by=owner, removed=[second_owner]))
        time.sleep(0.3)
        assert other.are_running()
    with pytest.raises(ValidationError, match="without an owner"):
        other.results()

    assert roles(techblog) == {second_owner.user.email: Role.OWNER}
