"""How long the chaos goes on."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--chaos-rounds", type=int, default=1, help="Rounds of all faults, in random order.")
    parser.addoption("--chaos-seed", type=int, default=None, help="Seed of their order.")
