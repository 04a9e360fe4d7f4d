"""Times at which a site changes without a change of a row, for example when a scheduled post becomes live."""

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
