#!/bin/sh
# Runs tailproof once, keeps everything that people and machines read, and keeps the exit code.
#
#   gate.sh VERB [ARGS...]           run, keep, end with tailproof's exit code
#   gate.sh --later VERB [ARGS...]   run, keep, end with 0: other steps come before the gate
#   gate.sh --end                    end with the code that was kept
#
# Exit codes: 0 judged and acceptable, 1 a check failed, 3 could not tell; 2 and everything else is
# an error. Settings come from the environment:
#
#   TAILPROOF           the program [tailproof]
#   TAILPROOF_EVIDENCE  folder of what is kept [tailproof-evidence]
#   TAILPROOF_ARGS      further arguments in one text: words, with '...' and "..." around spaces.
#                       Nothing in it is run or expanded; a leading # makes a line a comment
#   TAILPROOF_FAIL_ON   passed on as --fail-on
#   TAILPROOF_KEY       text of a private key: the evidence is signed with it
#
# In a GitHub workflow it also writes the step summary, the annotations, and the outputs `code`,
# `verdict`, `evidence` and `sarif`.
set -eu

evidence=${TAILPROOF_EVIDENCE:-tailproof-evidence}
kept=$evidence/exit-code

die() {
    echo "gate: $1" >&2
    exit 2
}

# The code that an earlier step kept.
end() {
    [ -f "$kept" ] || die "$kept: no exit code was kept; tailproof did not run"
    code=$(cat "$kept")
    case $code in
        '' | *[!0-9]*) die "$kept holds no exit code" ;;
    esac
    echo "tailproof: $(verdict "$code") (exit code $code)" >&2
    exit "$code"
}

verdict() {
    case $1 in
        0) echo pass ;;
        1) echo fail ;;
        3) echo inconclusive ;;
        *) echo error ;;
    esac
}

# Prints the words of a text, one a line; xargs knows quotes and expands nothing.
words() {
    printf '%s\n' "$1" | sed 's/^[[:space:]]*#.*//' | grep -v '^[[:space:]]*$' >"$work/text" || return 0
    xargs -n 1 printf '%s\n' <"$work/text"
}

# What GitHub reads from the output of a step as a command is not obeyed in what tailproof prints:
# names in it come from data.
guarded() {
    if [ "${GITHUB_ACTIONS:-}" = true ]; then
        token=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
        echo "::stop-commands::$token"
        "$@"
        echo "::$token::"
    else
        "$@"
    fi
}

shown() {
    cat "$work/stdout"
    cat "$work/stderr" >&2
}

# A report for people when there is none: the error, indented, so that nothing in it is markup.
error_report() {
    printf '## tailproof: ERROR\n\nThe run ended with exit code %s and judged nothing.\n\n' "$1"
    head -c 10000 "$work/stderr" | LC_ALL=C tr -d '\000-\010\013-\037' | sed 's/^/    /'
    echo
}

# Step summary, annotations and outputs, where GitHub asks for them.
github() {
    if [ -n "${GITHUB_STEP_SUMMARY:-}" ]; then
        cat "$evidence/report.md" >>"$GITHUB_STEP_SUMMARY"
    fi
    if [ "${GITHUB_ACTIONS:-}" = true ] && [ -f "$evidence/annotations.txt" ]; then
        cat "$evidence/annotations.txt"
    fi
    if [ -n "${GITHUB_OUTPUT:-}" ]; then
        {
            echo "code=$1"
            echo "verdict=$(verdict "$1")"
            echo "evidence=$evidence"
            [ ! -f "$evidence/tailproof.sarif" ] || echo "sarif=$evidence/tailproof.sarif"
        } >>"$GITHUB_OUTPUT"
    fi
}

later=false
case ${1:-} in
    --end) end ;;
    --later)
        later=true
        shift
        ;;
esac
[ -n "${1:-}" ] || die "say which command of tailproof is to run, such as validate or compare"
verb=$1
shift
case $verb in
    *[!a-z-]* | -*) die "$verb is no command of tailproof" ;;
esac
case $evidence in
    -* | *[[:cntrl:]]*) die "no name for a folder of evidence: $evidence" ;;
esac

mkdir -p "$evidence"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 2' HUP INT TERM
# What an earlier run left must not be taken for the results of this one.
for old in exit-code evidence.json evidence.json.intoto.jsonl report.md report.html junit.xml \
    tailproof.sarif codequality.json annotations.txt; do
    rm -f "$evidence/$old"
done

if [ -n "${TAILPROOF_ARGS:-}" ]; then
    words "$TAILPROOF_ARGS" >"$work/words" || die "a quote in TAILPROOF_ARGS is not closed"
    while IFS= read -r word; do
        set -- "$@" "$word"
    done <"$work/words"
fi
# Ours come first: behind a -- they would belong to a command that is measured.
if [ -n "${TAILPROOF_FAIL_ON:-}" ]; then
    set -- --fail-on "$TAILPROOF_FAIL_ON" "$@"
fi
if [ -n "${TAILPROOF_KEY:-}" ]; then
    (umask 077 && printf '%s\n' "$TAILPROOF_KEY" >"$work/key")
    set -- --sign "$work/key" "$@"
fi
unset TAILPROOF_KEY
set -- \
    --out "json=$evidence/evidence.json" --out "markdown=$evidence/report.md" \
    --out "html=$evidence/report.html" --out "junit=$evidence/junit.xml" \
    --out "sarif=$evidence/tailproof.sarif" --out "gitlab=$evidence/codequality.json" \
    --out "github=$evidence/annotations.txt" "$@"

code=0
"${TAILPROOF:-tailproof}" "$verb" "$@" >"$work/stdout" 2>"$work/stderr" || code=$?
guarded shown
case $code in
    0 | 1 | 3)
        if [ ! -s "$evidence/evidence.json" ]; then
            echo "gate: tailproof ended with $code and wrote no evidence" >&2
            code=2
        fi
        ;;
esac
[ -f "$evidence/report.md" ] || error_report "$code" >"$evidence/report.md"
echo "$code" >"$kept"
github "$code"
[ "$later" = true ] || exit "$code"
