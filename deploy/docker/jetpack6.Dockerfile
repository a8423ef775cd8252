# Meshcast on a Jetson board with JetPack 6 (L4T r36): docker build -f deploy/docker/jetpack6.Dockerfile -t meshcast:jetpack6 .
# Runs with docker run --runtime nvidia ...; CSI cameras need -v /tmp/argus_socket:/tmp/argus_socket as well.
FROM nvcr.io/nvidia/l4t-jetpack:r36.4.0 AS build
SHELL ["/bin/bash", "-euo", "pipefail", "-c"]
RUN apt-get update && apt-get install -y --no-install-recommends g++ python3-dev python3-venv && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY . .
# The last line takes JetPack's own TensorRT for Python, which is not in the package index.
RUN python3 -m venv --system-site-packages /opt/meshcast && \
    MESHCAST_NATIVE=ON MESHCAST_CUDA=ON CUDACXX=/usr/local/cuda/bin/nvcc \
    /opt/meshcast/bin/pip install --no-cache-dir -c constraints.txt ./clients/python . onnx && \
    cp -r /usr/lib/python3*/dist-packages/tensorrt* /opt/meshcast/lib/python3*/site-packages/

FROM nvcr.io/nvidia/l4t-tensorrt:r10.3.0-runtime
RUN apt-get update && apt-get install -y --no-install-recommends \
      gir1.2-gst-plugins-base-1.0 gir1.2-gstreamer-1.0 gstreamer1.0-plugins-base gstreamer1.0-plugins-good python3 python3-gi && \
    rm -rf /var/lib/apt/lists/* && \
    useradd --uid 10001 --user-group --no-create-home --home-dir /var/lib/meshcast --groups video meshcast && \
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
