/* Every ceiling of the suite. A value over a ceiling is a clear error, never a crash, a hang or a guess. */
#ifndef ASSAY_LIMITS_H
#define ASSAY_LIMITS_H

#define ASSAY_MAX_PLAN_BYTES (1u << 20) /* YAML plan file */
#define ASSAY_MAX_PLAN_DEPTH 32 /* nesting in the plan */
#define ASSAY_MAX_DATASETS 4096 /* datasets a plan */
#define ASSAY_MAX_RELATIONS 200000 /* tables, partitions and views of one database */
#define ASSAY_MAX_PURGE_ROWS (1 << 24) /* rows of a chunk that is deleted in one transaction */
#define ASSAY_MAX_OBSTACLES 4096 /* foreign keys, triggers and rules in the way of deleting rows */
#define ASSAY_MAX_IGNORED 4096 /* patterns of tables that need no dataset */
#define ASSAY_MAX_COLUMNS 4096 /* columns a dataset */
#define ASSAY_MAX_NAME 1024 /* bytes of a column, table or dataset name */
#define ASSAY_MAX_CELL (64u << 20) /* bytes of one value */
#define ASSAY_MAX_ROW (64u << 20) /* canonical bytes of one row */
#define ASSAY_MAX_KEY 65536 /* key bytes of one row */
#define ASSAY_MAX_DECIMAL_DIGITS 200000 /* digits of a decimal, and |exponent| */
#define ASSAY_MIN_MASK_KEY 16 /* bytes of the key of a rule mask */
#define ASSAY_MAX_MASK_KEY 65536
#define ASSAY_MAX_NESTING 64 /* depth of a nested type and of its values */
#define ASSAY_MAX_NESTED_ROW (128u << 20) /* bytes that the nested values of one row take in a reader's memory */
#define ASSAY_MAX_NESTED_VALUES (1u << 22) /* values in one nested value, on all levels */
#define ASSAY_MAX_JSON_DEPTH 512 /* nesting of a JSON value */
#define ASSAY_MAX_MARKS 65536 /* bytes of a file, and of its metadata, looked at to recognise its exporter */
#define ASSAY_MAX_OBJECTS 1000000 /* files of one archive side */
#define ASSAY_MAX_PATH 4096 /* bytes of a path */
#define ASSAY_MAX_LEFTOVERS 64 /* temporary files of stopped processes beside one file */
#define ASSAY_MAX_DATAPACKAGE (16u << 20) /* bytes of a datapackage.json; JSON takes some 40 times that in memory */
#define ASSAY_MAX_BAG (256u << 20) /* bytes of a bag's manifest-sha256.txt and of each of its tag files */
#define ASSAY_MAX_PAPERS 1024 /* tag files of a bag that a scrub looks at again */
#define ASSAY_MAX_WORDS 256 /* words of a command */
#define ASSAY_MAX_EXEC_BYTES                                                                                           \
    (1ull << 42) /* what a command of an exec: locator may print; it lies on a disk meanwhile */
#define ASSAY_EXEC_TAIL 8192 /* bytes of its stderr that are kept */
#define ASSAY_EXEC_SAID 300 /* bytes of them in a message */
#define ASSAY_EXEC_GRACE_MS 2000 /* between SIGTERM and SIGKILL */
#define ASSAY_MAX_SCHEMA_OBJECTS 10000 /* files of one side whose schemas are told apart, object by object */
#define ASSAY_MAX_ERAS 1000 /* changes of schema from file to file that are stated */
#define ASSAY_MAX_SEGMENTS 100000 /* segments of one dataset */
#define ASSAY_MAX_CHUNKS 4000000 /* chunks of one dataset */
#define ASSAY_MAX_LEAF 65535 /* bytes of a ledger leaf (C2SP tlog-tiles) */
#define ASSAY_MAX_KEYS 64 /* different keys of one statement */
#define ASSAY_MAX_POLICY (256u << 10) /* bytes of a policy file */
#define ASSAY_MAX_POLICY_LINES 256 /* keys, and witnesses with groups, of a policy */
#define ASSAY_MAX_PROOF (256u << 10) /* bytes of a proof file: a leaf in base64, 64 hashes and a checkpoint */
#define ASSAY_MAX_ROW_PROOF (16u << 20) /* bytes of a proof of a row, with the row when it is revealed */
#define ASSAY_MAX_PROVED_ROWS 64 /* rows of one key that a proof holds */
#define ASSAY_MAX_PROVED_CHUNKS 4096 /* chunks that a proof of absence speaks of: one a segment */
#define ASSAY_MAX_WITNESS_BODY 65536u /* bytes of an add-checkpoint request, and of its answer */
#define ASSAY_MAX_TOKEN 65536u /* bytes of a time stamp response */
#define ASSAY_HTTP_CONNECT_MS 10000 /* for a connection to a witness or a time stamp authority */
#define ASSAY_HTTP_TOTAL_MS 60000 /* for its whole answer */
#define ASSAY_WITNESS_CONNECTIONS 64 /* at once, to a witness */
#define ASSAY_WITNESS_IDLE_S 10 /* seconds until an idle connection to a witness is closed */
#define ASSAY_MAX_TILING (256u << 20) /* bytes of what is known of a run to see whether it tiles: 80 a chunk */
#define ASSAY_MAX_BLOB (256u << 20) /* bytes of a blob in the ledger's store */
#define ASSAY_MAX_KEYRING (256u << 20) /* bytes of a keyring file: some 1.5 million chunks */
#define ASSAY_MAX_EPOCHS 1000 /* dataset keys that a keyring holds, one after the other */
#define ASSAY_MAX_RECIPIENTS 16 /* of the escrow of a dataset key */
#define ASSAY_MAX_CERTIFICATE 8192 /* bytes of a recipient's certificate in DER */
#define ASSAY_MAX_FINDINGS 8 /* located defects carried by one statement */
#define ASSAY_MAX_SKETCH_CAPACITY 64 /* differences of one chunk that a sketch can name */
#define ASSAY_SMALL_CHUNK 16 /* under `keys: sealed`, sums of fewer rows than that are sealed */
#define ASSAY_DEFAULT_SKETCH 16
#define ASSAY_MAX_SKETCH_WORDS 20 /* payload words of 8 bytes */
#define ASSAY_DEFAULT_CHUNK_ROWS 65536u /* rows a chunk */
#define ASSAY_DEFAULT_MEMORY (512u << 20) /* bytes of working memory */

#define ASSAY_MAX_PARQUET_FOOTER (64u << 20) /* thrift footer */
#define ASSAY_MAX_PARQUET_PAGE (256u << 20) /* one page, uncompressed */
#define ASSAY_MAX_PARQUET_PAGE_RATIO 65536u /* uncompressed : compressed of one page */
#define ASSAY_MAX_PARQUET_ROW_GROUPS 1000000u /* row groups a file */
#define ASSAY_MAX_PARQUET_DEPTH 64 /* schema nesting */
#define ASSAY_MAX_PARQUET_ROWS (1ull << 40) /* rows a file */

#define ASSAY_MAX_STREAM_BYTES (1ull << 44) /* one compressed object, decompressed */
#define ASSAY_MAX_STREAM_RATIO 16384u /* decompressed : stored of one compressed object */
#define ASSAY_STREAM_RATIO_FROM (64u << 20) /* decompressed bytes from which the ratio counts */
#define ASSAY_MAX_ZSTD_WINDOW_LOG 27 /* 128 MiB of history, what the zstd program accepts without --long */
#define ASSAY_MAX_XZ_MEMORY (160u << 20) /* bytes of an xz decoder: a dictionary of 128 MiB; xz -9 takes 65 MiB */

#define ASSAY_MAX_NDJSON_LINE (128u << 20) /* bytes of one line as written */
#define ASSAY_MAX_NDJSON_MEMBERS 4096u /* different member names an object */

#define ASSAY_MAX_AVRO_HEADER (4u << 20) /* bytes up to the first block; JSON takes some 20 times that in memory */
#define ASSAY_MAX_AVRO_TYPES 65536u /* types in the schema */
#define ASSAY_MAX_AVRO_SYMBOLS 1000000u /* enum symbols in the schema */
#define ASSAY_MAX_AVRO_SCHEMA_DEPTH 64 /* nesting of its types */
#define ASSAY_MAX_AVRO_BLOCK (256u << 20) /* one block, as stored and plain */
#define ASSAY_MAX_AVRO_DEPTH 512 /* nesting of a value that is passed over */
#define ASSAY_MAX_AVRO_EMPTY_ROWS (1u << 24) /* rows of a file that take no byte */

#endif
