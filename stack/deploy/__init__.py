"""The platform in containers: what `docker-compose.yml` needs besides the images, and its set-up."""
