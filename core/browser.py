"""Whether another site's page made a browser send a request. Pure; for servers without a login.

Origin: RFC 6454. `Sec-Fetch-*`: W3C Fetch Metadata, which browsers send and scripts cannot change.
"""

import ipaddress
from collections.abc import Mapping

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
"""Safe methods (RFC 9110, section 9.2.1)."""


def is_loopback(host: str) -> bool:
    """Whether an address to listen on is reached from this machine only."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host == "localhost"
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


def host_name(host: str) -> str:
    """The name in a `Host` header, without the port, in lower case."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].lower()


def is_from_own_page(headers: Mapping[str, str]) -> bool:
    """Whether the request comes from a page of the requested host, or from no page. Header names are in lower case."""
    host = headers.get("host", "").lower()
    own_origins = ("", f"http://{host}", f"https://{host}")
    return headers.get("origin", "").lower() in own_origins and headers.get("sec-fetch-site", "none") in (
        "none",
        "same-origin",
    )


def is_navigation(headers: Mapping[str, str]) -> bool:
    """Whether the browser opens the page itself, not a frame, image or script."""
    return (headers.get("sec-fetch-mode"), headers.get("sec-fetch-dest")) == ("navigate", "document")


def is_json(headers: Mapping[str, str]) -> bool:
    """Whether the body is declared as JSON, which a form on another site cannot send."""
    return headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json"
