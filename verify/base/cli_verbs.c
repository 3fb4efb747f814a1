/* Every verb of the suite: operands, options, examples, and the program that owns it. */
#include "assay/cli.h"

#define VERIFY "assay-verify"
#define RECONCILE "assay-reconcile"
#define REPORT "assay-report"
#define PURGE "assay-purge"
#define FRONT "assay"

/* Options that several verbs share, so that they read the same everywhere. */
#define OPT_DATASET                                                                                                    \
    {                                                                                                                  \
        "dataset", 'd', ASSAY_OPT_LIST, "NAME", "Only this dataset of the plan."                                       \
    }
#define OPT_SEGMENT                                                                                                    \
    {                                                                                                                  \
        "segment", 's', ASSAY_OPT_LIST, "NAME", "Only this segment, e.g. 2001-03."                                     \
    }
#define OPT_RUN                                                                                                        \
    {                                                                                                                  \
        "run", 0, ASSAY_OPT_STRING, "UUID", "Run id; default: a new one, or the newest for readers."                   \
    }
#define OPT_JOBS                                                                                                       \
    {                                                                                                                  \
        "jobs", 'j', ASSAY_OPT_NUMBER, "N", "Threads that read at the same time; default: one a core."                 \
    }
#define OPT_MEMORY                                                                                                     \
    {                                                                                                                  \
        "memory", 0, ASSAY_OPT_NUMBER, "MIB", "Ceiling of working memory in MiB; default 512."                         \
    }
#define OPT_SPILL_MAX                                                                                                  \
    {                                                                                                                  \
        "spill-max", 0, ASSAY_OPT_NUMBER, "MIB",                                                                       \
            "Ceiling of the temporary file that sealed rows are sorted in; default: none."                             \
    }
#define OPT_REPORT                                                                                                     \
    {                                                                                                                  \
        "report", 'r', ASSAY_OPT_LIST, "FORMAT[:PATH]",                                                                \
            "text, json, ndjson or html; to stdout unless a path is given."                                            \
    }
#define OPT_LEDGER                                                                                                     \
    {                                                                                                                  \
        "ledger", 0, ASSAY_OPT_STRING, "FILE", "Ledger database; instead of a plan."                                   \
    }
#define OPT_KEYS                                                                                                       \
    {                                                                                                                  \
        "keys", 0, ASSAY_OPT_STRING, "DIR", "Directory of the keys; default: keys beside the ledger."                  \
    }
#define OPT_POLICY                                                                                                     \
    {                                                                                                                  \
        "policy", 0, ASSAY_OPT_STRING, "FILE", "Believe the logs, witnesses and roles of this policy alone."           \
    }
#define OPT_TSA_CA                                                                                                     \
    {                                                                                                                  \
        "tsa-ca", 0, ASSAY_OPT_STRING, "FILE",                                                                         \
            "PEM certificates that time stamps must be traced to, at their own time."                                  \
    }
#define OPT_DRY_RUN                                                                                                    \
    {                                                                                                                  \
        "dry-run", 'n', ASSAY_OPT_FLAG, NULL, "Say what would be done; do nothing."                                    \
    }
#define OPT_SPOOL                                                                                                      \
    {                                                                                                                  \
        "spool", 0, ASSAY_OPT_STRING, "FILE", "Write signed statements there instead of to the ledger."                \
    }
#define OPT_SNAPSHOT                                                                                                   \
    {                                                                                                                  \
        "snapshot", 0, ASSAY_OPT_LIST, "[DATASET=]ID",                                                                 \
            "Read the source under this exported snapshot (or frozen copy)."                                           \
    }
#define OPT_SINCE_MARK(WHAT)                                                                                           \
    {                                                                                                                  \
        "since-mark", 0, ASSAY_OPT_FLAG, NULL, WHAT                                                                    \
    }
#define END                                                                                                            \
    {                                                                                                                  \
        0                                                                                                              \
    }

static const struct assay_opt init_opts[] = {
    {"table", 't', ASSAY_OPT_LIST, "NAME", "Table of the source; default: every one with a partner in the archive."},
    {"output", 'o', ASSAY_OPT_STRING, "FILE", "Plan file to write; default plan.yaml; - is stdout."},
    {"name", 0, ASSAY_OPT_STRING, "NAME", "Name of the dataset; default: the table's or the file's."},
    {"key", 'k', ASSAY_OPT_STRING, "COLUMNS", "Key columns, comma-separated; default: the primary key."},
    {"window", 'w', ASSAY_OPT_STRING, "COLUMN", "Column that cuts the data into segments; default: by the file names."},
    {"every", 0, ASSAY_OPT_STRING, "hour|day|month|year", "Length of a segment."},
    {"profile", 0, ASSAY_OPT_STRING, "NAME",
     "Exporter that wrote the archive: a profile, or auto: recognised by its files; assay doctor --profiles lists "
     "them."},
    {"format", 0, ASSAY_OPT_STRING, "FORMAT",
     "Format of the archive's files when the suffix does not say it, or of what exec: prints (default ndjson)."},
    {"ledger", 0, ASSAY_OPT_STRING, "FILE", "Ledger to make and name in the plan; default ledger.db beside it."},
    {"keys", 0, ASSAY_OPT_STRING, "DIR", "Directory of the keys; default keys beside the plan."},
    {"origin", 0, ASSAY_OPT_STRING, "NAME", "Name of the ledger; default assay.local/ and the directory's name."},
    {"force", 'f', ASSAY_OPT_FLAG, NULL, "Replace an existing plan file; keys and ledger are never replaced."},
    END,
};
static const struct assay_opt plan_opts[] = {
    OPT_DATASET,
    {"resolved", 0, ASSAY_OPT_FLAG, NULL, "Print the resolved form that statements cite, as JSON."},
    {"probe", 0, ASSAY_OPT_FLAG, NULL, "Open both sides and compare what is there with the plan."},
    {"coverage", 0, ASSAY_OPT_FLAG, NULL, "Name the tables, partitions and columns of the sources in no dataset."},
    {"json", 0, ASSAY_OPT_FLAG, NULL, "With --coverage: as JSON."},
    END,
};
static const struct assay_opt check_opts[] = {
    OPT_DATASET,
    OPT_SEGMENT,
    OPT_SINCE_MARK("Read only what is not known to be equal: open segments, and those that differed."),
    OPT_JOBS,
    OPT_REPORT,
    OPT_SNAPSHOT,
    {"run", 0, ASSAY_OPT_STRING, "UUID", "Run id; default: a new one."},
    {"source-only", 0, ASSAY_OPT_FLAG, NULL, "Attest the source and stop; e.g. before the archive is written."},
    {"archive-only", 0, ASSAY_OPT_FLAG, NULL, "Attest the archive and stop."},
    {"no-sample", 0, ASSAY_OPT_FLAG, NULL, "Do not read differing rows again to find the causes."},
    {"no-reveal", 0, ASSAY_OPT_FLAG, NULL,
     "Leave bounds of chunks that are sealed in the ledger sealed in the report."},
    END,
};
static const struct assay_opt verify_opts[] = {
    {"side", 0, ASSAY_OPT_STRING, "source|archive", "Which side to read."},
    OPT_DATASET,
    OPT_SEGMENT,
    OPT_SINCE_MARK("Read only what is not known to be equal: open segments, and those that differed."),
    OPT_RUN,
    OPT_JOBS,
    OPT_SNAPSHOT,
    OPT_SPOOL,
    OPT_MEMORY,
    OPT_SPILL_MAX,
    {"write-manifest", 0, ASSAY_OPT_STRING, "FILE",
     "Write a datapackage.json of the archive's files as they were read."},
    {"exporter", 0, ASSAY_OPT_STRING, "TEXT", "Name and version of what wrote the files, for the manifest."},
    END,
};
static const struct assay_opt hold_opts[] = {OPT_DATASET, END};
static const struct assay_opt reconcile_opts[] = {
    OPT_DATASET,
    {"run", 0, ASSAY_OPT_STRING, "UUID", "Run to compare; default: the newest finished run of each side."},
    OPT_SINCE_MARK("With --run: of segments that the run did not read, compare older statements."),
    {"causes-only", 0, ASSAY_OPT_FLAG, NULL, "State no verdicts, only the causes of those of this run."},
    {"no-causes", 0, ASSAY_OPT_FLAG, NULL, "State verdicts, no causes."},
    OPT_SPOOL,
    END,
};
static const struct assay_opt diff_opts[] = {
    OPT_DATASET,
    OPT_SEGMENT,
    OPT_SNAPSHOT,
    {"chunk", 'c', ASSAY_OPT_LIST, "ID", "Only this chunk; the first hex digits are enough."},
    {"limit", 'l', ASSAY_OPT_NUMBER, "N", "Rows shown at most; default 100, 0 is all."},
    {"all", 'a', ASSAY_OPT_FLAG, NULL, "Compare every chunk, not only those the ledger says differ."},
    {"mask", 'm', ASSAY_OPT_FLAG, NULL, "Show values as short keyed hashes."},
    {"mask-keys", 0, ASSAY_OPT_FLAG, NULL, "Show keys so, too."},
    {"orphans", 0, ASSAY_OPT_FLAG, NULL, "Name the archive's rows whose references lead nowhere instead."},
    {"source-gone", 0, ASSAY_OPT_FLAG, NULL,
     "Of a sealed dataset: name the rows out of the ledger and the archive alone; the source is not opened."},
    {"run", 0, ASSAY_OPT_STRING, "UUID", "With --source-gone: as the source was in that run; default: in its newest."},
    {"json", 0, ASSAY_OPT_FLAG, NULL, "One JSON object a row."},
    OPT_MEMORY,
    OPT_SPILL_MAX,
    OPT_JOBS,
    END,
};
static const struct assay_opt sample_opts[] = {
    OPT_DATASET,
    OPT_SEGMENT,
    OPT_RUN,
    OPT_SNAPSHOT,
    {"chunks", 0, ASSAY_OPT_NUMBER, "N", "Chunks looked at, over all kinds of differences; default 16, 0 is all."},
    {"rows", 0, ASSAY_OPT_NUMBER, "N", "Changed rows of a chunk whose values are looked at; default 1000."},
    {"seconds", 0, ASSAY_OPT_NUMBER, "N", "Stop after that time; default 120, 0 is never."},
    OPT_MEMORY,
    OPT_JOBS,
    OPT_SPOOL,
    END,
};
static const struct assay_opt scrub_opts[] = {
    OPT_DATASET, OPT_SEGMENT, OPT_RUN, OPT_JOBS, END,
};
static const struct assay_opt reprocess_opts[] = {
    OPT_DATASET,
    OPT_SEGMENT,
    OPT_DRY_RUN,
    END,
};
static const struct assay_opt ledger_log_opts[] = {
    OPT_LEDGER,
    OPT_KEYS,
    {"kind", 'k', ASSAY_OPT_STRING, "KIND", "Only leaves of this kind, e.g. run-end."},
    {"role", 0, ASSAY_OPT_STRING, "ROLE", "Only leaves signed by this role."},
    {"dataset", 'd', ASSAY_OPT_STRING, "NAME", "Only leaves of this dataset (name or id)."},
    {"segment", 's', ASSAY_OPT_STRING, "NAME", "Only leaves of this segment."},
    {"run", 0, ASSAY_OPT_STRING, "UUID", "Only leaves of this run."},
    {"from", 0, ASSAY_OPT_NUMBER, "INDEX", "Lowest leaf index."},
    {"limit", 'l', ASSAY_OPT_NUMBER, "N", "Leaves shown at most; default 100, 0 is all."},
    {"reverse", 0, ASSAY_OPT_FLAG, NULL, "Newest first."},
    {"json", 0, ASSAY_OPT_FLAG, NULL, "One JSON object a leaf."},
    END,
};
static const struct assay_opt ledger_opts[] = {OPT_LEDGER, OPT_KEYS, {"json", 0, ASSAY_OPT_FLAG, NULL, "JSON."}, END};
static const struct assay_opt ledger_verify_opts[] = {
    OPT_LEDGER,
    OPT_KEYS,
    OPT_POLICY,
    {"against", 0, ASSAY_OPT_LIST, "FILE",
     "An old report (JSON, HTML), checkpoint or proof: this ledger must have grown out of it."},
    OPT_TSA_CA,
    {"json", 0, ASSAY_OPT_FLAG, NULL, "JSON."},
    END,
};
static const struct assay_opt ledger_prove_opts[] = {
    OPT_LEDGER,
    OPT_KEYS,
    {"policy", 0, ASSAY_OPT_STRING, "FILE", "Under the newest checkpoint that has the quorum of this policy."},
    {"leaf", 0, ASSAY_OPT_NUMBER, "INDEX", "The leaf to prove."},
    {"row", 0, ASSAY_OPT_LIST, "VALUE",
     "Instead: the row of this key, or that there is none, in a sealed dataset; once for each column of the key."},
    {"side", 0, ASSAY_OPT_STRING, "source|archive", "With --row: the side that is read again; default: archive."},
    {"reveal", 0, ASSAY_OPT_FLAG, NULL, "With --row: put that row's bytes and its salt into the proof."},
    OPT_DATASET,
    OPT_SEGMENT,
    OPT_MEMORY,
    OPT_SPILL_MAX,
    {"out", 'o', ASSAY_OPT_STRING, "FILE", "Write the proof (C2SP tlog-proof, or of a row) there; default: stdout."},
    END,
};
static const struct assay_opt ledger_witness_opts[] = {
    OPT_LEDGER,
    OPT_KEYS,
    {"policy", 0, ASSAY_OPT_STRING, "FILE", "Ask the witnesses of this policy that have an address."},
    {"vkey", 0, ASSAY_OPT_STRING, "VKEY", "The public key line of the witness at URL, instead of a policy."},
    END,
};
static const struct assay_opt ledger_timestamp_opts[] = {
    OPT_LEDGER, OPT_KEYS, {"tsa", 0, ASSAY_OPT_STRING, "URL", "Address of the authority; instead of a command."},
    OPT_TSA_CA, END,
};
static const struct assay_opt ledger_publish_opts[] = {
    OPT_LEDGER,
    OPT_KEYS,
    {"tiles", 0, ASSAY_OPT_STRING, "DIR", "Folder to bring up to date."},
    {"no-blobs", 0, ASSAY_OPT_FLAG, NULL,
     "Without what the leaves cite; a ledger cannot be recovered from that alone."},
    END,
};
static const struct assay_opt ledger_recover_opts[] = {
    OPT_LEDGER,
    OPT_KEYS,
    {"from", 0, ASSAY_OPT_STRING, "DIR", "Folder that ledger publish wrote."},
    END,
};
static const struct assay_opt verify_proof_opts[] = {OPT_POLICY, OPT_KEYS, END};
static const struct assay_opt ledger_key_opts[] = {
    {"role", 0, ASSAY_OPT_STRING, "owner|source|archive|reconcile|ledger|approver|purger|auditor", "Whose key."},
    {"rotate", 0, ASSAY_OPT_FLAG, NULL, "Sign with a new key from now on; what the old one signed stays valid."},
    {"revoke", 0, ASSAY_OPT_FLAG, NULL,
     "The old key counts no more from now on; with --rotate a new one takes its place without the old one's consent."},
    {"store", 0, ASSAY_OPT_STRING, "URI",
     "The key that a token holds, under a URI of OpenSSL's store, and no new file."},
    {"reason", 0, ASSAY_OPT_STRING, "TEXT", "Why; it stays in the ledger."},
    END,
};
static const struct assay_opt ledger_keyring_opts[] = {
    {"recipient", 0, ASSAY_OPT_LIST, "CERT.pem",
     "Escrow the dataset key for this certificate; at least two, in place of those before."},
    {"rotate", 0, ASSAY_OPT_FLAG, NULL, "Make a new dataset key and wrap every chunk key under it."},
    {"recover", 0, ASSAY_OPT_STRING, "ESCROW.pem", "Bring a lost dataset.key back from its escrow."},
    {"private-key", 0, ASSAY_OPT_STRING, "KEY.pem", "With --recover: a recipient's private key."},
    {"reveal", 0, ASSAY_OPT_FLAG, NULL,
     "Print the key of one chunk, for whoever is to compute its root from its rows."},
    OPT_DATASET,
    OPT_SEGMENT,
    {"chunk", 'c', ASSAY_OPT_NUMBER, "N", "With --reveal: which chunk, by its number in the segment."},
    END,
};
static const struct assay_opt ledger_erase_opts[] = {
    OPT_DATASET,
    OPT_SEGMENT,
    {"chunk", 'c', ASSAY_OPT_NUMBER, "N",
     "Only this chunk, by its number in the segment; default: all of the segment."},
    {"reason", 0, ASSAY_OPT_STRING, "TEXT", "Why; it stays in the ledger."},
    {"keyring", 0, ASSAY_OPT_LIST, "FILE", "A further copy of the keyring, of any epoch; name every one there is."},
    OPT_DRY_RUN,
    END,
};
static const struct assay_opt ledger_waive_opts[] = {
    OPT_DATASET,
    OPT_SEGMENT,
    {"discrepancy", 0, ASSAY_OPT_LIST, "ID", "Only this discrepancy, as reports name it."},
    {"chunk", 'c', ASSAY_OPT_LIST, "ID", "Only those of this chunk."},
    {"column", 0, ASSAY_OPT_LIST, "NAME", "Only chunks in which no other column than the named ones differs."},
    {"cause", 0, ASSAY_OPT_STRING, "ID", "Only chunks in which nothing differs but the columns of this cause."},
    {"until", 0, ASSAY_OPT_STRING, "DATE",
     "2027-01-31, or with a time 2027-01-31T12:00:00Z; from then on it counts no more."},
    {"by", 0, ASSAY_OPT_STRING, "WHO", "Who answers for it."},
    {"reason", 0, ASSAY_OPT_STRING, "TEXT", "Why; it stays in the ledger, so no personal data."},
    {"withdraw", 0, ASSAY_OPT_STRING, "ID", "Take this waiver back."},
    OPT_DRY_RUN,
    END,
};
static const struct assay_opt report_opts[] = {
    {"run", 0, ASSAY_OPT_STRING, "UUID", "Run to report; default: the newest that was reconciled."},
    {"all", 'a', ASSAY_OPT_FLAG, NULL,
     "Also datasets of the plan that the newest run did not reach, by their own newest; with --run as unverified."},
    {"reveal", 0, ASSAY_OPT_FLAG, NULL,
     "Show bounds of chunks that are sealed in the ledger; wants the PLAN's dataset.key and keyring."},
    OPT_DATASET,
    OPT_REPORT,
    OPT_LEDGER,
    OPT_KEYS,
    END,
};
static const struct assay_opt serve_opts[] = {
    {"witness", 0, ASSAY_OPT_FLAG, NULL,
     "Cosign the checkpoints of other ledgers, as long as each grows out of the last."},
    OPT_POLICY,
    {"key", 0, ASSAY_OPT_STRING, "FILE", "The witness's private key."},
    {"new-key", 0, ASSAY_OPT_STRING, "NAME", "Make that key under this name, print its public line, and stop."},
    {"state", 0, ASSAY_OPT_STRING, "DIR", "Where the newest checkpoint of every ledger is remembered."},
    {"listen", 0, ASSAY_OPT_STRING, "[ADDRESS:]PORT", "Default 127.0.0.1:8088; port 0 is a free one."},
    END,
};
static const struct assay_opt doctor_opts[] = {
    {"profiles", 0, ASSAY_OPT_FLAG, NULL, "List the exporter profiles and what is known of each exporter."},
    END,
};
static const struct assay_opt version_opts[] = {{"json", 0, ASSAY_OPT_FLAG, NULL, "As one JSON object."}, END};

static const struct assay_opt purge_opts[] = {
    OPT_DATASET,
    {"max-age", 0, ASSAY_OPT_NUMBER, "HOURS", "How old the newest comparison may be; default 24."},
    END,
};
static const struct assay_opt purge_permit_opts[] = {
    OPT_DATASET,
    OPT_SEGMENT,
    {"accept", 0, ASSAY_OPT_LIST, "KIND:NAME",
     "Permit what else deleting does or loses, as the gate names it, e.g. cascade:items."},
    OPT_DRY_RUN,
    END,
};
static const struct assay_opt purge_run_opts[] = {
    OPT_DATASET,
    {"permit", 0, ASSAY_OPT_NUMBER, "LEAF", "The permit: a leaf of the ledger."},
    {"execute", 0, ASSAY_OPT_FLAG, NULL, "Delete; without it, it is only said what would be deleted."},
    OPT_MEMORY,
    END,
};
static const struct assay_opt purge_withdraw_opts[] = {
    {"permit", 0, ASSAY_OPT_NUMBER, "LEAF", "The permit: a leaf of the ledger."},
    {"reason", 0, ASSAY_OPT_STRING, "TEXT", "Why; it stays in the ledger."},
    END,
};
static const struct assay_opt evidence_opts[] = {
    {"out", 'o', ASSAY_OPT_STRING, "DIR|FILE.zip", "Folder or zip to write; must not exist."},
    OPT_DATASET,
    OPT_SEGMENT,
    {"sample", 0, ASSAY_OPT_NUMBER, "N", "Only N chunks, chosen by the checkpoint's root; default: all."},
    {"run", 0, ASSAY_OPT_STRING, "UUID", "Run of the report in it; default: the newest."},
    {"policy", 0, ASSAY_OPT_STRING, "FILE", "Demand and put in the cosignatures of this policy's witnesses."},
    OPT_LEDGER,
    OPT_KEYS,
    END,
};
static const struct assay_verb table[] = {
    {"init", "SOURCE ARCHIVE", "Look at both sides and write a plan.",
     "  assay init postgresql://host/sales ./archive --table orders --output plan.yaml\n"
     "  assay init sqlite:app.db 'out/*.csv.gz' --table flights --window flight_date --every month\n",
     init_opts, 2, 2, NULL, VERIFY},
    {"plan", "PLAN", "Check a plan and say what would be read.",
     "  assay plan plan.yaml\n"
     "  assay plan plan.yaml --dataset orders --resolved\n"
     "  assay plan plan.yaml --coverage\n",
     plan_opts, 1, 1, NULL, VERIFY},
    {"check", "PLAN [-- EXPORTER ARGS...]", "The whole step after an export: verify both sides, reconcile, report.",
     "  assay check plan.yaml\n"
     "  assay check plan.yaml -- ./export.sh   # export and verify one and the same snapshot\n"
     "  assay check plan.yaml --dataset orders --report text --report html:report.html\n"
     "  assay check plan.yaml --report json:result.json -q\n",
     check_opts, 1, 1, NULL, FRONT},
    {"verify", "PLAN", "Read one side and attest its chunks and objects in the ledger.",
     "  assay verify plan.yaml --side source\n"
     "  assay verify plan.yaml --side archive --segment 2001-03\n"
     "  assay verify plan.yaml --side archive --write-manifest archive/datapackage.json --exporter 'psql 15.4'\n"
     "  assay verify plan.yaml --side source --spool - | ssh keeper assay ledger append plan.yaml -\n",
     verify_opts, 1, 1, NULL, VERIFY},
    {"hold", "PLAN", "Hold a snapshot of the sources for an exporter, until standard input ends.",
     "  coproc HOLD { assay hold plan.yaml; }   # lines of DATASET, SNAPSHOT, COPY, then an empty one\n", hold_opts, 1,
     1, NULL, VERIFY},
    {"reconcile", "PLAN", "Compare the attestations of both sides; reads no data.",
     "  assay reconcile plan.yaml\n"
     "  assay reconcile plan.yaml --run 0b1c6f0e-5a0e-4c0c-9d5e-2d1b7a1f5f4e\n",
     reconcile_opts, 1, 1, NULL, RECONCILE},
    {"diff", "PLAN", "Name the rows and columns that differ, by reading both sides again.",
     "  assay diff plan.yaml --dataset orders --segment 2001-03\n"
     "  assay diff plan.yaml --dataset orders --chunk 1f3a --limit 20 --mask\n"
     "  assay diff plan.yaml --source-gone\n",
     diff_opts, 1, 1, NULL, VERIFY},
    {"sample", "PLAN", "Count, value-free, in what way rows differ: what causes are found from.",
     "  assay sample plan.yaml\n"
     "  assay sample plan.yaml --dataset orders --chunks 64 --rows 5000\n",
     sample_opts, 1, 1, NULL, VERIFY},
    {"scrub", "PLAN", "Verify the archive alone against what the ledger says it was.",
     "  assay scrub plan.yaml\n"
     "  assay scrub plan.yaml --dataset orders\n",
     scrub_opts, 1, 1, NULL, VERIFY},
    {"reprocess", "PLAN", "Order a new export of the segments with open discrepancies.",
     "  assay reprocess plan.yaml --dry-run\n"
     "  assay reprocess plan.yaml --dataset orders --segment 2001-03\n",
     reprocess_opts, 1, 1, NULL, RECONCILE},
    {"report", "[PLAN]", "Write the result of a run from the ledger alone.",
     "  assay report plan.yaml\n"
     "  assay report plan.yaml --report html:report.html --report json:result.json\n"
     "  assay report plan.yaml --reveal --report html:mine.html   # with the key values of sealed bounds\n"
     "  assay report --ledger assay.ledger --keys keys --dataset orders\n",
     report_opts, 0, 1, NULL, REPORT},
    {"evidence", "[PLAN]", "Write what an auditor needs to check the ledger without assay.",
     "  assay evidence plan.yaml --out evidence.zip\n"
     "  assay evidence plan.yaml --out evidence --sample 100\n"
     "  assay evidence plan.yaml --out evidence --policy trust.policy\n"
     "  sh evidence/verify.sh\n",
     evidence_opts, 0, 1, NULL, REPORT},
    {"purge permit", "PLAN", "Permit, as the approver, that what is proven to be archived is deleted at the source.",
     "  assay purge permit plan.yaml --dataset orders --segment 2001-03\n"
     "  assay purge permit plan.yaml --dataset orders --accept cascade:items --dry-run\n",
     purge_permit_opts, 1, 1, NULL, PURGE},
    {"purge run", "PLAN", "Delete what a permit lists, chunk by chunk, each only if its rows are the permitted ones.",
     "  assay purge run plan.yaml --permit 117\n"
     "  assay purge run plan.yaml --permit 117 --execute\n",
     purge_run_opts, 1, 1, NULL, PURGE},
    {"purge withdraw", "PLAN", "Take a permit back, as the approver: nothing more is deleted under it.",
     "  assay purge withdraw plan.yaml --permit 117 --reason 'the archive moves first'\n", purge_withdraw_opts, 1, 1,
     NULL, PURGE},
    {"purge", "PLAN", "Say what stands in the way of deleting the source's rows; deletes nothing.",
     "  assay purge plan.yaml\n"
     "  assay purge plan.yaml --dataset orders --max-age 2\n",
     purge_opts, 1, 1, NULL, PURGE},
    {"ledger log", "[PLAN]", "List the leaves of the ledger.",
     "  assay ledger log plan.yaml --kind run-end --reverse\n"
     "  assay ledger log --ledger assay.ledger --limit 0 --json\n",
     ledger_log_opts, 0, 1, NULL, VERIFY},
    {"ledger show", "[PLAN] INDEX", "Print one leaf, or a blob by its sha256, as it was signed.",
     "  assay ledger show plan.yaml 17\n"
     "  assay ledger show --ledger assay.ledger 17\n",
     ledger_opts, 1, 2, NULL, VERIFY},
    {"ledger verify", "[PLAN]", "Check every leaf, signature, checkpoint and blob.",
     "  assay ledger verify plan.yaml\n"
     "  assay ledger verify --ledger assay.ledger --keys keys\n"
     "  assay ledger verify plan.yaml --against last-year.html --policy trust.policy\n",
     ledger_verify_opts, 0, 1, NULL, VERIFY},
    {"ledger append", "[PLAN] FILE", "Take in signed statements from a spool file; - is stdin.",
     "  assay ledger append plan.yaml statements.spool\n"
     "  ssh far assay verify plan.yaml --side source --spool - | assay ledger append plan.yaml -\n",
     ledger_opts, 1, 2, NULL, VERIFY},
    {"ledger witness", "[PLAN] [URL]", "Have witnesses cosign the newest checkpoint (C2SP tlog-witness).",
     "  assay ledger witness plan.yaml --policy trust.policy\n"
     "  assay ledger witness plan.yaml https://witness.example/ --vkey 'witness.example/w1+04d2d833+BD1AF8...'\n",
     ledger_witness_opts, 0, 2, NULL, VERIFY},
    {"ledger timestamp", "[PLAN] [-- COMMAND ARGS...]", "Have an authority stamp the newest checkpoint (RFC 3161).",
     "  assay ledger timestamp plan.yaml --tsa https://tsa.example/ --tsa-ca tsa-ca.pem\n"
     "  assay ledger timestamp plan.yaml -- ./ask-tsa   # the request on its stdin, the response on its stdout\n",
     ledger_timestamp_opts, 0, 1, NULL, VERIFY},
    {"ledger publish", "[PLAN]", "Write the ledger as files (C2SP tlog-tiles), for readers and as a copy.",
     "  assay ledger publish plan.yaml --tiles /srv/www/ledger\n", ledger_publish_opts, 0, 1, NULL, VERIFY},
    {"ledger recover", "[PLAN]", "Make a lost ledger again from its published files.",
     "  assay ledger recover plan.yaml --from /srv/www/ledger\n", ledger_recover_opts, 0, 1, NULL, VERIFY},
    {"ledger prove", "[PLAN]",
     "Write a proof that a leaf is in the ledger, or a row was sealed, for whoever has no ledger.",
     "  assay ledger prove plan.yaml --leaf 17 --out 17.tlog-proof\n"
     "  assay ledger prove plan.yaml --dataset people --row 4711 --out 4711.row-proof\n"
     "  assay ledger prove plan.yaml --dataset lines --row 4711 --row 3 --reveal --out 4711-3.row-proof\n",
     ledger_prove_opts, 0, 1, NULL, VERIFY},
    {"ledger verify-proof", "PROOF [LEAF]", "Check such a proof; needs neither ledger nor keyring.",
     "  assay ledger verify-proof 17.tlog-proof --policy trust.policy\n"
     "  assay ledger verify-proof 17.tlog-proof 17.note --keys keys\n",
     verify_proof_opts, 1, 2, NULL, VERIFY},
    {"serve", "", "Be a witness for other ledgers (C2SP tlog-witness).",
     "  assay serve --witness --key witness.key --new-key witness.example/w1\n"
     "  assay serve --witness --key witness.key --policy known.policy --state seen --listen 0.0.0.0:8088\n",
     serve_opts, 0, 0, NULL, REPORT},
    {"ledger key", "PLAN", "Make the signing key of a role, or change it by a statement of the owner.",
     "  assay ledger key plan.yaml --role approver\n"
     "  assay ledger key plan.yaml --role archive --rotate --reason 'yearly'\n"
     "  assay ledger key plan.yaml --role source --revoke --rotate --reason 'laptop stolen'\n"
     "  assay ledger key plan.yaml --role approver --store 'pkcs11:token=cards;object=approver;type=private'\n",
     ledger_key_opts, 1, 1, NULL, VERIFY},
    {"ledger keyring", "PLAN",
     "Check the chunk keys; escrow, recover or rotate the dataset key they are wrapped under.",
     "  assay ledger keyring plan.yaml\n"
     "  assay ledger keyring plan.yaml --recipient keeper.pem --recipient auditor.pem\n"
     "  assay ledger keyring plan.yaml --recover keyring.escrow-1.pem --private-key keeper.key\n"
     "  assay ledger keyring plan.yaml --rotate\n",
     ledger_keyring_opts, 1, 1, NULL, VERIFY},
    {"ledger erase", "PLAN", "Destroy chunk keys, so that sealed digests say nothing any more; the ledger says why.",
     "  assay ledger erase plan.yaml --dataset people --segment 2001 --reason 'retention ended' --dry-run\n"
     "  assay ledger erase plan.yaml --dataset people --segment 2001 --chunk 3 --reason 'request 17' "
     "--keyring /backup/keyring\n",
     ledger_erase_opts, 1, 1, NULL, VERIFY},
    {"ledger waive", "PLAN", "Accept known discrepancies until a date, signed by the approver.",
     "  assay ledger waive plan.yaml --segment 2001-03 --until 2027-01-31 --by 'J. Doe' --reason 'lost in the flood' "
     "--dry-run\n"
     "  assay ledger waive plan.yaml --dataset orders --column note --until 2027-01-31 --by 'J. Doe' --reason 'ticket "
     "17'\n"
     "  assay ledger waive plan.yaml --withdraw ID --by 'J. Doe' --reason 'exported again'\n",
     ledger_waive_opts, 1, 1, NULL, RECONCILE},
    {"doctor", "[PLAN]", "Look for what would go wrong: keys, rights, clocks, sides, versions.",
     "  assay doctor\n"
     "  assay doctor plan.yaml\n"
     "  assay doctor --profiles\n",
     doctor_opts, 0, 1, NULL, VERIFY},
    {"help", "[VERB]", "Show all verbs, or examples and options of one.", "  assay help check\n", NULL, 0, 2, NULL,
     FRONT},
    {"version", "", "Print the version.", "  assay version --json\n", version_opts, 0, 0, NULL, FRONT},
    {"completion", "bash|zsh|fish", "Print a completion script for your shell.",
     "  assay completion bash > ~/.local/share/bash-completion/completions/assay\n"
     "  assay completion fish > ~/.config/fish/completions/assay.fish\n",
     NULL, 1, 1, NULL, FRONT},
    {0},
};

const struct assay_verb *assay_verbs(void)
{
    return table;
}
