#!/bin/sh
# One patient, from the account to the end of the settlement. Needs curl 7.75 or newer and nothing else.
#
#     sh patient.sh https://hospital.example/api/v1 USERNAME PASSWORD NAME ID_NUMBER
set -eu
api=$1 username=$2 password=$3 name=$4 id_number=$5
kept=$(mktemp -d)
trap 'rm -rf "$kept"' EXIT

# One call: method, path, further options of curl. A refusal is shown as it came (RFC 9457) and ends the script; what is
# held back or away (429, 503) is asked again after Retry-After.
call() {
    method=$1 path=$2
    shift 2
    curl --silent --show-error --fail-with-body --retry 30 --retry-connrefused --request "$method" "$api$path" \
        --header "Content-Type: application/json" --header "Accept-Language: zh-hans" "$@"
}

# The first value of this name in the JSON that comes in.
first() { grep -o "\"$1\":\"\{0,1\}[^\",}]*" | head -n 1 | sed "s/^\"$1\":\"\{0,1\}//"; }

key() { od -An -N16 -tx1 /dev/urandom | tr -d ' \n'; }

# Ask with the ETag of the last answer: a 304 has no body, and what is kept stands.
look() {
    call GET "$1" --header "$signed_in" --etag-compare "$kept/etag" --etag-save "$kept/etag.new" >"$kept/answer.new"
    if [ -s "$kept/answer.new" ]; then mv "$kept/answer.new" "$kept/answer"; fi
    if [ -s "$kept/etag.new" ]; then mv "$kept/etag.new" "$kept/etag"; fi
    cat "$kept/answer"
}

# Look again as often as the hospital says, while the state is one of these.
follow() {
    rm -f "$kept"/*
    while found=$(look "$1") && state=$(echo "$found" | first state) && echo " $2 " | grep -q " $state "; do
        if echo "$found" | grep -q '"payment"'; then break; fi
        wait=$(echo "$found" | first poll_after_seconds)
        sleep "${wait:-2}"
    done
}

call POST /accounts/ --data "{\"username\": \"$username\", \"password\": \"$password\", \"name\": \"$name\",
    \"id_number\": \"$id_number\", \"phone\": \"13800000000\"}" >/dev/null
pair=$(call POST /token/ --data "{\"username\": \"$username\", \"password\": \"$password\"}")
signed_in="Authorization: Bearer $(echo "$pair" | first access)"

session=$(call GET "/sessions/?limit=1" | first id)
appointment=$(call POST /appointments/ --header "$signed_in" --header "Idempotency-Key: $(key)" \
    --data "{\"session\": $session, \"insurance_card\": {\"type\": \"02\", \"number\": \"$id_number\"}}" | first id)

until call GET "/notices/?after=0" --header "$signed_in" | grep -q '"kind":"filed"'; do sleep 2; done

trial=$(call POST "/appointments/$appointment/trials/" --header "$signed_in" --data '{}' | first id)
follow "/trials/$trial/" "waiting calling"
if [ "$state" != priced ]; then echo "no bill: $found" >&2 && exit 1; fi
echo "to pay: $(echo "$found" | first cash_fen) of $(echo "$found" | first total_fen) fen"

settlement=$(call POST "/trials/$trial/settlements/" --header "$signed_in" --header "Idempotency-Key: $(key)" \
    --data '{"mode": "insurance"}' | first id)
under_way="waiting calling insured paying claiming paid confirming unknown reversing refunding"
follow "/settlements/$settlement/" "$under_way"
if [ "$state" = paying ]; then
    url=$(echo "$found" | first url)
    echo "pay here: $url" # open it in the patient's browser; a simulated institution is paid by a POST
    if [ -n "${SIMULATED:-}" ]; then curl --silent --show-error --fail --request POST "$url" >/dev/null; fi
    while [ "$state" = paying ]; do sleep 1 && found=$(look "/settlements/$settlement/") && state=$(echo "$found" | first state); done
    follow "/settlements/$settlement/" "$under_way"
fi
call POST /token/revoke/ --data "{\"refresh\": \"$(echo "$pair" | first refresh)\"}"
echo "$state"
