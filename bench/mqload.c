// SPDX-License-Identifier: Apache-2.0
// mqload: a single-threaded epoll MQTT 3.1.1/5 load generator.
// Measures delivered messages per second, end-to-end latency, and what the broker process
// spent on it (CPU time, resident memory), so that brokers can be compared side by side.
//
//   cc -O2 -o mqload mqload.c && ./mqload --help
//
// Every PUBLISH carries its send time and a sequence number in the first 16 bytes of its payload.
// "window" bounds what is under way: for each publisher, the messages sent whose deliveries
// (or, with no subscriber, acknowledgements) have not all arrived yet.
//
// With --offline the subscribers' sessions are kept by the broker while they are away: they subscribe, disconnect, and
// the publishers' acknowledgements are what is counted and timed. With --collect they come back at the end and must
// be given everything that was acknowledged, in each publisher's order.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
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
#include <getopt.h>

static struct {
  const char *host; int port; int pubs, subs, topics; int qos_pub, qos_sub; int size; int window; int burst;
  double rate, secs, warm; bool v5, fanin, share, retain, json, idle; int pid; const char *prefix; const char *name; int ka; int conn_rate; bool clean; int spread;
  bool offline, collect, acks; int each; double report;
} O = { "127.0.0.1", 1883, 1, 1, 0, 0, 0, 64, 1000, 100, 0, 5, 1, false, false, false, false, false, false, 0, "bench", "", 60, 0, true, 1, false, false, false, 0, 0 };

typedef struct Conn {
  int fd, id, topic; bool is_pub, up, ready, dead; uint32_t events;
  uint8_t *in; size_t in_len, in_cap;
  uint8_t *out; size_t out_len, out_off, out_cap;
  uint16_t next_pid; int unacked; uint64_t sent, acked; uint64_t credit_sent; uint64_t credit_done; double next_send;
  uint64_t seq; uint64_t got; uint64_t *sent_at;
} Conn;

static Conn *C; static int NC, EP;
static Conn **topic_pub;             // publisher that owns a topic
static uint64_t *topic_seq;          // the last sequence number that each subscriber collected of each topic
static uint64_t n_sent, n_recv, n_acked, n_bytes, n_up, n_ready, n_dead, n_dup, n_gap, n_gone;
static bool measuring, collecting; static double t_meas; static uint64_t m_sent, m_recv, m_acked;
static int fanout; static volatile sig_atomic_t stop;

// latency histogram: 64 sub-buckets per power of two of microseconds
#define HB (64*40)
static uint64_t H[HB], Hn; static double Hmax;
static double now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec + t.tv_nsec * 1e-9; }
static uint64_t now_ns(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return (uint64_t)t.tv_sec * 1000000000ull + t.tv_nsec; }
static int hidx(double us) { if (us < 1) us = 1; int e = 0; double v = us; while (v >= 2 && e < 39) { v /= 2; e++; } return e * 64 + (int)((v - 1) * 64); }
static double hval(int i) { int e = i / 64; double v = 1 + (i % 64 + 0.5) / 64.0; return v * (double)(1ull << e); }
static double pct(double p) { uint64_t want = (uint64_t)(p * Hn), c = 0; if (!Hn) return 0; for (int i = 0; i < HB; i++) { c += H[i]; if (c > want) return hval(i); } return Hmax; }
static void die(const char *f, ...) { va_list a; va_start(a, f); vfprintf(stderr, f, a); fputc('\n', stderr); exit(2); }

static uint8_t *room(Conn *c, size_t n); static void flush(Conn *c);
static void want(Conn *c, uint32_t ev) { if (c->events == ev) return; struct epoll_event e = { .events = ev, .data.ptr = c }; epoll_ctl(EP, EPOLL_CTL_MOD, c->fd, &e); c->events = ev; }
static void drop(Conn *c) { c->dead = true; epoll_ctl(EP, EPOLL_CTL_DEL, c->fd, NULL); close(c->fd); }
static void kill_conn(Conn *c) { if (c->dead) return; n_dead++; drop(c); }
// Its session goes on without it: the broker closes when it has read this.
static void leave(Conn *c) { uint8_t *p = room(c, 2); p[0] = 0xE0; p[1] = 0; c->out_len += 2; flush(c); }
static void gone(Conn *c) { drop(c); free(c->in); free(c->out); c->in = c->out = NULL; c->in_len = c->in_cap = c->out_len = c->out_off = c->out_cap = 0; n_gone++; }
static uint8_t *room(Conn *c, size_t n) {
  if (c->out_off && c->out_off == c->out_len) c->out_off = c->out_len = 0;
  if (c->out_len + n > c->out_cap) {
    if (c->out_off) { memmove(c->out, c->out + c->out_off, c->out_len - c->out_off); c->out_len -= c->out_off; c->out_off = 0; }
    while (c->out_len + n > c->out_cap) c->out_cap = c->out_cap ? c->out_cap * 2 : 1024;
    c->out = realloc(c->out, c->out_cap);
  }
  return c->out + c->out_len;
}
static void flush(Conn *c) {
  while (!c->dead && c->out_off < c->out_len) {
    ssize_t n = write(c->fd, c->out + c->out_off, c->out_len - c->out_off);
    if (n < 0) { if (errno == EAGAIN || errno == EWOULDBLOCK) { want(c, EPOLLIN | EPOLLOUT); return; } kill_conn(c); return; }
    c->out_off += n;
  }
  if (!c->dead) want(c, EPOLLIN);
}
static size_t put_len(uint8_t *p, size_t n) { size_t i = 0; do { uint8_t b = n & 127; n >>= 7; p[i++] = b | (n ? 128 : 0); } while (n); return i; }
static void put_connect(Conn *c) {
  char cid[64]; int l = snprintf(cid, sizeof cid, "%s-%s%d-%d", O.prefix, c->is_pub ? "p" : "s", c->id, getpid() % 100000);
  size_t rem = 10 + (O.v5 ? 1 : 0) + 2 + l; uint8_t *p = room(c, rem + 5), *s = p;
  *p++ = 0x10; p += put_len(p, rem); memcpy(p, "\0\4MQTT", 6); p += 6; *p++ = O.v5 ? 5 : 4; *p++ = O.clean || (O.offline && c->is_pub) ? 2 : 0; *p++ = O.ka >> 8; *p++ = O.ka & 255;
  if (O.v5) *p++ = 0;
  *p++ = l >> 8; *p++ = l & 255; memcpy(p, cid, l); p += l; c->out_len += p - s;
}
static void put_subscribe(Conn *c) {
  char f[256]; int l;
  const char *sh = O.share ? "$share/g/" : "";
  if (O.fanin) l = snprintf(f, sizeof f, "%s%s/+/#", sh, O.prefix); else if (O.spread > 1) l = snprintf(f, sizeof f, "%s%s/t/%d/+", sh, O.prefix, c->topic); else l = snprintf(f, sizeof f, "%s%s/t/%d/v", sh, O.prefix, c->topic);
  size_t rem = 2 + (O.v5 ? 1 : 0) + 2 + l + 1; uint8_t *p = room(c, rem + 5), *s = p;
  *p++ = 0x82; p += put_len(p, rem); *p++ = 0; *p++ = 1; if (O.v5) *p++ = 0; *p++ = l >> 8; *p++ = l & 255; memcpy(p, f, l); p += l; *p++ = O.qos_sub; c->out_len += p - s;
}
static void put_publish(Conn *c) {
  if (O.each) c->topic = (int)((c->id + c->seq * O.pubs) % O.topics);
  char t[256]; int l = O.spread > 1 ? snprintf(t, sizeof t, "%s/t/%d/v%d", O.prefix, c->topic, (int)(c->seq * 7919 % O.spread)) : snprintf(t, sizeof t, "%s/t/%d/v", O.prefix, c->topic);
  size_t rem = 2 + l + (O.qos_pub ? 2 : 0) + (O.v5 ? 1 : 0) + O.size; uint8_t *p = room(c, rem + 5), *s = p;
  *p++ = 0x30 | O.qos_pub << 1 | (O.retain ? 1 : 0); p += put_len(p, rem); *p++ = l >> 8; *p++ = l & 255; memcpy(p, t, l); p += l;
  if (O.qos_pub) { if (++c->next_pid == 0) c->next_pid = 1; *p++ = c->next_pid >> 8; *p++ = c->next_pid & 255; }
  if (O.v5) *p++ = 0;
  uint64_t ts = now_ns(), q = ++c->seq; memset(p, 'x', O.size); memcpy(p, &ts, 8); if (O.size >= 16) memcpy(p + 8, &q, 8); p += O.size;
  c->out_len += p - s; c->sent++; n_sent++; if (O.qos_pub) { c->unacked++; if (c->sent_at) c->sent_at[c->next_pid] = ts; }
}
static void put_ack(Conn *c, uint8_t type, const uint8_t *pid) { uint8_t *p = room(c, 4); p[0] = type; p[1] = 2; p[2] = pid[0]; p[3] = pid[1]; c->out_len += 4; }
static int under_way(Conn *c) {
  int w = 0;
  if (O.subs && !O.offline) w = (int)(c->sent - c->credit_done / (fanout ? fanout : 1));
  if (O.qos_pub && c->unacked > w) w = c->unacked;
  return w;
}
// The time from a publication to the packet that acknowledges it, in microseconds.
static void time_ack(Conn *c, const uint8_t *pid, uint64_t t) { if (!measuring || !c->sent_at) return; double us = (double)(t - c->sent_at[pid[0] << 8 | pid[1]]) / 1000.0; H[hidx(us)]++; Hn++; if (us > Hmax) Hmax = us; }
static void pump(Conn *c, double t) {
  if (!c->is_pub || c->dead || !c->ready || O.idle || stop) return;
  if (O.each && c->sent >= (uint64_t)O.each * O.topics / O.pubs) return;
  if (O.rate > 0) {
    int k = 0;
    while (c->next_send <= t && k < 10000) { if (under_way(c) < O.window) put_publish(c); else if (O.qos_pub) break; else put_publish(c); c->next_send += O.pubs / O.rate; k++; }
    if (k) flush(c);
    return;
  }
  if (c->out_len - c->out_off > 262144) return;
  int room_left = O.window - under_way(c); if (room_left < (O.burst < O.window ? O.burst : 1) && under_way(c) > 0) return;
  if (O.each) { int left = (int)((uint64_t)O.each * O.topics / O.pubs - c->sent); if (room_left > left) room_left = left; }
  int k = 0; while (room_left-- > 0 && k++ < O.burst * 4) put_publish(c);
  if (k) flush(c);
}
static int topic_of(const uint8_t *t) { int v = 0; t += strlen(O.prefix) + 3; while (*t >= '0' && *t <= '9') v = v * 10 + (*t++ - '0'); return v; }
static void on_packet(Conn *c, uint8_t *h, uint8_t *p, size_t n, uint64_t t) {
  switch (*h >> 4) {
    case 2: if (n < 2 || p[1]) die("CONNACK refused: %d", n >= 2 ? p[1] : -1); c->up = true; n_up++;
      if (collecting) { c->ready = true; n_ready++; break; }
      if (c->is_pub || O.idle) { if (!c->is_pub) { put_subscribe(c); flush(c); } else { c->ready = true; n_ready++; } } else { put_subscribe(c); flush(c); } break;
    case 9: if (p[n - 1] >= 0x80) die("SUBACK failure"); c->ready = true; n_ready++; if (O.offline) leave(c); break;
    case 3: {
      int qos = *h >> 1 & 3; size_t tl = p[0] << 8 | p[1]; uint8_t *q = p + 2 + tl; const uint8_t *pid = q; if (qos) q += 2;
      if (O.v5) { size_t pl = 0; int sh = 0; do { pl |= (size_t)(*q & 127) << sh; sh += 7; } while (*q++ & 128); q += pl; }
      uint64_t ts; memcpy(&ts, q, 8);
      n_recv++; c->got++; n_bytes += n + 2; if (*h & 8) n_dup++;
      if (measuring && !O.acks) { double us = (double)(t - ts) / 1000.0; int i = hidx(us); H[i]++; Hn++; if (us > Hmax) Hmax = us; }
      if (O.size >= 16 && !O.share && !O.fanin && !O.each && O.pubs <= O.topics) { uint64_t s; memcpy(&s, q + 8, 8); if (c->seq && s != c->seq + 1) n_gap++; c->seq = s; }
      if (collecting && O.fanin) { uint64_t s, *seen = topic_seq + (size_t)c->id * O.topics + topic_of(p + 2); memcpy(&s, q + 8, 8); if (s != *seen + 1) n_gap++; *seen = s; }
      if (!O.offline) topic_pub[O.fanin ? topic_of(p + 2) : c->topic]->credit_done++;
      if (qos == 1) put_ack(c, 0x40, pid); else if (qos == 2) put_ack(c, 0x50, pid);
      break; }
    case 4: time_ack(c, p, t); c->unacked--; c->acked++; n_acked++; break;
    case 5: put_ack(c, 0x62, p); break;
    case 6: put_ack(c, 0x70, p); break;
    case 7: time_ack(c, p, t); c->unacked--; c->acked++; n_acked++; break;
    case 14: kill_conn(c); break;
  }
}
static void on_read(Conn *c) {
  for (int round = 0; round < 4 && !c->dead; round++) {
    if (c->in_cap - c->in_len < 65536) { c->in_cap = c->in_cap ? c->in_cap * 2 : (NC > 2000 ? 4096 : 131072); c->in = realloc(c->in, c->in_cap); }
    size_t cap = c->in_cap - c->in_len;
    ssize_t n = read(c->fd, c->in + c->in_len, cap);
    if (n == 0) { if (O.offline && !c->is_pub && c->ready && !collecting) gone(c); else kill_conn(c); return; }
    if (n < 0) { if (errno == EAGAIN) break; kill_conn(c); return; }
    c->in_len += n; size_t o = 0; uint64_t t = now_ns();
    while (c->in_len - o >= 2) {
      size_t len = 0, i = 1; int sh = 0; bool whole = false;
      while (o + i < c->in_len && i <= 4) { uint8_t b = c->in[o + i++]; len |= (size_t)(b & 127) << sh; sh += 7; if (!(b & 128)) { whole = true; break; } }
      if (!whole || c->in_len - o - i < len) break;
      on_packet(c, c->in + o, c->in + o + i, len, t); o += i + len; if (c->dead) return;
    }
    if (o) { memmove(c->in, c->in + o, c->in_len - o); c->in_len -= o; }
    if ((size_t)n < cap) break;
  }
  if (!c->dead && c->out_off < c->out_len) flush(c);
}
static double cpu_of(int pid) {
  char f[64], b[4096]; snprintf(f, sizeof f, "/proc/%d/stat", pid); FILE *s = fopen(f, "r"); if (!s) return 0; size_t n = fread(b, 1, sizeof b - 1, s); fclose(s); b[n] = 0;
  char *p = strrchr(b, ')'); if (!p) return 0; unsigned long u, k; if (sscanf(p + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &u, &k) != 2) return 0; return (double)(u + k) / sysconf(_SC_CLK_TCK);
}
static long rss_of(int pid) { char f[64], l[256]; long r = 0; snprintf(f, sizeof f, "/proc/%d/status", pid); FILE *s = fopen(f, "r"); if (!s) return 0; while (fgets(l, sizeof l, s)) if (sscanf(l, "VmRSS: %ld", &r) == 1) break; fclose(s); return r; }
// the broker and all its descendants
static double tree_cpu(int pid, long *rss) {
  double c = cpu_of(pid); *rss += rss_of(pid); char f[64]; snprintf(f, sizeof f, "/proc/%d/task/%d/children", pid, pid); FILE *s = fopen(f, "r"); if (!s) return c; int k; while (fscanf(s, "%d", &k) == 1) c += tree_cpu(k, rss); fclose(s); return c;
}
static Conn *dial(int i) {
  Conn *c = &C[i]; c->is_pub = i >= O.subs; c->id = c->is_pub ? i - O.subs : i; c->topic = c->id % O.topics;
  if (c->is_pub && !topic_pub[c->topic]) topic_pub[c->topic] = c;
  struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(O.port) }; inet_pton(AF_INET, O.host, &a.sin_addr);
  c->fd = socket(AF_INET, SOCK_STREAM, 0); if (c->fd < 0) die("socket: %s", strerror(errno));
  // spread local addresses, so that more than 28k connections fit on loopback
  if (NC > 20000) { struct sockaddr_in l = { .sin_family = AF_INET }; l.sin_addr.s_addr = htonl(0x7f000001u + (uint32_t)(i / 20000)); bind(c->fd, (void *)&l, sizeof l); }
  if (connect(c->fd, (void *)&a, sizeof a) < 0) die("connect %d: %s", i, strerror(errno));
  fcntl(c->fd, F_SETFL, O_NONBLOCK); int one = 1; setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (c->is_pub && O.acks && O.qos_pub && !c->sent_at) c->sent_at = calloc(65536, sizeof *c->sent_at);
  c->events = EPOLLIN; struct epoll_event e = { .events = EPOLLIN, .data.ptr = c }; epoll_ctl(EP, EPOLL_CTL_ADD, c->fd, &e);
  put_connect(c); flush(c); return c;
}
static void poll_once(int ms) { struct epoll_event ev[1024]; int n = epoll_wait(EP, ev, 1024, ms); for (int i = 0; i < n; i++) { Conn *c = ev[i].data.ptr; if (c->dead) continue; if (ev[i].events & EPOLLOUT) flush(c); if (ev[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) on_read(c); } }
// The subscribers come back to their sessions, and read until they have what was acknowledged or nothing more comes.
static void collect(uint64_t expect) {
  double t0 = now(), last = t0; uint64_t seen = 0; long z = 0; double cpu0 = O.pid ? tree_cpu(O.pid, &z) : 0; collecting = true; n_up = n_ready = 0;
  for (int i = 0; i < O.subs; i++) { C[i].dead = C[i].up = C[i].ready = false; C[i].seq = 0; dial(i); while (i + 1 - (int)n_up > 500) poll_once(10); }
  while (n_recv < expect && now() < last + 10) { poll_once(20); if (n_recv != seen) { seen = n_recv; last = now(); } }
  double d = now() - t0, cpu = O.pid ? tree_cpu(O.pid, &z) - cpu0 : 0;
  printf("\"collected_per_s\":%.0f,\"collect_cpu_us\":%.3f,", n_recv / d, n_recv ? cpu * 1e6 / n_recv : 0);
}
static void on_sig(int s) { (void)s; stop = 1; }
static void usage(void) {
  puts("mqload [options]  (defaults in brackets)\n"
       " --host A [127.0.0.1] --port N [1883] --pid N    broker address; its process, for CPU and memory (children counted)\n"
       " --pubs N [1] --subs N [1] --topics N [max(pubs,1)]  client i uses topic i mod topics\n"
       " --qos N, --sub-qos N [0]  --size BYTES [64]  --v5  --retain  --persist (clean=0)\n"
       " --fanin  every subscriber takes every topic (filter prefix/+/#)   --share  subscribers form one shared group\n"
       " --spread N [1]  each publisher goes round N topics, and its subscribers take them by a wildcard\n"
       " --window N [1000]  messages under way per publisher   --burst N [100]  written together\n"
       " --rate N [0: as fast as the window lets]  total messages a second, for latency at a fixed load\n"
       " --offline  durable sessions: subscribers subscribe and leave before anything is published; acknowledgements are counted\n"
       " --collect  they return at the end, and everything acknowledged must be there   --each N  N messages for every topic, then stop\n"
       " --acks  time acknowledgements, not deliveries   --report S  a line of JSON with what was acknowledged, every S seconds\n"
       " --secs S [5] --warm S [1]   --idle  connect, subscribe, hold: memory per connection\n"
       " --json  --name TEXT  --prefix TOPIC [bench]"); exit(0);
}
int main(int argc, char **argv) {
  static struct option L[] = { {"host",1,0,'h'},{"port",1,0,'p'},{"pid",1,0,'P'},{"pubs",1,0,'u'},{"subs",1,0,'s'},{"topics",1,0,'t'},{"qos",1,0,'q'},{"sub-qos",1,0,'Q'},{"size",1,0,'z'},{"window",1,0,'w'},{"burst",1,0,'b'},{"rate",1,0,'r'},{"secs",1,0,'d'},{"warm",1,0,'W'},{"v5",0,0,'5'},{"fanin",0,0,'*'},{"share",0,0,'S'},{"retain",0,0,'R'},{"idle",0,0,'i'},{"json",0,0,'j'},{"name",1,0,'n'},{"prefix",1,0,'x'},{"persist",0,0,'c'},{"spread",1,0,'g'},{"offline",0,0,'O'},{"collect",0,0,'C'},{"each",1,0,'e'},{"acks",0,0,'A'},{"report",1,0,'r'+256},{"help",0,0,'?'},{0} };
  int o, sq = -1; while ((o = getopt_long(argc, argv, "", L, NULL)) != -1) switch (o) {
    case 'h': O.host = optarg; break; case 'p': O.port = atoi(optarg); break; case 'P': O.pid = atoi(optarg); break; case 'u': O.pubs = atoi(optarg); break; case 's': O.subs = atoi(optarg); break;
    case 't': O.topics = atoi(optarg); break; case 'q': O.qos_pub = atoi(optarg); break; case 'Q': sq = atoi(optarg); break; case 'z': O.size = atoi(optarg); if (O.size < 8) O.size = 8; break; case 'w': O.window = atoi(optarg); break;
    case 'b': O.burst = atoi(optarg); break; case 'r': O.rate = atof(optarg); break; case 'd': O.secs = atof(optarg); break; case 'W': O.warm = atof(optarg); break; case '5': O.v5 = true; break; case '*': O.fanin = true; break;
    case 'S': O.share = true; break; case 'R': O.retain = true; break; case 'i': O.idle = true; break; case 'j': O.json = true; break; case 'n': O.name = optarg; break; case 'x': O.prefix = optarg; break; case 'c': O.clean = false; break; case 'g': O.spread = atoi(optarg); break;
    case 'O': O.offline = O.acks = true; O.clean = false; break; case 'C': O.collect = true; break; case 'e': O.each = atoi(optarg); break; case 'A': O.acks = true; break; case 'r' + 256: O.report = atof(optarg); break; default: usage(); }
  if (O.offline && (O.v5 || O.share)) die("--offline is for MQTT 3.1.1 and without --share");
  if (O.each) O.warm = 0;
  if ((O.each || O.collect) && !O.offline) die("--each and --collect need --offline");
  O.qos_sub = sq >= 0 ? sq : O.qos_pub; if (!O.topics) O.topics = O.pubs > 0 ? O.pubs : 1;
  signal(SIGPIPE, SIG_IGN); signal(SIGINT, on_sig); struct rlimit rl; getrlimit(RLIMIT_NOFILE, &rl); rl.rlim_cur = rl.rlim_max; setrlimit(RLIMIT_NOFILE, &rl);
  NC = O.pubs + O.subs; C = calloc(NC, sizeof *C); topic_pub = calloc(O.topics, sizeof *topic_pub); if (O.collect && O.fanin) topic_seq = calloc((size_t)O.subs * O.topics, sizeof *topic_seq); EP = epoll_create1(0);
  fanout = O.share ? 1 : O.fanin ? O.subs : O.subs / O.topics; if (O.subs && !O.share && fanout == 0) fanout = 1;
  long rss0 = 0; if (O.pid) tree_cpu(O.pid, &rss0);
  double t0 = now(); double cpu_c0 = 0; long z = 0; if (O.pid) cpu_c0 = tree_cpu(O.pid, &z);
  int inflight_cap = 500; for (int i = 0; i < NC; i++) { dial(i); while (O.offline && (i < O.subs ? i + 1 : O.subs) - (int)n_gone > (i < O.subs ? 2000 : 0)) { poll_once(10); if (n_dead) die("%lu connections closed while connecting", n_dead); } while ((int)(i + 1 - n_up) > inflight_cap) poll_once(10); if (i % 64 == 0) poll_once(0); }
  double dl = now() + 60; while (n_ready < (uint64_t)NC) { poll_once(10); if (now() > dl) die("only %lu of %d clients ready", n_ready, NC); if (n_dead) die("%lu connections closed while connecting", n_dead); }
  double conn_s = now() - t0; long z1 = 0; double conn_cpu = O.pid ? tree_cpu(O.pid, &z1) - cpu_c0 : 0;
  if (O.idle) { double e = now() + O.secs; while (now() < e && !stop) poll_once(100); long r = 0; if (O.pid) tree_cpu(O.pid, &r); printf("{\"name\":\"%s\",\"clients\":%d,\"connect_per_s\":%.0f,\"connect_cpu_us\":%.1f,\"rss_kb\":%ld,\"kb_per_client\":%.2f}\n", O.name, NC, NC / conn_s, conn_cpu * 1e6 / NC, r, (double)(r - rss0) / NC); return 0; }
  double start = now(), end = start + O.warm + O.secs, next_report = start, cpu0 = 0; struct rusage ru0; long rss = 0; t_meas = 0; for (int i = 0; i < NC; i++) C[i].next_send = start + (O.rate > 0 ? (double)C[i].id / O.rate : 0);
  getrusage(RUSAGE_SELF, &ru0);
  while (!stop) {
    double t = now(); if (O.each ? n_acked == (uint64_t)O.each * O.topics : t >= end) break;
    if (O.report > 0 && t >= next_report) { printf("{\"t\":%.1f,\"acked\":%lu,\"received\":%lu}\n", t - start, n_acked, n_recv); fflush(stdout); next_report += O.report; }
    if (!measuring && t - start >= O.warm) { measuring = true; t_meas = t; m_sent = n_sent; m_recv = n_recv; m_acked = n_acked; long q = 0; if (O.pid) cpu0 = tree_cpu(O.pid, &q); getrusage(RUSAGE_SELF, &ru0); }
    for (int i = O.subs; i < NC; i++) pump(&C[i], t);
    poll_once(O.rate > 0 ? (O.rate > 5000 ? 0 : 1) : 1);
    if (n_dead) die("%lu connections closed by the broker during the run", n_dead);
  }
  double d = now() - t_meas; uint64_t s = n_sent - m_sent, r = n_recv - m_recv, a = n_acked - m_acked; double cpu = O.pid ? tree_cpu(O.pid, &rss) - cpu0 : 0; struct rusage ru; getrusage(RUSAGE_SELF, &ru);
  double self = (ru.ru_utime.tv_sec - ru0.ru_utime.tv_sec) + (ru.ru_stime.tv_sec - ru0.ru_stime.tv_sec) + ((ru.ru_utime.tv_usec - ru0.ru_utime.tv_usec) + (ru.ru_stime.tv_usec - ru0.ru_stime.tv_usec)) * 1e-6;
  // drain: what was sent must arrive
  measuring = false; stop = 1; uint64_t expect = O.subs ? n_sent * fanout : 0; double de = now() + 10; while ((O.offline ? n_acked < n_sent : n_recv < expect) && now() < de) poll_once(20);
  uint64_t work = r > s ? r : s; if (!O.subs) work = O.qos_pub ? a : s;
  // Before anything is given back: whoever reads this line may look at what the broker has kept.
  if (O.offline) { printf("{\"t\":%.1f,\"acked\":%lu,\"received\":0}\n", now() - start, n_acked); fflush(stdout); }
  printf("{");
  if (O.offline) {
    work = a * fanout;
    printf("\"acked\":%lu,\"kept\":%lu,", n_acked, n_acked * fanout);
    if (O.collect) collect(expect); else n_recv = n_acked * fanout;
  }
  printf("\"name\":\"%s\",\"sent_per_s\":%.0f,\"recv_per_s\":%.0f,\"acked_per_s\":%.0f,\"p50_us\":%.0f,\"p99_us\":%.0f,\"p999_us\":%.0f,\"max_us\":%.0f,\"broker_cpu_s\":%.2f,\"broker_cpu_pct\":%.0f,\"cpu_us_per_msg\":%.3f,\"rss_kb\":%ld,\"load_cpu_pct\":%.0f,\"connect_per_s\":%.0f,\"missing\":%ld,\"gaps\":%lu,\"dups\":%lu}\n",
    O.name, s / d, r / d, a / d, pct(.5), pct(.99), pct(.999), Hmax, cpu, cpu / d * 100, work ? cpu * 1e6 / work : 0, rss, self / d * 100, NC / conn_s, (long)(expect - n_recv), n_gap, n_dup);
  return 0;
}
