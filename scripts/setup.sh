#!/usr/bin/env bash
# Installs what Sluice needs and the machine lacks: nginx with the Lua module from the distribution, and the npm
# dependencies (which bring Node 24). Safe to run again: it does nothing when all is there.
# usage: setup.sh [extra Debian package ...]
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf 'sluice setup: %s\n' "$*" >&2; }

RUNTIME_PACKAGES=(nginx libnginx-mod-http-lua lua-resty-core lua-resty-lrucache lua-cjson)

# more_set_headers, which snippets of users often have; OpenResty has it built in.
OPTIONAL_PACKAGES=(libnginx-mod-http-headers-more-filter)

# OpenResty, or a binary named by SLUICE_NGINX, brings its own Lua libraries.
has_own_nginx() {
  [ -n "${SLUICE_NGINX:-}" ] || command -v openresty >/dev/null 2>&1
}

missing_packages() {
  local package
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q '^install ok installed$' || printf '%s\n' "$package"
  done
}

explain_missing() {
  say "cannot install these packages: $*"
  say "as root, run:   apt-get update && apt-get install --no-install-recommends $*"
  say "or install OpenResty, or point SLUICE_NGINX (and SLUICE_LUA_PATH) at an nginx built with lua-nginx-module."
}

install_packages() {
  local missing as_root=() policy=/usr/sbin/policy-rc.d placed_policy=no had_nginx=yes
  mapfile -t missing < <(missing_packages "$@")
  [ "${#missing[@]}" -gt 0 ] || return 0

  if ! command -v apt-get >/dev/null 2>&1; then
    explain_missing "${missing[@]}"
    return 1
  fi
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null 2>&1; then
      explain_missing "${missing[@]}"
      return 1
    fi
    as_root=(sudo)
  fi

  say "installing ${missing[*]}"
  command -v nginx >/dev/null 2>&1 || had_nginx=no
  # The package would start a root nginx on port 80: policy-rc.d (Debian policy 9.3.3) says not to.
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
    "${as_root[@]}" chmod 755 "$policy"
    placed_policy=yes
  fi
  local failed=no log
  log=$(mktemp)
  if ! { "${as_root[@]}" apt-get update && "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
    failed=yes
    tail -n 20 "$log" >&2
  fi
  rm -f "$log"
  [ "$placed_policy" = no ] || "${as_root[@]}" rm -f "$policy"
  if [ "$had_nginx" = no ] && [ -d /run/systemd/system ]; then
    "${as_root[@]}" systemctl disable --quiet --now nginx 2>/dev/null || true
  fi
  if [ "$failed" = yes ]; then
    explain_missing "${missing[@]}"
    return 1
  fi
}

install_optional_packages() {
  local package
  for package in $(missing_packages "$@"); do
    apt-cache show "$package" >/dev/null 2>&1 || continue
    install_packages "$package" || say "going on without $package"
  done
}

install_node_modules() {
  local stamp=node_modules/.sluice-lock
  if [ -x node_modules/.bin/node ] && cmp -s package-lock.json "$stamp"; then
    return 0
  fi
  if ! command -v npm >/dev/null 2>&1; then
    say "npm is missing: install Node.js 20 or newer (it brings npm), then run this again"
    return 1
  fi
  say "installing the npm dependencies"
  # Engines are for Node 24, which the package "node" among them brings.
  npm ci --no-audit --no-fund --loglevel=error >&2
  cp package-lock.json "$stamp"
}

if has_own_nginx; then
  install_packages "$@"
else
  install_packages "${RUNTIME_PACKAGES[@]}" "$@"
  install_optional_packages "${OPTIONAL_PACKAGES[@]}"
fi
install_node_modules
