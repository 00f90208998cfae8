#!/usr/bin/env bash
# headers_compile.sh <folder> <compiler command>...: compiles every header below <folder> alone, as
# the first and only include of a file. The command holds the include paths and flags; ccache in
# front of it makes a second run quick. Two kinds are left out: Highway's -inl.h files, which are no
# headers of this kind, and a header that its own .cc includes before all else, because building that
# file was the same test.
set -euo pipefail

folder=$(cd "$1" && pwd)
shift
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

is_first_include_of_its_source() {
  local source=${1%.h}.cc
  [ -f "$source" ] || return 1
  [ "$(grep -m 1 '^#include' "$source")" = "#include \"${1#"$folder"/}\"" ]
}

compile_alone() {
  local object=$1 header=$2
  shift 2
  "$@" -std=c++20 -Wall -Wextra -Werror -include "$header" -x c++ -c /dev/null -o "$object" || {
    echo "does not compile alone: $header" >&2
    return 1
  }
}
export -f compile_alone

mapfile -t headers < <(find "$folder" -name '*.h' ! -name '*-inl.h' | sort)
if [ "${#headers[@]}" -eq 0 ]; then
  echo "no header below $folder" >&2
  exit 1
fi

compiled=0
for i in "${!headers[@]}"; do
  if is_first_include_of_its_source "${headers[$i]}"; then continue; fi
  printf '%s\0%s\0' "$scratch/$i.o" "${headers[$i]}" >>"$scratch/list"
  compiled=$((compiled + 1))
done
if [ "$compiled" -gt 0 ]; then
  xargs -0 -n 2 -P "$(nproc)" bash -c 'compile_alone "${@: -2}" "${@:1:$#-2}"' compile "$@" \
    <"$scratch/list"
fi
echo "${#headers[@]} headers compile alone, $compiled of them tried here"
