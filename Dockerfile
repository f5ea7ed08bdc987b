# docker build -t numeral .                          serves and retrains
# docker build -t numeral:serve --target serve .     serves: without PyTorch, at a fraction of the size
# docker run -p 8000:8000 -v numeral-weights:/srv/numeral/weights -v numeral-var:/srv/numeral/var numeral
FROM python:3.11-slim AS serve-packages
WORKDIR /src
RUN python -m venv --without-pip /venv
COPY constraints.txt LICENSE pyproject.toml README.md ./
COPY app app
COPY model model
COPY weights/1 weights/1
RUN python -m pip --python /venv/bin/python install --no-cache-dir --constraint constraints.txt .

FROM serve-packages AS full-packages
# PyTorch's own index has wheels without CUDA, at a tenth of the size.
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
RUN python -m pip --python /venv/bin/python install --no-cache-dir --constraint constraints.txt \
    --extra-index-url "$TORCH_INDEX" '.[train]'

FROM python:3.11-slim AS base
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
    NUMERAL_SHUTDOWN_TIMEOUT=4
VOLUME ["/srv/numeral/weights", "/srv/numeral/var"]
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=15s CMD ["python", "-m", "app.cli.healthcheck"]
# SageMaker then says by SAGEMAKER_BIND_TO_PORT where to listen.
LABEL com.amazonaws.sagemaker.capabilities.accept-bind-to-port=true
ENTRYPOINT ["numeral"]
CMD ["serve"]

FROM base AS serve
COPY --from=serve-packages /venv /venv

FROM base AS full
COPY --from=full-packages /venv /venv
