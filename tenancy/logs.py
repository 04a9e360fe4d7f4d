"""Each log line says which site it is about."""

import logging


class SiteFilter(logging.Filter):
    """Gives each record a `site`: the host of the request it is about, or "-"."""

    def filter(self, record: logging.LogRecord) -> bool:
        request = getattr(record, "request", None)
        host = getattr(request, "META", {}).get("HTTP_HOST", "-")
        # As an unknown host can be any text: quoted when it is not plain, and never long.
        record.site = host[:100] if host.isascii() and host.isprintable() else ascii(host[:100])
        return True
