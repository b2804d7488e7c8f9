"""The control room: the desired state of the generator and the stream, what they report, and how both are judged."""
