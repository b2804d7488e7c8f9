"""Common to all routes: limits, headers, conditional responses, problems, the request log."""
