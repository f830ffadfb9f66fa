#!/bin/sh
# Puts a Markdown report on a pull request: one comment, which later runs update.
#
#   comment.sh REPORT.md
#
# It is found again by a hidden marker in its first line and by its author, so that nobody else's
# comment is ever changed. Settings come from the environment:
#
#   TAILPROOF_PULL       number of the pull request
#   GITHUB_REPOSITORY    owner/name
#   TAILPROOF_NAME       one comment for each name [tailproof]
#   GH                   the program gh [gh]; it takes its token from GH_TOKEN
set -eu

die() {
    echo "comment: $1" >&2
    exit 2
}

report=${1:-}
pull=${TAILPROOF_PULL:-}
repository=${GITHUB_REPOSITORY:-}
name=${TAILPROOF_NAME:-tailproof}
gh=${GH:-gh}
# GitHub takes 65 536 characters; a byte is at most one. Tailproof itself leaves rows out of what
# is longer than 60 000 characters (COMMENT in crates/cli/src/render.rs), so that only a report
# that is not its own, or has many letters of several bytes, is cut here.
limit=65000

[ -f "$report" ] || die "no report to show: $report"
case $pull in
    '' | *[!0-9]*) die "TAILPROOF_PULL is no number: $pull" ;;
esac
case $repository in
    *[!A-Za-z0-9._/-]* | /* | */ | */*/* | -*) die "GITHUB_REPOSITORY is not owner/name: $repository" ;;
    */*) ;;
    *) die "GITHUB_REPOSITORY is not owner/name: $repository" ;;
esac
case $name in
    *[!A-Za-z0-9._-]*) die "a name has letters, digits, '.', '_' and '-' only: $name" ;;
esac

body=$(mktemp)
trap 'rm -f "$body"' EXIT
trap 'exit 2' HUP INT TERM
marker="<!-- tailproof report: $name -->"
{
    echo "$marker"
    if [ "$(wc -c <"$report")" -le "$limit" ]; then
        cat "$report"
    else
        # The last line may be half a line, or half a character.
        head -c "$limit" "$report" | sed '$d'
        printf '\n\nCut here: the whole report is in the evidence.\n'
    fi
} >"$body"

# The marker holds no quote and no backslash: it cannot leave its string.
found=$("$gh" pr view "$pull" --repo "$repository" --json comments --jq \
    ".comments[] | select(.viewerDidAuthor and (.body | startswith(\"$marker\"))) | .url") ||
    die "the comments of pull request $pull cannot be read"
# The first, should there be several: https://.../pull/7#issuecomment-1234
id=$(printf '%s\n' "$found" | sed -n '1s/.*#issuecomment-\([0-9][0-9]*\)$/\1/p')
if [ -n "$id" ]; then
    "$gh" api --silent --method PATCH "repos/$repository/issues/comments/$id" --field "body=@$body" ||
        die "comment $id cannot be updated (the token needs pull-requests: write)"
    echo "comment: updated $id" >&2
else
    "$gh" pr comment "$pull" --repo "$repository" --body-file "$body" ||
        die "pull request $pull cannot be commented on (the token needs pull-requests: write)"
    echo "comment: created" >&2
fi
