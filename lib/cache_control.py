"""Values of the Cache-Control header."""

# Browsers revalidate a page at each request. A CDN may serve it for one second without revalidation, and for ten more
# seconds while it revalidates in the background.
CACHE_CONTROL = "public, max-age=0, s-maxage=1, stale-while-revalidate=10"

NO_STORE = "no-store"
