"""JMESPath expressions (https://jmespath.org), compiled when a source is read."""

from typing import Annotated, Any

import jmespath
from jmespath.exceptions import JMESPathError
from jmespath.parser import ParsedResult
from pydantic import BeforeValidator, PlainSerializer

from intake.mapping.errors import UnmappedError


def _compiled(value: object) -> ParsedResult:
    if isinstance(value, ParsedResult):
        return value
    if isinstance(value, str):
        try:
            return jmespath.compile(value)
        except JMESPathError as error:
            raise ValueError(f"'{value}' is not valid JMESPath: {str(error).splitlines()[0]}") from None
    raise ValueError("an expression must be a string")


Expression = Annotated[
    Any, BeforeValidator(_compiled), PlainSerializer(lambda parsed: parsed.expression, return_type=str)
]
"""A `ParsedResult`, written as a text."""


def find(expression: ParsedResult, document: dict[str, Any]) -> Any:
    """What the expression finds; None if it finds nothing. Raises `UnmappedError` if it fails on this document."""
    try:
        return expression.search(document)
    except (JMESPathError, TypeError, ArithmeticError) as error:
        raise UnmappedError(
            "expression_failed", f"`{expression.expression}` fails: {str(error).splitlines()[0]}"
        ) from None
