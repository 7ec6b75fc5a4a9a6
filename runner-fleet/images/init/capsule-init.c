/*
 * capsule-init: process 1 of a single-use sandbox.
 *
 *   capsule-init SOCKET RUNTIME [ARGUMENT...]
 *
 * It connects to the runner's unix socket, boots the runtime (the "zygote", which then waits), says READY and waits for the
 * one request of its life. It hands the request to the zygote, forwards what the run writes, kills everything at the wall
 * limit, on a KILL byte or when the runner vanishes, sends the files that the run left behind, and ends with a TRAILER. It
 * exits only once the runner has closed the socket, so that the runner can read the cgroup while nothing in it changes any more.
 *
 * Wire, little-endian.
 *   request  "SOM1" nonce[16] u32 wall_ms, u32 artifact_files, u32 artifact_bytes,
 *            u32 secrets { u32 len, name, u32 len, value }, u32 egress_ports { u32 port }, u32 len, input, u32 len, job
 *   control  one byte 'K' ends the run now
 *   frames   u8 type, u32 len, bytes    (types in frames.h)
 *
 * Descriptors of the runtime: 0 input (a file in memory), 1 stdout, 2 stderr, 3 result channel (JSON lines),
 * 4 job (u32 len, bytes), 5 the zygote writes one byte here when it is ready.
 *
 * Nothing here relies on a signal handler: the capsule runs under the same user id and may signal process 1 at will.
 * The kernel drops signals to process 1 that it does not handle, and SIGCHLD is only ever a hint to look.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "artifacts.h"
#include "egress.h"
#include "frames.h"

enum { STREAMS = 3, NONCE_BYTES = 16, MAX_FIELD_BYTES = 64 * 1024 * 1024, INTERNAL_ERROR = 125 };

static const char SECRETS_DIRECTORY[] = "/run/secrets";

static struct {
  int control;             /* the runner's socket */
  int input;               /* memory file behind the runtime's stdin */
  int job;                 /* write end towards the zygote */
  int output[STREAMS];     /* read ends of stdout, stderr and the result channel; -1 once at their end */
  int children;            /* signalfd for SIGCHLD */
  int timer;               /* the wall limit */
  int artifacts;           /* the folder that files are left in */
  uint32_t artifact_files, artifact_bytes;
  pid_t runtime;
  bool exited;
  int status;              /* of the runtime, once `exited` */
  unsigned char nonce[NONCE_BYTES];
  int64_t started_us;      /* of the wall time */
  /* One outgoing frame at a time: while it waits for the runner, no more output is read, so a slow reader slows the writer. */
  unsigned char pending[FRAME_HEADER_BYTES + FRAME_BODY_BYTES];
  size_t pending_start, pending_end;
} box;

static void fail(const char *what) {
  dprintf(2, "capsule-init: %s: %s\n", what, strerror(errno));
  _exit(INTERNAL_ERROR);
}

static int64_t monotonic_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

static void write_fully(int fd, const void *bytes, size_t length) {
  const char *at = bytes;
  while (length > 0) {
    ssize_t written = write(fd, at, length);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail("write");
    at += written;
    length -= written;
  }
}

/* A runner that goes away while it speaks leaves nothing to do. */
static void read_fully(int fd, void *bytes, size_t length) {
  char *at = bytes;
  while (length > 0) {
    ssize_t got = read(fd, at, length);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) _exit(0);
    at += got;
    length -= got;
  }
}

static uint32_t read_u32(void) {
  uint32_t value;
  read_fully(box.control, &value, sizeof value);
  return value;
}

/* A length-prefixed field, with a NUL after it. The caller owns the memory; there is one request, so nobody frees it. */
static char *read_field(uint32_t *length) {
  *length = read_u32();
  if (*length > MAX_FIELD_BYTES) _exit(INTERNAL_ERROR);
  char *field = malloc((size_t)*length + 1);
  if (field == NULL) fail("malloc");
  read_fully(box.control, field, *length);
  field[*length] = 0;
  return field;
}

/* ── booting the runtime ─────────────────────────────────────────────────────────────────────────────────────────────── */

static int connect_to_runner(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof address.sun_path) _exit(INTERNAL_ERROR);
  strcpy(address.sun_path, path);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0) fail("connect");
  return fd;
}

/* Every descriptor of ours is kept above those the runtime gets, so that placing one there never overwrites another. */
static int above_runtime(int fd) {
  int moved = fcntl(fd, F_DUPFD_CLOEXEC, 16);
  if (moved < 0) fail("fcntl");
  close(fd);
  return moved;
}

static void make_pipe(int *read_end, int *write_end) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) fail("pipe");
  *read_end = above_runtime(ends[0]);
  *write_end = above_runtime(ends[1]);
}

static void exec_runtime(char **argv, int input, const int *output, int job, int ready) {
  static char *environment[] = {"PATH=/usr/local/bin:/usr/bin:/bin", "HOME=/tmp", "TMPDIR=/tmp", "LANG=C.UTF-8",
                                "PYTHONIOENCODING=utf-8", NULL};
  const int placed[] = {input, output[0], output[1], output[2], job, ready};
  for (int fd = 0; fd < 6; fd++)
    if (dup2(placed[fd], fd) != fd) _exit(INTERNAL_ERROR);

  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  signal(SIGPIPE, SIG_DFL);
  setsid();
  /* The kernel takes the run before it takes process 1, whose trailer says what happened. */
  int score = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (score >= 0) write_fully(score, "1000", 4);
  if (chdir("/capsule") != 0) fail("chdir");
  environ = environment;
  execvp(argv[0], argv);
  fail(argv[0]);
}

static void boot_runtime(char **argv) {
  int write_ends[STREAMS], job_read, ready_read, ready_write;
  for (int i = 0; i < STREAMS; i++) make_pipe(&box.output[i], &write_ends[i]);
  make_pipe(&job_read, &box.job);
  make_pipe(&ready_read, &ready_write);

  box.input = above_runtime(memfd_create("input", MFD_CLOEXEC));
  char path[32];
  snprintf(path, sizeof path, "/proc/self/fd/%d", box.input);
  int input_read = above_runtime(open(path, O_RDONLY | O_CLOEXEC));

  box.runtime = fork();
  if (box.runtime < 0) fail("fork");
  if (box.runtime == 0) exec_runtime(argv, input_read, write_ends, job_read, ready_write);

  for (int i = 0; i < STREAMS; i++) close(write_ends[i]);
  close(job_read);
  close(ready_write);
  close(input_read);
  char ready;
  if (read(ready_read, &ready, 1) != 1) _exit(INTERNAL_ERROR);
  close(ready_read);
}

/* ── the request ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

static void store_secret(const char *name, const char *value, uint32_t length) {
  char path[256];
  if (strchr(name, '/') != NULL || strlen(name) > 128) _exit(INTERNAL_ERROR);
  snprintf(path, sizeof path, "%s/%s", SECRETS_DIRECTORY, name);
  int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0400);
  if (fd < 0) fail("secret");
  write_fully(fd, value, length);
  close(fd);
}

/* A run that was granted a way out and cannot have it does not begin. */
static void accept_egress(void) {
  uint32_t ports[MAX_EGRESS_PORTS], count = read_u32();
  if (count > MAX_EGRESS_PORTS) _exit(INTERNAL_ERROR);
  for (uint32_t i = 0; i < count; i++) ports[i] = read_u32();
  if (count > 0 && start_egress(ports, count) != 0) _exit(INTERNAL_ERROR);
}

/* Returns the wall limit in milliseconds. */
static uint32_t accept_request(void) {
  char magic[4];
  read_fully(box.control, magic, sizeof magic);
  if (memcmp(magic, "SOM1", sizeof magic) != 0) _exit(INTERNAL_ERROR);
  read_fully(box.control, box.nonce, sizeof box.nonce);
  uint32_t wall_ms = read_u32();
  box.artifact_files = read_u32();
  box.artifact_bytes = read_u32();
  for (uint32_t left = read_u32(); left > 0; left--) {
    uint32_t name_length, value_length;
    char *name = read_field(&name_length);
    char *value = read_field(&value_length);
    store_secret(name, value, value_length);
    explicit_bzero(value, value_length);
  }
  accept_egress();
  uint32_t input_length, job_length;
  char *input = read_field(&input_length);
  write_fully(box.input, input, input_length);
  free(input);
  close(box.input);
  char *job = read_field(&job_length);
  /* Before the runtime can begin: no moment of the run is left out, however long this process then waits for its turn. */
  box.started_us = monotonic_us();
  write_fully(box.job, &job_length, sizeof job_length);
  write_fully(box.job, job, job_length);
  close(box.job);
  return wall_ms;
}

/* ── the run ─────────────────────────────────────────────────────────────────────────────────────────────────────────── */

static void remember_exit(pid_t pid, int status) {
  if (pid != box.runtime) return;
  box.exited = true;
  box.status = status;
}

/* Also buries orphans that the run left to process 1: a zombie counts against the pids limit. */
static void bury_children(void) {
  struct signalfd_siginfo ignored;
  while (read(box.children, &ignored, sizeof ignored) > 0) continue;
  int status;
  for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) remember_exit(pid, status);
}

/* Kills until nothing is left: a process forked during one round is met in the next. */
static void kill_everything(void) {
  for (;;) {
    kill(-1, SIGKILL);
    int status;
    pid_t pid = waitpid(-1, &status, WNOHANG);
    if (pid > 0) remember_exit(pid, status);
    else if (pid < 0 && errno == ECHILD) return;
    else poll(&(struct pollfd){.fd = box.children, .events = POLLIN}, 1, 1);
  }
}

unsigned char *frame_body(void) { return box.pending + FRAME_HEADER_BYTES; }

static void queue_frame(enum frame_type type, uint32_t length) {
  box.pending[0] = type;
  memcpy(box.pending + 1, &length, sizeof length);
  box.pending_start = 0;
  box.pending_end = FRAME_HEADER_BYTES + length;
}

static bool is_sending(void) { return box.pending_start < box.pending_end; }


static void die_with_runner(void) {
  kill_everything();
  _exit(INTERNAL_ERROR);
}

static void send_pending(void) {
  ssize_t sent = write(box.control, box.pending + box.pending_start, box.pending_end - box.pending_start);
  if (sent > 0) box.pending_start += sent;
  else if (sent < 0 && errno != EAGAIN && errno != EINTR) die_with_runner();
}

void send_frame(enum frame_type type, uint32_t length) {
  queue_frame(type, length);
  while (is_sending()) send_pending();
}

static void forward(int stream) {
  ssize_t got = read(box.output[stream], frame_body(), FRAME_BODY_BYTES);
  if (got > 0) {
    queue_frame(STDOUT + stream, got);
    send_pending();
  } else if (got == 0) {
    close(box.output[stream]);
    box.output[stream] = -1;
  }
}

static bool is_open(void) { return box.output[0] >= 0 || box.output[1] >= 0 || box.output[2] >= 0; }

/*
 * One turn of the loop: waits for output, the end of the runtime, the wall limit, a word from the runner or its end.
 * Returns true when the run must be ended now.
 */
static bool turn(bool *timed_out) {
  struct pollfd watched[STREAMS + 3];
  for (int i = 0; i < STREAMS; i++)
    watched[i] = (struct pollfd){.fd = is_sending() ? -1 : box.output[i], .events = POLLIN};
  watched[STREAMS] = (struct pollfd){.fd = box.control, .events = POLLIN | POLLRDHUP | (is_sending() ? POLLOUT : 0)};
  watched[STREAMS + 1] = (struct pollfd){.fd = box.children, .events = POLLIN};
  watched[STREAMS + 2] = (struct pollfd){.fd = box.timer, .events = POLLIN};
  if (poll(watched, STREAMS + 3, -1) < 0) return false;

  short control = watched[STREAMS].revents;
  if (control & (POLLRDHUP | POLLHUP | POLLERR)) die_with_runner();
  if (control & POLLOUT) send_pending();
  for (int i = 0; i < STREAMS && !is_sending(); i++)
    if (watched[i].revents) forward(i);

  bool end = false;
  if (control & POLLIN) {
    char word;
    end = read(box.control, &word, 1) == 1 && word == 'K';
  }
  if (watched[STREAMS + 1].revents) bury_children();
  if (watched[STREAMS + 2].revents) *timed_out = end = true;
  return end;
}

/* Everything is dead: what is left in the pipes still belongs to the run. */
static void drain(void) {
  while (is_open() || is_sending()) {
    struct pollfd control = {.fd = box.control, .events = POLLRDHUP | (is_sending() ? POLLOUT : 0)};
    if (poll(&control, 1, is_sending() ? -1 : 0) < 0) continue;
    if (control.revents & (POLLRDHUP | POLLHUP | POLLERR)) _exit(INTERNAL_ERROR);
    if (is_sending()) send_pending();
    for (int i = 0; i < STREAMS && !is_sending(); i++)
      if (box.output[i] >= 0) forward(i);
  }
}

static int64_t micros(struct timeval time) { return time.tv_sec * 1000000LL + time.tv_usec; }

static void send_trailer(bool timed_out, int64_t wall_us) {
  struct rusage used;
  getrusage(RUSAGE_CHILDREN, &used);
  char nonce[2 * NONCE_BYTES + 1];
  for (int i = 0; i < NONCE_BYTES; i++) sprintf(nonce + 2 * i, "%02x", box.nonce[i]);
  int length = snprintf((char *)frame_body(), FRAME_BODY_BYTES,
                        "{\"nonce\":\"%s\",\"exitCode\":%d,\"signal\":%d,\"timedOut\":%s,\"wallUs\":%lld,\"cpuUs\":%lld}", nonce,
                        WIFEXITED(box.status) ? WEXITSTATUS(box.status) : -1,
                        WIFSIGNALED(box.status) ? WTERMSIG(box.status) : 0, timed_out ? "true" : "false",
                        (long long)wall_us, (long long)(micros(used.ru_utime) + micros(used.ru_stime)));
  send_frame(TRAILER, length);
}

static void wait_for_request(void) {
  struct pollfd watched[] = {{.fd = box.control, .events = POLLIN}, {.fd = box.children, .events = POLLIN}};
  while (poll(watched, 2, -1) < 0) continue;
  /* A runtime that dies while it waits is not a run: the runner sees the socket close and takes another sandbox. */
  if (watched[1].revents) die_with_runner();
}

int main(int argc, char **argv) {
  if (argc < 3) _exit(INTERNAL_ERROR);
  signal(SIGPIPE, SIG_IGN);
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  sigprocmask(SIG_BLOCK, &child, NULL);

  box.control = above_runtime(connect_to_runner(argv[1]));
  box.children = above_runtime(signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK));
  box.timer = above_runtime(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  box.artifacts = above_runtime(open_artifacts());
  boot_runtime(argv + 2);
  /* Closes /proc/1/{fd,mem,environ} and ptrace to the capsule: the socket is out of its reach. */
  prctl(PR_SET_DUMPABLE, 0);
  send_frame(READY, 0);

  wait_for_request();
  uint32_t wall_ms = accept_request();
  struct itimerspec limit = {.it_value = {wall_ms / 1000, wall_ms % 1000 * 1000000L}};
  timerfd_settime(box.timer, 0, &limit, NULL);
  fcntl(box.control, F_SETFL, O_NONBLOCK);

  bool timed_out = false;
  while (!box.exited && !turn(&timed_out)) continue;
  bool ended_by_itself = box.exited;
  kill_everything();
  int64_t wall_us = monotonic_us() - box.started_us;
  drain();
  fcntl(box.control, F_SETFL, 0);
  /* A run that was stopped leaves nothing: whoever stopped it does not wait. */
  if (ended_by_itself && !timed_out) send_artifacts(box.artifacts, box.artifact_files, box.artifact_bytes);
  send_trailer(timed_out, wall_us);

  char ignored;
  while (read(box.control, &ignored, 1) > 0) continue;
  _exit(0);
}
