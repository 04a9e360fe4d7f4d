"""Values of the Cache-Control header."""

# A browser asks each time. A proxy in front (a CDN) holds a page for a second, and for ten more while it asks anew.
CACHE_CONTROL = "public, max-age=0, s-maxage=1, stale-while-revalidate=10"
# Of an answer that nobody is to keep.
NO_STORE = "no-store"
