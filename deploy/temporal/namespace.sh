#!/bin/sh
# Creates the namespace and its search attributes, or brings existing ones up to date, and ends when workflows can use them.
# The server is the one that TEMPORAL_ADDRESS names. NAMESPACE_RETENTION says how long closed workflows are kept,
# NAMESPACE_SEARCH_ATTRIBUTES is a list of Name=Type, separated by commas.
set -eu

attempts=60

# A server that has just started answers before all of it works, and takes seconds to know its own new namespace.
retry() {
  attempt=1
  until output=$("$@" 2>&1); do
    if [ "$attempt" -ge "$attempts" ]; then
      printf 'gave up after %s attempts: %s\n%s\n' "$attempt" "$*" "$output" >&2
      exit 1
    fi
    attempt=$((attempt + 1))
    sleep 1
  done
}

ensure_namespace() {
  if temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE"; then
    temporal operator namespace update --namespace "$TEMPORAL_NAMESPACE" --retention "$NAMESPACE_RETENTION"
  else
    temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention "$NAMESPACE_RETENTION"
  fi
}

set --
query=
for attribute in $(echo "$NAMESPACE_SEARCH_ATTRIBUTES" | tr ',' ' '); do
  set -- "$@" --name "${attribute%=*}" --type "${attribute#*=}"
  query="${query:+$query AND }${attribute%=*} IS NULL"
done

retry ensure_namespace
retry temporal operator search-attribute create --namespace "$TEMPORAL_NAMESPACE" "$@"
retry temporal workflow list --namespace "$TEMPORAL_NAMESPACE" --limit 1 --query "$query"
echo "Namespace $TEMPORAL_NAMESPACE is ready."
