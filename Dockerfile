# The command in an image: no compiler, no root, nothing written outside /data and /tmp.
#   docker build -t decom .
#   docker run --rm --init --read-only --tmpfs /tmp -v decom-data:/data -v "$PWD:/work:ro" \
#     -v "$PWD/key:/run/secrets/key:ro" -e DIALNEXA_API_KEY_FILE=/run/secrets/key decom plan numbers.csv
# The tag names a patch release; to be held to the byte as well, put its digest behind it: …-bookworm@sha256:…
FROM python:3.11.14-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
COPY pyproject.toml README.md ./
COPY decom ./decom
RUN python -m venv /opt/decom && /opt/decom/bin/pip install ".[notify,metrics]"

FROM python:3.11.14-slim-bookworm
# The number is fixed, so that Kubernetes can see that it is not root, and files on a volume keep their owner.
RUN groupadd --gid 10001 decom \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin decom \
    && install -d -m 0700 -o 10001 -g 10001 /data
# Owned by root: what runs cannot change what runs.
COPY --from=build /opt/decom /opt/decom
ENV PATH=/opt/decom/bin:/usr/local/bin:/usr/bin:/bin PYTHONDONTWRITEBYTECODE=1 \
    DECOM_HOME=/data/home DECOM_OUTPUT=/data/runs
# Ledger, lock and reports: whoever loses them cannot resume. Home and output are folders in it and not its top, because
# the top of a volume may belong to somebody else.
VOLUME /data
WORKDIR /work
USER 10001:10001
STOPSIGNAL SIGTERM
ENTRYPOINT ["decom"]
CMD ["--help"]
