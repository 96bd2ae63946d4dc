#!/usr/bin/env bash
# npm run check: types, format and lint of TypeScript, lint of Lua.
set -euo pipefail
cd "$(dirname "$0")/.."
bash scripts/setup.sh lua-check
node_modules/.bin/tsc --noEmit
node_modules/.bin/biome check --error-on-warnings .
luacheck --quiet lua
