/* A file that has no name: gone when it is closed. Fails the test on any error. */
#ifndef ASSAY_TEST_TEMP_FILE_H
#define ASSAY_TEST_TEMP_FILE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <unistd.h>

/* With these bytes, at its beginning. The caller closes it. */
static inline int temp_file(const void *bytes, size_t n)
{
    char path[] = "/tmp/assay-test-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(write(fd, bytes, n), (ssize_t)n);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    return fd;
}

#endif
