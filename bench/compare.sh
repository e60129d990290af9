#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Compares a broker with Debian's Mosquitto, scenario by scenario, in turn in one run.
#
#   compare.sh --port P --pid PID [--quick] [--only NAME] [--rounds N]
#
# PORT and PID are those of the broker under test (already running; its children are counted).
# Mosquitto is started here on a spare port, with persistence off and no limit on its queues.
# The figure to steer by is the broker's CPU time per delivered message: it holds on a noisy machine.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
port= pid= secs=3 only= rounds=1
while [ $# -gt 0 ]; do case $1 in --port) port=$2; shift 2;; --pid) pid=$2; shift 2;; --quick) secs=1.5; shift;; --only) only=$2; shift 2;; --rounds) rounds=$2; shift 2;; *) echo "unknown option $1" >&2; exit 2;; esac; done
[ -n "$port" ] && [ -n "$pid" ] || { sed -n 3,9p "$0" >&2; exit 2; }
tmp=$(mktemp -d); bin=$tmp/mqload
cc -O2 -w -o "$bin" "$here/mqload.c"
mosquitto=$(command -v mosquitto || echo /usr/sbin/mosquitto)
mpid= mport=27183
if [ -x "$mosquitto" ]; then
  printf 'listener %s 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\nmax_inflight_messages 1000\n' $mport >"$tmp/m.conf"
  "$mosquitto" -c "$tmp/m.conf" >"$tmp/m.log" 2>&1 & mpid=$!; sleep 0.7
else echo "# mosquitto is not installed (apt-get install mosquitto): no ratios" >&2; fi
trap '[ -n "$mpid" ] && kill "$mpid" 2>/dev/null; rm -rf "$tmp"' EXIT
# name | options
scenarios='p2p-q0|--pubs 50 --subs 50 --window 200 --burst 20
p2p-q0-single|--pubs 50 --subs 50 --window 1 --burst 1
fanout-500|--pubs 1 --subs 500 --window 20 --burst 1
fanin-100|--pubs 100 --subs 1 --fanin --window 100 --burst 10
p2p-q0-spread|--pubs 50 --subs 50 --window 200 --burst 20 --spread 100
p2p-q1|--pubs 50 --subs 50 --qos 1 --window 50 --burst 10
p2p-q1-single|--pubs 50 --subs 50 --qos 1 --window 1 --burst 1
p2p-q2|--pubs 50 --subs 50 --qos 2 --window 20 --burst 5
p2p-q0-v5|--pubs 50 --subs 50 --window 200 --burst 20 --v5
share-20|--pubs 20 --subs 20 --topics 20 --fanin --share --v5 --window 100 --burst 10
payload-64k|--pubs 2 --subs 2 --size 65536 --window 20 --burst 2
latency-5k|--pubs 20 --subs 20 --rate 5000
idle-5000|--pubs 0 --subs 5000 --topics 5000 --idle --secs 1'
one() { "$bin" --name "$1" --port "$2" --pid "$3" --secs $secs --warm 0.7 ${4} 2>&1 || true; }
printf '%-15s %12s %12s %7s | %10s %10s | %9s %9s | %s\n' scenario 'us/msg' 'mosquitto' ratio 'msg/s' 'mosquitto' 'p99 us' 'mosquitto' notes
for r in $(seq "$rounds"); do while IFS='|' read -r name opts; do
  [ -n "$only" ] && [ "$only" != "$name" ] && continue
  a=$(one "$name" "$port" "$pid" "$opts"); b=; [ -n "$mpid" ] && b=$(one "$name" $mport "$mpid" "$opts")
  A=$a B=$b python3 - "$name" <<'PY'
import json, os, sys
def load(s):
    try: return json.loads(s.strip().splitlines()[-1])
    except Exception: return None
a, b, name = load(os.environ["A"]), load(os.environ["B"]), sys.argv[1]
if a is None: print(f"{name:15s} FAILED: {os.environ['A'].strip()[:150]}"); sys.exit()
if "kb_per_client" in a:
    bb = f"{b['kb_per_client']:.2f}" if b else "-"
    print(f"{name:15s} KB per connection {a['kb_per_client']:.2f} (mosquitto {bb}), CPU us per connection {a['connect_cpu_us']:.0f} ({b['connect_cpu_us'] if b else '-'})"); sys.exit()
g = lambda d, k, f: format(d[k], f) if d else "-"
ratio = f"{a['cpu_us_per_msg'] / b['cpu_us_per_msg']:.3f}" if b and b["cpu_us_per_msg"] else "-"
notes = " ".join(f"{k}={a[k]}" for k in ("missing", "gaps", "dups") if a[k])
print(f"{name:15s} {a['cpu_us_per_msg']:12.3f} {g(b,'cpu_us_per_msg','12.3f')} {ratio:>7s} | {a['recv_per_s']:10d} {g(b,'recv_per_s','10d')} | {a['p99_us']:9d} {g(b,'p99_us','9d')} | {notes}")
PY
done <<<"$scenarios"; done
