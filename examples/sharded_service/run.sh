#!/usr/bin/env bash
# examples/sharded_service/run.sh: builds the programs, starts three readers and a gateway on this
# machine, asks, and shows what becomes of a search when a reader hangs and when one is gone.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
programs=build/release/examples/sharded_service
scratch=$(mktemp -d)
. examples/sharded_service/processes.sh
trap end_all EXIT

build_programs sharded_reader sharded_gateway sharded_client sharded_sample
"$programs/sharded_sample" --path "$scratch/db"

start a "$programs/sharded_reader" --path "$scratch/db" --shards 0,1
start b "$programs/sharded_reader" --path "$scratch/db" --shards 0,1
start c "$programs/sharded_reader" --path "$scratch/db" --shards 2,3
start gateway "$programs/sharded_gateway" --hedge-ms 20 \
  --map "0,1=$(address_of a),$(address_of b)" --map "2,3=$(address_of c)"
gateway=$(address_of gateway)

ask() {
  "$programs/sharded_client" --gateway "$gateway" --vector .5,.5,.5,.5,.5,.5,.5,.5 --limit 3 \
    --output-fields color "$@" 2>&1 || true
}

echo "== all readers are there"
ask
echo "== the first reader of shards 0 and 1 hangs: the second is asked too"
kill -STOP "${started[a]}"
ask
kill -CONT "${started[a]}"
echo "== the reader of shards 2 and 3 is gone"
kill -KILL "${started[c]}"
wait "${started[c]}" 2>/dev/null || true
ask
echo "== the same, and an answer without them will do"
ask --allow-partial
