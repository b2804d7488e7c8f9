"""A real nginx with our configuration, on free ports; installed where it is missing and we may."""

import os
import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx

from bench.debian import install
from core.settings import Settings, StackSettings
from stack.deploy.proxy import Plan, add_person, render
from stack.host.ports import free_ports, is_open
from stack.host.unprivileged import server_account
from stack.host.waiting import wait_until
from stack.secure.certificates import ensure_certificates, server_file, trusted_file

PASSWORDS = {"operator": "the operator's long password", "viewer": "the viewer's long password"}
START_TIMEOUT_S = 30.0


def find_nginx() -> str:
    """Path of the program. Fails with the command that installs it where that cannot be done here."""
    path = os.environ.get("PATH", os.defpath) + ":/usr/sbin"
    if shutil.which("nginx", path=path) is None:
        install("nginx-light", "for the tests of the proxy")
    found = shutil.which("nginx", path=path)
    assert found is not None, "the package has it"
    return found


class Upstream(ThreadingHTTPServer):
    """Answers every request with its own name, and remembers what it was asked."""

    daemon_threads = True

    def __init__(self, name: str, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.name = name
        self.asked: list[tuple[str, str, dict[str, str]]] = []
        threading.Thread(target=self.serve_forever, daemon=True).start()


class _Handler(BaseHTTPRequestHandler):
    server: Upstream

    def do_GET(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.rfile.read(int(headers.get("content-length", 0)))
        self.server.asked.append((self.command, self.path, headers))
        body = self.server.name.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815  # the base class's way

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@dataclass(frozen=True)
class Proxy:
    """A running proxy: `url` with TLS, `plain` without."""

    plan: Plan
    authority: Path

    @property
    def port(self) -> int:
        return int(self.plan.https.rpartition(":")[2])

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}"

    @property
    def plain(self) -> str:
        return f"http://localhost:{self.plan.http.rpartition(':')[2]}"

    def context(self) -> ssl.SSLContext:
        """Trusts our authority alone."""
        return ssl.create_default_context(cafile=str(self.authority))

    def client(self, who: str | None = None, password: str | None = None) -> httpx.Client:
        """A client that is `who`, with the right password unless another is given."""
        auth = (who, password or PASSWORDS[who]) if who else None
        return httpx.Client(base_url=self.url, verify=self.context(), auth=auth, trust_env=False, timeout=20)


def make_plan(settings: Settings, folder: Path, upstreams: dict[str, int]) -> tuple[Plan, Path]:
    """A plan with certificates and people in `folder`, and the file of the authority that it needs."""
    own = settings.model_copy(update={"stack": StackSettings(data_dir=folder)})
    ensure_certificates(own)
    for who, password in PASSWORDS.items():
        add_person(folder, who, password, operator=who == "operator")
    plan = Plan(
        name="localhost",
        public="localhost",
        http="127.0.0.1:0",
        https="127.0.0.1:0",
        certificate=server_file(own, "proxy"),
        key=server_file(own, "proxy"),
        people=folder,
        run=folder,
        resolver="127.0.0.1",
        access_log=str(folder / "access.log"),
        logins_at_once=10_000,
        api=f"127.0.0.1:{upstreams['api']}",
        dagster=f"127.0.0.1:{upstreams['dagster']}",
        viewers=f"127.0.0.1:{upstreams['viewers']}",
        docs=f"127.0.0.1:{upstreams['docs']}",
        charts=f"127.0.0.1:{upstreams['charts']}",
        intake=f"127.0.0.1:{upstreams['intake']}",
    )
    return plan, trusted_file(own)


@contextmanager
def running(settings: Settings, plan: Plan, authority: Path) -> Iterator[Proxy]:
    """nginx by this plan, on free ports, under the account that our servers have where we are root."""
    http, https = free_ports(2)
    plan = replace(plan, http=f"127.0.0.1:{http}", https=f"127.0.0.1:{https}", public=f"localhost:{https}")
    configuration = plan.run / f"nginx-{https}.conf"
    configuration.write_text(render(settings, plan), encoding="utf-8")
    account = server_account()
    if account is not None:
        for path in (plan.run, *plan.run.rglob("*")):
            os.chown(path, account.uid, account.gid)
    process = subprocess.Popen(
        [find_nginx(), "-e", "stderr", "-c", str(configuration)],
        **(account.process_options() if account else {}),
    )
    try:
        assert wait_until(lambda: process.poll() is not None or is_open(https), START_TIMEOUT_S)
        assert process.poll() is None, "see what nginx said"
        yield Proxy(plan, authority)
    finally:
        process.terminate()
        process.wait(START_TIMEOUT_S)
