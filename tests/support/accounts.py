"""The password of every account that tests create, and counters of failed logins and of password hashes."""

from django.contrib.auth.hashers import MD5PasswordHasher

from lib import rate_limits
from lib.redis.ping import default_client

PASSWORD = "correct horse battery"


class CountingHasher(MD5PasswordHasher):
    """Counts in `calls` how many passwords were hashed."""

    calls = 0

    def encode(self, password, salt):
        CountingHasher.calls += 1
        return super().encode(password, salt)


def forget_failed_logins():
    """Delete all counters of rate limits, those in Redis and those of this process."""
    rate_limits._process_limiter.cache_clear()
    if redis := default_client():
        for key in redis.scan_iter("rate-limits:*"):
            redis.delete(key)
