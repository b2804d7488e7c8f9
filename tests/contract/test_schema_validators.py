"""The published JSON Schema in the validators that producers have, which calculate in doubles."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from core import schemas
from core.clock import utc_now
from core.events import RejectReason
from core.settings import load_settings
from stack.servers.frontend import ensure_packages
from tests.contract.test_schema import WELL_FORMED

FRONTEND = Path(__file__).parents[2] / "frontend"
AJV = """
    import { Ajv2020 } from "ajv/dist/2020.js";
    import addFormats from "ajv-formats";
    import { readFileSync } from "node:fs";
    const { schema, texts } = JSON.parse(readFileSync(0, "utf8"));
    const validate = addFormats.default(new Ajv2020()).compile(schema);
    console.log(JSON.stringify(texts.map((text) => validate(JSON.parse(text)))));
"""
ROUNDS = """
    import { readFileSync } from "node:fs";
    const texts = JSON.parse(readFileSync(0, "utf8"));
    console.log(JSON.stringify(texts.map((text) => Number(JSON.parse(text).toFixed(2)) === JSON.parse(text))));
"""
Validate = Callable[[dict[str, Any], list[str]], list[bool]]
"""Which JSON texts the schema accepts."""

CENTS = [f"{cents // 100}.{cents % 100:02}" for cents in range(100_001)]
LARGE = [
    "16777217.01",
    "7746075109451.35",
    "999999999999.99",
    "9999999999999.98",
    "9999999999999.99",
    "1.25E7",
]
TOO_PRECISE = ["0.001", "1.005", "0.30000000000000004", "7746075109451.351", "9999999999999.985"]

INDISTINCT = {"amount_negative.below_double", "amount_negative.far_below_double"}
"""In a double they are 0."""

PYTHONS_END = {"bad_event_time.trailing_newline"}
"""To Python's `re` the `$` of a pattern also stands before a last line break."""

NO_SUCH_DAY = {"bad_event_time.february_30", "bad_event_time.april_31", "bad_event_time.not_a_leap_year"}
"""A matter of `format`, which jsonschema checks only where it is asked to."""


def node(script: str, question: object) -> Any:
    answer = subprocess.run(
        ["node", "--input-type=module", "--eval", script],
        cwd=FRONTEND,
        input=json.dumps(question),
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout)


def jsonschema(schema: dict[str, Any], texts: list[str]) -> list[bool]:
    validator = Draft202012Validator(schema)
    return [validator.is_valid(json.loads(text)) for text in texts]


def ajv(schema: dict[str, Any], texts: list[str]) -> list[bool]:
    """In its strict mode, which refuses a schema with words that it does not know."""
    accepted: list[bool] = node(AJV, {"schema": schema, "texts": texts})
    return accepted


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    ensure_packages(load_settings())
    published: dict[str, Any] = json.loads((schemas.FOLDER / "event.schema.json").read_text(encoding="utf-8"))
    return published


@pytest.mark.parametrize("validate", [jsonschema, ajv])
def test_every_amount_in_cents_is_accepted(schema: dict[str, Any], validate: Validate) -> None:
    amounts = CENTS + LARGE
    accepted = validate(schema["properties"]["amount"], amounts)
    assert [text for text, is_valid in zip(amounts, accepted, strict=True) if not is_valid] == []


@pytest.mark.parametrize("validate", [jsonschema, ajv])
def test_the_example_is_accepted_and_what_no_amount_is_refused(
    schema: dict[str, Any], validate: Validate
) -> None:
    assert validate(schema, [json.dumps(schema["examples"][0])]) == [True]
    assert validate(schema["properties"]["amount"], ["-0.01", "1e13", '"1"', "null"]) == [False] * 4


@pytest.mark.parametrize(
    ("validate", "other"), [(jsonschema, INDISTINCT | PYTHONS_END | NO_SUCH_DAY), (ajv, INDISTINCT)]
)
def test_the_corpus_gets_the_verdict_of_the_stream(
    schema: dict[str, Any], validate: Validate, other: set[str]
) -> None:
    now = utc_now()
    texts = [(record.payload(now) or b"").decode() for record in WELL_FORMED]
    accepted = validate(schema, texts)
    differing = {
        record.name
        for record, is_valid in zip(WELL_FORMED, accepted, strict=True)
        if is_valid != (record.reason is None)
    }
    assert differing == other


def test_what_the_schema_cannot_say_two_lines_of_a_producer_can(schema: dict[str, Any]) -> None:
    """`round(amount, 2) == amount` in Python, `Number(amount.toFixed(2)) === amount` in JavaScript."""
    assert jsonschema(schema["properties"]["amount"], TOO_PRECISE) == [True] * len(TOO_PRECISE)
    assert RejectReason.AMOUNT_TOO_PRECISE.value in schema["properties"]["amount"]["description"]
    texts = CENTS + LARGE + TOO_PRECISE
    wanted = [text not in TOO_PRECISE for text in texts]
    assert [round(json.loads(text), 2) == json.loads(text) for text in texts] == wanted
    assert node(ROUNDS, texts) == wanted
