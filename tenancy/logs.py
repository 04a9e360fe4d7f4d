"""The site in each line of the log."""

import logging


class SiteFilter(logging.Filter):
    """Sets `site` on each record: the host of its request, or "-"."""

    def filter(self, record: logging.LogRecord) -> bool:
        request = getattr(record, "request", None)
        host = getattr(request, "META", {}).get("HTTP_HOST", "-")
        # The host is the client's text: escaped if it is not printable ASCII, and cut.
        record.site = host[:100] if host.isascii() and host.isprintable() else ascii(host[:100])
        return True
