"""Adds the site to each line of the log."""

import logging


class SiteFilter(logging.Filter):
    """Sets `site` on each record: the host of its request, or "-"."""

    def filter(self, record: logging.LogRecord) -> bool:
        request = getattr(record, "request", None)
        host = getattr(request, "META", {}).get("HTTP_HOST", "-")
        # The client chooses the text of the host, so it is escaped unless it is printable ASCII, and shortened.
        record.site = host[:100] if host.isascii() and host.isprintable() else ascii(host[:100])
        return True
