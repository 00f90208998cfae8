#!/usr/bin/env bash
# Fuzzes every target for a number of runs: tests/fuzz/run.sh <build dir of preset fuzz> <runs>
# [target...]. What is new goes to <build dir>/corpus/<target>, what is wrong to
# <build dir>/crash-<target>-*. One line per target. VECDB_FUZZ_SECONDS ends each target earlier.
set -u
build=${1:?build dir}
runs=${2:?runs}
shift 2
here=$(cd "$(dirname "$0")" && pwd)
targets=${*:-log_records manifest segment_footer column_block vector_file index_file disk_index scalar_index filter_text s3_answers}
# What is freed is kept for a while, which with the usual 256 MB of it comes near the limit below.
export ASAN_OPTIONS=allocator_may_return_null=1:detect_leaks=1:quarantine_size_mb=64
failed=0
for target in $targets; do
  mkdir -p "$build/corpus/$target"
  log=$build/fuzz-$target.log
  dictionary=()
  if [ -f "$here/$target.dict" ]; then dictionary=(-dict="$here/$target.dict"); fi
  nice "$build/tests/fuzz/vecdb_${target}_fuzz" -runs="$runs" -rss_limit_mb=512 \
    -malloc_limit_mb=256 -timeout=5 -max_len=65536 -print_final_stats=1 \
    -max_total_time="${VECDB_FUZZ_SECONDS:-0}" "${dictionary[@]}" \
    -artifact_prefix="$build/crash-$target-" "$build/corpus/$target" "$here/corpus/$target" \
    >"$log" 2>&1 || failed=1
  done_runs=$(sed -n 's/^stat::number_of_executed_units: //p' "$log")
  rate=$(sed -n 's/^stat::average_exec_per_sec: *//p' "$log")
  verdict=$(grep -m1 -E '^#[0-9]+[[:space:]]+DONE|ERROR|does not hold' "$log" | cut -c1-100)
  echo "$target: ${done_runs:-?} runs, ${rate:-?}/s, ${verdict:-no verdict, see $log}"
done
exit $failed
