#define _GNU_SOURCE
#include "egress.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static char FORWARDER[] = "/usr/local/bin/egress-forwarder";
static char PROXY_SOCKET[] = "/run/soma/egress";

/* Every descriptor of process 1 closes itself on exec; what is left are 0, 1 and 2. */
static void exec_forwarder(const uint32_t *ports, uint32_t count, int ready) {
  char texts[MAX_EGRESS_PORTS][8];
  char *argv[MAX_EGRESS_PORTS + 3] = {FORWARDER, PROXY_SOCKET};
  for (uint32_t i = 0; i < count; i++) {
    snprintf(texts[i], sizeof texts[i], "%u", (unsigned)(uint16_t)ports[i]);
    argv[2 + i] = texts[i];
  }
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  setsid();
  if (dup2(ready, 1) == 1) execve(FORWARDER, argv, (char *[]){NULL});
  _exit(127);
}

int start_egress(const uint32_t *ports, uint32_t count) {
  int ends[2];
  if (count > MAX_EGRESS_PORTS || pipe2(ends, O_CLOEXEC) != 0) return -1;
  pid_t forwarder = fork();
  if (forwarder < 0) return -1;
  if (forwarder == 0) exec_forwarder(ports, count, ends[1]);
  close(ends[1]);
  char ready;
  int is_ready = read(ends[0], &ready, 1) == 1;
  close(ends[0]);
  return is_ready ? 0 : -1;
}
