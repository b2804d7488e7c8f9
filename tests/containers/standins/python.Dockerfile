# In place of the official slim Python image: Debian's own Python of the same minor version.
FROM debian:bookworm-slim
# hadolint ignore=DL3008
RUN apt-get update -q && apt-get install -qy --no-install-recommends python3 python3-venv \
    && dpkg --purge --force-depends curl && rm -rf /var/lib/apt/lists/* /var/cache/apt \
    && ln -s /usr/bin/python3 /usr/local/bin/python && ln -s /usr/bin/python3 /usr/local/bin/python3
# A registry may answer with a certificate of the machine's own authority.
ENV PIP_CERT=/etc/ssl/certs/ca-certificates.crt SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
CMD ["python3"]
