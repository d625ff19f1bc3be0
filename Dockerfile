# The same program as `make run`, as an unprivileged user, its data on a volume.
FROM python:3.11-slim-bookworm

RUN useradd --create-home --uid 10001 hocvuso && mkdir /data && chown hocvuso /data
WORKDIR /app

COPY requirements.lock ./
RUN pip install --no-cache-dir --require-hashes -r requirements.lock

COPY pyproject.toml README.md ./
COPY bot bot
COPY handlers handlers
COPY knowledge knowledge
COPY records records
COPY retrieval retrieval
COPY staff staff
RUN pip install --no-cache-dir --no-deps --no-build-isolation -e .

USER hocvuso
ENV HOCVUSO_DATA_FOLDER=/data HOCVUSO_HOST=0.0.0.0 HOCVUSO_PORT=8000
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["hocvuso", "serve"]
