"""The tables, as data. `VERSION` rises with every change; `store` refuses a file that is newer than it."""

from typing import Final

from prasan.stores.rows import EVERYBODY
from prasan.stores.sqlite.accord_changes import ACCORD_CHANGES
from prasan.stores.sqlite.consents import CONSENTS
from prasan.stores.sqlite.names import NAMES
from prasan.stores.sqlite.recalls import ONWARD
from prasan.stores.sqlite.requests import REQUESTS
from prasan.stores.sqlite.trust import TRUST

VERSION: Final = 4

VARIANTS: Final = """
CREATE TABLE variants (
  recipient TEXT NOT NULL, object_id TEXT NOT NULL, version TEXT NOT NULL, type TEXT NOT NULL, kind TEXT NOT NULL,
  sha256 TEXT NOT NULL, bytes BLOB NOT NULL, marking BLOB NOT NULL, facts BLOB NOT NULL, received_us INTEGER NOT NULL,
  event BLOB NOT NULL, PRIMARY KEY (recipient, object_id)
) STRICT, WITHOUT ROWID;
"""

PROFILES: Final = """
CREATE TABLE profiles (n INTEGER PRIMARY KEY, body BLOB NOT NULL UNIQUE) STRICT;
INSERT INTO profiles VALUES (0, x'');
CREATE TABLE outlooks (recipient TEXT NOT NULL, profile INTEGER NOT NULL, key BLOB NOT NULL,
  PRIMARY KEY (recipient, profile)) STRICT, WITHOUT ROWID;
CREATE TABLE bases (recipient TEXT PRIMARY KEY, until_us INTEGER, hidden TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE pending (r INTEGER NOT NULL, profile INTEGER NOT NULL, after INTEGER NOT NULL,
  PRIMARY KEY (r, profile)) STRICT, WITHOUT ROWID;
CREATE TABLE turned (o INTEGER NOT NULL, r INTEGER NOT NULL, codes BLOB NOT NULL, PRIMARY KEY (o, r))
  STRICT, WITHOUT ROWID;
CREATE TABLE refs (ref TEXT NOT NULL, o INTEGER NOT NULL, PRIMARY KEY (ref, o)) STRICT, WITHOUT ROWID;
"""
"""How decisions are worked out by profile (see `profiles`), and who refers to whom."""

VIEWS: Final = f"""
{NAMES}
CREATE TABLE recipients (r INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, seq INTEGER NOT NULL,
  date_added_us INTEGER NOT NULL) STRICT;
INSERT INTO recipients VALUES (0, '{EVERYBODY}', 0, 0);
CREATE TABLE views (
  n INTEGER PRIMARY KEY, o INTEGER NOT NULL, r INTEGER NOT NULL, seq INTEGER NOT NULL, date_added_us INTEGER NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('current', 'superseded', 'narrowed', 'recalled')),
  lane TEXT NOT NULL, profile INTEGER NOT NULL, form TEXT NOT NULL, type TEXT NOT NULL, view_id TEXT NOT NULL,
  version TEXT NOT NULL, vkey TEXT NOT NULL, object_version TEXT NOT NULL, sha256 TEXT NOT NULL,
  statement BLOB NOT NULL, bytes BLOB
) STRICT;
CREATE TABLE id_map (
  o INTEGER NOT NULL, r INTEGER NOT NULL, view_id TEXT NOT NULL, created_us INTEGER NOT NULL, sticky BLOB NOT NULL,
  PRIMARY KEY (o, r)
) STRICT, WITHOUT ROWID;
CREATE TABLE due (o INTEGER NOT NULL, r INTEGER NOT NULL, at_us INTEGER NOT NULL, PRIMARY KEY (o, r))
  STRICT, WITHOUT ROWID;
"""  # noqa: S608 - constants only
"""Who reads what: everything that is written once for each recipient of each object, by number (see `names`)."""

_INDEXES: Final = """
CREATE UNIQUE INDEX objects_version ON objects (o, vkey, version);
CREATE INDEX objects_profile ON objects (profile, n);
CREATE INDEX variants_profile ON variants (recipient, profile);
CREATE UNIQUE INDEX views_seq ON views (r, seq);
CREATE INDEX views_lane ON views (r, lane, date_added_us, status);
CREATE INDEX views_object ON views (o, r);
CREATE INDEX views_profile ON views (profile, o, r) WHERE status = 'current';
CREATE UNIQUE INDEX id_map_back ON id_map (view_id, r);
CREATE INDEX due_at ON due (at_us);
CREATE INDEX recalls_out_target ON recalls_out (object_id);
"""

_TO_NUMBERS: Final = f"""
ALTER TABLE recipients RENAME TO recipients_3;
ALTER TABLE views RENAME TO views_3;
ALTER TABLE id_map RENAME TO id_map_3;
DROP TABLE due;
{VIEWS}
INSERT INTO names (id) SELECT id FROM objects GROUP BY id ORDER BY min(n);
INSERT OR IGNORE INTO names (id) SELECT object_id FROM views_3 ORDER BY n;
INSERT OR IGNORE INTO names (id) SELECT object_id FROM id_map_3 ORDER BY created_us;
INSERT OR IGNORE INTO recipients (id, seq, date_added_us) SELECT id, seq, date_added_us FROM recipients_3;
INSERT OR IGNORE INTO recipients (id, seq, date_added_us)
  SELECT recipient, max(seq), max(date_added_us) FROM views_3 GROUP BY recipient;
INSERT OR IGNORE INTO recipients (id, seq, date_added_us) SELECT recipient, 0, 0 FROM id_map_3;
INSERT INTO views SELECT v.n, m.o, p.r, v.seq, v.date_added_us, v.status, v.lane, 0, v.form, v.type, v.view_id,
  v.version, v.vkey, v.object_version, v.sha256, v.statement, v.bytes
  FROM views_3 v JOIN names m ON m.id = v.object_id JOIN recipients p ON p.id = v.recipient ORDER BY v.n;
INSERT INTO id_map SELECT m.o, p.r, i.view_id, i.created_us, i.sticky
  FROM id_map_3 i JOIN names m ON m.id = i.object_id JOIN recipients p ON p.id = i.recipient;
ALTER TABLE objects ADD COLUMN o INTEGER NOT NULL DEFAULT 0;
UPDATE objects SET o = (SELECT m.o FROM names m WHERE m.id = objects.id);
DROP TABLE views_3;
DROP TABLE id_map_3;
DROP TABLE recipients_3;
DROP INDEX objects_version;
"""  # noqa: S608 - constants only

_TO_PROFILES: Final = f"""
{PROFILES}
ALTER TABLE objects ADD COLUMN profile INTEGER NOT NULL DEFAULT 0;
ALTER TABLE variants ADD COLUMN profile INTEGER NOT NULL DEFAULT 0;
{_INDEXES}
DROP TABLE states;
INSERT INTO due SELECT o, 0, 0 FROM names WHERE id IN (SELECT id FROM objects);
"""  # noqa: S608 - constants only
"""An older store knows no profiles: everything is decided once more, and its pages wait for that."""

UPGRADES: Final = {
    2: VARIANTS,
    3: TRUST + ACCORD_CHANGES + CONSENTS + REQUESTS + ONWARD + _TO_NUMBERS + _TO_PROFILES,
}
"""What makes a store of the next version of one that is older."""

TABLES: Final = (
    VARIANTS.replace("event BLOB NOT NULL,", "event BLOB NOT NULL, profile INTEGER NOT NULL DEFAULT 0,")
    + TRUST
    + ACCORD_CHANGES
    + CONSENTS
    + REQUESTS
    + PROFILES
    + VIEWS
    + """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE objects (
  n INTEGER PRIMARY KEY, id TEXT NOT NULL, version TEXT NOT NULL, vkey TEXT NOT NULL, type TEXT NOT NULL,
  kind TEXT NOT NULL, origin TEXT NOT NULL, sha256 TEXT NOT NULL, bytes BLOB NOT NULL, marking BLOB NOT NULL,
  facts BLOB NOT NULL, received_us INTEGER NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('current', 'superseded', 'withdrawn', 'revoked')),
  profile INTEGER NOT NULL DEFAULT 0, o INTEGER NOT NULL
) STRICT;
CREATE INDEX objects_type ON objects (type, n) WHERE status IN ('current', 'revoked');
CREATE INDEX objects_origin ON objects (origin, n);

CREATE TABLE speakers (id TEXT PRIMARY KEY, speaker TEXT NOT NULL, since_us INTEGER NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE partners (
  id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, card BLOB NOT NULL, added_us INTEGER NOT NULL,
  suspended INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE accords (
  hash TEXT PRIMARY KEY, name TEXT NOT NULL, bytes BLOB NOT NULL, signed BLOB NOT NULL, state TEXT NOT NULL,
  changed_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE policies (
  number INTEGER PRIMARY KEY, sha256 TEXT NOT NULL, bytes BLOB NOT NULL, adopted_by TEXT NOT NULL,
  adopted_us INTEGER NOT NULL
) STRICT;

CREATE TABLE users (
  name TEXT PRIMARY KEY, role TEXT NOT NULL, password TEXT NOT NULL, partner TEXT, changed_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE tokens (sha256 TEXT PRIMARY KEY, user TEXT NOT NULL REFERENCES users (name) ON DELETE CASCADE,
  created_us INTEGER NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE cursors (
  partner TEXT NOT NULL, lane TEXT NOT NULL, collection TEXT NOT NULL, added_after TEXT NOT NULL, seq INTEGER NOT NULL,
  acked INTEGER NOT NULL, PRIMARY KEY (partner, lane)
) STRICT, WITHOUT ROWID;
CREATE TABLE acks (recipient TEXT NOT NULL, lane TEXT NOT NULL, upto INTEGER NOT NULL, at_us INTEGER NOT NULL,
  PRIMARY KEY (recipient, lane)) STRICT, WITHOUT ROWID;
CREATE TABLE nonces (issuer TEXT NOT NULL, nonce TEXT NOT NULL, until_us INTEGER NOT NULL,
  PRIMARY KEY (issuer, nonce)) STRICT, WITHOUT ROWID;
CREATE INDEX nonces_until ON nonces (until_us);
CREATE TABLE received (
  n INTEGER PRIMARY KEY, partner TEXT NOT NULL, lane TEXT NOT NULL, seq INTEGER NOT NULL, object_id TEXT NOT NULL,
  version TEXT NOT NULL, sha256 TEXT NOT NULL, statement BLOB NOT NULL, received_us INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX received_version ON received (partner, object_id, version);
CREATE TABLE quarantine (
  n INTEGER PRIMARY KEY, partner TEXT NOT NULL, object_id TEXT NOT NULL, version TEXT NOT NULL, reason TEXT NOT NULL,
  sha256 TEXT NOT NULL, bytes BLOB NOT NULL, at_us INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX quarantine_once ON quarantine (partner, object_id, version, reason, sha256);
CREATE TABLE conflicts (
  n INTEGER PRIMARY KEY, partner TEXT NOT NULL, object_id TEXT NOT NULL, version TEXT NOT NULL,
  kept_sha256 TEXT NOT NULL, other_sha256 TEXT NOT NULL, bytes BLOB NOT NULL, at_us INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX conflicts_once ON conflicts (partner, object_id, version, other_sha256);

CREATE TABLE recalls_out (
  id TEXT PRIMARY KEY, object_id TEXT NOT NULL, view_id TEXT NOT NULL, recipient TEXT NOT NULL, reason TEXT NOT NULL,
  deadline_us INTEGER NOT NULL, issued_us INTEGER NOT NULL, receipt BLOB, answered_us INTEGER,
  receipt_vkey TEXT NOT NULL DEFAULT '', allowed_us INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX recalls_out_object ON recalls_out (recipient, object_id);
CREATE TABLE recalls_in (
  id TEXT NOT NULL, partner TEXT NOT NULL, target_id TEXT NOT NULL, reason TEXT NOT NULL, deadline_us INTEGER NOT NULL,
  received_us INTEGER NOT NULL, answered_us INTEGER, PRIMARY KEY (partner, id)
) STRICT, WITHOUT ROWID;
CREATE TABLE taken_back (partner TEXT NOT NULL, id TEXT NOT NULL, version TEXT NOT NULL,
  PRIMARY KEY (partner, id, version)) STRICT, WITHOUT ROWID;
CREATE TABLE outbox (
  n INTEGER PRIMARY KEY, id TEXT NOT NULL, partner TEXT NOT NULL, bytes BLOB NOT NULL, queued_us INTEGER NOT NULL,
  posted_us INTEGER
) STRICT;
CREATE UNIQUE INDEX outbox_once ON outbox (partner, id);

CREATE TABLE inbox (
  n INTEGER PRIMARY KEY, owner TEXT NOT NULL, id TEXT NOT NULL, version TEXT NOT NULL, vkey TEXT NOT NULL,
  type TEXT NOT NULL, spec_version TEXT NOT NULL, sha256 TEXT NOT NULL, bytes BLOB NOT NULL,
  date_added_us INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX inbox_version ON inbox (owner, id, spec_version, vkey, version);
CREATE UNIQUE INDEX inbox_page ON inbox (owner, date_added_us);
CREATE TABLE statuses (id TEXT PRIMARY KEY, owner TEXT NOT NULL, body BLOB NOT NULL, at_us INTEGER NOT NULL)
  STRICT, WITHOUT ROWID;
CREATE INDEX statuses_at ON statuses (at_us);

CREATE TABLE events (
  n INTEGER PRIMARY KEY, id TEXT NOT NULL, revision INTEGER NOT NULL, kind TEXT NOT NULL, state TEXT NOT NULL,
  body BLOB NOT NULL, latest INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX events_revision ON events (id, revision);
CREATE INDEX events_latest ON events (kind, n) WHERE latest = 1;

CREATE TABLE logs (name TEXT PRIMARY KEY, frontier BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE leaves (log TEXT NOT NULL, i INTEGER NOT NULL, leaf BLOB NOT NULL, PRIMARY KEY (log, i))
  STRICT, WITHOUT ROWID;
CREATE TABLE entries (log TEXT NOT NULL, i INTEGER NOT NULL, salt BLOB NOT NULL, entry BLOB NOT NULL,
  PRIMARY KEY (log, i)) STRICT, WITHOUT ROWID;
CREATE TABLE checkpoints (
  log TEXT NOT NULL, size INTEGER NOT NULL, by TEXT NOT NULL, note TEXT NOT NULL, at_us INTEGER NOT NULL,
  PRIMARY KEY (log, by, size)
) STRICT, WITHOUT ROWID;
"""
    + ONWARD
    + _INDEXES
)
