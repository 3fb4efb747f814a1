/* Shared by the cli_*.c files: the options that every verb has, and small questions about table rows. */
#ifndef ASSAY_CLI_PRIVATE_H
#define ASSAY_CLI_PRIVATE_H

#include <stddef.h>

#include "assay/cli.h"

#define ASSAY_CLI_MAX_OPTS 48 /* options of one verb, the common ones included; the tables stay far below */

extern const struct assay_opt assay_cli_common[]; /* ends with name NULL */

/* Own options, then the common ones: i-th or NULL past the end. */
const struct assay_opt *assay_cli_opt(const struct assay_verb *v, size_t i);
/* Does the placeholder spell out a closed list ("text|json")? */
bool assay_cli_is_choice(const char *arg);
bool assay_cli_takes_value(const struct assay_opt *o);
/* Does the verb take a command after "--"? */
bool assay_cli_takes_command(const struct assay_verb *v);

#endif
