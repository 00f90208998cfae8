#!/usr/bin/env bash
# count_prefetches.sh <object file> <minimum>: fails if the code holds fewer prefetch instructions.
# gcc 12 deletes runs of __builtin_prefetch without a word, so the source proves nothing.
set -euo pipefail

code=$(objdump -d --no-show-raw-insn "$1")
count=$(grep -cE '\sprefetch(t0|t1|t2|nta|w)\s' <<<"$code" || true)
echo "$count prefetch instructions in $1, at least $2 are wanted"
[ "$count" -ge "$2" ]
