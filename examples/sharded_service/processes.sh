# Sourced by run.sh and scale.sh, with `scratch` a folder of theirs and `programs` that of the programs.
#
# start <name> <command>...: starts a program that serves, and keeps what it says in $scratch/<name>.
# address_of <name>: where it listens, once it does.

declare -A started=()

start() {
  local name=$1
  shift
  "$@" >"$scratch/$name" &
  started[$name]=$!
}

address_of() {
  local address tries
  for ((tries = 0; tries < 600; ++tries)); do
    address=$(sed -n 's/^listening on //p' "$scratch/$1")
    if [ -n "$address" ]; then
      echo "$address"
      return
    fi
    sleep 0.1
  done
  echo "$1 does not listen" >&2
  return 1
}

end() {
  local pid
  for pid in "${started[@]}"; do kill -CONT "$pid" 2>/dev/null || true; done
  for pid in "${started[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${started[@]}"; do wait "$pid" 2>/dev/null || true; done
  started=()
}

end_all() {
  end
  rm -rf "$scratch"
}

# build_programs <program>...: in build/release, with packages installed where that can be done.
build_programs() {
  . cmake/setup.sh
  install_packages core grpc >&2
  if [ ! -f build/release/build.ninja ]; then
    cmake --preset release -DVECDB_BUILD_TESTS=OFF -DVECDB_BUILD_BENCHMARKS=OFF >&2
  elif ! cmake --build --preset release --target help | grep -q '^sharded_reader:'; then
    cmake --preset release >&2  # gRPC has come since
  fi
  cmake --build --preset release --target "$@" >&2
}
