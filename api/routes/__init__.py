"""The API's routes, one module per subject, each with a `router`."""
