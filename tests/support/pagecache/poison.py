"""Headers, hosts, paths, query strings and bodies of known and possible attacks on caches."""

EVIL = "evil.test"

# For each of these headers, a server, framework or proxy is known that obeyed it. Source: J. Kettle, "Practical Web
# Cache Poisoning", and later work.
HEADERS = [
    *(f"{name}: {EVIL}" for name in (
        "X-Forwarded-Host", "X-Forwarded-Server", "X-Host", "X-HTTP-Host-Override", "X-Original-Host", "X-Real-Host",
        "X-Forwarded-For", "X-Real-IP", "X-Client-IP", "True-Client-IP", "CF-Connecting-IP", "Client-IP", "Via",
        "X-Forwarded-By", "X-Proxy-Host", "X-Backend-Host", "X-Rewrite-Host", "X-Wap-Profile", "From", "Max-Forwards",
    )),
    *(f"{name}: /nothing/" for name in (
    "X-Original-URL", "X-Rewrite-URL", "X-Original-URI", "X-Forwarded-Path", "X-Forwarded-Prefix",
    "X-Script-Name",
        "X-Forwarded-Uri", "Request-Uri", "Destination", "Base-Url", "X-Accel-Redirect", "X-Sendfile",
    )),
    f"Forwarded: host={EVIL};proto=https;for=1.2.3.4", "X-Forwarded-Proto: https", "X-Forwarded-Protocol: https",
    "X-Forwarded-Scheme: nothttps", "X-Forwarded-Ssl: on", "X-Url-Scheme: https", "Front-End-Https: on",
    "X-Forwarded-Port: 1", "SCRIPT_NAME: /nothing", "PATH_INFO: /nothing/", "X_Forwarded_Host: evil.test",
    "X-HTTP-Method-Override: POST", "X-HTTP-Method: DELETE", "X-Method-Override: HEAD",
    "Cookie: session=stolen; csrf=token; messages=hello; sessionid=1; language=de",
    "Authorization: Basic cm9vdDpyb290", "Accept-Language: de", "Accept-Charset: utf-16", "Accept: application/json",
    "Accept-Datetime: x", "DNT: 1", f"Origin: http://{EVIL}", f"Referer: http://{EVIL}/",
    "User-Agent: <script>alert(1)</script>", "Save-Data: on", "X-Requested-With: XMLHttpRequest", "HX-Request: true",
    "Range: bytes=0-4", "If-Range: x", "If-Match: \"x\"", "If-Unmodified-Since: Thu, 01 Jan 1970 00:00:00 GMT",
    "If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT", "Cache-Control: no-cache, no-store", "Pragma: no-cache",
    "Upgrade: h2c", "Upgrade-Insecure-Requests: 1", "TE: x", "Trailer: Host", "Surrogate-Capability: x",
    "Purpose: prefetch", "X-CSRFToken: token", "X-Cache: HIT", "Age: 7", "Vary: Cookie",
    "Content-Type: multipart/form-data; boundary=x", "Content-Type: text/plain; charset*=utf-8''%00",
    "Content-Type: a; x*=nonsense''%41", "Content-Type: a; charset=rot13", "Content-Encoding: gzip", "X-Debug: 1",
    "Transfer-Encoding: identity", "Connection: close, X-Forwarded-Host, Host", "Accept-Encoding: gzip;q=0, br;q=0",
]  # fmt: skip

SPELLINGS = [
    "TECHBLOG.test", "techblog.test.", "techblog.test:81", "TechBlog.Test.:65535", "techblog.test:",
    "techblog.test:x", "techblog.test, evil.test", "techblog.test/evil", "evil.test#techblog.test",
    "techblog.test\r\nHost: evil.test", "evil.test\r\nHost: techblog.test", "techblog.test\\evil", "x@techblog.test",
    "t\u0435chblog.test",
]  # fmt: skip

# Some of these paths lead to a page, the others to an error. None may add an entry to the cache.
PATHS = [
    "//", "/./", "//feed/", "/feed//", "/feed/../", "/feed/./", "/feed/..;/", "/;/", "/;x=1", "/feed/;jsessionid=1",
    "/x/..", "/feed/x.css", "/feed.css", "/x.js", "/feed/%2e%2e/", "/%2f", "/%2ffeed/", "/feed%2f", "/feed%2F",
    "/%66eed/", "/%46eed/", "/FEED/", "/feed/%20", "/feed/%00", "/feed/%0d%0aSet-Cookie:x=1", "/feed/%0a", "/feed/?",
    "/feed?x", "/feed#x", "/feed/%3fbefore=1", "/feed/%23", "/\\feed/", "/feed\\", "/feed/\t", "/%e2%80%8b/",
    "/fe%C3%A9d/", "/%ff/", "/*", "*", "/static/../feed/", "/static/..%2f", "/static/%2e%2e/feed/", "/static//",
    "/.well-known/x", "/robots.txt/", "/robots.txt/x", "/sitemap-007.xml", "/sitemap-1e3.xml",
    "/sitemap-99999999.xml", "/tag/PYTHON/", "/tag/python/x.css", "/hello.css", "/hello/x.css", "/hello/%2e",
    "/hello;.css", "/nothing.css", f"http://{EVIL}/", f"http://{EVIL}/feed/", f"//{EVIL}/feed/",
]  # fmt: skip

QUERIES = [
    "x=1", "utm_source=x&fbclid=y", "_method=POST", "_method=DELETE", "?", "&", "=", "&&x", "%00=1", "x=%00",
    "callback=f", "format=json", "X-Forwarded-Host=evil.test", "before[]=1", "Before=1", "%20before=1", "b%00efore=1",
    "x=before=1", ";before=1", "lang=de", "preview=1", "debug", "a" * 3000, "&".join(f"x{n}=1" for n in range(49)),
]  # fmt: skip

KEYS = [
    "007",
    "0",
    "-1",
    "1e3",
    "99999999",
    "9" * 18,
    "9" * 300,
    "x",
    "",
    "%00",
    "1;x",
    "1%20",
    "%E0%A5%A7",
    "1&before=x",
]

BODIES = [
    (["Content-Length: 9"], b"before=99"),
    (["Content-Length: 9", "Content-Type: application/x-www-form-urlencoded"], b"_method=x"),
    (["Transfer-Encoding: chunked"], b"9\r\nbefore=99\r\n0\r\n\r\n"),
    (["Content-Length: 12", "Expect: 100-continue"], b"before=99&x="),
]
