#!/usr/bin/env bash
# run.sh <cmake> <build folder of vecdb> <C++ compiler>: installs vecdb into a fresh prefix, moves the
# prefix elsewhere, and builds and runs the program beside this file by find_package, and by
# pkg-config with one compiler command. Each component is asked for by a project of its own, which
# must say what is missing where there is none, as it must of one that does not exist.
set -euo pipefail

cmake=$1 build=$2 compiler=$3
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

"$cmake" --install "$build" --prefix "$scratch/installed" >/dev/null
mv "$scratch/installed" "$scratch/moved"

echo "== find_package"
"$cmake" -G Ninja -S "$here" -B "$scratch/build" \
  -DCMAKE_CXX_COMPILER="$compiler" -DCMAKE_PREFIX_PATH="$scratch/moved"
"$cmake" --build "$scratch/build"
"$scratch/build/host"

# configure <component>
configure() {
  "$cmake" -G Ninja -S "$here" -B "$scratch/build-$1" -DCOMPONENT="$1" \
    -DCMAKE_CXX_COMPILER="$compiler" -DCMAKE_PREFIX_PATH="$scratch/moved"
}

# expect_refusal <component> <text>: configuring fails and says so.
expect_refusal() {
  if configure "$1" >"$scratch/log" 2>&1; then
    echo "component $1 was found" >&2
    exit 1
  fi
  # CMake breaks lines where it likes.
  tr -s ' \n' ' ' <"$scratch/log" | grep -qF "$2" || { cat "$scratch/log" >&2; exit 1; }
}

echo "== components"
expect_refusal nonsense "vecdb has no component nonsense: it has no component of that name"
if [ -n "$(find "$scratch/moved" -name vecdbFaissTargets.cmake)" ]; then
  configure faiss
  "$cmake" --build "$scratch/build-faiss"
  OMP_NUM_THREADS=1 "$scratch/build-faiss/faiss_host"
  find "$scratch/moved" -name 'vecdbFaissTargets*' -delete
fi
expect_refusal faiss "vecdb has no component faiss: it was built without FAISS"
if [ -n "$(find "$scratch/moved" -name vecdbMetricsTargets.cmake)" ]; then
  configure metrics
  "$cmake" --build "$scratch/build-metrics"
  "$scratch/build-metrics/metrics_host"
  find "$scratch/moved" -name 'vecdbMetricsTargets*' -delete
fi
expect_refusal metrics "vecdb has no component metrics: it was built without prometheus-cpp"

if [ -n "$(find "$scratch/moved" -name vecdbS3Targets.cmake)" ]; then
  configure s3
  "$cmake" --build "$scratch/build-s3"
  "$scratch/build-s3/s3_host"
  find "$scratch/moved" -name 'vecdbS3Targets*' -delete
fi
expect_refusal s3 "vecdb has no component s3: it was built without libcurl"

echo "== pkg-config"
if ! command -v pkg-config >/dev/null; then
  echo "no pkg-config here" >&2
  exit 1
fi
pc=$(find "$scratch/moved" -name vecdb.pc)
export PKG_CONFIG_PATH=${pc%/*}
for mode in "" --static; do
  # shellcheck disable=SC2046
  "$compiler" -std=c++20 -Wall -Wextra -Werror "$here/main.cc" -o "$scratch/host" \
    $(pkg-config --cflags --libs $mode vecdb)
  "$scratch/host"
done
