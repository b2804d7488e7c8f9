# In place of the official nginx image: Debian's nginx, with curl, which the official one has too.
FROM debian:bookworm-slim
# hadolint ignore=DL3008
RUN apt-get update -q && apt-get install -qy --no-install-recommends nginx-light && rm -rf /var/lib/apt/lists/* /var/cache/apt
CMD ["nginx", "-g", "daemon off;"]
