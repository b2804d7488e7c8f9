"""The platform in real containers: `make test-containers`."""
