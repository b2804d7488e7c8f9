"""What the API reads, as plain SQL. A function takes an open connection and returns an answer's type."""
