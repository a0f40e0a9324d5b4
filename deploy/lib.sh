# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What deploy/serve and deploy/test share. Sourced, not run.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
logs=$root/.build/logs
mkdir -p "$logs"
cd "$root" || exit

say() { printf '%s\n' "$*" >&2; }

# step NAME COMMAND...: runs the command with its output in .build/logs/NAME.log; shows the time it took, or, when it
# fails, the log's last lines.
step() {
    local name=$1 began=$SECONDS
    shift
    printf '%-28s' "$name" >&2
    if "$@" >"$logs/$name.log" 2>&1 </dev/null; then
        say "ok    $((SECONDS - began)) s"
        return 0
    fi
    say "FAILED after $((SECONDS - began)) s; the end of .build/logs/$name.log:"
    tail -n 40 "$logs/$name.log" >&2
    return 1
}

find_swift() {
    local folder
    for folder in "" /opt/swift/usr/bin /usr/libexec/swift/usr/bin; do
        if [ -n "$folder" ] && [ -x "$folder/swift" ]; then PATH=$folder:$PATH; fi
        if command -v swift >/dev/null; then return 0; fi
    done
    say "Swift 6.2 or later is needed and 'swift' is not on the PATH."
    say "Install a toolchain from https://www.swift.org/install/linux/ and run this again."
    exit 1
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
    fi
    "${sudo[@]}" apt-get update -q
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}"
}
