#!/usr/bin/env bash
# plot_test.sh: run.sh and plot.py, from a program that stands for ann_bench to the page.
set -euo pipefail

plot=$(cd "$(dirname "${BASH_SOURCE[0]}")/../plot" && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

fail() {
  echo "plot_test.sh: $*" >&2
  exit 1
}

# expect_failure <text> <command>...: it must fail and say so.
expect_failure() {
  local text=$1 said
  shift
  if said=$("$@" 2>&1); then fail "succeeded: $*"; fi
  [[ $said == *"$text"* ]] || fail "\"$text\" is not in: $said"
}

# expect_line <file> <text>
expect_line() { grep -qF -- "$2" "$1" || fail "no \"$2\" in $1: $(cat "$1")"; }

# Every engine has two points, half way between which 400 and 100 make 200 queries per second.
cat >ann_bench <<'EOF'
#!/usr/bin/env bash
set -euo pipefail
[ "$1" != --help ] || exit 0
while [ $# -gt 0 ]; do
  flag=${1:2}
  declare "${flag//-/_}=$2"
  shift 2
done
[ "$index" != "${FAIL_AT:-}" ] || exit 1
engines=
for name in ${engine//,/ }; do
  engines+="${engines:+,}{\"engine\": \"$name\", \"index\": \"$index\", \"build\": \"$build\",
    \"build_seconds\": 1.25, \"bytes_per_vector\": 1234.4, \"points\": [
    {\"recall\": 0.98, \"qps\": 100, \"wall_qps\": 50}, {\"recall\": 0.9, \"qps\": 90, \"wall_qps\": 45},
    {\"recall\": 0.92, \"qps\": 400, \"wall_qps\": 200}]}"
done
echo "{\"metric\": \"$metric\", \"cpu\": \"a_cpu\", \"rows\": 50000, \"dim\": 4, \"queries\": 7,
  \"k\": $k, \"threads\": 1, \"build_threads\": 2, \"engines\": [$engines]}" >"$json"
EOF
chmod +x ann_bench
mkdir -p data/tiny
printf '\x50\xc3\x00\x00\x04\x00\x00\x00' | tee data/tiny/base.fbin >data/tiny/query.fbin
touch data/tiny/gt.ibin
export SETS=tiny:l2 COMMIT=abc

expect_failure "run.sh ANN_BENCH DATA OUT" "$plot/run.sh" ./ann_bench data
expect_failure '"./missing" does not run' "$plot/run.sh" ./missing data out
SETS=tiny expect_failure "is not NAME:METRIC" "$plot/run.sh" ./ann_bench data out
SETS=huge:l2 expect_failure "there is no data/huge/base.u8bin" "$plot/run.sh" ./ann_bench data out
SERIES=tree expect_failure '"tree" is unknown' "$plot/run.sh" ./ann_bench data out
FAIL_AT=IVF_SQ8 expect_failure "tiny ivf-sq8: ann_bench failed" "$plot/run.sh" ./ann_bench data out

KEEP=1 "$plot/run.sh" "env ./ann_bench" data out >said
expect_line said "tiny ivf-flat: kept"
expect_line said "--build nlist=256,nbits=4"

expect_failure "plot.py RESULTS DOCS" "$plot/plot.py" out
expect_failure "no *.run.json" "$plot/plot.py" data docs
"$plot/plot.py" out docs
page=docs/benchmarks.md
for name in "vecdb HNSW" "hnswlib HNSW" "faiss HNSW" "vecdb HNSW RABITQ" "faiss IVF_PQ 4 bits"; do
  expect_line $page "| $name | 400 | 200 | – | 1.2 | 1,234 |"
  expect_line docs/plots/tiny.svg "$name"
done
expect_line $page "was 50% of that by CPU time"
expect_line $page "commit abc"
expect_line docs/plots/tiny.svg "a cpu"

sed 's/"rows": 50000/"rows": 50001/' out/tiny.ivf-flat.json >out/tiny.other.json
expect_failure "are not of one run" "$plot/plot.py" out docs
head -c 100 out/tiny.ivf-flat.json >out/tiny.other.json
expect_failure "tiny.other.json" "$plot/plot.py" out docs
