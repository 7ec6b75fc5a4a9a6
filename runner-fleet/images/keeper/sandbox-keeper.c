/*
 * sandbox-keeper: the parent on the host of everything that one sandbox is made of.
 *
 *   sandbox-keeper [-u] STAGE [SOURCE:NAME]... -- RUNTIME [ARGUMENT...]
 *
 * The OCI runtime starts the sandbox detached and leaves; what it started becomes a child of the keeper, which buries it and
 * exits once nothing is left. So the keeper's end tells the runner that the sandbox is gone, and no zombie stays.
 * SIGTERM, which also comes when the runner dies, kills everything the keeper has.
 *
 * It lives in a mount namespace of its own, where every SOURCE is mounted as STAGE/NAME: a sandbox in a user namespace
 * may not walk the private folders the sources lie in, and what a runtime mounts on the host goes with the namespace.
 * With -u the cgroup2 mount of a hybrid layout is hidden there: crun refuses to work beside it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_SOURCES = 16, FAILED = 125 };

static void fail(const char *what) {
  fprintf(stderr, "sandbox-keeper: %s: %s\n", what, strerror(errno));
  exit(FAILED);
}

/* The sources are opened before the stage is laid over what may be one of their parents. */
static void set_stage(const char *stage, char **sources, int count) {
  int opened[MAX_SOURCES];
  for (int i = 0; i < count; i++) {
    char *colon = strrchr(sources[i], ':');
    if (colon == NULL) exit(FAILED);
    *colon = 0;
    opened[i] = open(sources[i], O_PATH | O_CLOEXEC);
    if (opened[i] < 0) fail(sources[i]);
    sources[i] = colon + 1;
  }
  if (mount("stage", stage, "tmpfs", MS_NOSUID | MS_NODEV, "size=64k,mode=755") != 0) fail(stage);
  for (int i = 0; i < count; i++) {
    char target[4096], source[32];
    snprintf(target, sizeof target, "%s/%s", stage, sources[i]);
    snprintf(source, sizeof source, "/proc/self/fd/%d", opened[i]);
    if (mkdir(target, 0755) != 0 || mount(source, target, NULL, MS_BIND, NULL) != 0) fail(target);
    close(opened[i]);
  }
}

/* A child that is killed may leave children of its own, which become ours: the caller comes back until there are none. */
static void kill_children(void) {
  char path[64];
  snprintf(path, sizeof path, "/proc/self/task/%d/children", getpid());
  FILE *children = fopen(path, "re");
  if (children == NULL) fail(path);
  for (int pid; fscanf(children, "%d", &pid) == 1;) kill(pid, SIGKILL);
  fclose(children);
}

static bool bury_children(pid_t runtime, int *runtime_status) {
  int status;
  for (;;) {
    pid_t pid = waitpid(-1, &status, WNOHANG);
    if (pid == runtime) *runtime_status = status;
    else if (pid == 0) return false;
    else if (pid < 0 && errno == ECHILD) return true;
    else if (pid < 0 && errno != EINTR) fail("waitpid");
  }
}

static pid_t start(char **argv, const sigset_t *unblocked) {
  pid_t pid = fork();
  if (pid < 0) fail("fork");
  if (pid > 0) return pid;
  sigprocmask(SIG_SETMASK, unblocked, NULL);
  /* The sandbox inherits what the runtime has: nothing of the host but /dev/null. */
  if (dup2(STDOUT_FILENO, STDERR_FILENO) < 0) exit(FAILED);
  execvp(argv[0], argv);
  _exit(FAILED);
}

int main(int argc, char **argv) {
  int at = 1;
  bool hide_unified = at < argc && strcmp(argv[at], "-u") == 0;
  if (hide_unified) at++;
  const char *stage = at < argc ? argv[at++] : NULL;
  char **sources = argv + at;
  int count = 0;
  while (at < argc && strcmp(argv[at], "--") != 0) at++, count++;
  if (stage == NULL || ++at >= argc || count > MAX_SOURCES) return FAILED;

  sigset_t awaited, before;
  sigemptyset(&awaited);
  sigaddset(&awaited, SIGTERM);
  sigaddset(&awaited, SIGCHLD);
  sigprocmask(SIG_BLOCK, &awaited, &before);
  if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) fail("subreaper");
  if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0) fail("pdeathsig");
  /* A group of its own: what a terminal sends to the runner's group is the runner's to answer. */
  setpgid(0, 0);

  if (unshare(CLONE_NEWNS) != 0) fail("unshare");
  if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) fail("private mounts");
  if (hide_unified && mount("none", "/sys/fs/cgroup/unified", "tmpfs", 0, "size=4k") != 0) fail("unified");
  set_stage(stage, sources, count);

  int status = 0;
  bool is_ending = false;
  pid_t runtime = start(argv + at, &before);
  for (;;) {
    if (is_ending) kill_children();
    if (bury_children(runtime, &status)) break;
    int signal;
    sigwait(&awaited, &signal);
    if (signal == SIGTERM) is_ending = true;
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : FAILED;
}
