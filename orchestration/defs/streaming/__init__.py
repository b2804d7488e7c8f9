"""The generator and the stream: processes, attached runs, sensor, assets."""
