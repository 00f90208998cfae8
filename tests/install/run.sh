#!/usr/bin/env bash
# run.sh <cmake> <build folder of vecdb> <C++ compiler>: installs vecdb into a fresh prefix, moves the
# prefix elsewhere, and builds and runs the program beside this file by find_package, and by
# pkg-config with one compiler command.
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
