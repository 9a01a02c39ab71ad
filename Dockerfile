# One image for every process of the hub, and for the Spark master and workers beside it: the same Python, Java and
# Spark everywhere, so that a job finds on the cluster what it found at the desk.
FROM node:24-bookworm-slim AS packages
WORKDIR /packages
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund \
    && mkdir -p kept/@tabler/core/dist kept/@tabler/icons/icons \
    && mv node_modules/@tabler/core/dist/css kept/@tabler/core/dist/ \
    && mv node_modules/@tabler/icons/icons/outline kept/@tabler/icons/icons/

FROM python:3.11-slim-bookworm

RUN apt-get update \
    && apt-get install -y --no-install-recommends openjdk-17-jre-headless procps tini \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 1000 hub \
    && mkdir /data \
    && chown hub:hub /data

WORKDIR /srv/hub
COPY requirements.txt .
RUN pip install --no-cache-dir uv \
    && uv pip install --system --no-cache -r requirements.txt \
    && pip uninstall --yes --quiet uv

COPY manage.py CHANGELOG.md ./
COPY servicetsunami servicetsunami
COPY tenants tenants
COPY connectors connectors
COPY integrations integrations
COPY templates templates
COPY static static
COPY locale locale
COPY --from=packages /packages/kept node_modules
ENV HUB_STATIC_DIR=/srv/hub/staticfiles
# The key is for this step alone: collecting files seals and signs nothing.
RUN SECRET_KEY=build HUB_VAR_DIR=/data python manage.py collectstatic --noinput --verbosity 0

USER hub
ENV HUB_VAR_DIR=/data \
    PYTHONUNBUFFERED=1 \
    PYSPARK_PYTHON=python3 \
    SPARK_HOME=/usr/local/lib/python3.11/site-packages/pyspark
VOLUME /data
EXPOSE 8000
# tini reaps what Spark's drivers leave and passes signals on.
ENTRYPOINT ["tini", "-g", "--"]
CMD ["uvicorn", "servicetsunami.asgi:application", "--host", "0.0.0.0", "--port", "8000", "--lifespan", "off", \
     "--no-access-log", "--proxy-headers", "--forwarded-allow-ips", "*", "--timeout-graceful-shutdown", "10"]
