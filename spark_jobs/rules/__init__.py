"""From raw bytes to a verdict: the rules on records, in a fast lane and an exact one."""
