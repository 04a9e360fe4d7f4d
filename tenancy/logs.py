"""Adds the site to each line of the log, and drops records that any client can cause."""

import logging

SUSPENDED = "newsstand.suspended"  # in META of a request for a suspended site


class SuspendedFilter(logging.Filter):
    """Drops the record of each 503 for a suspended site: any client can cause these, and they would fill the log."""

    def filter(self, record: logging.LogRecord) -> bool:
        return SUSPENDED not in getattr(getattr(record, "request", None), "META", {})


class SiteFilter(logging.Filter):
    """Sets `site` on each record: the host of its request, or "-"."""

    def filter(self, record: logging.LogRecord) -> bool:
        request = getattr(record, "request", None)
        host = getattr(request, "META", {}).get("HTTP_HOST", "-")
        # The client chooses the text of the host, so it is escaped unless it is printable ASCII, and shortened.
        record.site = host[:100] if host.isascii() and host.isprintable() else ascii(host[:100])
        return True
