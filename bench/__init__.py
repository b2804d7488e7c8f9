"""Throughput and latency benchmarks, compared with a plain consumer."""
