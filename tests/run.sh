#!/usr/bin/env bash
# tests/run.sh: installs what is missing, then builds and tests three ways and stops at the first
# that fails: clang with address and undefined sanitizers (unit and crash tests), clang with the thread
# sanitizer (tests labelled tsan), g++ (all tests). The last lines are ctest's summary of the last.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
. cmake/setup.sh
install_packages core tests benchmarks grpc ceph

# clang 14's sanitizers cannot place their shadow memory where the kernel randomises addresses by
# more bits than they were made for.
fixed_addresses=()
if setarch "$(uname -m)" -R true 2>/dev/null; then fixed_addresses=(setarch "$(uname -m)" -R); fi

# The rows of PROMISES.md run in full in the last stage; under the sanitizers at a part of their
# counts.
export VECDB_TEST_SCALE=${VECDB_TEST_SCALE:-0.02}

# run_stage <preset> <targets> [command before ctest]...
run_stage() {
  local preset=$1 targets=$2
  shift 2
  echo "== $preset"
  cmake --preset "$preset"
  cmake --build --preset "$preset" --target $targets
  "$@" ctest --preset "$preset" -j "$(nproc)" --output-on-failure
}

run_stage asan "vecdb_unit_tests vecdb_proof_tests" "${fixed_addresses[@]}"
run_stage tsan vecdb_tsan_tests "${fixed_addresses[@]}"
unset VECDB_TEST_SCALE
run_stage ci all
