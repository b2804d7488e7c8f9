"""The API's routes, one module for each subject; each offers a `router`."""
