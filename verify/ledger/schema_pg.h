/* The tables of a ledger in PostgreSQL, version 1: those of schema.h in the schema "assay". docs/ledger-format.md
 * describes them. */
#ifndef ASSAY_LEDGER_SCHEMA_PG_H
#define ASSAY_LEDGER_SCHEMA_PG_H

#define ASSAY_PG_LOCK_CLASS                                                                                            \
    "1095979865" /* "ASSY": first half of our advisory locks; the second: 0 append, 1 + role                           \
                  */

/* ---- bodies of functions: stored as they stand here, and compared ---- */

#define ASSAY_PG_REFUSE "BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END"
/* A row that is not the next is refused here; a second one of the same name by the unique indexes. */
#define ASSAY_PG_IN_ORDER                                                                                              \
    "BEGIN"                                                                                                            \
    " IF TG_TABLE_NAME = 'leaf' THEN"                                                                                  \
    " IF NEW.idx IS DISTINCT FROM (SELECT coalesce(max(idx), -1) + 1 FROM assay.leaf)"                                 \
    " THEN RAISE EXCEPTION 'leaf is append-only'; END IF;"                                                             \
    " ELSIF NEW.size <= (SELECT coalesce(max(size), 0) FROM assay.checkpoint) OR"                                      \
    " NEW.size IS DISTINCT FROM (SELECT max(idx) + 1 FROM assay.leaf)"                                                 \
    " THEN RAISE EXCEPTION 'checkpoint is append-only'; END IF;"                                                       \
    " RETURN NEW; END"
/* Who appends without the program's lock waits here for who has it. */
#define ASSAY_PG_PUT_LEAF                                                                                              \
    "BEGIN"                                                                                                            \
    " PERFORM pg_advisory_xact_lock(" ASSAY_PG_LOCK_CLASS ", 0);"                                                      \
    " INSERT INTO assay.leaf VALUES ($1, $2, $3);"                                                                     \
    " INSERT INTO assay.leaf_index VALUES ($1, $4, $5, $6, $7, $8, $9); END"
#define ASSAY_PG_PUT_NODE "BEGIN INSERT INTO assay.node VALUES ($1, $2, $3); END"
#define ASSAY_PG_PUT_CHECKPOINT "BEGIN INSERT INTO assay.checkpoint VALUES ($1, $2, $3); END"
#define ASSAY_PG_PUT_BLOB "BEGIN INSERT INTO assay.blob VALUES ($1, $2); END"

/* ---- tables ---- */

/* ALWAYS: SET session_replication_role = replica, which switches triggers off, does not reach these. */
#define ASSAY_PG_GUARD(table)                                                                                          \
    "CREATE TRIGGER no_change BEFORE UPDATE OR DELETE ON assay." table                                                 \
    " FOR EACH ROW EXECUTE FUNCTION assay.refuse();"                                                                   \
    "CREATE TRIGGER no_truncate BEFORE TRUNCATE ON assay." table                                                       \
    " FOR EACH STATEMENT EXECUTE FUNCTION assay.refuse();"                                                             \
    "ALTER TABLE assay." table " ENABLE ALWAYS TRIGGER no_change, ENABLE ALWAYS TRIGGER no_truncate;"
#define ASSAY_PG_ORDER(table)                                                                                          \
    "CREATE TRIGGER in_order BEFORE INSERT ON assay." table " FOR EACH ROW EXECUTE FUNCTION assay.in_order();"         \
    "ALTER TABLE assay." table " ENABLE ALWAYS TRIGGER in_order;"
#define ASSAY_PG_TRIGGER(name, body)                                                                                   \
    "CREATE FUNCTION assay." name "() RETURNS trigger LANGUAGE plpgsql AS $body$" body "$body$;"
/* With the rights of the tables' owner, so that a writer needs none on the tables. */
#define ASSAY_PG_PUT(name, types, body)                                                                                \
    "CREATE FUNCTION assay." name "(" types ") RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = ''"    \
    " AS $body$" body "$body$;"
#define ASSAY_PG_PUT_LEAF_TYPES "bigint, bytea, bytea, text, text, bytea, bytea, bytea, bytea"

#define ASSAY_PG_TABLES                                                                                                \
    "CREATE SCHEMA assay;"                                                                                             \
    "CREATE TABLE assay.meta (key text PRIMARY KEY, value text NOT NULL);"                                             \
    "CREATE TABLE assay.leaf (idx bigint PRIMARY KEY CHECK (idx >= 0), hash bytea NOT NULL UNIQUE,"                    \
    " note bytea NOT NULL CHECK (length(note) BETWEEN 1 AND 65535),"                                                   \
    " CHECK (hash = sha256('\\x00'::bytea || note)));"                                                                 \
    "CREATE TABLE assay.node (level smallint CHECK (level BETWEEN 1 AND 7), idx bigint CHECK (idx >= 0),"              \
    " hash bytea NOT NULL CHECK (length(hash) = 32), PRIMARY KEY (level, idx));"                                       \
    "CREATE TABLE assay.checkpoint (size bigint PRIMARY KEY CHECK (size > 0), note bytea NOT NULL,"                    \
    " frontier bytea NOT NULL);"                                                                                       \
    "CREATE TABLE assay.blob (sha256 bytea PRIMARY KEY CHECK (length(sha256) = 32), body bytea NOT NULL,"              \
    " CHECK (sha256 = sha256(body)));"                                                                                 \
    "ALTER TABLE assay.blob ALTER body SET STORAGE EXTERNAL;"                                                          \
    "CREATE TABLE assay.leaf_index (idx bigint PRIMARY KEY, kind text NOT NULL, role text NOT NULL, dataset bytea,"    \
    " run bytea, segment bytea, chunk bytea);"                                                                         \
    "CREATE INDEX leaf_index_kind ON assay.leaf_index (kind, dataset);"                                                \
    "CREATE INDEX leaf_index_dataset ON assay.leaf_index (dataset, segment);"                                          \
    "CREATE INDEX leaf_index_run ON assay.leaf_index (run);"                                                           \
    "CREATE INDEX leaf_index_chunk ON assay.leaf_index (chunk);"

#define ASSAY_PG_GUARDS                                                                                                \
    ASSAY_PG_TRIGGER("refuse", ASSAY_PG_REFUSE)                                                                        \
    ASSAY_PG_TRIGGER("in_order", ASSAY_PG_IN_ORDER)                                                                    \
    ASSAY_PG_PUT("put_leaf", ASSAY_PG_PUT_LEAF_TYPES, ASSAY_PG_PUT_LEAF)                                               \
    ASSAY_PG_PUT("put_node", "smallint, bigint, bytea", ASSAY_PG_PUT_NODE)                                             \
    ASSAY_PG_PUT("put_checkpoint", "bigint, bytea, bytea", ASSAY_PG_PUT_CHECKPOINT)                                    \
    ASSAY_PG_PUT("put_blob", "bytea, bytea", ASSAY_PG_PUT_BLOB)                                                        \
    ASSAY_PG_GUARD("meta")                                                                                             \
    ASSAY_PG_GUARD("leaf")                                                                                             \
    ASSAY_PG_GUARD("node")                                                                                             \
    ASSAY_PG_GUARD("checkpoint") ASSAY_PG_GUARD("blob") ASSAY_PG_ORDER("leaf") ASSAY_PG_ORDER("checkpoint")

/* The owner too keeps no right to change what is there: only to add. */
#define ASSAY_PG_RIGHTS                                                                                                \
    "REVOKE ALL ON SCHEMA assay FROM PUBLIC;"                                                                          \
    "REVOKE ALL ON ALL TABLES IN SCHEMA assay FROM PUBLIC;"                                                            \
    "REVOKE ALL ON ALL FUNCTIONS IN SCHEMA assay FROM PUBLIC;"                                                         \
    "REVOKE UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER ON ALL TABLES IN SCHEMA assay FROM CURRENT_USER;"

#define ASSAY_PG_DDL ASSAY_PG_TABLES ASSAY_PG_GUARDS ASSAY_PG_RIGHTS

/* ---- what must be there, one line each: told by this query, sorted by bytes ---- */

#define ASSAY_PG_DESCRIBE                                                                                              \
    "SELECT line COLLATE \"C\" FROM ("                                                                                 \
    "SELECT 'column ' || c.relname || ' ' || a.attnum || ' ' || a.attname || ' ' || format_type(a.atttypid, "          \
    "a.atttypmod) || CASE WHEN a.attnotnull THEN ' not null' ELSE '' END AS line FROM pg_class c JOIN pg_attribute a " \
    "ON a.attrelid = c.oid WHERE c.relnamespace = $1::oid AND c.relkind NOT IN ('i', 'I') AND a.attnum > 0 "           \
    "UNION ALL "                                                                                                       \
    "SELECT CASE c.relkind WHEN 'r' THEN 'table ' WHEN 'i' THEN 'index ' ELSE 'relation ' END || c.relname || "        \
    "CASE WHEN c.relpersistence <> 'p' THEN ' unlogged' ELSE '' END || "                                               \
    "CASE WHEN c.relrowsecurity THEN ' row security' ELSE '' END || "                                                  \
    "CASE WHEN EXISTS (SELECT FROM pg_rewrite w WHERE w.ev_class = c.oid) THEN ' rules' ELSE '' END || "               \
    "CASE WHEN EXISTS (SELECT FROM pg_inherits WHERE inhparent = c.oid OR inhrelid = c.oid) THEN ' inherits' "         \
    "ELSE '' END || coalesce((SELECT CASE WHEN x.indisunique THEN ' unique' ELSE '' END || "                           \
    "CASE WHEN x.indisvalid AND x.indisready AND x.indislive THEN '' ELSE ' invalid' END "                             \
    "|| coalesce(substring(pg_get_indexdef(c.oid) FROM ' ON .*'), '') FROM pg_index x WHERE x.indexrelid = c.oid), "   \
    "'') FROM pg_class c WHERE c.relnamespace = $1::oid "                                                              \
    "UNION ALL "                                                                                                       \
    "SELECT 'trigger ' || c.relname || ' ' || t.tgname || ' ' || t.tgtype || ' ' || t.tgenabled::text || ' ' || "      \
    "p.proname || CASE WHEN t.tgqual IS NULL AND t.tgattr::text = '' THEN '' ELSE ' when' END "                        \
    "FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid "                       \
    "WHERE c.relnamespace = $1::oid "                                                                                  \
    "UNION ALL "                                                                                                       \
    "SELECT 'function ' || p.proname || '(' || pg_get_function_arguments(p.oid) || ')' || "                            \
    "CASE WHEN p.prosecdef THEN ' definer' ELSE '' END || coalesce(' ' || p.proconfig::text, '') || ' ' || p.prosrc "  \
    "FROM pg_proc p WHERE p.pronamespace = $1::oid) AS described ORDER BY 1"

#define ASSAY_PG_GUARDED(table)                                                                                        \
    "trigger " table " no_change 27 A refuse\n"                                                                        \
    "trigger " table " no_truncate 34 A refuse\n"
#define ASSAY_PG_PUTS(name, types, body) "function " name "(" types ") definer {\"search_path=\\\"\\\"\"} " body "\n"

#define ASSAY_PG_INDEXES                                                                                               \
    "index blob_pkey unique ON assay.blob USING btree (sha256)\n"                                                      \
    "index checkpoint_pkey unique ON assay.checkpoint USING btree (size)\n"                                            \
    "index leaf_hash_key unique ON assay.leaf USING btree (hash)\n"                                                    \
    "index leaf_index_chunk ON assay.leaf_index USING btree (chunk)\n"                                                 \
    "index leaf_index_dataset ON assay.leaf_index USING btree (dataset, segment)\n"                                    \
    "index leaf_index_kind ON assay.leaf_index USING btree (kind, dataset)\n"                                          \
    "index leaf_index_pkey unique ON assay.leaf_index USING btree (idx)\n"                                             \
    "index leaf_index_run ON assay.leaf_index USING btree (run)\n"                                                     \
    "index leaf_pkey unique ON assay.leaf USING btree (idx)\n"                                                         \
    "index meta_pkey unique ON assay.meta USING btree (key)\n"                                                         \
    "index node_pkey unique ON assay.node USING btree (level, idx)\n"

#define ASSAY_PG_DESCRIBED                                                                                             \
    "column blob 1 sha256 bytea not null\n"                                                                            \
    "column blob 2 body bytea not null\n"                                                                              \
    "column checkpoint 1 size bigint not null\n"                                                                       \
    "column checkpoint 2 note bytea not null\n"                                                                        \
    "column checkpoint 3 frontier bytea not null\n"                                                                    \
    "column leaf 1 idx bigint not null\n"                                                                              \
    "column leaf 2 hash bytea not null\n"                                                                              \
    "column leaf 3 note bytea not null\n"                                                                              \
    "column leaf_index 1 idx bigint not null\n"                                                                        \
    "column leaf_index 2 kind text not null\n"                                                                         \
    "column leaf_index 3 role text not null\n"                                                                         \
    "column leaf_index 4 dataset bytea\n"                                                                              \
    "column leaf_index 5 run bytea\n"                                                                                  \
    "column leaf_index 6 segment bytea\n"                                                                              \
    "column leaf_index 7 chunk bytea\n"                                                                                \
    "column meta 1 key text not null\n"                                                                                \
    "column meta 2 value text not null\n"                                                                              \
    "column node 1 level smallint not null\n"                                                                          \
    "column node 2 idx bigint not null\n"                                                                              \
    "column node 3 hash bytea not null\n"                                                                              \
    "function in_order() " ASSAY_PG_IN_ORDER "\n" ASSAY_PG_PUTS("put_blob", "bytea, bytea", ASSAY_PG_PUT_BLOB)         \
        ASSAY_PG_PUTS("put_checkpoint", "bigint, bytea, bytea", ASSAY_PG_PUT_CHECKPOINT)                               \
            ASSAY_PG_PUTS("put_leaf", ASSAY_PG_PUT_LEAF_TYPES, ASSAY_PG_PUT_LEAF)                                      \
                ASSAY_PG_PUTS("put_node", "smallint, bigint, bytea",                                                   \
                              ASSAY_PG_PUT_NODE) "function refuse() " ASSAY_PG_REFUSE "\n" ASSAY_PG_INDEXES            \
                                                 "table blob\n"                                                        \
                                                 "table checkpoint\n"                                                  \
                                                 "table leaf\n"                                                        \
                                                 "table leaf_index\n"                                                  \
                                                 "table meta\n"                                                        \
                                                 "table node\n" ASSAY_PG_GUARDED(                                      \
                                                     "blob") "trigger checkpoint in_order 7 A "                        \
                                                             "in_order\n" ASSAY_PG_GUARDED(                            \
                                                                 "checkpoint") "trigger leaf in_order "                \
                                                                               "7 A "                                  \
                                                                               "in_"                                   \
                                                                               "order"                                 \
                                                                               "\n" ASSAY_PG_GUARDED("l"               \
                                                                                                     "e"               \
                                                                                                     "a"               \
                                                                                                     "f")              \
                                                                                   ASSAY_PG_GUARDED("meta")            \
                                                                                       ASSAY_PG_GUARDED("node")

#endif
