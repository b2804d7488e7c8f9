"""The monitor's rules, judged by Prometheus's own tool."""
