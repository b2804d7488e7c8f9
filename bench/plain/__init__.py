"""The plain consumer, the stream's reference."""
