"""Helpers for programs on this machine: environment, account, locks, ports and folders."""
