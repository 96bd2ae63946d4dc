#!/usr/bin/env bash
# Builds the helm that the chart tests run, once, with Go. Does nothing where helm is installed; without helm and Go the chart
# tests skip themselves by name.
set -euo pipefail
cd "$(dirname "$0")/.."

VERSION=v3.22.0
folder=node_modules/.cache/sluice-helm

say() { printf 'sluice setup: %s\n' "$*" >&2; }

if [ -x "$folder/helm" ] && [ "$(cat "$folder/version" 2>/dev/null)" = "$VERSION" ]; then exit 0; fi
if [ -n "${SLUICE_HELM:-}" ] || command -v helm >/dev/null 2>&1; then exit 0; fi
if ! command -v go >/dev/null 2>&1; then
  say "there is neither helm nor Go: the tests of the chart are skipped"
  exit 0
fi

say "building helm $VERSION with Go for the tests of the chart; once, about three minutes on two cores"
mkdir -p "$folder"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
started=$SECONDS
# No debugger will look at it: without symbols it links faster. CGO_ENABLED=0 does without a C compiler.
if env CGO_ENABLED=0 GOBIN="$PWD/$folder" go install -ldflags '-s -w' "helm.sh/helm/v3/cmd/helm@$VERSION" >"$log" 2>&1; then
  printf '%s' "$VERSION" >"$folder/version"
  say "helm is built, in $((SECONDS - started)) s"
else
  tail -n 5 "$log" >&2
  say "helm could not be built: the tests of the chart are skipped. SLUICE_HELM names another one"
fi
