#!/usr/bin/env bash
# examples/run.sh [question...]: semantic search over the text on this machine. Installs what is
# missing, builds, and runs examples/docsearch: with no argument it answers three questions of its
# own, with arguments those, with -i what the terminal asks. With no argument, and where FAISS is
# installed, examples/from_faiss runs behind it.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
. cmake/setup.sh
install_packages core >&2

# A build folder that is configured already, perhaps with tests and benchmarks, stays as it is.
if [ ! -f build/release/build.ninja ]; then
  cmake --preset release -DVECDB_BUILD_TESTS=OFF -DVECDB_BUILD_BENCHMARKS=OFF >&2
fi
cmake --build --preset release --target docsearch >&2
if [ "$#" -gt 0 ]; then exec build/release/examples/docsearch "$@"; fi
build/release/examples/docsearch

if cmake --build --preset release --target help | grep -q '^from_faiss:'; then
  cmake --build --preset release --target from_faiss >&2
  build/release/examples/from_faiss
fi
