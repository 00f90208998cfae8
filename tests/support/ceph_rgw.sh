#!/usr/bin/env bash
# A real S3 server for tests: one Ceph monitor, manager, object store in memory and RADOS gateway, from
# Debian's packages (group `ceph` of cmake/packages.txt). Takes about 25 s to start and 420 MB of
# memory; everything it writes lies in one directory, and it listens on 127.0.0.1 alone.
#   ceph_rgw.sh start DIR [PORT]    prints VECDB_S3_ENDPOINT and so on as shell assignments
#   ceph_rgw.sh stop DIR
#   ceph_rgw.sh run DIR COMMAND...  starts it, runs the command with these in its environment, stops it
# Exits with 77, which CTest takes for skipped, where Ceph is not installed.
set -euo pipefail

access_key=VECDBTESTKEY
secret_key=vecdb-test-secret
bucket=vecdb-test

check_installed() {
  local program
  for program in ceph ceph-mon ceph-mgr ceph-osd radosgw radosgw-admin monmaptool curl; do
    command -v "$program" >/dev/null && continue
    echo "Skipped: there is no $program here. Debian's packages are in group ceph of cmake/packages.txt." >&2
    exit 77
  done
}

# A port from `first` on that nobody listens on.
free_port() {
  local port
  for port in $(seq "$1" "$(($1 + 200))"); do
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
  done
  echo "no free port from $1 on" >&2
  return 1
}

write_config() {
  local dir=$1 port=$2 monitor_port=$3 fsid=$4
  cat >"$dir/ceph.conf" <<CONFIG
[global]
fsid = $fsid
mon_host = 127.0.0.1:$monitor_port
auth_cluster_required = none
auth_service_required = none
auth_client_required = none
mon_data = $dir/mon
osd_data = $dir/osd
mgr_data = $dir/mgr
run_dir = $dir/run
admin_socket = $dir/run/\$name.asok
log_file = $dir/log/\$name.log
pid_file = $dir/run/\$name.pid
osd_objectstore = memstore
memstore_device_bytes = 4294967296
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 8
osd_pool_default_pg_autoscale_mode = off
osd_crush_chooseleaf_type = 0
mon_allow_pool_size_one = true
mon_max_pg_per_osd = 500
mon_data_avail_warn = 5
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
ms_bind_msgr2 = false
# With the map of monitors in a file the others know the id of the cluster before they ask for it:
# without, the object store now and then asks for a place of its own as of cluster 0 and ends.
[osd]
monmap = $dir/monmap
[client.rgw]
rgw_frontends = beast endpoint=127.0.0.1:$port tcp_nodelay=1
CONFIG
}

# wait_for TRIES COMMAND...: every half a second.
wait_for() {
  local tries=$1
  shift
  for _ in $(seq "$tries"); do
    "$@" && return
    sleep 0.5
  done
  echo "gave up waiting for: $*" >&2
  return 1
}

osd_is_up() { timeout 10 ceph -c "$1/ceph.conf" -s 2>/dev/null | grep -q '1 up'; }
new_osd() { timeout 30 ceph -c "$1/ceph.conf" osd new "$2" >/dev/null; }

start_osd() {
  for _ in 1 2 3; do
    if ceph-osd -c "$1/ceph.conf" -i 0 >/dev/null 2>&1; then
      wait_for 60 osd_is_up "$1" && return
      kill "$(cat "$1/run/osd.0.pid")" 2>/dev/null || true
    fi
  done
  tail -n 20 "$1/log/osd.0.log" >&2
  return 1
}

gateway_answers() { curl -s -m 2 -o /dev/null "http://127.0.0.1:$1/"; }

make_bucket() {
  curl -s -f -o /dev/null -X PUT --aws-sigv4 aws:amz:us-east-1:s3 --user "$access_key:$secret_key" \
    -H 'x-amz-content-sha256: UNSIGNED-PAYLOAD' "http://127.0.0.1:$1/$bucket"
}

start() {
  local dir=$1 port=${2:-} monitor_port fsid osd_id config
  mkdir -p "$dir"/{mon,osd,mgr,run,log}
  port=${port:-$(free_port 7480)}
  monitor_port=$(free_port 16789)
  fsid=$(cat /proc/sys/kernel/random/uuid)
  write_config "$dir" "$port" "$monitor_port" "$fsid"
  config=(-c "$dir/ceph.conf")
  monmaptool --create --clobber --fsid "$fsid" --addv a "[v1:127.0.0.1:$monitor_port]" \
    "$dir/monmap" >/dev/null
  ceph-mon "${config[@]}" --mkfs -i a --monmap "$dir/monmap"
  ceph-mon "${config[@]}" -i a --public-addr "127.0.0.1:$monitor_port"
  ceph-mgr "${config[@]}" -i a
  # The monitor is told the id first, or the object store never comes up.
  osd_id=$(cat /proc/sys/kernel/random/uuid)
  wait_for 4 new_osd "$dir" "$osd_id"
  ceph-osd "${config[@]}" -i 0 --mkfs --osd-uuid "$osd_id" >/dev/null 2>&1
  start_osd "$dir"
  radosgw "${config[@]}" -n client.rgw >"$dir/log/rgw.out" 2>&1 </dev/null
  wait_for 120 gateway_answers "$port"
  timeout 60 radosgw-admin "${config[@]}" user create --uid=vecdb --display-name=vecdb \
    --access-key="$access_key" --secret="$secret_key" >/dev/null 2>&1
  wait_for 20 make_bucket "$port"
  printf 'VECDB_S3_ENDPOINT=http://127.0.0.1:%s\nVECDB_S3_BUCKET=%s\n' "$port" "$bucket"
  printf 'VECDB_S3_ACCESS_KEY=%s\nVECDB_S3_SECRET_KEY=%s\n' "$access_key" "$secret_key"
}

stop() {
  local dir=$1 file pid pids=()
  for file in "$dir"/run/*.pid; do [ -e "$file" ] && pids+=("$(cat "$file")"); done
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  for _ in $(seq 20); do
    for pid in "${pids[@]}"; do kill -0 "$pid" 2>/dev/null && sleep 0.25 && continue 2; done
    break
  done
  for pid in "${pids[@]}"; do kill -9 "$pid" 2>/dev/null || true; done
  rm -rf "$dir"
}

run() {
  local settings
  dir=$1  # not local: the trap needs it when this function has gone
  shift
  rm -rf "$dir"
  trap 'stop "$dir"' EXIT
  trap 'exit 130' INT TERM HUP
  # Daemons keep what they are started with open: their output must not be that of the test.
  # In a shell of its own, where a failed command ends it.
  bash "${BASH_SOURCE[0]}" start "$dir" >"$dir.settings" || {
    tail -n 5 "$dir"/log/*.log >&2
    echo "Ceph does not start" >&2
    exit 1
  }
  mapfile -t settings <"$dir.settings"
  rm -f "$dir.settings"
  env "${settings[@]}" "$@"
}

case ${1:-} in
  start) shift; check_installed; start "$@" ;;
  stop) shift; stop "$@" ;;
  run) shift; check_installed; run "$@" ;;
  *) echo "usage: $0 start DIR [PORT] | stop DIR | run DIR COMMAND..." >&2; exit 2 ;;
esac
