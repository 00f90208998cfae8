#!/usr/bin/env bash
# expect_failure.sh <text> <command>...: succeeds if the command fails and says <text>.
set -euo pipefail

text=$1
shift
if output=$("$@" 2>&1); then
  echo "should have failed: $*" >&2
  exit 1
fi
grep -qF "$text" <<<"$output" || {
  echo "failed without saying '$text': $output" >&2
  exit 1
}
