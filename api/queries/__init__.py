"""The API's reads, in plain SQL. A function takes an open connection and returns a response type."""
