/* The system's clock as if somebody had set it: off by the seconds that the file named by LOWSKY_CLOCK tells. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t clock, struct timespec *time) {
  int failed = (int)syscall(SYS_clock_gettime, clock, time);
  const char *path = getenv("LOWSKY_CLOCK");
  if (failed != 0 || clock != CLOCK_REALTIME || path == NULL) return failed;
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  char text[32];
  ssize_t length = read(file, text, sizeof text - 1);
  close(file);
  if (length > 0) {
    text[length] = 0;
    time->tv_sec += strtol(text, NULL, 10);
  }
  return 0;
}
