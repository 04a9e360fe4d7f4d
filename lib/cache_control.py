"""Values of the Cache-Control header."""

# Browsers revalidate each time. A CDN may serve a page for one second, and for ten more seconds while it revalidates.
CACHE_CONTROL = "public, max-age=0, s-maxage=1, stale-while-revalidate=10"
# For a response that no cache may store.
NO_STORE = "no-store"
