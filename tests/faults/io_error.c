/* Let every write and sync of one file fail with EIO while a marker file is there, as a disk does.
   Preloaded into a process of a test; STUDIO_TEST_EIO is "end of the file's name:marker". */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static int broken(int fd) {
    const char *spec = getenv("STUDIO_TEST_EIO");
    const char *marker = spec ? strchr(spec, ':') : NULL;
    char link[64], path[4096];
    size_t length;
    ssize_t size;
    int before = errno;
    if (!marker || access(marker + 1, F_OK)) {
        errno = before;
        return 0;
    }
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    size = readlink(link, path, sizeof path);
    errno = before;
    length = (size_t)(marker - spec);
    return size >= (ssize_t)length && !memcmp(path + size - length, spec, length);
}

#define FAIL_IF_BROKEN(fd) do { if (broken(fd)) { errno = EIO; return -1; } } while (0)
#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) {
    FAIL_IF_BROKEN(fd);
    return REAL(pwrite64)(fd, data, size, at);
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t at) {
    FAIL_IF_BROKEN(fd);
    return REAL(pwrite)(fd, data, size, at);
}

ssize_t write(int fd, const void *data, size_t size) {
    FAIL_IF_BROKEN(fd);
    return REAL(write)(fd, data, size);
}

int fsync(int fd) {
    FAIL_IF_BROKEN(fd);
    return REAL(fsync)(fd);
}

int fdatasync(int fd) {
    FAIL_IF_BROKEN(fd);
    return REAL(fdatasync)(fd);
}
