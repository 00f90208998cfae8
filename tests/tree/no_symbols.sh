#!/usr/bin/env bash
# no_symbols.sh <program> <namespace>...: fails if <program> has a symbol, defined or not, of one of
# the namespaces, for example vecdb::engine.
set -euo pipefail

program=$1
shift
symbols=$(nm -C "$program")
if ! grep -q 'vecdb::' <<<"$symbols"; then
  echo "$program holds no symbol of vecdb: is it stripped?" >&2
  exit 1
fi

found=0
for namespace in "$@"; do
  if grep -F "${namespace}::" <<<"$symbols" | head -20; then
    echo "$program reaches $namespace" >&2
    found=1
  fi
done
exit "$found"
