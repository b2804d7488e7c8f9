"""The folder that compose mounts: made once, kept, closed to others."""

import stat
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import StackError
from core.settings import load_settings
from stack.deploy.folder import Deployment, make_folder, planned
from stack.deploy.kafka import Node, broker_properties, format_arguments


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_second_call_keeps_everything_and_makes_what_is_missing(tmp_path: Path) -> None:
    deployment = Deployment(tmp_path / "deploy", "pulse.example", "local", https_port=8443)
    make_folder(load_settings(), deployment)
    first = contents(deployment.folder)
    (deployment.folder / "secrets" / "spark").unlink()
    make_folder(load_settings(), deployment)
    second = contents(deployment.folder)
    assert first.keys() == second.keys()
    assert [name for name in first if first[name] != second[name]] == ["secrets/spark"]
    assert b"PUBLIC_NAME=pulse.example:8443\n" in first["compose.env"]


def test_the_profile_cannot_be_changed(tmp_path: Path) -> None:
    deployment = Deployment(tmp_path / "deploy", "pulse.example", "local")
    make_folder(load_settings(), deployment)
    with pytest.raises(StackError, match="is for the profile local"):
        make_folder(load_settings(), replace(deployment, profile="cluster"))


def test_options_that_are_not_repeated_are_kept(tmp_path: Path) -> None:
    assert planned(tmp_path / "deploy") == Deployment(tmp_path / "deploy", "localhost", "local")
    first = planned(
        tmp_path / "deploy",
        name="pulse.example",
        profile="cluster",
        https_port=8443,
        observability=True,
        currencies="EUR,VND",
        admit_late=True,
    )
    make_folder(load_settings(), first)
    assert planned(tmp_path / "deploy") == first
    assert planned(tmp_path / "deploy", observability=False) == replace(first, observability=False)


def test_a_currency_that_cannot_be_kept_exactly_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="--currencies: KWD has 3 decimals"):
        planned(tmp_path / "deploy", currencies="VND,KWD")


def test_another_address_is_refused_while_the_proxy_is_configured_for_the_former(tmp_path: Path) -> None:
    make_folder(load_settings(), planned(tmp_path / "deploy", https_port=8443))
    moved = planned(tmp_path / "deploy", https_port=9443)
    with pytest.raises(StackError, match=r"nginx\.conf is for https://localhost:8443/ .* remove it"):
        make_folder(load_settings(), moved)
    (tmp_path / "deploy" / "proxy" / "nginx.conf").unlink()
    make_folder(load_settings(), moved)
    assert b"localhost:9443" in (tmp_path / "deploy" / "proxy" / "nginx.conf").read_bytes()


def test_secrets_are_nobody_elses_and_in_no_file_that_others_read(tmp_path: Path) -> None:
    folder = tmp_path / "deploy"
    make_folder(load_settings(), Deployment(folder, "pulse.example", "cluster"))
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    secrets = [path.read_bytes() for path in (folder / "secrets").iterdir()]
    assert len(set(secrets)) == len(secrets)
    for path in folder.rglob("*"):
        if path.is_file() and path.stat().st_mode & 0o077:
            assert not any(secret in path.read_bytes() for secret in secrets), path
    assert not any(secret in (folder / "proxy" / "nginx.conf").read_bytes() for secret in secrets)


def test_the_brokers_know_each_other_by_certificate_in_a_network_of_their_own() -> None:
    nodes = [Node(number, f"directory-{number}") for number in (1, 2, 3)]
    properties = dict(line.split("=", 1) for line in broker_properties(nodes[1], nodes).splitlines())
    assert properties["listeners"] == (
        "CLIENTS://0.0.0.0:9092,BROKERS://kafka-2.brokers:9094,CONTROLLER://kafka-2.brokers:9093"
    )
    assert properties["advertised.listeners"].startswith("CLIENTS://kafka-2:9092,")
    assert properties["listener.security.protocol.map"] == "CLIENTS:SASL_SSL,BROKERS:SSL,CONTROLLER:SSL"
    assert properties["listener.name.brokers.ssl.client.auth"] == "required"
    assert (properties["default.replication.factor"], properties["min.insync.replicas"]) == ("3", "2")
    assert "password" not in str(properties).lower()

    arguments = format_arguments(nodes[1], nodes, "cluster", {"ann": "secret"}).splitlines()
    assert "1@kafka-1.brokers:9093:directory-1,2@kafka-2.brokers:9093:directory-2" in arguments[5]
    assert arguments[-1] == "SCRAM-SHA-512=[name=ann,password=secret]"
    assert "--standalone" in format_arguments(nodes[0], nodes[:1], "cluster", {})
