#!/bin/sh
# Finds tailproof, or builds it from the sources that this file lies in.
#
#   tool.sh find            write `program=` (when there is one) and `key=` to the step's outputs
#   tool.sh build FOLDER    build, put the program into FOLDER; nothing is built when it is there
#                           and was built from the same sources
#
# TAILPROOF names a program to use; otherwise one on PATH is used. `key` changes with the sources,
# the system and the compiler, and with nothing else: a cache of FOLDER may go by it, and FOLDER/key
# holds that of the program beside it.
set -eu

sources=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)

die() {
    echo "tool: $1" >&2
    exit 2
}

# Where outputs go: a file that GitHub names, or standard output.
output() {
    if [ -n "${GITHUB_OUTPUT:-}" ]; then cat >>"$GITHUB_OUTPUT"; else cat; fi
}

key() {
    cd "$sources"
    {
        uname -sm
        find crates Cargo.lock Cargo.toml rust-toolchain.toml -type f | LC_ALL=C sort |
            git hash-object --stdin-paths
    } | git hash-object --stdin
}

case ${1:-} in
    find)
        if program=$(command -v "${TAILPROOF:-tailproof}"); then
            "$program" --version >&2 || die "$program does not run"
            echo "program=$program" | output
        elif [ -n "${TAILPROOF:-}" ]; then
            die "$TAILPROOF: no such program"
        else
            echo "key=tailproof-$(key)" | output
        fi
        ;;
    build)
        folder=${2:?tool.sh build FOLDER}
        mkdir -p "$folder"
        folder=$(CDPATH='' cd -- "$folder" && pwd)
        # Without git there is no key, and everything is built.
        wanted=$(key 2>/dev/null) || wanted=
        if [ -n "$wanted" ] && [ "$(cat "$folder/key" 2>/dev/null)" = "$wanted" ]; then
            for program in tailproof tailproof.exe; do
                [ ! -x "$folder/$program" ] || exit 0
            done
        fi
        command -v cargo >/dev/null || die "tailproof is built with cargo, which is not here"
        cd "$sources"
        cargo build --release --locked --package tailproof --target-dir "$folder/target"
        for program in tailproof tailproof.exe; do
            [ ! -f "$folder/target/release/$program" ] || mv "$folder/target/release/$program" "$folder/"
        done
        rm -rf "$folder/target"
        echo "$wanted" >"$folder/key"
        ;;
    *) die "say find or build" ;;
esac
