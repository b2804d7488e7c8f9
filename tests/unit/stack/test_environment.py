"""What passes from a person's shell to a program."""

import os
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from core.settings import Settings, load_settings
from stack.host.environment import bare_environment, child_environment
from stack.host.ports import free_ports
from stack.host.variables import for_command
from stack.local.health import health
from stack.servers.postgres.client import client_environment
from stack.servers.spark import master_state
from tests.foreign_shell import CLOSED, foreign_variables

PROXIES = {"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "no_proxy"}


@pytest.fixture
def foreign(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> set[str]:
    """Names of the variables of a foreign shell, in which the test runs."""
    variables = foreign_variables(tmp_path)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return set(variables) - PROXIES


def test_a_program_gets_nothing_that_is_not_listed(foreign: set[str]) -> None:
    for environment in (child_environment(load_settings()), bare_environment(load_settings())):
        assert set(environment) & foreign == {"LC_ALL"}
        assert environment["LC_ALL"] == "C.UTF-8", "file names are UTF-8, and digits are those of ASCII"
        assert environment["HOME"] == os.environ["HOME"]


def test_what_is_named_in_a_setting_passes_too(foreign: set[str]) -> None:
    settings = load_settings(stack={"pass_variables": "LD_LIBRARY_PATH, PGTZ"})
    assert set(child_environment(settings)) & foreign == {"LC_ALL", "LD_LIBRARY_PATH", "PGTZ"}


def test_no_server_of_this_machine_is_reached_through_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", CLOSED)
    monkeypatch.setenv("NO_PROXY", "intranet.example, localhost")
    monkeypatch.delenv("no_proxy", raising=False)
    environment = bare_environment(load_settings())
    assert environment["HTTPS_PROXY"] == CLOSED
    assert environment["NO_PROXY"] == environment["no_proxy"] == "intranet.example,localhost,127.0.0.1,::1"
    assert "no_proxy" not in for_command({"PATH": "/bin"}), "without a proxy there is nothing to say"


def test_a_download_gets_the_package_sources_and_no_install_options() -> None:
    given = {
        "PIP_INDEX_URL": "https://mirror.example",
        "PIP_TARGET": "/",
        "UV_SYSTEM_PYTHON": "1",
        "PIP_USER": "1",
    }
    given |= {"NPM_CONFIG_REGISTRY": "https://mirror.example", "NPM_CONFIG_OMIT": "dev", "TERM": "xterm"}
    assert set(for_command(given)) == {"PIP_INDEX_URL", "NPM_CONFIG_REGISTRY", "TERM", "LC_ALL"}


def test_database_tools_get_all_settings_from_us(foreign: set[str]) -> None:
    environment = client_environment(load_settings(postgres={"user": "ann", "sslmode": "disable"}))
    assert {name: value for name, value in environment.items() if name.startswith("PG")} == {
        "PGHOST": "localhost",
        "PGPORT": "5432",
        "PGDATABASE": "realtime",
        "PGUSER": "ann",
        "PGPASSWORD": "app",
        "PGSSLMODE": "disable",
        "PGCONNECT_TIMEOUT": "5",
    }


class _Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"status": "ALIVE"}')

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def serving() -> Iterator[Settings]:
    """Settings whose web servers all answer."""
    (port,) = free_ports(1)
    server = HTTPServer(("127.0.0.1", port), _Page)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield load_settings(
        api={"port": port}, dagster={"webserver_port": port}, cluster={"spark_master_ui_port": port}
    )
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_program_is_healthy_whatever_proxy_is_set(
    serving: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", CLOSED)
    monkeypatch.delenv("no_proxy", raising=False)
    found = {name: health(serving, name, None) for name in ("api", "dagster_webserver", "spark_master")}
    assert found == dict.fromkeys(found, "healthy")
    assert master_state(serving) == {"status": "ALIVE"}
