/*
 * The files that a run leaves in /out: regular ones that have one name, at any depth up to MAX_DEPTH. Links, devices, sockets
 * and FIFOs are refused, and so is whatever goes beyond a limit: a run that leaves such a thing is told so, not half kept.
 */
#define _GNU_SOURCE
#include "artifacts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "frames.h"

/* As contracts/artifact.ts says; directories count as entries. */
enum { MAX_DEPTH = 8, MAX_PATH_BYTES = 200, MAX_ENTRIES = 1024 };

static struct {
  uint32_t files_allowed, files_left, bytes_left, entries_left;
  char path[MAX_PATH_BYTES + 1 + NAME_MAX + 1]; /* of the entry at hand, below the root */
} walk;

int open_artifacts(void) { return open("/out", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC); }

/* Says why the entry at hand cannot be taken; always false, so that the walk ends with it. */
static bool refuse(const char *reason) {
  int length = snprintf((char *)frame_body(), FRAME_BODY_BYTES, "%s%c%s", reason, 0, walk.path);
  send_frame(ARTIFACT_REFUSED, length);
  return false;
}

/* The capsule may have taken away its own right to read. Nothing lives any more that could put something else in its place. */
static int open_entry(int directory, const char *name, int flags) {
  flags |= O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
  int fd = openat(directory, name, flags);
  if (fd < 0 && errno == EACCES && fchmodat(directory, name, 0700, 0) == 0) fd = openat(directory, name, flags);
  return fd;
}

static bool send_file(int fd) {
  struct stat file;
  if (fstat(fd, &file) != 0 || !S_ISREG(file.st_mode)) return refuse("not_a_file");
  if (file.st_nlink != 1) return refuse("linked");
  if (walk.files_left == 0) return refuse("too_many_files");
  if (file.st_size > (off_t)walk.bytes_left) return refuse("too_large");
  uint32_t size = file.st_size;
  walk.files_left--;
  walk.bytes_left -= size;
  size_t path_length = strlen(walk.path);
  memcpy(frame_body(), &size, sizeof size);
  memcpy(frame_body() + sizeof size, walk.path, path_length);
  send_frame(ARTIFACT, sizeof size + path_length);
  for (uint32_t left = size; left > 0;) {
    ssize_t got = read(fd, frame_body(), left < FRAME_BODY_BYTES ? left : FRAME_BODY_BYTES);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return refuse("unreadable");
    send_frame(ARTIFACT_DATA, got);
    left -= got;
  }
  return true;
}

static bool send_directory(int fd, size_t path_length, int depth);

static bool send_entry(int directory, const char *name, size_t path_length, int depth) {
  size_t length = path_length + (path_length > 0) + strlen(name);
  snprintf(walk.path + path_length, sizeof walk.path - path_length, "%s%s", path_length > 0 ? "/" : "", name);
  if (walk.files_allowed == 0) return refuse("not_permitted");
  if (walk.entries_left-- == 0) return refuse("too_many_entries");
  if (length > MAX_PATH_BYTES) return refuse("path_too_long");
  struct stat entry;
  if (fstatat(directory, name, &entry, AT_SYMLINK_NOFOLLOW) != 0) return refuse("unreadable");
  if (!S_ISREG(entry.st_mode) && !S_ISDIR(entry.st_mode)) return refuse("not_a_file");
  bool is_directory = S_ISDIR(entry.st_mode);
  if (is_directory && depth + 1 == MAX_DEPTH) return refuse("too_deep");
  int fd = open_entry(directory, name, is_directory ? O_DIRECTORY : 0);
  if (fd < 0) return refuse("unreadable");
  if (is_directory) return send_directory(fd, length, depth + 1);
  bool is_sent = send_file(fd);
  close(fd);
  return is_sent;
}

/* Takes the descriptor over. False once something was refused. */
static bool send_directory(int fd, size_t path_length, int depth) {
  fchmod(fd, 0700);
  DIR *entries = fdopendir(fd);
  if (entries == NULL) return refuse("unreadable");
  bool goes_on = true;
  while (goes_on) {
    errno = 0;
    struct dirent *entry = readdir(entries);
    walk.path[path_length] = 0;
    if (entry == NULL && errno != 0) goes_on = refuse("unreadable");
    if (entry == NULL) break;
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    goes_on = send_entry(fd, entry->d_name, path_length, depth);
  }
  closedir(entries);
  return goes_on;
}

void send_artifacts(int root, uint32_t max_files, uint32_t max_bytes) {
  walk.files_allowed = walk.files_left = max_files;
  walk.bytes_left = max_bytes;
  walk.entries_left = MAX_ENTRIES;
  send_directory(root, 0, 0);
}
