#!/usr/bin/env bash
# npm run test:cluster: installs what is missing, then runs test/cluster, against the cluster of SLUICE_KUBECONFIG=FILE or, without
# that, against the API server double.
set -euo pipefail
cd "$(dirname "$0")/.."
bash scripts/setup.sh
exec bash scripts/mocha.sh test/cluster/*.test.ts "$@"
