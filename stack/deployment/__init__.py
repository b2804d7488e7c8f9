"""The platform in containers: what `docker-compose.yml` needs beside the images, and its first set-up."""
