"""A rule for passwords, beside those of Django (AUTH_PASSWORD_VALIDATORS)."""

from django.core.exceptions import ValidationError

from accounts.models import User


class AccountNameValidator:
    """Refuses the e-mail address, the part before its @, and the name, without regard to case and punctuation.

    Django's UserAttributeSimilarityValidator compares words, so it accepts a part such as "jo.anna.lee" as a whole.
    """

    def validate(self, password: str, user: User | None = None) -> None:
        if user is None:
            return
        local_part = user.email.rpartition("@")[0]
        # What follows a plus sign is a label, for example ada+news@example.com.
        names = {"e-mail address": [user.email, local_part, local_part.partition("+")[0]], "name": [user.name]}
        for field, values in names.items():
            if _letters(password) in {_letters(value) for value in values} - {""}:
                raise ValidationError(
                    f"This password is the {field} of the account, or a part of it. It is"
                    " easy to guess. Choose another password.",
                    "password_is_account_name",
                )

    def get_help_text(self) -> str:
        return "Your password can’t be your name, your e-mail address or the part before its @."


def _letters(text: str) -> str:
    """The letters and digits of the text, without case."""
    return "".join(character for character in text.casefold() if character.isalnum())
