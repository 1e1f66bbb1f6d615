#!/usr/bin/env bash
# in_folder.sh COMMAND…: runs a test with a TMPDIR and HOME of its own, which go away with all that the test left.
#
# What is left by a test that was killed together with this script goes away when the next one starts: a folder
# is somebody's as long as its lock is held.
set -euo pipefail

place=${TMPDIR:-/tmp}/moonshift-tests-$(id --user)

# Takes a folder away, and first the disks that a test mounted in it.
sweep() {
  local mounted
  while read -r _ mounted _; do
    [[ $mounted != "$1"/* ]] || umount --lazy "$mounted"
  done </proc/self/mounts
  rm --recursive --force "$1" 2>/dev/null || { chmod --recursive u+rwX "$1" && rm --recursive --force "$1"; }
}

sweep_abandoned() {
  local folder
  for folder in "$place"/*/; do
    if [[ -d $folder ]] && { [[ ! -e $folder/lock ]] || flock --nonblock "$folder/lock" true; }; then
      sweep "${folder%/}" || true
    fi
  done
}

mkdir --mode=700 "$place" 2>/dev/null || [[ -O $place && ! -L $place ]] ||
  { printf '%s is not ours\n' "$place" >&2 && exit 1; }
exec 8>"$place/lock"
flock 8 # one at a time from here: a folder is never seen without the lock of its test
sweep_abandoned
folder=$(mktemp --directory "$place/XXXXXX")
exec 9>"$folder/lock"
flock 9
exec 8>&-

trap 'sweep "$folder" || true' EXIT
unset XDG_CONFIG_HOME XDG_DATA_HOME XDG_STATE_HOME XDG_CACHE_HOME
HOME=$folder TMPDIR=$folder "$@" 9>&-
