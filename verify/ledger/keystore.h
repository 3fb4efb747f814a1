/* Private keys behind URIs of OpenSSL's store: what a token holds, through whatever provider is configured. */
#ifndef ASSAY_LEDGER_KEYSTORE_H
#define ASSAY_LEDGER_KEYSTORE_H

#include <openssl/types.h>
#include <stdbool.h>

#include "assay/err.h"

/* The one private key under a URI that path, a key file, has or is to have. `what` begins the messages, which never
 * show the URI: it may hold a PIN. ASSAY_ELEDGER: there is none, more than one, or it cannot be reached. Asks nobody
 * for a PIN. The caller frees the key. */
enum assay_status assay_keystore_open(const char *path, const char *what, const char *uri, EVP_PKEY **out,
                                      struct assay_err *e);
/* Does a token sign with this key, and not OpenSSL itself? */
bool assay_keystore_is_token(const EVP_PKEY *key);

#endif
