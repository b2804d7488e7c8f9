"""The shell variables that may reach the platform. Uses only the standard library: `bootstrap` runs it before
anything is installed.

An allowlist, since a list of harmful variables is never complete (`JAVA_TOOL_OPTIONS`,
`PGOPTIONS`, `PYTHONPATH`, `SPARK_HOME`, `NODE_ENV`, `LD_PRELOAD` and hundreds more change what our programs do).
"""

from collections.abc import Iterable, Mapping

PROGRAMS = {
    *("ENVIRONMENT", "HOME", "LOGNAME", "PATH", "TMPDIR", "USER", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR"),
    # Trusted certificates.
    *("CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE", "SSL_CERT_DIR", "SSL_CERT_FILE"),
    # Proxies; see `_proxies`.
    *("http_proxy", "https_proxy", "all_proxy", "no_proxy"),
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
}
FIXED = "ORDERPULSE_"

TERMINAL = {"COLORTERM", "COLUMNS", "LINES", "NO_COLOR", "TERM", "TZ"}
"""Terminal settings for commands; not for programs, which write logs."""

DOWNLOADS = {
    *("NETRC", "NPM_CONFIG_CAFILE", "NPM_CONFIG_REGISTRY", "NPM_CONFIG_USERCONFIG", "npm_config_registry"),
    *("PIP_CERT", "PIP_CONFIG_FILE", "PIP_DEFAULT_TIMEOUT", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS"),
    *("PIP_INDEX_URL", "PIP_PROXY", "PIP_TRUSTED_HOST"),
    *(
        "UV_DEFAULT_INDEX",
        "UV_EXTRA_INDEX_URL",
        "UV_FIND_LINKS",
        "UV_HTTP_TIMEOUT",
        "UV_INDEX",
        "UV_INDEX_URL",
    ),
    *("UV_INSECURE_HOST", "UV_NATIVE_TLS"),
}
"""Sources of packages; not options of their installation."""

LOOPBACK = ("localhost", "127.0.0.1", "::1")

ALWAYS = {"LC_ALL": "C.UTF-8"}
"""UTF-8 file names and machine-readable numbers, whatever the shell's locale.
PostgreSQL's cluster is created with the same locale."""


def for_command(given: Mapping[str, str], further: Iterable[str] = ()) -> dict[str, str]:
    """The shell variables that our commands keep, including `further`."""
    return for_programs(given, {*TERMINAL, *DOWNLOADS, *further})


def for_programs(given: Mapping[str, str], further: Iterable[str] = ()) -> dict[str, str]:
    """The variables that the platform passes to its programs."""
    names = PROGRAMS | set(further)
    passed = {name: value for name, value in given.items() if name in names or name.startswith(FIXED)}
    return passed | _proxies(passed) | ALWAYS


def _proxies(given: Mapping[str, str]) -> dict[str, str]:
    """`no_proxy` for this machine if a proxy is set, since local servers are never reached through one."""
    if not any(name.lower().endswith("_proxy") for name in given):
        return {}
    said = given.get("no_proxy") or given.get("NO_PROXY") or ""
    hosts = dict.fromkeys([*(host.strip() for host in said.split(",") if host.strip()), *LOOPBACK])
    return dict.fromkeys(("no_proxy", "NO_PROXY"), ",".join(hosts))
