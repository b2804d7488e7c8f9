"""PostgreSQL on this machine: the server, its replica, its users and databases."""
