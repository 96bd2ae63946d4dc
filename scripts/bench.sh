#!/usr/bin/env bash
# npm run bench -- NAME [--json] [--pictures]: installs wrk, then runs one benchmark of bench/.
set -euo pipefail
cd "$(dirname "$0")/.."
bash scripts/setup.sh wrk
exec node_modules/.bin/node --disable-warning=ExperimentalWarning bench/run.ts "$@"
