/*
 * measure FILE COMMAND [ARGUMENT…]: runs the command and writes what it used into FILE, as one line of JSON: wall time,
 * CPU time of the process and of all descendants that were waited for, and the peak memory of the largest of them.
 *
 * It is this small on purpose: Linux counts towards a process's peak what it had before exec, so a child that a large
 * process forks would begin with the peak of its parent. Signals to stop are passed on, and the end of who measures is one.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static pid_t child;

static int64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static long long us(struct timeval time) { return (long long)time.tv_sec * 1000000 + time.tv_usec; }

static void pass_on(int signal) { kill(child, signal); }

int main(int count, char **arguments) {
  if (count < 3) {
    fprintf(stderr, "usage: measure FILE COMMAND [ARGUMENT...]\n");
    return 2;
  }
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  int64_t started = now_ns();
  child = fork();
  if (child == 0) {
    execvp(arguments[2], arguments + 2);
    perror(arguments[2]);
    _exit(127);
  }
  signal(SIGTERM, pass_on);
  signal(SIGINT, pass_on);
  struct rusage used;
  int status;
  while (wait4(child, &status, 0, &used) != child) {
  }
  int64_t ended = now_ns();
  int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  FILE *file = fopen(arguments[1], "w");
  if (file == NULL ||
      fprintf(file, "{\"wallNs\":%lld,\"userUs\":%lld,\"systemUs\":%lld,\"peakKib\":%ld}\n",
              (long long)(ended - started), us(used.ru_utime), us(used.ru_stime), used.ru_maxrss) < 0 ||
      fclose(file) != 0) {
    perror(arguments[1]);
    return 1;
  }
  return code;
}
