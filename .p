assay: 1
origin: assay.local/.bench
ledger: ledger.db
keys: keys
datasets:
  csv:
    id: f6a861fd-1400-53d4-a844-57dba74fcd4a
    source: {locator: "postgresql:///postgres?host=/tmp/assay-bench-pg.ewf7m3wk&user=assay", table: orders}
    archive: {locator: "orders.csv", format: csv}
    key: [id]
    columns: {id: integer, customer: integer, status: text, amount: decimal, weight: float64, created: timestamp, shipped: timestamptz, paid: boolean, note: text}
  parquet:
    id: a4db65b6-4b8a-515d-af06-0d1acdcb5478
    source: {locator: "postgresql:///postgres?host=/tmp/assay-bench-pg.ewf7m3wk&user=assay", table: orders}
    archive: {locator: "orders.parquet", format: parquet}
    key: [id]
    columns: {id: integer, customer: integer, status: text, amount: decimal, weight: float64, created: timestamp, shipped: timestamptz, paid: boolean, note: text}
  ndjson:
    id: a601446c-db3c-5ca3-a3b0-3f38f53b4ed9
    source: {locator: "postgresql:///postgres?host=/tmp/assay-bench-pg.ewf7m3wk&user=assay", table: orders}
    archive: {locator: "orders.ndjson", format: ndjson}
    key: [id]
    columns: {id: integer, customer: integer, status: text, amount: decimal, weight: float64, created: timestamp, shipped: timestamptz, paid: boolean, note: text}
  big_csv:
    id: fbafd312-6a38-56d1-97ed-6ec57e617e98
    source: {locator: "postgresql:///postgres?host=/tmp/assay-bench-pg.ewf7m3wk&user=assay", table: orders_big}
    archive: {locator: "orders-big.csv", format: csv}
    key: [id]
    columns: {id: integer, customer: integer, status: text, amount: decimal, weight: float64, created: timestamp, shipped: timestamptz, paid: boolean, note: text}
  big_parquet:
    id: 7d5803e0-c118-58b2-b603-08691bbe0de5
    source: {locator: "postgresql:///postgres?host=/tmp/assay-bench-pg.ewf7m3wk&user=assay", table: orders_big}
    archive: {locator: "orders-big.parquet", format: parquet}
    key: [id]
    columns: {id: integer, customer: integer, status: text, amount: decimal, weight: float64, created: timestamp, shipped: timestamptz, paid: boolean, note: text}
