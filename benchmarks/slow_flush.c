/* Preloaded into PostgreSQL (LD_PRELOAD), makes each flush of the write-ahead log take FLUSH_DELAY microseconds more. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

int fdatasync(int file)
{
    int (*flush)(int) = (int (*)(int)) dlsym(RTLD_NEXT, "fdatasync");
    int result = flush(file), error = errno;
    const char *delay = getenv("FLUSH_DELAY");

    if (delay)
        usleep(atoi(delay));
    errno = error;
    return result;
}
