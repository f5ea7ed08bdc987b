# docker build -t numeral . && docker run -p 8000:8000 -v numeral-weights:/srv/numeral/weights -v numeral-var:/srv/numeral/var numeral
FROM python:3.11-slim AS build
# PyTorch's own index has wheels without CUDA, at a tenth of the size.
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
WORKDIR /src
RUN python -m venv /venv
COPY constraints.txt pyproject.toml README.md ./
COPY app app
COPY model model
RUN /venv/bin/python -m pip install --no-cache-dir --constraint constraints.txt \
    --extra-index-url "$TORCH_INDEX" '.[train]'

FROM python:3.11-slim
COPY --from=build /venv /venv
COPY weights /srv/shipped
# Any other user (`docker run --user 12345`) is in group 0, and so may write new volumes, too.
RUN mkdir -p /srv/numeral/weights /srv/numeral/var && chown -R 10001:0 /srv/numeral && chmod -R g+rwX /srv/numeral
WORKDIR /srv/numeral
USER 10001:10001
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    MPLCONFIGDIR=/tmp/matplotlib \
    HOST=0.0.0.0 \
    PORT=8000 \
    NUMERAL_DRAIN_SECONDS=5 \
    NUMERAL_SHUTDOWN_TIMEOUT=4 \
    NUMERAL_SHIPPED_WEIGHTS_DIR=/srv/shipped
VOLUME ["/srv/numeral/weights", "/srv/numeral/var"]
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=15s CMD ["python", "-m", "app.cli.healthcheck"]
CMD ["numeral", "serve"]
