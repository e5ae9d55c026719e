FROM python:3.13-slim AS build
WORKDIR /src
RUN python -m venv --without-pip /venv
COPY pyproject.toml requirements.lock README.md LICENSE ./
COPY service service
# The lock is a constraint: what only development needs stays out. EXTRAS may be sentry, traces, or both with a comma.
ARG EXTRAS=
RUN pip --python /venv/bin/python install --no-cache-dir --constraint requirements.lock ".${EXTRAS:+[$EXTRAS]}"

FROM python:3.13-slim
RUN pip uninstall --yes --root-user-action ignore pip
COPY --from=build /venv /venv
ARG BUILD=unknown
ENV PATH=/venv/bin:$PATH APP_BUILD=$BUILD
WORKDIR /srv
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/api/v1/health', timeout=2)"]
CMD ["signals", "serve", "--host", "0.0.0.0", "--port", "8000"]
