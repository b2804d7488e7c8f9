"""Deadlines of the browser's tests: on a busy machine a page takes seconds to appear."""

from playwright.sync_api import expect

expect.set_options(timeout=30_000)
