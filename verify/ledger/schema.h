/* The tables of a ledger database, version 1. docs/ledger-format.md describes them. */
#ifndef ASSAY_LEDGER_SCHEMA_H
#define ASSAY_LEDGER_SCHEMA_H

#define ASSAY_LEDGER_APPLICATION_ID 0x41535359 /* "ASSY" at offset 68 of the file */
#define ASSAY_LEDGER_VERSION 1

/* Delete triggers do not fire for INSERT OR REPLACE: the insert guards must refuse what would replace a row. */
#define ASSAY_GUARD(table)                                                                                             \
    "CREATE TRIGGER " table "_no_update BEFORE UPDATE ON " table " BEGIN SELECT RAISE(ABORT, '" table                  \
    " is append-only'); END;"                                                                                          \
    "CREATE TRIGGER " table "_no_delete BEFORE DELETE ON " table " BEGIN SELECT RAISE(ABORT, '" table                  \
    " is append-only'); END;"

#define ASSAY_GUARD_INSERT(table, bad)                                                                                 \
    "CREATE TRIGGER " table "_in_order BEFORE INSERT ON " table " WHEN " bad " BEGIN SELECT RAISE(ABORT, '" table      \
    " is append-only'); END;"

#define ASSAY_LEDGER_DDL                                                                                               \
    "CREATE TABLE meta (key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;"                    \
    "CREATE TABLE leaf (idx INTEGER PRIMARY KEY CHECK (idx >= 0), hash BLOB NOT NULL UNIQUE CHECK "                    \
    "(length(hash) = 32), note BLOB NOT NULL CHECK (length(note) BETWEEN 1 AND 65535)) STRICT;"                        \
    "CREATE TABLE node (level INTEGER NOT NULL CHECK (level BETWEEN 1 AND 7), idx INTEGER NOT NULL CHECK "             \
    "(idx >= 0), hash BLOB NOT NULL CHECK (length(hash) = 32), PRIMARY KEY (level, idx)) STRICT, WITHOUT ROWID;"       \
    "CREATE TABLE checkpoint (size INTEGER PRIMARY KEY CHECK (size > 0), note BLOB NOT NULL, frontier BLOB NOT NULL) " \
    "STRICT;"                                                                                                          \
    "CREATE TABLE blob (sha256 BLOB NOT NULL UNIQUE CHECK (length(sha256) = 32), body BLOB NOT NULL) STRICT;"          \
    "CREATE TABLE leaf_index (idx INTEGER PRIMARY KEY, kind TEXT NOT NULL, role TEXT NOT NULL, dataset TEXT, "         \
    "run TEXT, segment TEXT, chunk TEXT) STRICT;"                                                                      \
    "CREATE INDEX leaf_index_kind ON leaf_index (kind, dataset);"                                                      \
    "CREATE INDEX leaf_index_dataset ON leaf_index (dataset, segment);"                                                \
    "CREATE INDEX leaf_index_run ON leaf_index (run);"                                                                 \
    "CREATE INDEX leaf_index_chunk ON leaf_index (chunk);" ASSAY_GUARD("meta") ASSAY_GUARD("leaf") ASSAY_GUARD("node") \
        ASSAY_GUARD("checkpoint") ASSAY_GUARD("blob")                                                                  \
            ASSAY_GUARD_INSERT("meta", "EXISTS (SELECT 1 FROM meta WHERE key = NEW.key)") ASSAY_GUARD_INSERT(          \
                "leaf", "NEW.idx IS NOT (SELECT coalesce(max(idx), -1) + 1 FROM leaf) OR EXISTS "                      \
                        "(SELECT 1 FROM leaf WHERE hash = NEW.hash)")                                                  \
                ASSAY_GUARD_INSERT("node", "EXISTS (SELECT 1 FROM node WHERE level = NEW.level AND idx = NEW.idx)")    \
                    ASSAY_GUARD_INSERT("checkpoint", "NEW.size <= (SELECT coalesce(max(size), 0) FROM checkpoint) OR " \
                                                     "NEW.size IS NOT (SELECT max(idx) + 1 FROM leaf)")                \
                        ASSAY_GUARD_INSERT(                                                                            \
                            "blob", "EXISTS (SELECT 1 FROM blob WHERE sha256 = NEW.sha256 OR rowid = NEW.rowid)")

#endif
