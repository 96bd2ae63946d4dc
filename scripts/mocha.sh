#!/usr/bin/env bash
# Runs mocha with Node 24.  mocha.sh [mocha arguments]   e.g. mocha.sh test/golden/*.ts   mocha.sh -g PATH-03
# mocha.sh golden   rewrites the expectations of the golden fixtures.
set -euo pipefail
cd "$(dirname "$0")/.."
if [ "${1:-}" = golden ]; then
  shift
  export SLUICE_WRITE_GOLDEN=1
  set -- test/golden/golden.test.ts "$@"
fi
# Without a file or folder among the arguments the whole suite runs.
has_path=no
for argument in "$@"; do [ ! -e "$argument" ] || has_path=yes; done
[ "$has_path" = yes ] || set -- "$@" 'test/**/*.test.ts'
exec node_modules/.bin/node --disable-warning=ExperimentalWarning node_modules/mocha/bin/mocha.js "$@"
