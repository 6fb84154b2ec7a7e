// Runs a program, and says what it took: nanoseconds until it was reaped, KiB of resident memory at
// most, and its exit status. A process's peak begins with that of the one that started it, thus
// this is a small one.

#include <spawn.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

int main(int argc, char** argv, char** environment) {
  if (argc < 2) return 64;
  struct timespec begin, end;
  clock_gettime(CLOCK_MONOTONIC, &begin);
  pid_t pid;
  if (posix_spawn(&pid, argv[1], NULL, NULL, argv + 1, environment) != 0) return 69;
  int status;
  struct rusage usage;
  if (wait4(pid, &status, 0, &usage) != pid) return 70;
  clock_gettime(CLOCK_MONOTONIC, &end);
  const long long nanoseconds =
      (end.tv_sec - begin.tv_sec) * 1000000000LL + (end.tv_nsec - begin.tv_nsec);
  fprintf(stderr, "\n%lld %ld %d\n", nanoseconds, usage.ru_maxrss,
          WIFEXITED(status) ? WEXITSTATUS(status) : -1);
  return 0;
}
