#!/usr/bin/env bash
# Signs and sends a signal with openssl and curl.
#
#   ./sign.sh check ../vectors/signature.json      checks this signer (needs jq)
#   ./sign.sh send                                 sends one signal to SIGNALS_URL,
#                                                  from SIGNALS_PRODUCER_ID, signed with SIGNALS_SECRET
set -euo pipefail

# The value of X-Signature for the body on standard input: signature SECRET TIMESTAMP PRODUCER_ID < body
# The body is piped and never kept in "$(...)", which would eat a line break at its end. While openssl runs, the
# secret can be seen in the process list of this machine: use another signer where others have an account on it.
signature() {
  { cat && printf '%s%s' "$2" "$3"; } | openssl dgst -sha256 -hmac "$1" -binary | openssl base64 -A
}

send() {
  local now body answer
  now=$(date -u +%Y-%m-%dT%H:%M:%SZ)
  body='{"instrument":"XAUUSD","side":0,"time":"'$now'","payload":{"price":1950.50}}'
  answer=$(curl --silent --show-error --max-time 15 --write-out '\n%{http_code}' "$SIGNALS_URL/api/v1/signals" \
    --header 'Content-Type: application/json' \
    --header "X-Producer-Id: $SIGNALS_PRODUCER_ID" \
    --header "X-Timestamp: $now" \
    --header "X-Signature: $(printf '%s' "$body" | signature "$SIGNALS_SECRET" "$now" "$SIGNALS_PRODUCER_ID")" \
    --data-binary "$body")
  echo "$answer"
  # 200 and 409: one that says the same is stored already, so this one is not to be sent again.
  [[ ${answer##*$'\n'} =~ ^(200|201|409)$ ]]
}

check() {
  local secret timestamp producer_id expected body actual agreed=0 wrong=0
  while read -r secret timestamp producer_id expected body; do
    actual=$(base64 -d <<<"$body" |
      signature "$(base64 -d <<<"$secret")" "$(base64 -d <<<"$timestamp")" "$(base64 -d <<<"$producer_id")")
    if [[ $actual == "$expected" ]]; then agreed=$((agreed + 1)); else wrong=$((wrong + 1)); fi
  done < <(jq --raw-output '.accepted[] | [(.secret, .timestamp, .producer_id | @base64), .signature, (.body | @base64)] | join(" ")' "$1")
  echo "$agreed vectors agree, $wrong do not"
  ((agreed > 0 && wrong == 0))
}

case ${1:-} in
  check) check "$2" ;;
  send) send ;;
  *) sed -n '2,6s/^# \{0,1\}//p' "$0" >&2 && exit 2 ;;
esac
