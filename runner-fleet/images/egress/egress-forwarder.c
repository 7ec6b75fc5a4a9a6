/*
 * egress-forwarder: makes the way out of a sandbox look like a network to whatever runs in it.
 *
 *   egress-forwarder SOCKET PORT...
 *
 * The sandbox has a loopback interface and no other. This answers DNS on 127.0.0.1:53 with an address of its own for each name
 * (127.64.0.0/16), listens on the ports given, and hands each connection to the runner's CONNECT proxy at SOCKET under the
 * name that its address stands for. So every program, library and protocol over TCP works unchanged.
 *
 * It decides nothing: what may be reached is the proxy's to say, and a capsule that tampers with this process, which runs under
 * its own user id, gains no more than by speaking to the proxy itself. One byte on stdout says that it listens.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { MAX_NAMES = 1024, MAX_NAME_BYTES = 254, MAX_PORTS = 64, MAX_CONNECTIONS = 64, BUFFER_BYTES = 32 * 1024, TTL_SECONDS = 60 };
static const uint32_t FIRST_ADDRESS = 0x7f400001; /* 127.64.0.1 */

/* One way of a connection. */
struct flow {
  char bytes[BUFFER_BYTES];
  size_t start, end;
  bool is_ended; /* nothing more comes in */
  bool is_shut;  /* and that was passed on */
};

struct connection {
  int client, proxy; /* -1 where the place is free */
  bool is_open;      /* the proxy has said yes */
  struct flow up, down;
};

static const char *proxy_path;
static char names[MAX_NAMES][MAX_NAME_BYTES];
static size_t name_count;
static struct connection connections[MAX_CONNECTIONS];

static void fail(const char *what) {
  dprintf(2, "egress-forwarder: %s: %s\n", what, strerror(errno));
  _exit(1);
}

/* ── names ───────────────────────────────────────────────────────────────────────────────────────────────────────────── */

/* The address that stands for a name, or 0 where there is no more room. */
static uint32_t address_of(const char *name) {
  for (size_t i = 0; i < name_count; i++)
    if (strcmp(names[i], name) == 0) return FIRST_ADDRESS + i;
  if (name_count == MAX_NAMES) return 0;
  strcpy(names[name_count], name);
  return FIRST_ADDRESS + name_count++;
}

static const char *name_of(uint32_t address) {
  return address >= FIRST_ADDRESS && address < FIRST_ADDRESS + name_count ? names[address - FIRST_ADDRESS] : NULL;
}

/* Reads the labels of the one question at `at` (RFC 1035 §4.1.2) as text; returns what follows them, or NULL. */
static const unsigned char *read_name(const unsigned char *at, const unsigned char *end, char *name) {
  size_t length = 0;
  while (at < end && *at != 0) {
    size_t label = *at++;
    if (label > 63 || at + label > end || length + label + 1 >= MAX_NAME_BYTES) return NULL;
    for (size_t i = 0; i < label; i++) {
      if (!isalnum(at[i]) && at[i] != '-' && at[i] != '_') return NULL;
      name[length++] = tolower(at[i]);
    }
    name[length++] = '.';
    at += label;
  }
  if (at >= end || length == 0) return NULL;
  name[length - 1] = 0;
  return at + 1;
}

/* IPv4 addresses are answered, other types are empty, and what is no name of the internet does not exist. */
static void answer_question(int fd) {
  enum { HEADER = 12, TYPE_A = 1, CLASS_IN = 1, NO_ERROR = 0, NO_SUCH_NAME = 3 };
  unsigned char packet[1024];
  struct sockaddr_in from;
  socklen_t from_length = sizeof from;
  ssize_t got = recvfrom(fd, packet, 512, 0, (struct sockaddr *)&from, &from_length);
  if (got < HEADER || (packet[2] & 0x80) != 0 || packet[4] != 0 || packet[5] != 1) return;
  char name[MAX_NAME_BYTES];
  const unsigned char *after = read_name(packet + HEADER, packet + got, name);
  if (after == NULL || after + 4 > packet + got) return;
  int type = after[0] << 8 | after[1], class = after[2] << 8 | after[3];
  bool is_known = strchr(name, '.') != NULL;
  uint32_t address = is_known && type == TYPE_A && class == CLASS_IN ? address_of(name) : 0;

  size_t length = after + 4 - packet;
  packet[2] = 0x81 | (packet[2] & 0x01); /* an answer; recursion as it was desired */
  packet[3] = 0x80 | (is_known ? NO_ERROR : NO_SUCH_NAME);
  memset(packet + 6, 0, 6);
  if (address != 0) {
    const unsigned char record[] = {0xc0, HEADER, 0, TYPE_A, 0, CLASS_IN, 0, 0, 0, TTL_SECONDS, 0, 4};
    uint32_t wire = htonl(address);
    packet[7] = 1;
    memcpy(packet + length, record, sizeof record);
    memcpy(packet + length + sizeof record, &wire, sizeof wire);
    length += sizeof record + sizeof wire;
  }
  sendto(fd, packet, length, 0, (struct sockaddr *)&from, from_length);
}

/* ── connections ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

static int bound_socket(int type, uint32_t address, int port) {
  int fd = socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(address)};
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
  if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) != 0) fail("bind");
  if (type == SOCK_STREAM && listen(fd, MAX_CONNECTIONS) != 0) fail("listen");
  return fd;
}

static int connect_to_proxy(void) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  strncpy(address.sun_path, proxy_path, sizeof address.sun_path - 1);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0) return fd;
  if (fd >= 0) close(fd);
  return -1;
}

/* The client sees a reset: it must not take a refusal for an end that was meant. */
static void reset(int client) {
  setsockopt(client, SOL_SOCKET, SO_LINGER, &(struct linger){.l_onoff = 1}, sizeof(struct linger));
  close(client);
}

static void drop(struct connection *c, bool with_reset) {
  if (with_reset) reset(c->client);
  else close(c->client);
  close(c->proxy);
  c->client = c->proxy = -1;
}

static struct connection *free_place(void) {
  for (size_t i = 0; i < MAX_CONNECTIONS; i++)
    if (connections[i].client < 0) return &connections[i];
  return NULL;
}

static void accept_one(int listener, struct connection *c) {
  int client = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (client < 0) return;
  struct sockaddr_in aimed_at;
  socklen_t length = sizeof aimed_at;
  getsockname(client, (struct sockaddr *)&aimed_at, &length);
  const char *name = name_of(ntohl(aimed_at.sin_addr.s_addr));
  int proxy = name == NULL ? -1 : connect_to_proxy();
  if (proxy < 0) return reset(client);
  c->client = client;
  c->proxy = proxy;
  c->is_open = false;
  c->up = (struct flow){.end = 0};
  c->down = (struct flow){.end = 0};
  int port = ntohs(aimed_at.sin_port);
  c->up.end = snprintf(c->up.bytes, BUFFER_BYTES, "CONNECT %s:%d HTTP/1.1\r\nHost: %s:%d\r\n\r\n", name, port, name, port);
}

static bool has_room(const struct flow *f) { return !f->is_ended && f->end < BUFFER_BYTES; }
static bool has_bytes(const struct flow *f) { return f->start < f->end; }

/* Returns false where the connection broke. */
static bool receive(int fd, struct flow *f) {
  ssize_t got = read(fd, f->bytes + f->end, BUFFER_BYTES - f->end);
  if (got < 0) return errno == EAGAIN || errno == EINTR;
  if (got == 0) f->is_ended = true;
  f->end += got;
  return true;
}

static bool deliver(int fd, struct flow *f) {
  if (has_bytes(f)) {
    ssize_t sent = write(fd, f->bytes + f->start, f->end - f->start);
    if (sent < 0) return errno == EAGAIN || errno == EINTR;
    f->start += sent;
  }
  if (has_bytes(f)) return true;
  f->start = f->end = 0;
  if (f->is_ended && !f->is_shut) {
    shutdown(fd, SHUT_WR);
    f->is_shut = true;
  }
  return true;
}

/* Takes the proxy's answer off the front of what came down. Returns false where it is not yes. */
static bool hear_answer(struct connection *c) {
  static const char YES[] = "HTTP/1.1 200 ";
  char *end = memmem(c->down.bytes, c->down.end, "\r\n\r\n", 4);
  if (end == NULL) return !c->down.is_ended && c->down.end < BUFFER_BYTES;
  if (memcmp(c->down.bytes, YES, sizeof YES - 1) != 0) return false;
  c->down.start = end + 4 - c->down.bytes;
  c->is_open = true;
  return true;
}

static short wanted_of_client(const struct connection *c) {
  return (c->is_open && has_room(&c->up) ? POLLIN : 0) | (c->is_open && has_bytes(&c->down) ? POLLOUT : 0);
}

static short wanted_of_proxy(const struct connection *c) {
  return (has_room(&c->down) ? POLLIN : 0) | (has_bytes(&c->up) ? POLLOUT : 0);
}

static bool move_bytes(struct connection *c, short client, short proxy) {
  enum { READABLE = POLLIN | POLLHUP | POLLERR };
  if (client & READABLE && c->is_open && has_room(&c->up) && !receive(c->client, &c->up)) return false;
  if (proxy & READABLE && has_room(&c->down) && !receive(c->proxy, &c->down)) return false;
  if (!c->is_open && !hear_answer(c)) return false;
  if (!deliver(c->proxy, &c->up)) return false;
  return !c->is_open || deliver(c->client, &c->down);
}

/* An end that nothing is wanted of is not watched: its hang-up would be reported in every turn. */
static struct pollfd watch(int fd, short wanted) { return (struct pollfd){.fd = wanted ? fd : -1, .events = wanted}; }

static void serve_connection(struct connection *c, short client, short proxy) {
  if (c->client < 0 || (client | proxy) == 0) return;
  if (!move_bytes(c, client, proxy)) return drop(c, true);
  if (c->up.is_shut && c->down.is_shut) drop(c, false);
}

/* ── the loop ────────────────────────────────────────────────────────────────────────────────────────────────────────── */

int main(int argc, char **argv) {
  int ports = argc - 2;
  if (ports < 1 || ports > MAX_PORTS) return 2;
  signal(SIGPIPE, SIG_IGN);
  proxy_path = argv[1];
  for (size_t i = 0; i < MAX_CONNECTIONS; i++) connections[i].client = connections[i].proxy = -1;

  static struct pollfd watched[1 + MAX_PORTS + 2 * MAX_CONNECTIONS];
  watched[0] = (struct pollfd){.fd = bound_socket(SOCK_DGRAM, INADDR_LOOPBACK, 53), .events = POLLIN};
  for (int i = 0; i < ports; i++) watched[1 + i].fd = bound_socket(SOCK_STREAM, INADDR_ANY, atoi(argv[2 + i]));
  if (write(1, "R", 1) != 1) fail("write");
  close(1);

  struct pollfd *of_connections = watched + 1 + ports;
  for (;;) {
    for (int i = 0; i < ports; i++) watched[1 + i].events = free_place() ? POLLIN : 0;
    for (size_t i = 0; i < MAX_CONNECTIONS; i++) {
      struct connection *c = &connections[i];
      of_connections[2 * i] = watch(c->client, wanted_of_client(c));
      of_connections[2 * i + 1] = watch(c->proxy, wanted_of_proxy(c));
    }
    if (poll(watched, 1 + ports + 2 * MAX_CONNECTIONS, -1) < 0) continue;
    for (size_t i = 0; i < MAX_CONNECTIONS; i++)
      serve_connection(&connections[i], of_connections[2 * i].revents, of_connections[2 * i + 1].revents);
    if (watched[0].revents) answer_question(watched[0].fd);
    for (int i = 0; i < ports; i++) {
      struct connection *place = free_place();
      if (watched[1 + i].revents && place) accept_one(watched[1 + i].fd, place);
    }
  }
}
