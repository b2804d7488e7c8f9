"""`orderpulse source`, as the process that the command line starts."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from core.errors import OrderpulseError, SettingsError
from core.settings import read_settings
from intake.app import create_app
from intake.secrets import Secrets, write_secret
from intake.source_cli import app
from tests.intake.senders import PAYPAL, SECRETS, fixture

TOPIC = ["--header", "X-WC-Webhook-Topic: order.updated"]


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDERPULSE_STACK__DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("ORDERPULSE_INTAKE__PUBLIC_URL", "https://pulse.example/")


def run(*arguments: str, typed: str | None = None) -> tuple[int, str]:
    answer = CliRunner().invoke(app, arguments, input=typed)
    if isinstance(answer.exception, OrderpulseError):
        return 1, str(answer.exception)
    assert answer.exception is None or isinstance(answer.exception, SystemExit), answer.exception
    return answer.exit_code, answer.output


def message(tmp_path: Path, source: str, name: str) -> str:
    path = tmp_path / f"{name}.json"
    found = fixture(source, name)
    path.write_bytes(found.body or found.query.encode())
    return str(path)


def test_list_and_show_say_where_to_send(tmp_path: Path) -> None:
    code, text = run("list")
    assert code == 0
    assert "https://pulse.example/v1/sources/stripe" in text
    code, text = run("show", "stripe")
    assert code == 0
    assert "the secret is not set yet" in text
    assert "payment_intent.succeeded: payment_success" in text
    assert run("secret", "stripe", typed=f"{SECRETS['stripe']}\n")[0] == 0
    _, text = run("show", "stripe")
    assert "the secret is set" in text
    assert SECRETS["stripe"] not in text


def test_an_unknown_source_is_refused_with_the_names() -> None:
    code, text = run("show", "strip")
    assert code == 1
    assert "no source 'strip'; there are momo, paypal, shopify, stripe" in text


def test_try_shows_the_event_and_the_verdict_of_each_field(tmp_path: Path) -> None:
    code, text = run("try", "vnpay", message(tmp_path, "vnpay", "paid"))
    assert code == 0
    assert '"amount":250000.00,"currency":"VND"' in text
    assert "if sent now, it would be late" in text
    assert "The contract accepts it." in text
    code, text = run("try", "woocommerce", message(tmp_path, "woocommerce", "updated_refunded"), *TOPIC)
    assert code == 0
    assert text.count("payment_refunded") == 4


def test_try_names_what_the_contract_refuses(tmp_path: Path) -> None:
    code, text = run("try", "stripe", message(tmp_path, "stripe", "payment_succeeded_jpy"))
    assert code == 1
    assert "'JPY' is not one of ['VND', 'USD']" in text
    assert "The contract rejects it." in text


def test_try_says_what_does_not_map(tmp_path: Path) -> None:
    code, text = run("try", "stripe", message(tmp_path, "stripe", "no_amount"))
    assert code == 1
    assert "nothing at `body.data.object.amount_received`" in text
    code, text = run("try", "stripe", message(tmp_path, "stripe", "customer_created"))
    assert code == 0
    assert "gives no event" in text
    code, text = run("try", "woocommerce", message(tmp_path, "woocommerce", "created"))
    assert code == 1
    assert "--header 'x-wc-webhook-topic" in text
    code, text = run("try", "stripe", str(tmp_path / "missing"))
    assert code == 1
    assert "cannot be read" in text


def test_a_source_of_ones_own(tmp_path: Path) -> None:
    assert run("new", "mine")[0] == 0
    body: dict[str, object] = {"type": "order.placed", "at": "2026-03-01T09:30:00Z"}
    body |= {"order": {"number": "A-1", "total": "5", "currency": "VND"}}
    file = tmp_path / "message.json"
    file.write_text(json.dumps(body))
    assert run("try", "mine", str(file))[0] == 0
    assert "The source 'mine' exists already" in run("new", "mine")[1]
    assert run("new", "eu-shop", "--like", "woocommerce")[0] == 0
    assert "https://pulse.example/v1/sources/eu-shop" in run("list")[1]
    assert "cannot name a source" in run("new", "../x")[1]
    assert "begins with a letter" in run("new", "2nd-shop")[1]
    assert "no source 'nothing'" in run("new", "b", "--like", "nothing")[1]


def test_a_generated_secret_is_shown_once_and_may_be_replaced(tmp_path: Path) -> None:
    secrets = Secrets(read_settings())
    code, text = run("secret", "woocommerce", "--generate")
    first = text.splitlines()[0]
    assert code == 0
    assert secrets.of_source("woocommerce").secrets == (first,)
    _, text = run("secret", "woocommerce", "--generate", "--add")
    assert secrets.of_source("woocommerce").secrets == (first, text.splitlines()[0])
    assert "creates this secret itself" in run("secret", "stripe", "--generate")[1]
    assert "empty" in run("secret", "stripe", typed="\n")[1]


def test_certificates(tmp_path: Path) -> None:
    file = tmp_path / "paypal.pem"
    file.write_bytes(PAYPAL.certificate)
    assert run("secret", "paypal", "--certificates", str(file))[0] == 0
    assert Secrets(read_settings()).of_source("paypal").certificates == PAYPAL.certificate
    file.write_text("-----BEGIN PRIVATE KEY-----")
    assert "private key" in run("secret", "paypal", "--certificates", str(file))[1]
    file.write_text("nothing")
    assert "no PEM certificate" in run("secret", "paypal", "--certificates", str(file))[1]


def test_a_key_of_a_sender(tmp_path: Path) -> None:
    code, text = run("key", "till-1")
    assert code == 0
    assert Secrets(read_settings()).sender(text.strip()) == "till-1"
    assert "cannot name a sender" in run("key", "../x")[1]


def test_a_sender_and_a_source_cannot_have_one_name() -> None:
    """Neither may come second, and intake does not start with both."""
    assert "'stripe' is the name of a source" in run("key", "stripe")[1]
    assert Secrets(read_settings()).senders() == set()
    run("key", "till-1")
    create_app(read_settings())
    assert "'till-1' is the name of a source" in run("new", "till-1")[1]
    assert not read_settings().sources_dir.exists()
    write_secret(Secrets(read_settings()).sender_file("stripe"), b"key\n")
    with pytest.raises(SettingsError, match="'stripe' is the name of a source"):
        create_app(read_settings())
