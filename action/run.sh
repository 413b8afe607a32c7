#!/usr/bin/env bash
# One command of the program as a step of a GitHub workflow: annotations, step summary, comment, issue, outputs.
# Every value comes by the environment (WITH_... are the action's inputs), none is ever part of a script.
set -euo pipefail
umask 077

here=$(cd "$(dirname "$0")" && pwd)
bin="$RUNNER_TEMP/reconciler/bin"
# Plans are private: they lie in a folder that goes with this step.
shown=$(mktemp -d "$RUNNER_TEMP/reconciler-shown.XXXXXX")
trap 'rm -rf "$shown"' EXIT

log="$GITHUB_SERVER_URL/$GITHUB_REPOSITORY/actions/runs/$GITHUB_RUN_ID"
repository="repos/$GITHUB_REPOSITORY"
# Tells this root's comment from those of others in the same repository.
key="$WITH_DIRECTORY/$WITH_PROFILE/$WITH_ROOT"

words=(--no-color)
while IFS= read -r word; do
  if [ -n "$word" ]; then words+=("$word"); fi
done <<<"$WITH_ARGS"
if [ -n "$WITH_PROFILE" ]; then words+=(--profile "$WITH_PROFILE"); fi
words+=(--)
if [ -n "$WITH_ROOT" ]; then words+=("$WITH_ROOT"); fi

output() { printf '%s\n' "$1" >>"$GITHUB_OUTPUT"; }
summary() { cat "$@" >>"$GITHUB_STEP_SUMMARY"; }
among() { "$bin/python" "$here/comments.py" "$@"; }

leave() {
  output "exit-code=$1"
  exit "$1"
}

# Runs a command; its exit code is in $code.
run() {
  code=0
  "$bin/reconciler" "$@" || code=$?
}

# Makes a plan, shown in the log, the summary, the outputs, and for a comment in $shown/body.md.
plan() {
  rm -f "$shown/plan.md" "$shown/plan.json"
  run plan --detailed-exitcode --format text --format "markdown=$shown/plan.md" --format "json=$shown/plan.json" \
    "${words[@]}"
  if [ -f "$shown/plan.json" ]; then
    "$bin/python" "$here/outputs.py" <"$shown/plan.json" >>"$GITHUB_OUTPUT"
  else
    {
      echo '<!-- reconciler:plan -->'
      echo "**There is no plan**: exit code $code. [The log]($log) says why."
    } >"$shown/plan.md"
  fi
  summary "$shown/plan.md"
  among body "$key" <"$shown/plan.md" >"$shown/body.md"
}

# Writes $shown/body.md as the one comment of a pull request, in place of the former one.
comment() {
  local all id
  all=$(gh api --paginate "$repository/issues/$1/comments?per_page=100")
  id=$(among sticky "$key" "$WITH_AUTHOR" <<<"$all")
  if [ -n "$id" ]; then
    gh api --silent --method PATCH "$repository/issues/comments/$id" --field "body=@$shown/body.md"
  else
    gh api --silent --method POST "$repository/issues/$1/comments" --field "body=@$shown/body.md"
  fi
}

# Writes $shown/body.md as the one open issue about drift, or closes that where there is none any more.
issue() {
  local all number
  all=$(gh api --paginate "$repository/issues?state=open&per_page=100")
  number=$(among sticky "$key" "$WITH_AUTHOR" <<<"$all")
  if [ "$code" -eq 0 ]; then
    if [ -n "$number" ]; then gh api --silent --method PATCH "$repository/issues/$number" --raw-field state=closed; fi
  elif [ -n "$number" ]; then
    gh api --silent --method PATCH "$repository/issues/$number" --field "body=@$shown/body.md"
  else
    gh api --silent --method POST "$repository/issues" --raw-field "title=$WITH_TITLE" --field "body=@$shown/body.md"
  fi
}

# Shows what was changed in FreshBooks since the last apply, in the log, the summary and the issue. What nobody could
# look for leaves the issue as it is.
drift() {
  run drift --detailed-exitcode --format text --format "markdown=$shown/drift.md" "${words[@]}"
  output "exit-code=$code"
  if [ "$code" -ne 0 ] && [ "$code" -ne 2 ]; then
    echo "**Nobody knows what has drifted**: exit code $code. [The log]($log) says why." | summary
    exit "$code"
  fi
  summary "$shown/drift.md"
  among body "$key" <"$shown/drift.md" >"$shown/body.md"
  issue
}

# Prints the plan id that the pull request showed which became this commit; nothing where there is none.
reviewed() {
  local all number
  all=$(gh api "$repository/commits/$GITHUB_SHA/pulls") || return
  number=$(among merged "$GITHUB_SHA" "$GITHUB_REF_NAME" <<<"$all") || return
  if [ -z "$number" ]; then return; fi
  all=$(gh api --paginate "$repository/issues/$number/comments?per_page=100") || return
  among plan-id "$key" "$WITH_AUTHOR" <<<"$all"
}

# Shows the plan as it is now, which nobody has reviewed. Where the reviewed one was asked for, and the environment asks
# somebody, it is left to a next job, which waits for approval; else it ends here.
anew() {
  local rules
  echo "::notice::What was reviewed (${1:-no plan}) is not what there is to do. The plan as it is now:"
  if [ "$WITH_EXPECT" = reviewed ] && [ "$(gh api "$repository/commits/$GITHUB_REF_NAME" --jq .sha)" != "$GITHUB_SHA" ]; then
    echo "::notice::$GITHUB_REF_NAME has moved on: the run of its newest commit sees to it. Nothing was written."
    leave 0
  fi
  plan
  if [ "$code" -ne 2 ]; then leave "$code"; fi
  output "exit-code=5"
  if [ "$WITH_EXPECT" = reviewed ]; then
    rules=$(gh api "$repository/environments/$WITH_ENVIRONMENT" | among approvers) || rules=0
    if [ "$rules" -gt 0 ]; then
      output "stale=true"
      return
    fi
    echo "::error::Nothing was written: the environment '$WITH_ENVIRONMENT' has no required reviewers to ask."
  fi
  echo "::error::Nothing was written. To apply the plan that is shown, run this workflow by hand with its id."
  exit 5
}

apply() {
  local expect=$WITH_EXPECT
  if [ "$expect" = reviewed ]; then expect=$(reviewed); fi
  if [ -z "$expect" ]; then
    anew
    return
  fi
  run apply --expect "$expect" --lock-timeout 300 "${words[@]}"
  if [ "$code" -eq 5 ]; then
    anew "$expect"
    return
  fi
  output "plan-id=$expect"
  echo "Plan \`$expect\`: exit code $code. [The log]($log) has each record." | summary
  leave "$code"
}

case $WITH_COMMAND in
  validate)
    run validate --format github "${words[@]}"
    leave "$code"
    ;;
  plan)
    plan
    if [ "$WITH_COMMENT" = true ] && [ -n "$WITH_PULL_REQUEST" ]; then comment "$WITH_PULL_REQUEST"; fi
    output "exit-code=$code"
    if [ "$code" -ne 2 ]; then exit "$code"; fi
    ;;
  drift)
    drift
    ;;
  apply)
    apply
    ;;
  *)
    echo "::error::command must be validate, plan, apply or drift"
    exit 64
    ;;
esac
