# The image of Master-Ops: one process, not root, on a root file system that may be read-only.
# Everything it writes is in /data (MASTEROPS_HOME); /keys is where the local stack puts n8n's API key.
FROM docker.io/library/python:3.13.9-slim-bookworm AS build

WORKDIR /source
COPY pyproject.toml README.md LICENSE ./
COPY src ./src
COPY supabase ./supabase
RUN python -m venv /opt/masterops \
    && /opt/masterops/bin/pip install --no-cache-dir '.[oauth,apprise]'

FROM docker.io/library/python:3.13.9-slim-bookworm

RUN groupadd --gid 10001 masterops \
    && useradd --uid 10001 --gid masterops --no-create-home --home-dir /data --shell /usr/sbin/nologin masterops \
    && install -d -o masterops -g masterops -m 0700 /data /keys
COPY --from=build /opt/masterops /opt/masterops

ENV PATH=/opt/masterops/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    MASTEROPS_HOME=/data \
    MASTEROPS_WEB_HOST=0.0.0.0

USER 10001:10001
WORKDIR /data
VOLUME ["/data"]
EXPOSE 8470
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=6 \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8470/healthz', timeout=4)"]
ENTRYPOINT ["ops"]
CMD ["up"]
