# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What deploy/serve and deploy/test share. Sourced, not run.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
logs=$root/.build/logs
mkdir -p "$logs"
cd "$root" || exit

say() { printf '%s\n' "$*" >&2; }

# step NAME COMMAND...: runs the command with its output in .build/logs/NAME.log; shows the time it took, or, when it
# fails, the log's last lines. On a terminal the log's newest line stands beside the name meanwhile.
step() {
    local name=$1 began=$SECONDS status=0 watcher=
    shift
    printf '%-28s' "$name" >&2
    : >"$logs/$name.log"
    if [ -t 2 ]; then
        watch_log "$name" "$began" &
        watcher=$!
    fi
    "$@" >"$logs/$name.log" 2>&1 </dev/null || status=$?
    if [ -n "$watcher" ]; then
        kill "$watcher" 2>/dev/null || true
        wait "$watcher" 2>/dev/null || true
        printf '\r\033[2K%-28s' "$name" >&2
    fi
    if [ "$status" = 0 ]; then
        say "ok    $((SECONDS - began)) s"
        return 0
    fi
    say "FAILED after $((SECONDS - began)) s; the end of .build/logs/$name.log:"
    tail -n 40 "$logs/$name.log" >&2
    return "$status"
}

# watch_log NAME BEGAN: every second the seconds since BEGAN and the log's newest line, until it is killed.
watch_log() {
    trap - INT TERM
    local newest room
    room=$((${COLUMNS:-80} - 40))
    while sleep 1; do
        newest=$(tail -c 400 "$logs/$1.log" | tr '\r' '\n' | sed '/^[[:space:]]*$/d' | tail -n 1 | tr -cd '[:print:]')
        printf '\r\033[2K%-28s%4d s  %s' "$1" "$((SECONDS - $2))" "${newest:0:room}" >&2
    done
}

# guarded SECONDS COMMAND...: ends the command and all it started when the time is up, or on Ctrl-C. timeout's own
# process group is what makes the first certain; it also keeps Ctrl-C away, so that is passed on.
running=
guarded() {
    local limit=$1 status=0
    shift
    timeout --kill-after=10 "$limit" "$@" &
    running=$!
    wait "$running" || status=$?
    running=
    [ "$status" != 124 ] || echo "stopped: it took more than $limit s"
    return "$status"
}

interrupted() {
    trap '' INT TERM
    if [ -n "$running" ]; then
        kill -TERM "$running" 2>/dev/null
        wait "$running"
    fi
    exit 130
}
trap interrupted INT TERM

# Puts swift on the PATH, in the version that Package.swift asks for, or says what to install.
find_swift() {
    local folder needed found
    needed=$(sed -n '1s/^.*swift-tools-version: *//p' Package.swift)
    for folder in "" /opt/swift/usr/bin /usr/libexec/swift/usr/bin /usr/libexec/swift/bin; do
        if [ -n "$folder" ] && [ -x "$folder/swift" ]; then PATH=$folder:$PATH; fi
        command -v swift >/dev/null || continue
        found=$(swift --version 2>/dev/null | sed -n 's/^.*Swift version \([0-9.]*\).*$/\1/p' | head -n 1)
        if [ "$(printf '%s\n' "$needed" "$found" | sort -V | head -n 1)" = "$needed" ]; then return 0; fi
        say "$(command -v swift) is Swift ${found:-of an unknown version}."
        return 1
    done
    say "There is no 'swift' on the PATH nor in /opt/swift/usr/bin."
    return 1
}

need_swift() {
    find_swift && return 0
    say "Facet needs Swift 6.2 or later: install a toolchain for this system from https://www.swift.org/install/linux/,"
    say "put its usr/bin on the PATH or unpack it so that /opt/swift/usr/bin/swift exists, and run this again."
    return 1
}

# install KIND...: the packages of deploy/packages marked with KIND ('' are the unmarked ones), where missing.
install_packages() {
    local wanted=() missing=() package kind
    for kind in "$@"; do
        while read -r package; do wanted+=("$package"); done < <(
            if [ "$kind" = run ]; then grep -vE '^#|:' deploy/packages; else sed -n "s/^$kind: //p" deploy/packages; fi)
    done
    for package in "${wanted[@]}"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    echo "installing: ${missing[*]}"
    local sudo=()
    if [ "$(id -u)" != 0 ]; then
        command -v sudo >/dev/null || { echo "as root: apt-get install ${missing[*]}"; return 1; }
        sudo=(sudo)
        # Without a terminal nobody can type a password: fail instead of waiting for one.
        if ! (: </dev/tty) 2>/dev/null; then sudo=(sudo -n); fi
    fi
    "${sudo[@]}" timeout --foreground 300 apt-get update -q || return
    "${sudo[@]}" timeout --foreground 900 env DEBIAN_FRONTEND=noninteractive apt-get install -y -q \
        --no-install-recommends -o DPkg::Lock::Timeout=120 "${missing[@]}"
}
