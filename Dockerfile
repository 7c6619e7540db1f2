# decom in an image: no compiler, no root, nothing written outside /data and /tmp.
#   docker build -t decom .
#   sudo install -D -m 0400 -o 10001 -g 10001 key /etc/decom/key    # the image's user must be able to read it
#   docker run -it --rm --init --read-only --tmpfs /tmp -v decom-data:/data -v "$PWD:/work:ro" \
#     -v /etc/decom/key:/run/secrets/key:ro -e DIALNEXA_API_KEY_FILE=/run/secrets/key decom plan numbers.csv
# Leave out -it where there is no terminal, as in cron; a release then needs --yes.
# The tag names a patch release. To pin the very bytes too, append the digest: …-bookworm@sha256:…
FROM python:3.11.14-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
COPY pyproject.toml README.md ./
COPY decom ./decom
RUN python -m venv /opt/decom && /opt/decom/bin/pip install ".[notify,metrics]"

FROM python:3.11.14-slim-bookworm
# The UID is fixed, so that Kubernetes can see that it is not root, and files on a volume keep their owner.
RUN groupadd --gid 10001 decom \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin decom \
    && install -d -m 0700 -o 10001 -g 10001 /data
# Owned by root: the running process cannot change its own code.
COPY --from=build /opt/decom /opt/decom
ENV PATH=/opt/decom/bin:/usr/local/bin:/usr/bin:/bin PYTHONDONTWRITEBYTECODE=1 \
    DECOM_HOME=/data/home DECOM_OUTPUT=/data/runs
# Ledger, lock and reports: without them no run can be resumed. Home and output are folders inside the volume, because
# its top may belong to another user.
VOLUME /data
WORKDIR /work
USER 10001:10001
STOPSIGNAL SIGTERM
ENTRYPOINT ["decom"]
CMD ["--help"]
