#!/usr/bin/env bash
# The whole job on a made-up account: nothing leaves this machine, and nothing is left running.
# Usage: try_it.sh [path of the decom command]
set -euo pipefail
decom=${1:-decom}
work=$(mktemp -d)
reports=decom-runs
home=.home/try  # of this script alone, and new each time
rm -rf "$home"
export DECOM_HOME="$home" DECOM_OUTPUT="$reports"
unset DIALNEXA_API_KEY_FILE DECOM_RATE DECOM_CONCURRENCY DECOM_MAX_RELEASE DECOM_MAX_SHARE

say() { printf '\n\033[1m$ %s\033[0m\n' "$*"; }
# Exit code 3 means done, with some numbers in use or rows invalid: the sample has such rows on purpose.
allowing_3() { "$@" || [ $? -eq 3 ]; }

"$decom" sandbox --rate 1500/60 >"$work/exports" 2>"$work/sandbox.log" &
sandbox=$!
trap 'kill $sandbox 2>/dev/null || true; wait $sandbox 2>/dev/null || true; rm -rf "$work"' EXIT
for _ in $(seq 100); do [ "$(wc -l <"$work/exports")" -ge 2 ] && break; sleep 0.1; done
# shellcheck disable=SC1091
. "$work/exports"

plan=(plan input_samples/one_off.csv --protect jobs/never-release.txt)
say decom "${plan[@]}"
allowing_3 "$decom" "${plan[@]}"
run=$(ls -t "$reports" | head -1)

say decom release "$run" --yes
allowing_3 "$decom" release "$run" --yes

say decom verify "$run"
"$decom" verify "$run"

printf '\nThe reports are in %s/%s. Open the page: file://%s/%s/%s/audit.html\n' "$reports" "$run" "$PWD" "$reports" "$run"
printf 'The made-up account is gone now, so nothing can be released or verified on it any more. What is on record stays:\n'
printf '%s show %s --home %s\n' "$decom" "$run" "$home"
