#!/bin/sh
# A container engine for tests, copied as docker or podman. It records how it is called in "calls" (a line each, arguments between tabs) and plays what the
# files beside it say for a verb: <verb>.out, <verb>.err, <verb>.code. A container runs until it is stopped or removed, unless run.code is there.
here=$(dirname "$0")
verb=$1
[ "$verb" = image ] && verb=image-$2
line=
for argument in "$@"; do line="$line$argument	"; done
echo "${line%	}" >> "$here/calls"

[ -f "$here/$verb.out" ] && cat "$here/$verb.out"
[ -f "$here/$verb.err" ] && cat "$here/$verb.err" >&2
[ -f "$here/$verb.code" ] && exit "$(cat "$here/$verb.code")"
case $verb in
  run)
    rm -f "$here/ended"
    while [ ! -f "$here/ended" ]; do sleep 0.05; done
    exit "$(cat "$here/ended")"
    ;;
  stop) echo 0 > "$here/ended" ;;
  rm) [ -f "$here/ended" ] || echo 137 > "$here/ended" ;;
esac
exit 0
