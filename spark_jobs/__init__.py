"""The streaming job and the batch layer (Spark)."""
