#!/bin/sh
# Runs tailproof once, keeps everything that people and machines read, and keeps the exit code.
#
#   gate.sh VERB [ARGS...]           run, keep, end with tailproof's exit code
#   gate.sh --later VERB [ARGS...]   run, keep, end with 0: other steps come before the gate
#   gate.sh --end                    end with the code that was kept
#
# VERB is validate, compare, changes, speedup, scaling, leak, score, flame or run.
#
# Exit codes: 0 judged and acceptable, 1 a check failed, 3 could not tell; 2 and everything else is
# an error, after which only a report of the error is kept. Settings come from the environment:
#
#   TAILPROOF           the program [tailproof]
#   TAILPROOF_EVIDENCE  folder of what is kept [tailproof-evidence]
#   TAILPROOF_ARGS      further arguments in one text: words, with '...' and "..." around spaces.
#                       A backslash outside of quotes takes the next character as it is, so that
#                       paths with backslashes need quotes. Nothing in it is run or expanded; a
#                       leading # makes a line a comment
#   TAILPROOF_FAIL_ON   passed on as --fail-on; flame, which fails on nothing, is run without it
#   TAILPROOF_KEY       text of a private key: the evidence is signed with it
#
# The evidence of the last run stays until this one has ended, so that `--previous
# tailproof-evidence/evidence.json` makes a chain of them.
#
# In a GitHub workflow it also writes the step summary, the annotations, and the outputs `code`,
# `verdict` and `evidence` (and `sarif`, which is for the action alone).
set -eu

evidence=${TAILPROOF_EVIDENCE:-tailproof-evidence}
kept=$evidence/exit-code
fresh=$evidence/.new
program=${TAILPROOF:-tailproof}
# What is kept of a run, beside its exit code.
kinds='evidence.json evidence.json.intoto.jsonl report.md report.html junit.xml tailproof.sarif
    codequality.json annotations.txt'

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
verb=${1:-}
[ $# -eq 0 ] || shift
case $evidence in
    -* | *[[:cntrl:]]*) die "no name for a folder of evidence: $evidence" ;;
esac

# What an earlier run left must not be taken for the results of this one.
cleared() {
    for kind in $kinds; do
        rm -f "$evidence/$kind"
    done
}

work=$(mktemp -d) || die "there is no folder for temporary files"
trap 'rm -rf "$work" "$fresh"' EXIT
trap 'cleared; exit 2' HUP INT TERM
{ rm -rf "$fresh" && mkdir -p "$fresh"; } || die "the folder $evidence cannot be made"
# Until it is written again, the gate is shut.
rm -f "$kept" || die "the folder $evidence cannot be written to"
case $verb in
    validate | compare | changes | speedup | scaling | leak | score | flame | run) ;;
    *)
        cleared
        die "say which command is to make evidence, such as validate or compare, not '$verb'"
        ;;
esac

if [ -n "${TAILPROOF_ARGS:-}" ]; then
    if ! words "$TAILPROOF_ARGS" >"$work/words"; then
        cleared
        die "a quote in TAILPROOF_ARGS is not closed"
    fi
    while IFS= read -r word; do
        set -- "$@" "$word"
    done <"$work/words"
fi
# Ours come first: behind a -- they would belong to a command that is measured.
if [ -n "${TAILPROOF_FAIL_ON:-}" ] && [ "$verb" != flame ]; then
    set -- --fail-on "$TAILPROOF_FAIL_ON" "$@"
fi
if [ -n "${TAILPROOF_KEY:-}" ]; then
    (umask 077 && printf '%s\n' "$TAILPROOF_KEY" >"$work/key")
    set -- --sign "$work/key" "$@"
fi
unset TAILPROOF_KEY
set -- \
    --out "json=$fresh/evidence.json" --out "markdown=$fresh/report.md" \
    --out "html=$fresh/report.html" --out "junit=$fresh/junit.xml" \
    --out "sarif=$fresh/tailproof.sarif" --out "gitlab=$fresh/codequality.json" \
    --out "github=$fresh/annotations.txt" "$@"

code=0
if command -v "$program" >/dev/null; then
    "$program" "$verb" "$@" >"$work/stdout" 2>"$work/stderr" || code=$?
else
    : >"$work/stdout"
    echo "gate: there is no program $program; install tailproof, or say in TAILPROOF where it is" \
        >"$work/stderr"
    code=2
fi
guarded shown
case $code in
    0 | 1 | 3)
        if [ ! -s "$fresh/evidence.json" ]; then
            echo "gate: tailproof ended with $code and wrote no evidence" | tee -a "$work/stderr" >&2
            code=2
        fi
        ;;
esac
cleared
case $code in
    0 | 1 | 3)
        for kind in $kinds; do
            [ ! -f "$fresh/$kind" ] || mv "$fresh/$kind" "$evidence/$kind"
        done
        ;;
esac
# After an error nothing of the run is kept, whatever it has written by then.
[ -f "$evidence/report.md" ] || error_report "$code" >"$evidence/report.md"
echo "$code" >"$kept"
github "$code"
[ "$later" = true ] || exit "$code"
