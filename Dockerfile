# Two stages: the wheels are installed in the first, the image that runs holds no build tool and no pip cache.
#   production (default)  web, workers, beat, Flower
#   demo                  adds what the simulators need
FROM python:3.13-slim AS python
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PATH=/venv/bin:$PATH
WORKDIR /app

FROM python AS build
# telemetry: with what sends traces (docs/ops)
ARG LOCK=production
COPY locks/ locks/
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --require-hashes --requirement locks/$LOCK.txt

FROM build AS build-demo
RUN /venv/bin/pip install --no-cache-dir --require-hashes --requirement locks/demo.txt

FROM python AS base
# libpq and TLS come inside the wheels; nothing is installed from the distribution.
RUN useradd --system --create-home --home-dir /home/hospital --uid 10001 hospital \
    && mkdir var && chown hospital var
COPY . .

FROM base AS demo
COPY --from=build-demo /venv /venv
USER hospital

FROM base AS production
COPY --from=build /venv /venv
# collectstatic needs settings that start, not the real secrets: these are gone with the command.
RUN SECRET_KEY=only-for-collectstatic-0123456789abcdef PII_KEY=only-for-collectstatic-0123456789abcdef \
    PAYMENT_SECRET=only-for-collectstatic-0123456789abcdef python manage.py collectstatic --no-input
USER hospital
ENV HOST=0.0.0.0
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["python", "-m", "config.web"]
