"""Users of the admin, and their roles on sites."""

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.sites.models import Site
from django.db import models

from lib.text_fields import OneLineField


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Create an account. Without a password, no login to the account is possible."""
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_superuser=True, **fields)

    @classmethod
    def normalize_email(cls, email: str | None) -> str:
        """Convert the whole address to lower case, so that no two accounts differ only in case."""
        return (email or "").strip().lower()

    def get_by_natural_key(self, email: str | None) -> "User":
        return self.get(email=self.normalize_email(email))


class User(AbstractBaseUser):
    """A person who logs in to the admin by e-mail. Memberships determine their permissions (roles.py)."""

    email = models.EmailField("e-mail", unique=True)
    name = OneLineField(max_length=100, blank=True)
    is_active = models.BooleanField("active", default=True, help_text="Inactive accounts cannot log in.")
    is_superuser = models.BooleanField("superuser", default=False, help_text="Has all permissions on every site.")

    objects = UserManager()

    USERNAME_FIELD = "email"

    class Meta:
        ordering = ["email"]

    def __str__(self) -> str:
        return self.email

    def clean(self) -> None:
        self.email = UserManager.normalize_email(self.email)

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.email = UserManager.normalize_email(self.email)
        super().save(*args, **kwargs)

    def get_full_name(self) -> str:
        return self.name or self.email

    def get_short_name(self) -> str:
        return self.get_full_name()

    @property
    def is_staff(self) -> bool:
        """Superusers and members of any site may use the admin."""
        return self.is_superuser or self.memberships.exists()

    def has_perm(self, perm: str, obj: models.Model | None = None) -> bool:
        """Superusers have all model permissions. Other users have none, because their roles decide (roles.py)."""
        return self.is_active and self.is_superuser

    def has_perms(self, perms: Iterable[str], obj: models.Model | None = None) -> bool:
        return all(self.has_perm(perm, obj) for perm in perms)

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_active and self.is_superuser


class Role(models.IntegerChoices):
    """The role of a user on a site. Each role includes the permissions of the roles above it in this list."""

    AUTHOR = 1
    EDITOR = 2
    OWNER = 3


class Membership(models.Model):
    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    site = models.ForeignKey(Site, models.CASCADE, related_name="memberships")
    role = models.PositiveSmallIntegerField(choices=Role, default=Role.AUTHOR)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "site"], name="one_role_a_user_and_site")]

    def __str__(self) -> str:
        return f"{self.user} ({self.get_role_display()})"
