"""Throughput and latency benchmarks beside a plain consumer."""
