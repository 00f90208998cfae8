# Sourced by examples/run.sh and tests/run.sh.
#
# install_packages <group>...: on Debian 12, as root or by sudo, installs the packages of those
# groups of packages.txt that are missing, and says which. Elsewhere it prints the list and goes on:
# whether the libraries are there is then for CMake's find_package to say.

vecdb_cmake_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# The packages of the groups, one a line.
packages_of() {
  local groups=" $* "
  awk -v groups="$groups" '
    /^[^#]/ && NF >= 2 && index(groups, " " $2 " ") { print $1 }' "$vecdb_cmake_dir/packages.txt"
}

is_debian_12() {
  [ -r /etc/os-release ] && (. /etc/os-release && [ "${ID:-}" = debian ] && [ "${VERSION_ID:-}" = 12 ])
}

is_installed() {
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# Installs without starting any service: policy-rc.d forbids it while apt runs. One that is there
# already stays as it is. Runs as root, and in a process of its own so that its trap ends with it.
apt_install_script='
  set -eu
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    trap "rm -f $policy" EXIT
    trap "exit 130" INT TERM HUP
    printf "#!/bin/sh\nexit 101\n" >"$policy"
    chmod 755 "$policy"
  fi
  export DEBIAN_FRONTEND=noninteractive
  apt-get -q -o DPkg::Lock::Timeout=300 update || echo "apt-get update failed, going on" >&2
  apt-get -q -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "$@"
'

install_packages() {
  local package all=() missing=()
  mapfile -t all < <(packages_of "$@")

  if ! is_debian_12; then
    echo "This is not Debian 12. These packages of Debian's are needed, or what they stand for:"
    printf '  %s\n' "${all[@]}"
    return 0
  fi

  for package in "${all[@]}"; do
    is_installed "$package" || missing+=("$package")
  done
  if [ "${#missing[@]}" -eq 0 ]; then
    echo "All ${#all[@]} packages are installed."
    return 0
  fi

  if [ "$(id -u)" -eq 0 ]; then
    echo "Installing ${missing[*]}"
    bash -c "$apt_install_script" apt_install "${missing[@]}" </dev/null
  elif command -v sudo >/dev/null; then
    echo "Installing, by sudo, ${missing[*]}"
    sudo bash -c "$apt_install_script" apt_install "${missing[@]}"
  else
    echo "These packages are missing, and without root or sudo they cannot be installed here:"
    printf '  %s\n' "${missing[@]}"
  fi
}
