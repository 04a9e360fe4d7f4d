"""A password is not the name or the e-mail address of its account."""

import pytest
from django.contrib.auth.password_validation import password_validators_help_texts, validate_password
from django.core.exceptions import ValidationError

from accounts.models import User
from tests.support.accounts import PASSWORD
from tests.support.admin import errors, saved, send

DOMAIN = "newsroom.a-long-domain.example"


@pytest.mark.pure
@pytest.mark.parametrize(
    ("email", "password"),
    [
        (f"jo.anna.lee.may@{DOMAIN}", "jo.anna.lee.may"),
        (f"jo.anna.lee.may@{DOMAIN}", "Jo.Anna.Lee.May"),
        (f"jo.anna.lee.may@{DOMAIN}", "joannaleemay"),
        (f"jo.anna.lee.may@{DOMAIN}", "jo_anna-lee may!"),
        (f"jo.anna.lee.may+blog@{DOMAIN}", "jo.anna.lee.may"),
        (f"jo.anna.lee.may+blog@{DOMAIN}", "jo.anna.lee.may+blog"),
        ("jo@anna.lee.may", "jo@anna.lee.may"),
        ("someone@else.example", "Jo-Anna Lee"),
        ("someone@else.example", "joannalee!"),
    ],
)
def test_a_password_that_is_the_name_or_a_part_of_the_address_is_refused(email, password):
    with pytest.raises(ValidationError):
        validate_password(password, User(email=email, name="Jo-Anna Lee"))


@pytest.mark.pure
@pytest.mark.parametrize("email", [f"jo.anna.lee.may@{DOMAIN}", f"...@{DOMAIN}", "", "without an at sign"])
@pytest.mark.parametrize("password", [PASSWORD, "my cat may lie on jo anna", "!!!!!!!!!!??"])
def test_another_password_is_accepted(email, password):
    validate_password(password, User(email=email, name="Jo-Anna Lee"))
    validate_password(password, User(email=email, name=""))
    validate_password(password)


@pytest.mark.pure
def test_the_rule_is_among_the_help_texts():
    assert any("the part before its @" in text for text in password_validators_help_texts())


@pytest.mark.rollback
def test_the_form_of_a_new_account_refuses_its_local_part_and_accepts_another_password(superuser, admin_as):
    root = admin_as(superuser)
    account = {"email": f"jo.anna.lee.may@{DOMAIN}", "name": "", "usable_password": "true"}

    def add(password):
        return send(root, "/accounts/user/add/", password1=password, password2=password, **account)

    assert "This password is the e-mail address of the account, or a part of it." in errors(add("jo.anna.lee.may"))
    assert saved(add(PASSWORD))


@pytest.mark.rollback
def test_the_form_of_a_new_password_refuses_the_local_part_and_accepts_another_password(superuser, admin_as):
    user = User.objects.create_user(f"jo.anna.lee.may@{DOMAIN}", PASSWORD)
    root = admin_as(superuser)

    def change(password):
        data = {"password1": password, "password2": password, "usable_password": "true"}
        return root.post(f"/accounts/user/{user.pk}/password/", data)

    assert "This password is the e-mail address of the account, or a part of it." in errors(change("jo.anna.lee.may"))
    assert saved(change("a better password"))
    user.refresh_from_db()
    assert user.check_password("a better password")
