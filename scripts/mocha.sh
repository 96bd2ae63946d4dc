#!/usr/bin/env bash
# Runs mocha with Node 24.  mocha.sh [mocha arguments]   e.g. mocha.sh test/golden   mocha.sh -g PATH-03
# mocha.sh golden   rewrites the expectations of the golden fixtures.
set -euo pipefail
cd "$(dirname "$0")/.."
if [ "${1:-}" = golden ]; then
  shift
  export SLUICE_WRITE_GOLDEN=1
  set -- test/golden "$@"
fi
exec node_modules/.bin/node --disable-warning=ExperimentalWarning node_modules/mocha/bin/mocha.js "$@"
