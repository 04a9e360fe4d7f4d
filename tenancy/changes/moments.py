"""Times at which a site changes without a change of a row, for example when a scheduled post becomes live."""

from datetime import UTC, datetime

from django.db import connection

_queries: list[str] = []

# The same expressions as Django's Now().
_NOW = {"postgresql": "statement_timestamp()", "sqlite": "strftime('%Y-%m-%d %H:%M:%f', 'now')"}


def watch_moments(query: str) -> None:
    """Register a query that yields (site_id, moment) for every future time at which a site changes.

    `{now}` in the query stands for the database's current time.
    """
    _queries.append(query)


def moments_query(vendor: str) -> str:
    """One query for everything that `watch_moments` registered, in the SQL of this database vendor."""
    return " UNION ALL ".join(_queries).format(now=_NOW[vendor])


def last_moment(site_id: int, since: datetime) -> datetime | None:
    """The latest registered moment of the site between `since` and now."""
    later = " UNION ALL ".join(_queries)
    parameters = [connection.ops.adapt_datetimefield_value(since)] * later.count("{now}")
    now = _NOW[connection.vendor].replace("%", "%%")
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT max(m.moment) FROM ({later.format(now='%s')}) m WHERE m.site_id = %s AND m.moment <= {now}",  # noqa: S608
            [*parameters, site_id],
        )
        (moment,) = cursor.fetchone()
    return None if moment is None else as_datetime(moment)


def as_datetime(moment: datetime | str) -> datetime:
    """A time that a query has returned. SQLite returns text in UTC."""
    return datetime.fromisoformat(moment).replace(tzinfo=UTC) if isinstance(moment, str) else moment
