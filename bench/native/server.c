/*
 * The fast server of the benchmark: one thread, epoll, keep-alive, on a free port of 127.0.0.1. It answers 204 to
 * DELETE /v2/videos/<id> and DELETE /v2/replicas/<id>, 200 to any GET, and 400 to everything else, which it counts.
 *
 * It prints its port, then does what lines on standard input say, and ends when that ends:
 *   reset          forget everything counted
 *   report         print one line of JSON: what was counted
 *   notify N       print one line of JSON as soon as N deletions have arrived
 *   arrivals FILE  write when each deletion arrived, as binary int64 of CLOCK_MONOTONIC nanoseconds, then print a line
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { LONGEST_REQUEST = 16384, MOST_DESCRIPTORS = 4096, MOST_ARRIVALS = 1 << 23 };

static const char DELETED[] = "HTTP/1.1 204 No Content\r\n\r\n";
static const char REFUSED[] = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
static const char LISTED[] = "{\"data\":[],\"total_count\":0}";

/* What a connection has sent and we have not yet answered, because it is not whole. */
struct connection {
  size_t length;
  char bytes[LONGEST_REQUEST];
};

static struct connection *connections[MOST_DESCRIPTORS];

static struct {
  int64_t deletions, hard, gets, bad, accepted, notify_at;
  uint32_t id_hash; /* The sum of the FNV-1a hashes of all "<kind>s/<id>": the same for the same IDs in any order. */
} counted;

static int64_t arrivals[MOST_ARRIVALS]; /* Pages that are never written cost no memory. */

static int64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int64_t cpu_us(void) {
  struct rusage used;
  getrusage(RUSAGE_SELF, &used);
  return (int64_t)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000 + used.ru_utime.tv_usec +
         used.ru_stime.tv_usec;
}

static int fail(const char *what) {
  perror(what);
  exit(1);
}

static int is_id(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
}

/* Whether this is exactly "DELETE /v2/<kind>s/<id>[?hard=true] HTTP/1.1"; counts it then. */
static int count_deletion(const char *request, const char *end) {
  static const char START[] = "DELETE /v2/";
  if (strncmp(request, START, sizeof START - 1) != 0) return 0;
  const char *path = request + sizeof START - 1;
  const char *id;
  if (strncmp(path, "videos/", 7) == 0) id = path + 7;
  else if (strncmp(path, "replicas/", 9) == 0) id = path + 9;
  else return 0;
  const char *after = id;
  while (after < end && is_id(*after)) after++;
  if (after == id) return 0;
  uint32_t hash = 2166136261u;
  for (const char *c = path; c < after; c++) hash = (hash ^ (unsigned char)*c) * 16777619u;
  int hard = strncmp(after, "?hard=true ", 11) == 0;
  if (strncmp(after + (hard ? 10 : 0), " HTTP/1.1\r\n", 11) != 0) return 0;

  int64_t at = now_ns();
  if (counted.deletions < MOST_ARRIVALS) arrivals[counted.deletions] = at;
  counted.deletions++;
  counted.hard += hard;
  counted.id_hash += hash;
  if (counted.deletions == counted.notify_at) {
    printf("{\"reached\":%lld,\"atNs\":%lld}\n", (long long)counted.deletions, (long long)at);
    fflush(stdout);
  }
  return 1;
}

/* Writes the whole of it: an answer is far smaller than a socket's buffer. 0 when the peer has gone. */
static int answer(int fd, const char *text, size_t length) {
  return send(fd, text, length, MSG_NOSIGNAL) == (ssize_t)length;
}

static int answer_get(int fd) {
  char text[256], date[64];
  time_t now = time(NULL);
  strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", gmtime(&now));
  int length = snprintf(text, sizeof text,
                        "HTTP/1.1 200 OK\r\nDate: %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
                        date, sizeof LISTED - 1, LISTED);
  counted.gets++;
  return answer(fd, text, (size_t)length);
}

/* Answers one whole request without a body; 0 when the connection is to be closed. */
static int answer_request(int fd, const char *request, const char *end) {
  if (count_deletion(request, end)) return answer(fd, DELETED, sizeof DELETED - 1);
  if (strncmp(request, "GET ", 4) == 0) return answer_get(fd);
  counted.bad++;
  answer(fd, REFUSED, sizeof REFUSED - 1);
  return 0;
}

/* Answers every whole request that has come; 0 when the connection is to be closed. */
static int serve(int fd) {
  struct connection *c = connections[fd];
  ssize_t got = recv(fd, c->bytes + c->length, LONGEST_REQUEST - 1 - c->length, 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return 1;
  if (got <= 0) return 0;
  c->length += (size_t)got;
  c->bytes[c->length] = '\0';
  char *request = c->bytes;
  for (char *end; (end = strstr(request, "\r\n\r\n")) != NULL; request = end + 4) {
    if (!answer_request(fd, request, end)) return 0;
  }
  c->length -= (size_t)(request - c->bytes);
  memmove(c->bytes, request, c->length);
  if (c->length < LONGEST_REQUEST - 1) return 1;
  counted.bad++;
  return 0;
}

static void watch(int poll, int fd) {
  struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
  if (epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event) != 0) fail("epoll_ctl");
}

static void accept_all(int poll, int listener) {
  for (int fd; (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (fd >= MOST_DESCRIPTORS) {
      close(fd);
      counted.bad++;
      continue;
    }
    if (connections[fd] == NULL) connections[fd] = malloc(sizeof *connections[fd]);
    if (connections[fd] == NULL) fail("malloc");
    connections[fd]->length = 0;
    counted.accepted++;
    watch(poll, fd);
  }
}

static void write_arrivals(const char *path) {
  size_t count = (size_t)(counted.deletions < MOST_ARRIVALS ? counted.deletions : MOST_ARRIVALS);
  FILE *file = fopen(path, "wb");
  if (file == NULL || fwrite(arrivals, sizeof *arrivals, count, file) != count || fclose(file) != 0) fail(path);
}

static void obey(char *line) {
  if (strcmp(line, "reset") == 0) {
    memset(&counted, 0, sizeof counted);
    printf("{}\n");
  } else if (strcmp(line, "report") == 0) {
    printf("{\"deletions\":%lld,\"hard\":%lld,\"gets\":%lld,\"bad\":%lld,\"accepted\":%lld,\"idHash\":%u,\"cpuUs\":%lld}\n",
           (long long)counted.deletions, (long long)counted.hard, (long long)counted.gets, (long long)counted.bad,
           (long long)counted.accepted, counted.id_hash, (long long)cpu_us());
  } else if (strncmp(line, "notify ", 7) == 0) {
    counted.notify_at = atoll(line + 7);
    printf("{}\n");
  } else if (strncmp(line, "arrivals ", 9) == 0) {
    write_arrivals(line + 9);
    printf("{}\n");
  } else {
    fprintf(stderr, "server: what is %s?\n", line);
    exit(1);
  }
  fflush(stdout);
}

/* Obeys the whole lines that have come on standard input; ends the process when it has ended. */
static void read_commands(void) {
  static char text[8192];
  static size_t length;
  ssize_t got = read(STDIN_FILENO, text + length, sizeof text - 1 - length);
  if (got <= 0) exit(0);
  length += (size_t)got;
  text[length] = '\0';
  char *line = text;
  for (char *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
    *end = '\0';
    obey(line);
  }
  length -= (size_t)(line - text);
  memmove(text, line, length);
}

static int listen_on_loopback(void) {
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  if (listener < 0 || bind(listener, (struct sockaddr *)&address, size) != 0 || listen(listener, 1024) != 0 ||
      getsockname(listener, (struct sockaddr *)&address, &size) != 0) {
    fail("listen");
  }
  printf("{\"port\":%d}\n", ntohs(address.sin_port));
  fflush(stdout);
  return listener;
}

int main(void) {
  int listener = listen_on_loopback();
  int poll = epoll_create1(EPOLL_CLOEXEC);
  watch(poll, listener);
  watch(poll, STDIN_FILENO);
  for (;;) {
    struct epoll_event events[256];
    int count = epoll_wait(poll, events, 256, -1);
    for (int i = 0; i < count; i++) {
      int fd = events[i].data.fd;
      if (fd == listener) accept_all(poll, listener);
      else if (fd == STDIN_FILENO) read_commands();
      else if (!serve(fd)) close(fd);
    }
  }
}
