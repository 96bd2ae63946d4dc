# syntax=docker/dockerfile:1
# The image of Sluice: the controller, nginx (OpenResty) and the supervisor that runs it. Both containers of a Pod use it.
#
#   docker build -t sluice .
#   docker build -t sluice --build-arg OPENRESTY_IMAGE=… --build-arg NODE_IMAGE=… .      other bases, such as local ones
#
# Only FROM lines and the npm dependencies of package-lock.json come from a registry.

# OpenResty 1.29.2.5 and later have the fixes of 2026 (security rule R25); it brings lua-resty-core and lua-cjson.
ARG OPENRESTY_IMAGE=openresty/openresty:1.29.2.5-0-bookworm
# The full variant has Python, which sets the file capability below. Debian 12 as above: the same C library.
ARG NODE_IMAGE=node:24-bookworm

FROM ${OPENRESTY_IMAGE} AS openresty

FROM ${NODE_IMAGE} AS build
WORKDIR /sluice
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --no-audit --no-fund \
  && npm cache clean --force
# With hostNetwork there is no Pod sysctl for low ports: nginx then needs CAP_NET_BIND_SERVICE from its file. Linux refuses to
# start a file with a capability that the container may not have, so it is a second copy, which SLUICE_NGINX names. Its name stays
# "nginx", and its Lua libraries are found where they are (docs/operations.md, "Ports below 1024").
COPY --from=openresty /usr/local/openresty/nginx/sbin/nginx /net-bind/nginx
# capabilities(7), "File capability extended attribute versioning": version 2 with the effective bit, capability 10 permitted.
RUN python3 -c 'import os, struct; os.setxattr("/net-bind/nginx", "security.capability", struct.pack("<IIIII", 0x02000001, 1 << 10, 0, 0, 0))'

FROM openresty
ARG VERSION=dev
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Sluice" \
  org.opencontainers.image.description="Kubernetes Ingress controller for nginx and OpenResty; the drop-in successor of ingress-nginx" \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.revision="${REVISION}"
COPY --from=build /usr/local/bin/node /usr/local/bin/node
COPY --from=build /net-bind/nginx /usr/local/openresty/nginx/sbin-net-bind/nginx
WORKDIR /sluice
COPY --from=build /sluice/node_modules node_modules
COPY package.json ./
COPY templates templates
COPY lua lua
COPY controller controller
COPY bin bin
# Programs where ingress-nginx has them, and the two folders, for where no volume is mounted: they belong to its user.
RUN ln -s /sluice/bin/in-image /nginx-ingress-controller \
  && ln -s /sluice/bin/wait-shutdown /wait-shutdown \
  && install -d -o 101 -g 82 -m 0700 /etc/sluice/conf \
  && install -d -o 101 -g 82 -m 0711 /run/sluice
ENV PATH="/sluice/bin:${PATH}" \
  NODE_ENV=production
USER 101:82
EXPOSE 80 443 8443 10254
# OpenResty's image asks for SIGQUIT.
STOPSIGNAL SIGTERM
# Of the controller, with or without nginx in it; kubelets do not look at it.
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:10254/healthz').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["/nginx-ingress-controller"]
