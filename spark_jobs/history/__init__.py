"""Past orders from a file, judged by the stream's rules and written by the batch layer."""
