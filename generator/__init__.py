"""The generator: order journeys, invalid records and replays of a file, to Kafka."""
