#!/usr/bin/env bash
# clang_format.sh <clang-format> <folder>...: fails, with their names, if C++ files below the folders
# are not formatted as .clang-format says.
set -euo pipefail

formatter=$1
shift
folders=()
for folder in "$@"; do
  if [ -d "$folder" ]; then folders+=("$folder"); fi
done

mapfile -t files < <(find "${folders[@]}" -name '*.h' -o -name '*.cc' | sort)
if [ "${#files[@]}" -eq 0 ]; then
  echo "no C++ file in $*" >&2
  exit 1
fi

# One line for each file instead of one for each place.
if ! places=$(printf '%s\0' "${files[@]}" |
  xargs -0 -n 20 "$formatter" --dry-run -Werror 2>&1); then
  echo "Not formatted; run $formatter -i on:" >&2
  sed -n 's/^\([^ :]*\):[0-9]*:[0-9]*: error: .*/  \1/p' <<<"$places" | sort -u >&2
  exit 1
fi
echo "${#files[@]} files are formatted"
