# Martlet in Gorush's place: the paths, the user id and the ports of Gorush's image, so that only the image's name changes.
#   docker build -t martlet .        docker run --rm -p 8088:8088 -v "$PWD/config.yml:/config.yml" martlet
# Another registry or a pinned digest: --build-arg NODE_IMAGE=…
ARG NODE_IMAGE=node:26-slim

# What runs: no development packages. Of no install script is anything needed; none is run.
FROM ${NODE_IMAGE} AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY src src
COPY scripts/bundle scripts/bundle
RUN npm run build && chmod 755 dist/main.js
# V8's compile cache, which Node keeps for each user: the root file system may be read-only later.
RUN install -d -o 1000 dist/compile-cache && setpriv --reuid 1000 --clear-groups node scripts/bundle/fill-compile-cache.ts

FROM ${NODE_IMAGE}
LABEL org.opencontainers.image.title="Martlet" \
  org.opencontainers.image.description="A push notification relay, drop-in for Gorush" \
  org.opencontainers.image.licenses="MIT"
ENV NODE_ENV=production \
  HOME=/home/gorush

# No package manager is left. The base image's user of id 1000 gets the name and the home of Gorush's.
# config.yml may be mounted at /config.yml, in the home as Gorush documents it, or in /etc/gorush.
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack \
    /opt/yarn* /usr/local/bin/yarn /usr/local/bin/yarnpkg \
  && groupmod --new-name gorush node \
  && usermod --login gorush --home /home/gorush --move-home node \
  && mkdir -p /etc/gorush /home/gorush/data \
  && ln -s /config.yml /home/gorush/config.yml \
  && ln -s /app/dist/main.js /bin/martlet \
  && ln -s /app/dist/main.js /bin/gorush \
  && chown 1000:1000 /home/gorush/data

WORKDIR /app
COPY package.json ./
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/dist dist
# What `/docs/guides` shows.
COPY docs docs

# A number, so that Kubernetes can tell that it is not root.
USER 1000:1000
WORKDIR /home/gorush
# The queue file: the one folder that is written to. The root file system may be read-only.
VOLUME ["/home/gorush/data"]
EXPOSE 8088 9000
# Not oftener: each is a process of its own, half a second of CPU.
HEALTHCHECK --start-period=5s --interval=30s --timeout=10s CMD ["/bin/martlet", "--ping"]
ENTRYPOINT ["/bin/martlet"]
