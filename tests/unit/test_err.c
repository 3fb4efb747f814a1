/* Exit codes of several operations: 4 before 1 before 3 before 0; 2 and 11 only where nothing ran. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "assay/err.h"

static void test_the_worse_of_two_exit_codes(void **state)
{
    static const struct {
        int a, b, worse;
    } c[] = {{-1, 0, 0}, {-1, 2, 2}, {0, 0, 0},  {0, 3, 3},  {3, 0, 3},   {1, 3, 1}, {3, 1, 1},
             {1, 4, 4},  {4, 1, 4},  {4, 3, 4},  {2, 2, 2},  {11, 2, 11}, {0, 2, 3}, {2, 0, 3},
             {2, 1, 1},  {1, 2, 1},  {3, 11, 3}, {11, 4, 4}, {11, 0, 3},  {0, 11, 3}};
    (void)state;
    for (size_t i = 0; i < sizeof c / sizeof *c; i++)
        if (assay_exit_worse(c[i].a, c[i].b) != c[i].worse)
            fail_msg("%d and %d make %d, not %d", c[i].a, c[i].b, assay_exit_worse(c[i].a, c[i].b), c[i].worse);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(test_the_worse_of_two_exit_codes)};
    return !!cmocka_run_group_tests(tests, NULL, NULL);
}
