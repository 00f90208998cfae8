#!/usr/bin/env bash
# examples/sharded_service/scale.sh [rows [seconds]]: answers per second of two readers on two cores,
# each with half of the shards, against those of one reader on one core with all. Each query is sent
# to all readers; rows are compared one by one, so that a search takes as long as there are rows.
#
# Cores 0 and 1 are those of the readers; sharded_load runs on the others where there are any. With
# two cores only it takes some of theirs: then use many rows, so that its share is small.
set -euo pipefail

rows=${1:-2000000} seconds=${2:-10}
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
programs=build/release/examples/sharded_service
scratch=$(mktemp -d)
. examples/sharded_service/processes.sh
trap end_all EXIT

build_programs sharded_reader sharded_load sharded_sample
cores=0-$(($(nproc) - 1))
if [ "$(nproc)" -gt 2 ]; then cores=2-$(($(nproc) - 1)); fi
"$programs/sharded_sample" --path "$scratch/db" --rows "$rows" --shards 4

# measure <map>...: prints answers per second.
measure() {
  local maps=() map
  for map in "$@"; do maps+=(--map "$map"); done
  taskset -c "$cores" "$programs/sharded_load" "${maps[@]}" --seconds 1 --threads 4 >/dev/null
  local figures
  figures=$(taskset -c "$cores" "$programs/sharded_load" "${maps[@]}" --seconds "$seconds" --threads 4)
  echo "$figures" >&2
  echo "${figures%% *}"
}

# For `start`, whose process it becomes.
reader() {
  exec taskset -c "$1" "$programs/sharded_reader" --path "$scratch/db" --shards "$2" --refresh-ms 0
}

start all reader 0 0,1,2,3
echo "one reader:" >&2
one=$(measure "0,1,2,3=$(address_of all)")
end
start low reader 0 0,1
start high reader 1 2,3
echo "two readers:" >&2
two=$(measure "0,1=$(address_of low)" "2,3=$(address_of high)")
end
awk -v one="$one" -v two="$two" 'BEGIN { printf "two readers against one: %.2f\n", two / one }'
