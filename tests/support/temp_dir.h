/* A folder of one test program, made by mkdtemp. */
#ifndef ASSAY_TEST_TEMP_DIR_H
#define ASSAY_TEST_TEMP_DIR_H

#include <stdio.h>
#include <stdlib.h>

/* With all that is in it; 0 when it is gone. */
static inline int temp_dir_remove(const char *dir)
{
    char command[64];
    snprintf(command, sizeof command, "rm -rf %s", dir);
    return system(command);
}

#endif
