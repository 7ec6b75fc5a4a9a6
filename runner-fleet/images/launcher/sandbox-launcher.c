/*
 * sandbox-launcher: starts programs for the runner.
 *
 *   sandbox-launcher [SEALED...]
 *
 * A fork copies the page tables of the process that forks, and the runner's are large: it would stand still for milliseconds
 * at every start. This one is small. It takes orders on its standard input and says on its standard output how each
 * program ended. It leaves with the runner, and with it, by way of PR_SET_PDEATHSIG, whatever it has started.
 *
 *   order   u32 length (little-endian), then strings that each end with NUL:
 *             "start" ID LOG PROGRAM [ARGUMENT...]   input and output are /dev/null, errors are added to LOG
 *             "end" ID                               SIGTERM
 *             "ask" ID                               answered at once, with status 0
 *   answer  a line: ID, a space, the exit status; 128 + N where signal N ended it
 *
 * An OCI runtime sees to it that what runs in a sandbox cannot overwrite its program (CVE-2019-5736): at every start it mounts or copies
 * itself and begins anew, unless it is a sealed file in memory already. So each SEALED program is made one once, and an order's
 * word that names it stands for that copy; for the program itself where the kernel has no such files to run.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_CHILDREN = 4096, MAX_ID_BYTES = 64, MAX_ORDER_BYTES = 64 * 1024, MAX_WORDS = 128, MAX_SEALED = 4, FAILED = 125 };
/* Since Linux 6.3. */
enum { EXECUTABLE = 0x0010U };
enum { ALL_SEALS = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE };

static struct {
  pid_t pid; /* 0: free */
  char id[MAX_ID_BYTES];
} children[MAX_CHILDREN];

static struct {
  const char *program;
  char copy[64];
} sealed[MAX_SEALED];
static int sealed_count;

static char order[MAX_ORDER_BYTES + 1];
static char *words[MAX_WORDS + 1];
static sigset_t before;

static void fail(const char *what) {
  fprintf(stderr, "sandbox-launcher: %s: %s\n", what, strerror(errno));
  exit(FAILED);
}

static void answer(const char *id, int status) {
  char line[MAX_ID_BYTES + 16];
  int length = snprintf(line, sizeof line, "%s %d\n", id, status);
  /* Short enough to be written whole or not at all; a runner that is gone needs no answer. */
  if (write(STDOUT_FILENO, line, length) != length) exit(FAILED);
}

/* Returns a descriptor that only reads, so that the copy can be executed; -1 where there is none. */
static int sealed_copy(const char *program) {
  int from = open(program, O_RDONLY | O_CLOEXEC);
  struct stat found;
  if (from < 0 || fstat(from, &found) != 0) return -1;
  const char *slash = strrchr(program, '/');
  const char *name = slash == NULL ? program : slash + 1;
  int copy = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | EXECUTABLE);
  if (copy < 0 && errno == EINVAL) copy = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (copy < 0) return -1;
  for (off_t at = 0; at < found.st_size;)
    if (sendfile(copy, from, &at, found.st_size - at) <= 0) return -1;
  char path[32];
  snprintf(path, sizeof path, "/proc/self/fd/%d", copy);
  if (fcntl(copy, F_ADD_SEALS, ALL_SEALS) != 0 || faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) != 0) return -1;
  int reading = open(path, O_RDONLY | O_CLOEXEC);
  close(copy);
  close(from);
  return reading;
}

static void seal(const char *program) {
  int copy = sealed_copy(program);
  if (copy < 0) return (void)fprintf(stderr, "sandbox-launcher: %s is not sealed: %s\n", program, strerror(errno));
  sealed[sealed_count].program = program;
  snprintf(sealed[sealed_count++].copy, sizeof sealed->copy, "/proc/%d/fd/%d", getpid(), copy);
}

static char *executed(char *word) {
  for (int at = 0; at < sealed_count; at++)
    if (strcmp(word, sealed[at].program) == 0) return sealed[at].copy;
  return word;
}

static void run(const char *log, char **argv) {
  sigprocmask(SIG_SETMASK, &before, NULL);
  int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  int out = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (null < 0 || out < 0) _exit(FAILED);
  if (dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(out, 2) < 0) _exit(FAILED);
  execv(argv[0], argv);
  _exit(FAILED);
}

static void start(const char *id, const char *log, char **argv) {
  int at = 0;
  while (at < MAX_CHILDREN && children[at].pid != 0) at++;
  if (at == MAX_CHILDREN || strlen(id) >= MAX_ID_BYTES) return answer(id, FAILED);
  pid_t pid = fork();
  if (pid < 0) return answer(id, FAILED);
  if (pid == 0) run(log, argv);
  children[at].pid = pid;
  strcpy(children[at].id, id);
}

/* Its number is still its own: it is buried only here, between two orders. */
static void end(const char *id) {
  for (int at = 0; at < MAX_CHILDREN; at++)
    if (children[at].pid != 0 && strcmp(children[at].id, id) == 0) kill(children[at].pid, SIGTERM);
}

static void bury(void) {
  int status;
  for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
    for (int at = 0; at < MAX_CHILDREN; at++) {
      if (children[at].pid != pid) continue;
      children[at].pid = 0;
      answer(children[at].id, WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    }
  }
}

static void read_fully(void *bytes, size_t length) {
  for (char *at = bytes; length > 0;) {
    ssize_t got = read(STDIN_FILENO, at, length);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) exit(0);
    at += got;
    length -= got;
  }
}

static void obey(void) {
  uint32_t length;
  read_fully(&length, sizeof length);
  if (length == 0 || length > MAX_ORDER_BYTES) exit(FAILED);
  read_fully(order, length);
  order[length] = 0;
  int count = 0;
  for (char *word = order; word < order + length; word += strlen(word) + 1) {
    if (count == MAX_WORDS) exit(FAILED);
    words[count++] = executed(word);
  }
  words[count] = NULL;
  if (count >= 4 && strcmp(words[0], "start") == 0) start(words[1], words[2], words + 3);
  else if (count == 2 && strcmp(words[0], "end") == 0) end(words[1]);
  else if (count == 2 && strcmp(words[0], "ask") == 0 && strlen(words[1]) < MAX_ID_BYTES) answer(words[1], 0);
  else exit(FAILED);
}

int main(int argc, char **argv) {
  if (argc > 1 + MAX_SEALED) return FAILED;
  for (int at = 1; at < argc; at++) seal(argv[at]);
  sigset_t awaited;
  sigemptyset(&awaited);
  sigaddset(&awaited, SIGCHLD);
  sigprocmask(SIG_BLOCK, &awaited, &before);
  int ends = signalfd(-1, &awaited, SFD_NONBLOCK | SFD_CLOEXEC);
  if (ends < 0) fail("signalfd");
  /* What a terminal sends to the runner's group is the runner's to answer. */
  setpgid(0, 0);

  struct pollfd watched[] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.fd = ends, .events = POLLIN}};
  for (;;) {
    if (poll(watched, 2, -1) < 0) {
      if (errno == EINTR) continue;
      fail("poll");
    }
    if (watched[1].revents != 0) {
      struct signalfd_siginfo ignored;
      while (read(ends, &ignored, sizeof ignored) > 0) continue;
      bury();
    }
    if (watched[0].revents != 0) obey();
  }
}
