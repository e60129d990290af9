// SPDX-License-Identifier: Apache-2.0
// mqmix: mixed MQTT traffic from one thread, where mqload.c has pure bursts.
// Publishers with many topics, QoS levels and protocol versions side by side, topic aliases in both directions,
// user properties, subscription identifiers, retained messages, payloads of changing size, WebSocket subscribers,
// and clients that subscribe and unsubscribe all the time.
//
//   cc -O2 -o mqmix mqmix.c && ./mqmix --help
//
// Every payload starts with its send time, publisher, topic, QoS and a sequence number per topic and QoS. Subscribers
// check that each sequence is whole and in order, that the topic (or alias) is the one published to, and that
// properties have arrived. Prints one line of JSON with the names that mqload prints.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

typedef struct { int n, of[8]; } List;

static struct {
  const char *host, *prefix, *name;
  int port, ws_port, pid, pubs, subs, topics, window, burst, size_min, size_max;
  int user_props, retain_every, ws_percent, churn_clients, alias_max;
  List qos, sub_qos, pub_versions, sub_versions;
  double rate, secs, warm, churn;
  bool alias, sub_id, literal, mixed_filters;
} O = {
  .host = "127.0.0.1", .prefix = "mix", .name = "", .port = 1883, .pubs = 50, .subs = 50, .topics = 100,
  .window = 100, .burst = 10, .size_min = 64, .size_max = 64, .churn_clients = 4,
  .qos = { 1, { 0 } }, .sub_qos = { 1, { 2 } }, .pub_versions = { 1, { 4 } }, .sub_versions = { 1, { 4 } },
  .secs = 5, .warm = 1,
};

typedef enum { PUBLISHER, SUBSCRIBER, CHURN } Role;
typedef struct { uint8_t *at; size_t len, off, cap; } Buf;
typedef struct Conn {
  int fd, id, version; Role role; bool ws, ws_open, ready, dead; uint32_t events;
  Buf raw, in, out;                    // raw: WebSocket frames as they came
  uint16_t next_pid; int unacked, alias_limit; bool *aliased;
  uint64_t sent, delivered; double next_send;
  uint32_t *seq;                       // per topic and QoS: sent last, or got last
  uint32_t *alias_topic;               // what an alias from the broker stands for: publisher << 16 | topic
  uint64_t changes, changes_acked; double next_change;
} Conn;

static Conn *C; static int NC, EP, fanout;
static uint64_t n_sent, n_recv, n_acked, n_ready, n_up, n_dead, n_gap, n_dup, n_wrong, n_changes, n_churn_recv, n_alias_in, n_alias_out;
static bool measuring; static volatile sig_atomic_t stop;
static uint32_t random_state = 12345;
static uint32_t rnd(void) { random_state = random_state * 1664525u + 1013904223u; return random_state >> 8; }

#define HB (64 * 40)
static uint64_t H[HB], Hn; static double Hmax;
static uint64_t now_ns(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return (uint64_t)t.tv_sec * 1000000000ull + t.tv_nsec; }
static double now(void) { return now_ns() * 1e-9; }
static void note_latency(double us) { if (us < 1) us = 1; if (us > Hmax) Hmax = us; int e = 0; double v = us; while (v >= 2 && e < 39) { v /= 2; e++; } H[e * 64 + (int)((v - 1) * 64)]++; Hn++; }
static double percentile(double p) { uint64_t want = (uint64_t)(p * Hn), c = 0; for (int i = 0; i < HB; i++) { c += H[i]; if (c > want) return (1 + (i % 64 + .5) / 64) * (double)(1ull << i / 64); } return Hmax; }
static void die(const char *f, ...) { va_list a; va_start(a, f); vfprintf(stderr, f, a); fputc('\n', stderr); exit(2); }

// ---- bytes out ----
static uint8_t *reserve(Buf *b, size_t n) {
  if (b->off == b->len) b->off = b->len = 0;
  if (b->len + n > b->cap) {
    if (b->off) { memmove(b->at, b->at + b->off, b->len - b->off); b->len -= b->off; b->off = 0; }
    while (b->len + n > b->cap) b->cap = b->cap ? b->cap * 2 : 4096;
    b->at = realloc(b->at, b->cap);
  }
  return b->at + b->len;
}
static void want(Conn *c, uint32_t ev) { if (c->events == ev) return; struct epoll_event e = { .events = ev, .data.ptr = c }; epoll_ctl(EP, EPOLL_CTL_MOD, c->fd, &e); c->events = ev; }
static void kill_conn(Conn *c) { if (c->dead) return; c->dead = true; n_dead++; close(c->fd); }
static void flush(Conn *c) {
  while (!c->dead && c->out.off < c->out.len) {
    ssize_t n = write(c->fd, c->out.at + c->out.off, c->out.len - c->out.off);
    if (n < 0) { if (errno == EAGAIN) { want(c, EPOLLIN | EPOLLOUT); return; } kill_conn(c); return; }
    c->out.off += n;
  }
  if (!c->dead) want(c, EPOLLIN);
}
static size_t put_len(uint8_t *p, size_t n) { size_t i = 0; do { uint8_t b = n & 127; n >>= 7; p[i++] = b | (n ? 128 : 0); } while (n); return i; }
static uint8_t *put16(uint8_t *p, int v) { *p++ = v >> 8; *p++ = v & 255; return p; }
static uint8_t *put_text(uint8_t *p, const char *s, size_t l) { p = put16(p, (int)l); memcpy(p, s, l); return p + l; }
// One packet: its first byte and its body; as one WebSocket frame where the connection has frames.
static void put_packet(Conn *c, uint8_t first, const uint8_t *body, size_t n) {
  uint8_t head[5]; head[0] = first; size_t h = 1 + put_len(head + 1, n), total = h + n;
  uint8_t *p = reserve(&c->out, total + 16), *s = p;
  if (c->ws) {  // masked, as a client's must be, by zeros
    *p++ = 0x82;
    if (total < 126) *p++ = 0x80 | total; else if (total < 65536) { *p++ = 0x80 | 126; p = put16(p, (int)total); } else die("too large for a frame");
    memset(p, 0, 4); p += 4;
  }
  memcpy(p, head, h); memcpy(p + h, body, n); c->out.len += p + total - s;
}

// ---- packets out ----
static int topic_name(char *t, int pub, int topic) { return sprintf(t, "%s/p/%d/t%d", O.prefix, pub, topic); }
static void put_connect(Conn *c) {
  uint8_t b[256], *p = b; char id[64];
  int l = snprintf(id, sizeof id, "%s-%c%d-%d", O.prefix, "psc"[c->role], c->id, getpid() % 100000);
  if (c->version == 3) p = put_text(p, "MQIsdp", 6); else p = put_text(p, "MQTT", 4);
  *p++ = c->version; *p++ = 2; p = put16(p, 60);
  if (c->version == 5) { if (c->role == SUBSCRIBER && O.alias_max) { *p++ = 3; *p++ = 0x22; p = put16(p, O.alias_max); } else *p++ = 0; }
  p = put_text(p, id, l); put_packet(c, 0x10, b, p - b);
}
static void put_filter(Conn *c, const char *f, int l, int qos, bool subscribe, int sub_id) {
  uint8_t b[512], *p = put16(b, 1 + (int)(c->changes++ % 65535));
  if (c->version == 5) { if (sub_id) { uint8_t *len = p++; *p++ = 0x0b; p += put_len(p, sub_id); *len = p - len - 1; } else *p++ = 0; }
  p = put_text(p, f, l); if (subscribe) *p++ = qos;
  put_packet(c, subscribe ? 0x82 : 0xa2, b, p - b);
}
static int sub_id_of(Conn *c) { return O.sub_id && c->version == 5 ? c->id + 1 : 0; }
static bool takes_literally(Conn *c) { return O.literal || (O.mixed_filters && c->id % 2); }
static void subscribe_all(Conn *c) {
  char f[256]; int qos = O.sub_qos.of[c->id % O.sub_qos.n], pub = c->id % O.pubs;
  if (!takes_literally(c)) { put_filter(c, f, sprintf(f, "%s/p/%d/+", O.prefix, pub), qos, true, sub_id_of(c)); return; }
  for (int t = 0; t < O.topics; t++) put_filter(c, f, topic_name(f, pub, t), qos, true, sub_id_of(c));
}
// Every change names another filter: beside the topics published to, by a wildcard, across all of them, and one of them.
static void change(Conn *c) {
  uint64_t k = c->changes / 2 * O.churn_clients + c->id; char f[256]; int l;
  switch (k / O.churn_clients % 4) {
    case 0: l = sprintf(f, "%s/c/%lu/state", O.prefix, k % 100003); break;
    case 1: l = sprintf(f, "%s/c/%lu/#", O.prefix, k % 100003); break;
    case 2: l = sprintf(f, "%s/+/x%lu/none", O.prefix, k % 1009); break;
    default: l = topic_name(f, (int)(k % O.pubs), (int)(k % O.topics));
  }
  put_filter(c, f, l, 0, c->changes % 2 == 0, 0); n_changes++;
}
static void put_publish(Conn *c) {
  static uint8_t b[1 << 18]; uint8_t *p = b; char t[256];
  int topic = rnd() % O.topics, qos = O.qos.of[c->sent % O.qos.n], l = topic_name(t, c->id, topic);
  int size = O.size_min + (O.size_max > O.size_min ? rnd() % (O.size_max - O.size_min + 1) : 0);
  bool retain = O.retain_every && c->sent % O.retain_every == 0, named = topic + 1 <= c->alias_limit;
  if (named && c->aliased[topic]) { l = 0; n_alias_out++; }
  p = put_text(p, t, l);
  if (qos) { if (++c->next_pid == 0) c->next_pid = 1; p = put16(p, c->next_pid); c->unacked++; }
  if (c->version == 5) {
    uint8_t props[512], *q = props;
    if (named) { *q++ = 0x23; q = put16(q, topic + 1); c->aliased[topic] = true; }
    for (int i = 0; i < O.user_props; i++) { *q++ = 0x26; q = put_text(q, "trace", 5); q = put_text(q, "0af7651916cd43dd", 16); }
    p += put_len(p, q - props); memcpy(p, props, q - props); p += q - props;
  }
  uint64_t ts = now_ns(); uint32_t seq = ++c->seq[topic * 3 + qos], from = (uint32_t)c->id << 16 | topic << 2 | qos;
  memset(p, 'x', size); memcpy(p, &ts, 8); memcpy(p + 8, &seq, 4); memcpy(p + 12, &from, 4); p += size;
  put_packet(c, 0x30 | qos << 1 | retain, b, p - b); c->sent++; n_sent++;
}
static int under_way(Conn *c) { int w = (int)(c->sent - c->delivered / fanout); return c->unacked > w ? c->unacked : w; }
static void pump(Conn *c, double t) {
  if (c->dead || stop) return; int k = 0;
  if (c->role == CHURN) { while (O.churn && c->next_change <= t && k < 1000) { if (c->changes - c->changes_acked < 1000) change(c), k++; c->next_change += O.churn_clients / O.churn; } }
  else if (O.rate > 0) { while (c->next_send <= t && k < 10000) { if (under_way(c) < O.window) put_publish(c), k++; c->next_send += O.pubs / O.rate; } }
  else {
    int left = O.window - under_way(c), few = O.burst < O.window ? O.burst : 1;
    if (c->out.len - c->out.off > 262144 || (left < few && left < O.window)) return;
    while (left-- > 0 && k < O.burst * 4) put_publish(c), k++;
  }
  if (k) flush(c);
}
static void put_ack(Conn *c, uint8_t first, const uint8_t *pid) { put_packet(c, first, pid, 2); }

// ---- packets in ----
static size_t get_len(const uint8_t **p) { size_t n = 0; int sh = 0; uint8_t b; do { b = *(*p)++; n |= (size_t)(b & 127) << sh; sh += 7; } while (b & 128); return n; }
static int get16(const uint8_t *p) { return p[0] << 8 | p[1]; }
static int number_at(const uint8_t **p, const uint8_t *end) { int v = 0; while (*p < end && **p >= '0' && **p <= '9') v = v * 10 + *(*p)++ - '0'; return v; }
static void on_publish(Conn *c, uint8_t first, const uint8_t *p, size_t n, uint64_t t) {
  int qos = first >> 1 & 3, tl = get16(p), alias = 0, user_props = 0, sub_id = 0; const uint8_t *q = p + 2 + tl, *pid = q, *end = p + n; if (qos) q += 2;
  if (c->version == 5) {
    size_t l = get_len(&q); const uint8_t *e = q + l;
    while (q < e) switch (*q++) {
      case 0x01: q++; break; case 0x02: q += 4; break; case 0x03: case 0x08: case 0x09: q += 2 + get16(q); break;
      case 0x0b: sub_id = (int)get_len(&q); break; case 0x23: alias = get16(q); q += 2; break;
      case 0x26: user_props++; q += 2 + get16(q); q += 2 + get16(q); break; default: die("unknown property in PUBLISH");
    }
  }
  if (qos == 1) put_ack(c, 0x40, pid); else if (qos == 2) put_ack(c, 0x50, pid);
  if (c->role == CHURN) { n_churn_recv++; return; }
  if (end - q < 16) die("payload cut");
  uint64_t ts; uint32_t seq, from; memcpy(&ts, q, 8); memcpy(&seq, q + 8, 4); memcpy(&from, q + 12, 4);
  int pub = from >> 16, topic = from >> 2 & 0x3fff, pub_qos = from & 3; uint32_t named = (uint32_t)pub << 16 | topic;
  if (tl) {
    const uint8_t *s = p + 2 + strlen(O.prefix) + 3, *e = p + 2 + tl; uint32_t is = (uint32_t)number_at(&s, e) << 16; s += 2; is |= number_at(&s, e); if (is != named) n_wrong++;
    if (alias) { if (alias > O.alias_max) die("alias %d above the maximum", alias); c->alias_topic[alias] = named; }
  } else { n_alias_in++; if (!alias || alias > O.alias_max || c->alias_topic[alias] != named) n_wrong++; }
  int sub_qos = O.sub_qos.of[c->id % O.sub_qos.n];
  if (qos != (pub_qos < sub_qos ? pub_qos : sub_qos) || sub_id != sub_id_of(c)) n_wrong++;
  if (c->version == 5 && user_props != (C[O.subs + pub].version == 5 ? O.user_props : 0)) n_wrong++;
  uint32_t *last = &c->seq[topic * 3 + pub_qos];
  if (seq <= *last) n_dup++; else { if (seq != *last + 1) n_gap++; *last = seq; }
  if (first & 8) n_dup++;
  n_recv++; C[O.subs + pub].delivered++;
  if (measuring) note_latency((double)(t - ts) / 1000);
}
static void on_connack(Conn *c, const uint8_t *p) {
  if (p[1]) die("CONNACK refused: %d", p[1]); n_up++; c->alias_limit = 0;
  if (c->version == 5 && O.alias && c->role == PUBLISHER) {
    const uint8_t *q = p + 2; size_t l = get_len(&q); const uint8_t *e = q + l;
    while (q < e) switch (*q++) {
      case 0x22: c->alias_limit = get16(q); q += 2; break; case 0x11: case 0x27: q += 4; break; case 0x21: case 0x13: q += 2; break;
      case 0x24: case 0x25: case 0x28: case 0x29: case 0x2a: q++; break; case 0x12: case 0x1f: case 0x1a: case 0x1c: case 0x15: case 0x16: q += 2 + get16(q); break;
      case 0x26: q += 2 + get16(q); q += 2 + get16(q); break; default: die("unknown property in CONNACK");
    }
    c->aliased = calloc(O.topics + 1, 1);
  }
  if (c->role == SUBSCRIBER) { subscribe_all(c); flush(c); } else { c->ready = true; n_ready++; }
}
static void on_packet(Conn *c, uint8_t first, const uint8_t *p, size_t n, uint64_t t) {
  switch (first >> 4) {
    case 2: on_connack(c, p); break;
    case 3: on_publish(c, first, p, n, t); break;
    case 4: case 7: if (n > 2 && p[2] >= 0x80) die("refused: 0x%02x", p[2]); c->unacked--; n_acked++; break;
    case 5: if (n > 2 && p[2] >= 0x80) die("refused: 0x%02x", p[2]); put_ack(c, 0x62, p); break;
    case 6: put_ack(c, 0x70, p); break;
    case 9: if (p[n - 1] >= 0x80) die("SUBACK failure 0x%02x", p[n - 1]); // fall through
    case 11: if (++c->changes_acked == c->changes && c->role == SUBSCRIBER && !c->ready) { c->ready = true; n_ready++; } break;
    case 14: if (n) fprintf(stderr, "DISCONNECT 0x%02x\n", p[0]); kill_conn(c); break;
  }
}
static void parse(Conn *c, uint64_t t) {
  Buf *b = &c->in;
  while (!c->dead && b->len - b->off >= 2) {
    uint8_t *h = b->at + b->off; size_t have = b->len - b->off, len = 0, i = 1; int sh = 0; bool whole = false;
    while (i < have && i <= 4) { uint8_t v = h[i++]; len |= (size_t)(v & 127) << sh; sh += 7; if (!(v & 128)) { whole = true; break; } }
    if (!whole || have - i < len) break;
    b->off += i + len; on_packet(c, *h, h + i, len, t);
  }
}
// Frames to bytes of MQTT; packets may be split and joined over frames in any way.
static void unframe(Conn *c) {
  Buf *r = &c->raw;
  if (!c->ws_open) {
    char *e = memmem(r->at + r->off, r->len - r->off, "\r\n\r\n", 4); if (!e) return;
    if (memcmp(r->at + r->off, "HTTP/1.1 101", 12)) die("WebSocket refused: %.40s", r->at + r->off);
    r->off = (uint8_t *)e + 4 - r->at; c->ws_open = true; put_connect(c); flush(c);
  }
  while (r->len - r->off >= 2) {
    uint8_t *f = r->at + r->off; size_t have = r->len - r->off, h = 2, n = f[1] & 127;
    if (n == 126) { if (have < 4) return; n = get16(f + 2); h = 4; } else if (n == 127) { if (have < 10) return; n = 0; for (int i = 2; i < 10; i++) n = n << 8 | f[i]; h = 10; }
    if (have < h + n) return;
    int op = *f & 15; if (op == 8) { kill_conn(c); return; } if (op > 2) die("frame of type %d", op);
    memcpy(reserve(&c->in, n), f + h, n); c->in.len += n; r->off += h + n;
  }
}
static void on_read(Conn *c) {
  Buf *b = c->ws ? &c->raw : &c->in;
  for (int round = 0; round < 4 && !c->dead; round++) {
    uint8_t *p = reserve(b, 65536); size_t cap = b->cap - b->len; ssize_t n = read(c->fd, p, cap);
    if (n < 0 && errno == EAGAIN) break;
    if (n <= 0) { kill_conn(c); return; }
    b->len += n; uint64_t t = now_ns(); if (c->ws) unframe(c); parse(c, t);
    if ((size_t)n < cap) break;
  }
  if (!c->dead && c->out.off < c->out.len) flush(c);
}

// ---- the broker's process and its children ----
static double tree_cpu(int pid, long *rss) {
  char f[64], b[4096]; FILE *s; double cpu = 0; unsigned long u, k; long r; if (!pid) return 0;
  snprintf(f, sizeof f, "/proc/%d/stat", pid); if ((s = fopen(f, "r"))) { size_t n = fread(b, 1, sizeof b - 1, s); fclose(s); b[n] = 0; char *p = strrchr(b, ')'); if (p && sscanf(p + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &u, &k) == 2) cpu = (double)(u + k) / sysconf(_SC_CLK_TCK); }
  snprintf(f, sizeof f, "/proc/%d/status", pid); if ((s = fopen(f, "r"))) { while (fgets(b, sizeof b, s)) if (sscanf(b, "VmRSS: %ld", &r) == 1) { *rss += r; break; } fclose(s); }
  snprintf(f, sizeof f, "/proc/%d/task/%d/children", pid, pid); if ((s = fopen(f, "r"))) { int child; while (fscanf(s, "%d", &child) == 1) cpu += tree_cpu(child, rss); fclose(s); }
  return cpu;
}
static void dial(int i) {
  Conn *c = &C[i]; c->role = i < O.subs ? SUBSCRIBER : i < O.subs + O.pubs ? PUBLISHER : CHURN; c->id = c->role == SUBSCRIBER ? i : c->role == PUBLISHER ? i - O.subs : i - O.subs - O.pubs;
  List *v = c->role == SUBSCRIBER ? &O.sub_versions : &O.pub_versions; c->version = v->of[c->id % v->n];
  c->ws = c->role == SUBSCRIBER && c->id * O.ws_percent % 100 < O.ws_percent && O.ws_percent;
  if (c->role != CHURN) c->seq = calloc(O.topics * 3, sizeof *c->seq);
  if (c->role == SUBSCRIBER) c->alias_topic = calloc(O.alias_max + 1, sizeof *c->alias_topic);
  int port = c->ws ? O.ws_port : O.port; struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(port) }; inet_pton(AF_INET, O.host, &a.sin_addr);
  c->fd = socket(AF_INET, SOCK_STREAM, 0); if (c->fd < 0) die("socket: %s", strerror(errno));
  if (connect(c->fd, (void *)&a, sizeof a) < 0) die("connect to port %d: %s", port, strerror(errno));
  fcntl(c->fd, F_SETFL, O_NONBLOCK); int one = 1; setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  c->events = EPOLLIN; struct epoll_event e = { .events = EPOLLIN, .data.ptr = c }; epoll_ctl(EP, EPOLL_CTL_ADD, c->fd, &e);
  if (!c->ws) put_connect(c);
  else c->out.len += sprintf((char *)reserve(&c->out, 512), "GET /mqtt HTTP/1.1\r\nHost: %s:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n", O.host, O.ws_port);
  flush(c);
}
static void poll_once(int ms) {
  struct epoll_event ev[512]; int n = epoll_wait(EP, ev, 512, ms);
  for (int i = 0; i < n; i++) { Conn *c = ev[i].data.ptr; if (c->dead) continue; if (ev[i].events & EPOLLOUT) flush(c); if (ev[i].events & ~EPOLLOUT) on_read(c); }
}
static List list_of(const char *s) { List l = { 0 }; while (l.n < 8) { char *e; l.of[l.n++] = (int)strtol(s, &e, 10); if (*e != ',') break; s = e + 1; } return l; }
static void on_sig(int s) { (void)s; stop = 1; }
static void usage(void) {
  puts("mqmix [options]  (defaults in brackets); a LIST such as 0,1,2 is gone round, by message or by client\n"
       " --host A [127.0.0.1] --port N [1883] --ws-port N --pid N   broker address; its process, for CPU and memory\n"
       " --pubs N [50] --subs N [50]  subscriber i takes publisher i mod pubs; subs must be a multiple of pubs\n"
       " --topics N [100]  of each publisher, taken in random order   --size N or MIN-MAX [64]  bytes of payload, from 16\n"
       " --qos LIST [0]  of the messages   --sub-qos LIST [2]  of the subscriptions\n"
       " --pub-versions LIST, --sub-versions LIST [4]  3, 4 (3.1.1) or 5\n"
       " --literal  a subscription per topic   --mixed-filters  for every second subscriber only   [one wildcard]\n"
       " --alias  publishers use aliases   --alias-max N  subscribers allow N   (MQTT 5)\n"
       " --user-props N  on each message   --sub-id  a subscription identifier on each subscription   (MQTT 5)\n"
       " --retain-every N  every Nth message is retained   --ws PERCENT  of the subscribers use WebSocket\n"
       " --churn N  subscribe or unsubscribe packets a second, from --churn-clients N [4]\n"
       " --window N [100] --burst N [10] --rate N [0: as fast as the window lets] --secs S [5] --warm S [1]\n"
       " --name TEXT --prefix TOPIC [mix]"); exit(0);
}
int main(int argc, char **argv) {
  static struct option L[] = { {"host",1,0,'h'},{"port",1,0,'p'},{"ws-port",1,0,'o'},{"pid",1,0,'P'},{"pubs",1,0,'u'},{"subs",1,0,'s'},{"topics",1,0,'t'},{"size",1,0,'z'},{"qos",1,0,'q'},{"sub-qos",1,0,'Q'},{"pub-versions",1,0,'v'},{"sub-versions",1,0,'V'},{"literal",0,0,'l'},{"mixed-filters",0,0,'m'},{"alias",0,0,'a'},{"alias-max",1,0,'A'},{"user-props",1,0,'U'},{"sub-id",0,0,'i'},{"retain-every",1,0,'R'},{"ws",1,0,'w'},{"churn",1,0,'c'},{"churn-clients",1,0,'C'},{"window",1,0,'W'},{"burst",1,0,'b'},{"rate",1,0,'r'},{"secs",1,0,'d'},{"warm",1,0,'k'},{"name",1,0,'n'},{"prefix",1,0,'x'},{"help",0,0,'?'},{0} };
  int o; while ((o = getopt_long(argc, argv, "", L, NULL)) != -1) switch (o) {
    case 'h': O.host = optarg; break; case 'p': O.port = atoi(optarg); break; case 'o': O.ws_port = atoi(optarg); break; case 'P': O.pid = atoi(optarg); break;
    case 'u': O.pubs = atoi(optarg); break; case 's': O.subs = atoi(optarg); break; case 't': O.topics = atoi(optarg); break;
    case 'z': { char *dash = strchr(optarg, '-'); O.size_min = atoi(optarg); O.size_max = dash ? atoi(dash + 1) : O.size_min; break; }
    case 'q': O.qos = list_of(optarg); break; case 'Q': O.sub_qos = list_of(optarg); break; case 'v': O.pub_versions = list_of(optarg); break; case 'V': O.sub_versions = list_of(optarg); break;
    case 'l': O.literal = true; break; case 'm': O.mixed_filters = true; break; case 'a': O.alias = true; break; case 'A': O.alias_max = atoi(optarg); break; case 'U': O.user_props = atoi(optarg); break; case 'i': O.sub_id = true; break;
    case 'R': O.retain_every = atoi(optarg); break; case 'w': O.ws_percent = atoi(optarg); break; case 'c': O.churn = atof(optarg); break; case 'C': O.churn_clients = atoi(optarg); break;
    case 'W': O.window = atoi(optarg); break; case 'b': O.burst = atoi(optarg); break; case 'r': O.rate = atof(optarg); break; case 'd': O.secs = atof(optarg); break; case 'k': O.warm = atof(optarg); break;
    case 'n': O.name = optarg; break; case 'x': O.prefix = optarg; break; default: usage(); }
  if (O.subs % O.pubs || !O.subs) die("--subs must be a multiple of --pubs");
  if (O.topics > 16384 || O.pubs > 65535 || O.size_min < 16 || O.size_max > 200000 || O.user_props > 12) die("topics at most 16384, pubs 65535, size 16 to 200000, user-props 12");
  if (O.ws_percent && !O.ws_port) die("--ws needs --ws-port");
  signal(SIGPIPE, SIG_IGN); signal(SIGINT, on_sig); struct rlimit rl; getrlimit(RLIMIT_NOFILE, &rl); rl.rlim_cur = rl.rlim_max; setrlimit(RLIMIT_NOFILE, &rl);
  fanout = O.subs / O.pubs; NC = O.pubs + O.subs + (O.churn ? O.churn_clients : 0); C = calloc(NC, sizeof *C); EP = epoll_create1(0);
  double t0 = now(); for (int i = 0; i < NC; i++) { dial(i); while ((int)(i + 1 - n_up) > 500) poll_once(10); }
  for (double end = now() + 60; n_ready < (uint64_t)NC;) { poll_once(10); if (n_dead) die("%lu connections closed while connecting", n_dead); if (now() > end) die("only %lu of %d clients ready", n_ready, NC); }
  double conn_s = now() - t0, start = now(), t_meas = start, end = start + O.warm + O.secs, cpu0 = 0; uint64_t sent0 = 0, recv0 = 0, churn0 = 0, changes0 = 0; struct rusage ru0, ru; long z = 0, rss = 0;
  for (int i = 0; i < NC; i++) { C[i].next_send = start + (O.rate > 0 ? C[i].id / O.rate : 0); C[i].next_change = start; }
  while (!stop) {
    double t = now(); if (t >= end) break;
    if (!measuring && t - start >= O.warm) { measuring = true; t_meas = t; sent0 = n_sent; recv0 = n_recv; churn0 = n_churn_recv; changes0 = n_changes; cpu0 = tree_cpu(O.pid, &z); getrusage(RUSAGE_SELF, &ru0); }
    for (int i = O.subs; i < NC; i++) pump(&C[i], t);
    poll_once(O.rate > 5000 ? 0 : 1);
    if (n_dead) die("%lu connections closed by the broker during the run", n_dead);
  }
  if (!measuring) die("stopped before anything was measured");
  double d = now() - t_meas, cpu = tree_cpu(O.pid, &rss) - cpu0; uint64_t s = n_sent - sent0, r = n_recv - recv0, w = n_churn_recv - churn0; getrusage(RUSAGE_SELF, &ru);
#define SECS(tv) ((tv).tv_sec + (tv).tv_usec * 1e-6)
  double self = SECS(ru.ru_utime) + SECS(ru.ru_stime) - SECS(ru0.ru_utime) - SECS(ru0.ru_stime); uint64_t changed = n_changes - changes0;
  measuring = false; stop = 1; uint64_t expect = n_sent * fanout; for (double until = now() + 10; now() < until && n_recv < expect;) poll_once(20);
  printf("{\"name\":\"%s\",\"sent_per_s\":%.0f,\"recv_per_s\":%.0f,\"p50_us\":%.0f,\"p99_us\":%.0f,\"p999_us\":%.0f,\"max_us\":%.0f,\"broker_cpu_s\":%.2f,\"broker_cpu_pct\":%.0f,\"cpu_us_per_msg\":%.3f,\"rss_kb\":%ld,\"load_cpu_pct\":%.0f,\"connect_per_s\":%.0f,\"changes_per_s\":%.0f,\"churn_recv_per_s\":%.0f,\"aliases_out\":%lu,\"aliases_in\":%lu,\"missing\":%ld,\"gaps\":%lu,\"dups\":%lu,\"wrong\":%lu}\n",
    O.name, s / d, r / d, percentile(.5), percentile(.99), percentile(.999), Hmax, cpu, cpu / d * 100, r + w ? cpu * 1e6 / (r + w) : 0, rss, self / d * 100, NC / conn_s, changed / d, w / d, n_alias_out, n_alias_in, (long)(expect - n_recv), n_gap, n_dup, n_wrong);
  return 0;
}
