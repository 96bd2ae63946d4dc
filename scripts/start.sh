#!/usr/bin/env bash
# npm start: installs what is missing, then serves examples/. Flags for the controller go behind "--".
set -euo pipefail
cd "$(dirname "$0")/.."
bash scripts/setup.sh
exec node_modules/.bin/node examples/start.ts "$@"
