#!/usr/bin/env bash
# Measures every index type of vecdb and of its peers on every data set, for plot.py to draw.
# `run.sh --help` says how to choose.
set -euo pipefail

usage() {
  cat <<'EOF'
run.sh ANN_BENCH DATA OUT

  ANN_BENCH  the program, or a command that ends in it: "nice taskset -c 2,3 path/ann_bench"
  DATA       folder of the sets: DATA/NAME/{base,query}.{u8bin,fbin} and DATA/NAME/gt.ibin
  OUT        folder for the results: NAME.SERIES.json of ann_bench, NAME.run.json of the machine

Chosen by variables of the environment, with their defaults:
  SETS="fashion-mnist-784:l2 sift-caltech-100k:l2 msdocs-lsa-256:cosine muge-clip-512-10k:cosine"
  SERIES="hnsw hnsw-fp32 hnsw-fp16 hnsw-sq4 hnsw-rabitq ivf-flat ivf-sq8 ivf-pq4 ivf-pq8"
                   hnsw is vecdb as it comes, hnswlib and FAISS; the lists are vecdb and FAISS
  QUERIES=1000     the first so many of a set; 0 for all
  SWEEPS=5         passes at each setting, of which the fastest counts; at least 3
  BUILD_THREADS=2  that build
  BUILD_RUNS=1     builds, of which the fastest counts
  EF=10,...        of HNSW
  NPROBE=1,...     of the lists
  REFINE_K=2,4,8   of IVF_PQ; IVF_SQ8 has 1,2
  KEEP=0           1 leaves alone what OUT has already, to go on after a stop
  COMMIT=          of the source; else what git says
EOF
}

fail() {
  echo "run.sh: $*" >&2
  exit 1
}

if [ "${1:-}" = --help ]; then
  usage
  exit 0
fi
if [ $# -ne 3 ]; then
  usage >&2
  exit 2
fi
read -ra ann_bench <<<"$1"
data=$2
out=$3

all_sets="fashion-mnist-784:l2 sift-caltech-100k:l2 msdocs-lsa-256:cosine muge-clip-512-10k:cosine"
all_series="hnsw hnsw-fp32 hnsw-fp16 hnsw-sq4 hnsw-rabitq ivf-flat ivf-sq8 ivf-pq4 ivf-pq8"
: "${SETS:=$all_sets}" "${SERIES:=$all_series}" "${QUERIES:=1000}" "${SWEEPS:=5}"
: "${BUILD_THREADS:=2}" "${BUILD_RUNS:=1}" "${KEEP:=0}"
: "${EF:=10,14,20,28,40,56,80,120,160,240,320,480,640}"
: "${NPROBE:=1,2,3,4,6,8,12,16,24,32,48,64}" "${REFINE_K:=2,4,8}"
: "${COMMIT:=$(git -C "$(dirname "${BASH_SOURCE[0]}")" rev-parse --short HEAD 2>/dev/null || true)}"

# FAISS trains with OpenBLAS, whose threads are not those of OpenMP.
export OPENBLAS_NUM_THREADS=$BUILD_THREADS

"${ann_bench[@]}" --help >/dev/null || fail "\"$1\" does not run"
mkdir -p "$out" || fail "$out cannot be made"

# find_vectors <set> <base|query>: its file, whichever of the types it has.
find_vectors() {
  local ending
  for ending in u8bin fbin; do
    if [ -r "$data/$1/$2.$ending" ]; then
      echo "$data/$1/$2.$ending"
      return
    fi
  done
  fail "there is no $data/$1/$2.u8bin and no $2.fbin"
}

# About the square root of the rows.
lists_of() {
  local rows
  rows=$(od -An -tu4 -N4 "$1" | tr -d ' ')
  if [ "$rows" -ge 50000 ]; then echo 256; else echo 128; fi
}

# Sets engines, index, build and search.
choose() {
  local series=$1 nlist=$2
  local graph=M=16,efConstruction=200
  engines=vecdb
  case $series in
    hnsw) engines=vecdb,hnswlib,faiss build=$graph ;;
    hnsw-fp32 | hnsw-fp16 | hnsw-sq4 | hnsw-rabitq)
      build=$graph,codec=$(tr a-z A-Z <<<"${series#hnsw-}") ;;
    ivf-flat) build=nlist=$nlist search=nprobe=$NPROBE ;;
    ivf-sq8) build=nlist=$nlist search=nprobe=$NPROBE:refine_k=1,2 ;;
    ivf-pq4 | ivf-pq8)
      build=nlist=$nlist,nbits=${series#ivf-pq} search=nprobe=$NPROBE:refine_k=$REFINE_K ;;
    *) fail "SERIES: \"$series\" is unknown" ;;
  esac
  case $series in
    hnsw*) index=HNSW search=ef=$EF ;;
    ivf-pq*) index=IVF_PQ engines=vecdb,faiss ;;
    *) index=$(tr a-z- A-Z_ <<<"$series") engines=vecdb,faiss ;;
  esac
}

# What the figures depend on beside the program.
write_run() {
  local cpu memory_gib
  cpu=$(sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo | head -n 1)
  memory_gib=$(awk '/^MemTotal/ { printf "%.0f", $2 / 1048576 }' /proc/meminfo)
  cat >"$1" <<EOF
{"date": "$(date -u +%Y-%m-%d)", "cpu": "$cpu", "cores": $(nproc), "memory_gib": $memory_gib,
 "system": "$(uname -sr)", "commit": "$COMMIT",
 "settings": "QUERIES=$QUERIES SWEEPS=$SWEEPS BUILD_THREADS=$BUILD_THREADS BUILD_RUNS=$BUILD_RUNS EF=$EF NPROBE=$NPROBE REFINE_K=$REFINE_K"}
EOF
}

# measure <set> <metric> <series>
measure() {
  local set=$1 metric=$2 series=$3 base query
  local file=$out/$set.$series.json engines index build search
  if [ "$KEEP" = 1 ] && [ -s "$file" ]; then
    echo "== $set $series: kept"
    return
  fi
  base=$(find_vectors "$set" base)
  query=$(find_vectors "$set" query)
  choose "$series" "$(lists_of "$base")"
  local command=("${ann_bench[@]}" --base "$base" --query "$query" --truth "$data/$set/gt.ibin"
    --name "$set" --metric "$metric" --engine "$engines" --index "$index" --build "$build"
    --search "$search" --queries "$QUERIES" --sweeps "$SWEEPS" --k 10 --threads 1
    --build-threads "$BUILD_THREADS" --build-runs "$BUILD_RUNS" --json "$file.part")
  echo "== $set $series: ${command[*]}"
  "${command[@]}" || fail "$set $series: ann_bench failed; what is done is in $out, go on with KEEP=1"
  mv "$file.part" "$file"
  echo "== $set $series: done after $SECONDS s"
}

# Mistakes are told before anything is measured.
for set_metric in $SETS; do
  set=${set_metric%%:*}
  case $set_metric in
    *:l2 | *:ip | *:cosine) ;;
    *) fail "SETS: \"$set_metric\" is not NAME:METRIC with l2, ip or cosine" ;;
  esac
  find_vectors "$set" base >/dev/null
  find_vectors "$set" query >/dev/null
  [ -r "$data/$set/gt.ibin" ] || fail "there is no $data/$set/gt.ibin"
done
for series in $SERIES; do choose "$series" 1; done

for set_metric in $SETS; do
  set=${set_metric%%:*}
  [ "$KEEP" = 1 ] && [ -s "$out/$set.run.json" ] || write_run "$out/$set.run.json"
  for series in $SERIES; do measure "$set" "${set_metric##*:}" "$series"; done
done
echo "All done after $SECONDS s; now: plot.py $out DOCS"
