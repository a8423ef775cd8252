# Meshcast on an x86-64 or ARM processor: docker build -f deploy/docker/cpu.Dockerfile -t meshcast .
FROM python:3.12-slim-bookworm AS build
SHELL ["/bin/bash", "-euo", "pipefail", "-c"]
RUN apt-get update && apt-get install -y --no-install-recommends g++ && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY . .
RUN python3 -m venv /opt/meshcast && \
    MESHCAST_NATIVE=ON MESHCAST_CUDA=OFF /opt/meshcast/bin/pip install --no-cache-dir -c constraints.txt ./clients/python .

FROM python:3.12-slim-bookworm
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /var/lib/meshcast --groups video meshcast && \
    install -d -o meshcast -g meshcast /var/lib/meshcast /var/cache/meshcast
COPY --from=build /opt/meshcast /opt/meshcast
ENV PATH=/opt/meshcast/bin:$PATH XDG_DATA_HOME=/var/lib XDG_CACHE_HOME=/var/cache PYTHONUNBUFFERED=1
WORKDIR /var/lib/meshcast
USER 10001:10001
EXPOSE 5556 8765 9464
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=15m --retries=3 \
  CMD ["python3", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:9464/healthz', timeout=5)"]
ENTRYPOINT ["meshcast"]
CMD ["--log-format", "json", "run", "--config", "/etc/meshcast/meshcast.toml", "--quiet"]
