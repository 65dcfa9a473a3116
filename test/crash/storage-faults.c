/*
 * Makes the N-th file operation of a process fail, SQLite's own included: loaded with LD_PRELOAD, it stands before the
 * C library. Only what happens under the folder FAULTS_ROOT counts. The file FAULTS_CONTROL is shared memory with the
 * process that steers it; `storage-fault-shim.ts` has the same layout.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { WRITE = 1, SYNC = 2, NAME = 4, OPEN_TO_WRITE = 8, OPEN_TO_READ = 16 };

struct control {
  int64_t armed;
  int64_t fail_at;   /* the first operation that fails, from 1; 0: none, only count */
  int64_t code;      /* errno */
  int64_t for_ever;  /* every later one fails as well */
  int64_t is_short;  /* the first one is no error but a write of half the bytes; later ones fail with `code` */
  int64_t kinds;     /* which operations count */
  int64_t count;
  int64_t fired;     /* how many failed */
  int64_t fired_at;  /* CLOCK_MONOTONIC, ns: when the first one did */
  char operation[24];
  char path[512];
};

static struct control *control;
static const char *root;
static size_t root_length;

__attribute__((constructor)) static void attach(void) {
  const char *file = getenv("FAULTS_CONTROL");
  root = getenv("FAULTS_ROOT");
  if (file == NULL || root == NULL) return;
  root_length = strlen(root);
  int descriptor = open(file, O_RDWR | O_CLOEXEC);
  if (descriptor < 0) return;
  void *memory = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  close(descriptor);
  if (memory != MAP_FAILED) control = memory;
}

enum verdict { GO, FAIL, HALF };

/* Counts an operation and says what becomes of it. */
static enum verdict judge(int kind, const char *operation, const char *path) {
  if (control == NULL || !control->armed || (control->kinds & kind) == 0) return GO;
  if (strncmp(path, root, root_length) != 0) return GO;
  int64_t n = __atomic_add_fetch(&control->count, 1, __ATOMIC_SEQ_CST);
  int64_t at = control->fail_at;
  if (at == 0 || n < at || (n > at && !control->for_ever)) return GO;
  if (__atomic_fetch_add(&control->fired, 1, __ATOMIC_SEQ_CST) == 0) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    control->fired_at = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
    snprintf(control->operation, sizeof control->operation, "%s", operation);
    snprintf(control->path, sizeof control->path, "%s", path + root_length);
  }
  errno = (int)control->code;
  return control->is_short && n == at ? HALF : FAIL;
}

static enum verdict judge_descriptor(int kind, const char *operation, int descriptor) {
  if (control == NULL || !control->armed) return GO;
  char link[64], path[1024];
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return GO;
  path[length] = 0;
  return judge(kind, operation, path);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

#define OPEN(name, declaration, path, flags, call)                                                  \
  int name declaration {                                                                            \
    mode_t mode = 0;                                                                                \
    if ((flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE) {                               \
      va_list rest;                                                                                 \
      va_start(rest, flags);                                                                        \
      mode = va_arg(rest, mode_t);                                                                  \
      va_end(rest);                                                                                 \
    }                                                                                               \
    int kind = (flags & O_ACCMODE) == O_RDONLY ? OPEN_TO_READ : OPEN_TO_WRITE;                      \
    return judge(kind, "open", path) == GO ? REAL(name) call : -1;                                  \
  }

OPEN(open, (const char *path, int flags, ...), path, flags, (path, flags, mode))
OPEN(open64, (const char *path, int flags, ...), path, flags, (path, flags, mode))
OPEN(openat, (int folder, const char *path, int flags, ...), path, flags, (folder, path, flags, mode))

/* Half of the bytes, at least one fewer; of one byte none, which a full disk says with an error. */
#define WRITE_CALL(name, declaration, descriptor, size, whole, half)                                \
  ssize_t name declaration {                                                                        \
    switch (judge_descriptor(WRITE, #name, descriptor)) {                                           \
      case GO: return REAL(name) whole;                                                             \
      case HALF:                                                                                    \
        if ((size) / 2 > 0) return REAL(name) half;                                                 \
        errno = ENOSPC;                                                                             \
        return -1;                                                                                  \
      default: return -1;                                                                           \
    }                                                                                               \
  }

WRITE_CALL(write, (int fd, const void *bytes, size_t size), fd, size, (fd, bytes, size), (fd, bytes, size / 2))
WRITE_CALL(pwrite, (int fd, const void *bytes, size_t size, off_t at), fd, size, (fd, bytes, size, at), (fd, bytes, size / 2, at))
WRITE_CALL(pwrite64, (int fd, const void *bytes, size_t size, off64_t at), fd, size, (fd, bytes, size, at), (fd, bytes, size / 2, at))
WRITE_CALL(writev, (int fd, const struct iovec *parts, int count), fd, count, (fd, parts, count), (fd, parts, count / 2))

int fsync(int fd) { return judge_descriptor(SYNC, "fsync", fd) == GO ? REAL(fsync)(fd) : -1; }
int fdatasync(int fd) { return judge_descriptor(SYNC, "fdatasync", fd) == GO ? REAL(fdatasync)(fd) : -1; }
int ftruncate(int fd, off_t size) {
  return judge_descriptor(WRITE, "ftruncate", fd) == GO ? REAL(ftruncate)(fd, size) : -1;
}
int ftruncate64(int fd, off64_t size) {
  return judge_descriptor(WRITE, "ftruncate", fd) == GO ? REAL(ftruncate64)(fd, size) : -1;
}
int rename(const char *from, const char *to) {
  return judge(NAME, "rename", to) == GO ? REAL(rename)(from, to) : -1;
}
int unlink(const char *path) { return judge(NAME, "unlink", path) == GO ? REAL(unlink)(path) : -1; }
int unlinkat(int folder, const char *path, int flags) {
  return judge(NAME, "unlink", path) == GO ? REAL(unlinkat)(folder, path, flags) : -1;
}
int mkdir(const char *path, mode_t mode) { return judge(NAME, "mkdir", path) == GO ? REAL(mkdir)(path, mode) : -1; }
char *mkdtemp(char *path) { return judge(NAME, "mkdtemp", path) == GO ? REAL(mkdtemp)(path) : NULL; }
