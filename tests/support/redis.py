"""Stop the Redis of the tests, and wait until the default cache uses it again."""

from contextlib import contextmanager

from redis import RedisError

from devstack.processes import wait_until
from lib.redis.ping import ping_cache
from tests.support import servers


def wait_until_redis_responds():
    """Wait until the circuit breaker of this process lets commands through again."""
    wait_until(_responds, timeout=3)


@contextmanager
def redis_stopped():
    servers.redis.stop()
    try:
        yield
    finally:
        servers.redis.start()
        wait_until_redis_responds()


def _responds():
    try:
        ping_cache()
    except RedisError:
        return False
    return True
