# In place of the official eclipse-temurin JDK: Debian's OpenJDK of the same major version, at Temurin's path.
FROM debian:bookworm-slim
# hadolint ignore=DL3008
RUN apt-get update -q && mkdir -p /usr/share/man/man1 \
    && apt-get install -qy --no-install-recommends openjdk-17-jdk-headless \
    && find -L /usr/lib/jvm -type l -delete && mkdir -p /opt/java && cp -rL /usr/lib/jvm/java-17-openjdk-amd64 /opt/java/openjdk \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt && /opt/java/openjdk/bin/java -version
