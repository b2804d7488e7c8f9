"""Odd records and the verdict that each must get, from every implementation of the rules."""

from tests.corpus.records import RECORDS, Record
