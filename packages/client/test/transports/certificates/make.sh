#!/bin/bash
# Makes the certificates that the tests of TLS use, valid for a hundred years. Nothing else ever trusts them.
set -e
cd "$(dirname "$0")"
request() { openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -keyout "$1.key.pem" -subj "/CN=$2" -batch "${@:3}"; }
sign() { openssl x509 -req -CA ca.pem -CAkey ca.key.pem -days 36500 "$@"; }

request ca 'Martlet test authority' -x509 -days 36500 -out ca.pem
for name in server client; do
  case $name in
    server) extensions='subjectAltName=DNS:localhost,DNS:broker.test,IP:127.0.0.1,IP:::1' ;;
    client) extensions='extendedKeyUsage=clientAuth' ;;
  esac
  request $name "$name" | sign -extfile /dev/fd/3 -out $name.pem 3<<END
$extensions
END
done
rm -f ca.key.pem
