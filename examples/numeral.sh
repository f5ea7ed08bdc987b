#!/usr/bin/env bash
# Numeral with curl: a digit, several digits, a page of numbers, and a correction.
#
#     examples/numeral.sh [PICTURE OF A DIGIT]
#
# NUMERAL_URL names the service, NUMERAL_ADMIN_KEY lets it learn; NUMERAL_KEY is for one whose predictions need a key.
set -euo pipefail

url=${NUMERAL_URL:-http://127.0.0.1:8000}
images=$(dirname "$0")/../tests/images
picture=${1:-$images/seven.jpg}

ask() { # PATH [CURL'S OPTIONS]: print the answer; a problem is printed, too, and ends the script
  local path=$1
  shift
  curl --silent --show-error --fail-with-body --retry 3 ${NUMERAL_KEY:+--header "Authorization: Bearer $NUMERAL_KEY"} \
    "$@" "$url$path"
  echo
}

echo "The digit, with its confidence:"
ask /predict --data-binary "@$picture"

echo "Several pictures, each with an answer or a problem:"
ask /predict/batch --form "a=@$picture" --form "b=@$0"

echo "The numbers on a page:"
ask /read --data-binary "@$images/number.jpg"

if [ -n "${NUMERAL_ADMIN_KEY:-}" ]; then
  echo "Teach it that the picture shows a 7; the next retraining learns from it:"
  ask /samples --header "Authorization: Bearer $NUMERAL_ADMIN_KEY" --form "file=@$picture" --form label=7
fi
