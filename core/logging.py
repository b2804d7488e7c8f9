"""Structured logging: key=value on a terminal, one JSON object a line elsewhere."""

import logging
import sys
from typing import Any

import structlog


def configure_logging(level: str = "info", *, process: str) -> None:
    """Log to standard error at `level` and above; `process` is a field of every line."""
    renderer: Any = (
        structlog.dev.ConsoleRenderer() if sys.stderr.isatty() else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
    )
    structlog.contextvars.bind_contextvars(process=process)


def get_logger(name: str) -> Any:
    """A logger whose lines carry `component=name`; configured at first use, so modules may create it on import."""
    return structlog.get_logger(component=name)
