/**
 * The history's schema, step by step. A step that was released is never changed: the next one is appended. The
 * number of steps a file has gone through is its `PRAGMA user_version`.
 */
export const MIGRATIONS: readonly string[] = [
  // 1: an audit with the figures that lists need in columns, and its snapshot once however often it was audited.
  `CREATE TABLE snapshots (
     digest TEXT PRIMARY KEY,          -- SHA-256 of the snapshot's text
     size INTEGER NOT NULL,            -- bytes of that text
     gzip BLOB NOT NULL
   ) STRICT, WITHOUT ROWID;

   CREATE TABLE audits (
     id INTEGER PRIMARY KEY AUTOINCREMENT, -- a deleted audit's number never comes back
     cluster TEXT NOT NULL,
     source TEXT NOT NULL,             -- 'context', 'manifests', 'snapshot', 'demo'
     file TEXT,                        -- kubeconfig, or the first path of manifests
     server TEXT,                      -- URL of the API server
     taken_at TEXT NOT NULL,           -- ISO times
     audited_at TEXT NOT NULL,
     version TEXT NOT NULL,            -- of the product that evaluated
     pods INTEGER NOT NULL,
     isolated_both INTEGER NOT NULL,
     ingress_only INTEGER NOT NULL,
     egress_only INTEGER NOT NULL,
     not_isolated INTEGER NOT NULL,
     not_isolatable INTEGER NOT NULL,
     unknown INTEGER NOT NULL,
     all_permitted INTEGER NOT NULL,
     paper_only INTEGER NOT NULL,
     egress_anywhere INTEGER NOT NULL,
     egress_anywhere_some_ports INTEGER NOT NULL,
     egress_ranges INTEGER NOT NULL,
     egress_depends INTEGER NOT NULL,
     egress_none INTEGER NOT NULL,
     findings_critical INTEGER NOT NULL,
     findings_high INTEGER NOT NULL,
     findings_medium INTEGER NOT NULL,
     findings_low INTEGER NOT NULL,
     findings_info INTEGER NOT NULL,
     complete INTEGER NOT NULL CHECK (complete IN (0, 1)),
     assume TEXT NOT NULL,             -- JSON: assumptions that the user set, to evaluate again with
     assumptions TEXT NOT NULL,        -- JSON: all that held, with their origin
     overview TEXT NOT NULL,           -- JSON: the result as it was shown
     digest TEXT NOT NULL REFERENCES snapshots (digest)
   ) STRICT;

   CREATE INDEX audits_by_cluster ON audits (cluster, audited_at);
   CREATE INDEX audits_by_digest ON audits (digest);`,
];
