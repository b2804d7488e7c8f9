"""Kafka on this machine: its nodes, their configuration, the users' rights, the topic."""
