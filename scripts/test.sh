#!/usr/bin/env bash
# npm test: installs what is missing, then runs the whole suite.
set -euo pipefail
cd "$(dirname "$0")/.."
bash scripts/setup.sh
bash scripts/helm.sh
exec bash scripts/mocha.sh "$@"
