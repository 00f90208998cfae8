#!/usr/bin/env bash
# promtool_test.sh <vecdb_print_metrics> <examples/monitoring>: lets promtool check what MetricsText
# gives, and check and try the rules.
set -euo pipefail

print_metrics=$1 monitoring=$2
if ! command -v promtool >/dev/null; then
  echo "SKIPPED: no promtool here (Debian's package prometheus)"
  exit 77
fi
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

echo "== promtool check metrics"
"$print_metrics" >"$scratch/metrics"
[ "$(grep -c '^vecdb_' "$scratch/metrics")" -gt 200 ]
promtool check metrics <"$scratch/metrics"

# The check is one that says no.
if printf '# TYPE a_counter counter\na_counter{l="x} 1\n' | promtool check metrics 2>/dev/null; then
  echo "promtool takes broken text" >&2
  exit 1
fi

echo "== promtool check config, check rules, test rules"
promtool check config "$monitoring/prometheus.yml"
promtool check rules "$monitoring/alerts.yml" "$monitoring/milvus.yml"
cd "$monitoring"
promtool test rules rules_test.yml
