#!/usr/bin/env bash
# scrape_test.sh <metrics_exporter> <examples/monitoring>: a real Prometheus scrapes the example, and
# its HTTP API has the series, those under the names of Milvus too.
set -euo pipefail

exporter=$1 monitoring=$2
if ! command -v prometheus >/dev/null; then
  echo "SKIPPED: no prometheus here (Debian's package prometheus)"
  exit 77
fi
scratch=$(mktemp -d)
pids=()
cleanup() {
  local pid
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
  rm -rf "$scratch"
}
trap cleanup EXIT
deadline=$((SECONDS + 120))

# wait_for <what> <command>...: until the command succeeds.
wait_for() {
  local what=$1
  shift
  until "$@"; do
    if [ "$SECONDS" -ge "$deadline" ]; then
      echo "no $what within two minutes" >&2
      cat "$scratch"/*.log >&2
      exit 1
    fi
    sleep 0.2
  done
}

# get <port> <path>: the answer to a request by HTTP/1.0.
get() {
  exec 3<>"/dev/tcp/127.0.0.1/$1" || return 1
  printf 'GET %s HTTP/1.0\r\nHost: localhost\r\n\r\n' "$2" >&3
  timeout 10 cat <&3
  exec 3<&-
}

"$exporter" 0 170 >"$scratch/exporter.log" 2>&1 &
pids+=($!)
wait_for "port of the exporter" grep -q '^http://' "$scratch/exporter.log"
target=$(sed -n 's|^http://\([^/]*\)/metrics$|\1|p' "$scratch/exporter.log")

cat >"$scratch/prometheus.yml" <<EOF
global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}
rule_files: ["$monitoring/alerts.yml", "$monitoring/milvus.yml"]
scrape_configs:
  - job_name: vecdb
    static_configs: [{targets: ["$target"]}]
EOF

# A port that is free now may be taken a moment later, so it is tried with several.
start_server() {
  local try pid
  for try in 1 2 3 4 5; do
    port=$((20000 + RANDOM))
    prometheus --config.file="$scratch/prometheus.yml" --storage.tsdb.path="$scratch/data$try" \
      --web.listen-address="127.0.0.1:$port" >"$scratch/prometheus.log" 2>&1 &
    pid=$!
    pids+=("$pid")
    while kill -0 "$pid" 2>/dev/null && [ "$SECONDS" -lt "$deadline" ]; do
      if grep -q "Server is ready to receive web requests" "$scratch/prometheus.log"; then return 0; fi
      sleep 0.2
    done
  done
  cat "$scratch/prometheus.log" >&2
  return 1
}
start_server

# has <query, with %-escapes> <regular expression>: whether the answer of the API matches.
has() {
  get "$port" "/api/v1/query?query=$1" >"$scratch/answer" 2>/dev/null || return 1
  grep -q '"status":"success"' "$scratch/answer" && grep -Eq "$2" "$scratch/answer"
}

wait_for "rows" has 'vecdb_rows%7Bcollection%3D%22points%22%7D%20%3E%3D%204900' '"job":"vecdb"'
wait_for "searches" has 'vecdb_operations_total%7Boperation%3D%22search%22%2Ccode%3D%22OK%22%7D%20%3E%20100' '"collection":"points"'
wait_for "errors by code" has 'vecdb_operations_total%7Bcode%3D%22INVALID_ARGUMENT%22%7D%20%3E%200' '"operation":"query"'
wait_for "resident memory" has 'process_resident_memory_bytes%20%3E%201e6' '"job":"vecdb"'
wait_for "latencies of Milvus" has 'milvus_querynode_sq_req_latency_bucket%7Ble%3D%22131072%22%7D%20%3E%20100' '"query_type":"search"'
wait_for "loads of Milvus" has 'milvus_querynode_load_segment_latency_count' '"node_id":"0"'
wait_for "flushes of Milvus" has 'milvus_datanode_save_latency_count%20%3E%200' '"msg_type":"insert"'
wait_for "segments of Milvus" has 'milvus_datacoord_segment_num%20%3E%200' '"segment_state":"Flushed"'
wait_for "a healthy target" has 'up%7Bjob%3D%22vecdb%22%7D%20%3D%3D%201' '"job":"vecdb"'
kill -0 "${pids[0]}"
echo "scraped"
