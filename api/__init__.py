"""The API of the dashboard: FastAPI over the tables of the contract, live by server-sent events."""
