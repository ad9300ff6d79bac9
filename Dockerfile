# CareSync's programs, an image each: starter, worker, simulator.
#
#   docker build --target starter -t caresync-starter .
#
# No "syntax" line: the cache mounts below are built into BuildKit, and a front end need not be fetched.

# The compiler runs on the builder's own platform and compiles for the wanted one.
FROM --platform=$BUILDPLATFORM golang:1.26.8-alpine3.24 AS build
WORKDIR /src
ENV CGO_ENABLED=0 GOTOOLCHAIN=local
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod \
    go mod download
COPY . .
ARG TARGETOS TARGETARCH
# timetzdata: "today" is a date in Sydney (R1), and the image has no time zones.
RUN --mount=type=cache,target=/go/pkg/mod \
    --mount=type=cache,target=/root/.cache/go-build \
    export GOOS=$TARGETOS GOARCH=$TARGETARCH GOFLAGS='-trimpath -buildvcs=false -tags=timetzdata -ldflags=-s' \
    && go build -o /out/caresync ./starter \
    && go build -o /out/caresync-worker ./worker \
    && go build -o /out/caresync-simulator ./simulator

# Alpine rather than an image without a shell: its wget makes the health checks, and its certificates the calls upstream.
FROM alpine:3.24.1 AS runtime
RUN adduser -D -H -u 10001 caresync
USER 10001:10001

FROM runtime AS starter
COPY --from=build /out/caresync /usr/local/bin/
ENTRYPOINT ["caresync"]
CMD ["serve"]

FROM runtime AS worker
COPY --from=build /out/caresync-worker /usr/local/bin/
ENTRYPOINT ["caresync-worker"]

FROM runtime AS simulator
# A new volume takes over the owner of the folder that it is mounted at.
USER root
RUN install -d -o 10001 -g 10001 /var/lib/caresync-simulator
USER 10001:10001
COPY --from=build /out/caresync-simulator /usr/local/bin/
ENTRYPOINT ["caresync-simulator"]
CMD ["serve"]
