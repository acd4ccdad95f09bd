-- SPDX-License-Identifier: MIT
-- A ledger of version 1 (ngmt 0.1.0): the schema of step 1 in daemon/migrations.c as it was released, and operations in
-- every state that a person may have left. All ids are invented.
PRAGMA application_id = 1852271988;
PRAGMA journal_mode = WAL;
BEGIN;
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE batch (id INTEGER PRIMARY KEY, command TEXT NOT NULL, user TEXT NOT NULL, uid INTEGER NOT NULL, pid
  INTEGER NOT NULL, created_s INTEGER NOT NULL, digest TEXT NOT NULL, ready INTEGER NOT NULL DEFAULT 0);
CREATE TABLE snapshot (sha256 TEXT PRIMARY KEY, bytes INTEGER NOT NULL, read_s INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE source (id INTEGER PRIMARY KEY, sha256 TEXT NOT NULL REFERENCES snapshot, path TEXT NOT NULL, game TEXT,
  room TEXT, rules TEXT NOT NULL, read_s INTEGER NOT NULL, sequence INTEGER NOT NULL, UNIQUE (path, sha256, rules));
CREATE INDEX source_newest ON source (path, sequence);
CREATE TABLE result (id INTEGER PRIMARY KEY, source_id INTEGER NOT NULL REFERENCES source ON DELETE CASCADE, line
  INTEGER NOT NULL, player_id TEXT, type TEXT, worker_id TEXT, assignment_id TEXT, hit_id TEXT, access_code TEXT,
  exit_code TEXT, bonus_text TEXT, bonus_cents INTEGER, bonus_payable INTEGER NOT NULL, qualification_type_id TEXT,
  integer_value INTEGER, send_notification INTEGER, reason TEXT, requester_feedback TEXT, verdict INTEGER NOT NULL,
  why TEXT NOT NULL, problem_column INTEGER NOT NULL);
CREATE INDEX result_source ON result (source_id);
CREATE INDEX result_assignment ON result (assignment_id) WHERE assignment_id IS NOT NULL;
CREATE INDEX result_worker ON result (worker_id) WHERE worker_id IS NOT NULL;
CREATE TABLE working_set (result_id INTEGER PRIMARY KEY REFERENCES result ON DELETE CASCADE);
CREATE TABLE operation (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, kind INTEGER NOT NULL, state INTEGER NOT
  NULL, batch_id INTEGER NOT NULL REFERENCES batch, result_id INTEGER, token TEXT NOT NULL, assignment_id TEXT,
  worker_id TEXT, hit_id TEXT, purpose TEXT, text TEXT, qualification_type_id TEXT, integer_value INTEGER,
  send_notification INTEGER, amount_minor INTEGER NOT NULL, fee_minor INTEGER NOT NULL, currency TEXT NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0, first_sent_s INTEGER NOT NULL DEFAULT 0, doubtful INTEGER NOT NULL DEFAULT 0,
  created_s INTEGER NOT NULL, changed_s INTEGER NOT NULL, why TEXT, outcome TEXT, http_status INTEGER, request_id
  TEXT, answer TEXT);
CREATE INDEX operation_batch ON operation (batch_id);
CREATE INDEX operation_pending ON operation (batch_id) WHERE state < 6 AND state <> 1;
CREATE INDEX operation_trouble ON operation (batch_id) WHERE why IS NOT NULL AND state <> 6;
CREATE INDEX operation_assignment ON operation (assignment_id) WHERE assignment_id IS NOT NULL;
CREATE INDEX operation_worker ON operation (worker_id) WHERE worker_id IS NOT NULL;
CREATE TABLE step (id INTEGER PRIMARY KEY, operation_id INTEGER NOT NULL, at_s INTEGER NOT NULL, state INTEGER NOT
  NULL, why TEXT);
CREATE INDEX step_operation ON step (operation_id);
CREATE TABLE tally (batch_id INTEGER NOT NULL, kind INTEGER NOT NULL, state INTEGER NOT NULL, operations INTEGER NOT
  NULL, amount_minor INTEGER NOT NULL, fee_minor INTEGER NOT NULL, PRIMARY KEY (batch_id, kind, state)) WITHOUT ROWID;
CREATE TRIGGER tally_insert AFTER INSERT ON operation BEGIN INSERT INTO tally VALUES (new.batch_id, new.kind,
  new.state, 1, new.amount_minor, new.fee_minor) ON CONFLICT DO UPDATE SET operations = operations + 1, amount_minor =
  amount_minor + excluded.amount_minor, fee_minor = fee_minor + excluded.fee_minor; END;
CREATE TRIGGER tally_delete AFTER DELETE ON operation BEGIN UPDATE tally SET operations = operations - 1, amount_minor
  = amount_minor - old.amount_minor, fee_minor = fee_minor - old.fee_minor WHERE batch_id = old.batch_id AND kind =
  old.kind AND state = old.state; END;
CREATE TRIGGER tally_move AFTER UPDATE OF state, batch_id, kind, amount_minor, fee_minor ON operation BEGIN UPDATE
  tally SET operations = operations - 1, amount_minor = amount_minor - old.amount_minor, fee_minor = fee_minor -
  old.fee_minor WHERE batch_id = old.batch_id AND kind = old.kind AND state = old.state; INSERT INTO tally VALUES
  (new.batch_id, new.kind, new.state, 1, new.amount_minor, new.fee_minor) ON CONFLICT DO UPDATE SET operations =
  operations + 1, amount_minor = amount_minor + excluded.amount_minor, fee_minor = fee_minor + excluded.fee_minor;
  END;
CREATE TABLE hit_fact (hit_id TEXT PRIMARY KEY, known INTEGER NOT NULL, title TEXT, reward_minor INTEGER,
  max_assignments INTEGER, seen_s INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE assignment_fact (assignment_id TEXT PRIMARY KEY, status INTEGER NOT NULL, hit_id TEXT, worker_id TEXT,
  auto_approval_s INTEGER, seen_s INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE bonus_fact (assignment_id TEXT NOT NULL, worker_id TEXT NOT NULL, granted_s INTEGER NOT NULL,
  amount_minor INTEGER NOT NULL, reason TEXT, seen_s INTEGER NOT NULL, PRIMARY KEY (assignment_id, worker_id,
  granted_s, amount_minor)) WITHOUT ROWID;
INSERT INTO meta VALUES ('environment', 'rehearsal');
INSERT INTO batch VALUES (1, 'approve, bonus', 'ngmt', 1000, 4242, 1790000000, '0123456789abcdef', 1);
INSERT INTO hit_fact VALUES ('3NGMTHIT0000000000000000000001', 1, 'Ultimatum Game', 100, 9, 1790000000);
INSERT INTO assignment_fact VALUES ('3NGMTASG0000000000000000000001', 3, '3NGMTHIT0000000000000000000001', 'A1NGMT0000001X', NULL, 1790000000);
INSERT INTO bonus_fact VALUES ('3NGMTASG0000000000000000000001', 'A1NGMT0000001X', 1790000021, 250, 'Thank you', 1790000030);
INSERT INTO operation (id, key, kind, state, batch_id, token, assignment_id, worker_id, hit_id, purpose, text,
  qualification_type_id, integer_value, amount_minor, fee_minor, currency, attempts, first_sent_s, doubtful,
  created_s, changed_s, why, outcome) VALUES (1, 'decision/3NGMTASG0000000000000000000001', 0, 6, 1, 'NGMTTOKEN0001',
  '3NGMTASG0000000000000000000001', 'A1NGMT0000001X', '3NGMTHIT0000000000000000000001', NULL, NULL, NULL, NULL, 0, 0,
  'USD', 1, 1790000020, 0, 1790000010, 1790000031, NULL, 'approved');
INSERT INTO operation (id, key, kind, state, batch_id, token, assignment_id, worker_id, hit_id, purpose, text,
  qualification_type_id, integer_value, amount_minor, fee_minor, currency, attempts, first_sent_s, doubtful,
  created_s, changed_s, why, outcome) VALUES (2, 'bonus/3NGMTASG0000000000000000000001/A1NGMT0000001X/bonus', 2, 6, 1,
  'NGMTTOKEN0002', '3NGMTASG0000000000000000000001', 'A1NGMT0000001X', '3NGMTHIT0000000000000000000001', 'bonus',
  'Thank you', NULL, NULL, 250, 50, 'USD', 1, 1790000021, 0, 1790000010, 1790000032, NULL, 'paid');
INSERT INTO operation (id, key, kind, state, batch_id, token, assignment_id, worker_id, hit_id, purpose, text,
  qualification_type_id, integer_value, amount_minor, fee_minor, currency, attempts, first_sent_s, doubtful,
  created_s, changed_s, why, outcome) VALUES (3, 'decision/3NGMTASG0000000000000000000002', 0, 6, 1, 'NGMTTOKEN0003',
  '3NGMTASG0000000000000000000002', 'A1NGMT0000002X', '3NGMTHIT0000000000000000000001', NULL, NULL, NULL, NULL, 0, 0,
  'USD', 2, 1790000020, 1, 1790000010, 1790000033, 'MTurk shows it as Approved already', 'already-approved');
INSERT INTO operation (id, key, kind, state, batch_id, token, assignment_id, worker_id, hit_id, purpose, text,
  qualification_type_id, integer_value, amount_minor, fee_minor, currency, attempts, first_sent_s, doubtful,
  created_s, changed_s, why, outcome) VALUES (4, 'bonus/3NGMTASG0000000000000000000002/A1NGMT0000002X/bonus', 2, 1, 1,
  'NGMTTOKEN0004', '3NGMTASG0000000000000000000002', 'A1NGMT0000002X', '3NGMTHIT0000000000000000000001', 'bonus',
  'Thank you', NULL, NULL, 75, 15, 'USD', 3, 1790000021, 1, 1790000010, 1790000034, 'the answer was lost, and MTurk''s
  list does not show it: a person must decide', 'not-found');
INSERT INTO operation (id, key, kind, state, batch_id, token, assignment_id, worker_id, hit_id, purpose, text,
  qualification_type_id, integer_value, amount_minor, fee_minor, currency, attempts, first_sent_s, doubtful,
  created_s, changed_s, why, outcome) VALUES (5, 'decision/3NGMTASG0000000000000000000003', 0, 1, 1, 'NGMTTOKEN0005',
  '3NGMTASG0000000000000000000003', 'A1NGMT0000003X', '3NGMTHIT0000000000000000000001', NULL, NULL, NULL, NULL, 0, 0,
  'USD', 0, 0, 0, 1790000010, 1790000035, 'the file says worker A1NGMT0000003X, MTurk says worker A1NGMT0000009X; no
  money moved', NULL);
INSERT INTO operation (id, key, kind, state, batch_id, token, assignment_id, worker_id, hit_id, purpose, text,
  qualification_type_id, integer_value, amount_minor, fee_minor, currency, attempts, first_sent_s, doubtful,
  created_s, changed_s, why, outcome) VALUES (6, 'bonus/3NGMTASG0000000000000000000004/A1NGMT0000004X/bonus', 2, 5, 1,
  'NGMTTOKEN0006', '3NGMTASG0000000000000000000004', 'A1NGMT0000004X', '3NGMTHIT0000000000000000000001', 'bonus',
  'Thank you', NULL, NULL, 40, 8, 'USD', 1, 1790000022, 1, 1790000010, 1790000036, 'the answer was lost; whether MTurk
  acted is being found out', 'no-answer');
INSERT INTO operation (id, key, kind, state, batch_id, token, assignment_id, worker_id, hit_id, purpose, text,
  qualification_type_id, integer_value, amount_minor, fee_minor, currency, attempts, first_sent_s, doubtful,
  created_s, changed_s, why, outcome) VALUES (7, 'bonus/3NGMTASG0000000000000000000005/A1NGMT0000005X/bonus', 2, 7, 1,
  'NGMTTOKEN0007', '3NGMTASG0000000000000000000005', 'A1NGMT0000005X', '3NGMTHIT0000000000000000000001', 'bonus',
  'Thank you', NULL, NULL, 30, 6, 'USD', 1, 1790000023, 0, 1790000010, 1790000037, 'MTurk refused it; no money moved',
  'refused');
INSERT INTO operation (id, key, kind, state, batch_id, token, assignment_id, worker_id, hit_id, purpose, text,
  qualification_type_id, integer_value, amount_minor, fee_minor, currency, attempts, first_sent_s, doubtful,
  created_s, changed_s, why, outcome) VALUES (8, 'qualify/3NGMTQUAL00000001/A1NGMT0000001X/1', 3, 6, 1,
  'NGMTTOKEN0008', '3NGMTASG0000000000000000000001', 'A1NGMT0000001X', '3NGMTHIT0000000000000000000001', NULL, NULL,
  '3NGMTQUAL00000001', 1, 0, 0, 'USD', 1, 1790000024, 0, 1790000010, 1790000038, NULL, 'granted');
INSERT INTO operation (id, key, kind, state, batch_id, token, assignment_id, worker_id, hit_id, purpose, text,
  qualification_type_id, integer_value, amount_minor, fee_minor, currency, attempts, first_sent_s, doubtful,
  created_s, changed_s, why, outcome) VALUES (9, 'decision/3NGMTASG0000000000000000000006', 0, 0, 1, 'NGMTTOKEN0009',
  '3NGMTASG0000000000000000000006', 'A1NGMT0000006X', '3NGMTHIT0000000000000000000001', NULL, NULL, NULL, NULL, 0, 0,
  'USD', 0, 0, 0, 1790000010, 1790000039, NULL, NULL);
INSERT INTO operation (id, key, kind, state, batch_id, token, assignment_id, worker_id, hit_id, purpose, text,
  qualification_type_id, integer_value, amount_minor, fee_minor, currency, attempts, first_sent_s, doubtful,
  created_s, changed_s, why, outcome) VALUES (10, 'bonus/3NGMTASG0000000000000000000006/A1NGMT0000006X/bonus', 2, 8,
  1, 'NGMTTOKEN0010', '3NGMTASG0000000000000000000006', 'A1NGMT0000006X', '3NGMTHIT0000000000000000000001', 'bonus',
  'Thank you', NULL, NULL, 10, 2, 'USD', 0, 0, 0, 1790000010, 1790000040, 'taken back', NULL);
INSERT INTO step VALUES (1, 1, 1790000010, 0, NULL);
INSERT INTO step VALUES (2, 1, 1790000011, 2, NULL);
INSERT INTO step VALUES (3, 1, 1790000012, 3, NULL);
INSERT INTO step VALUES (4, 1, 1790000013, 6, NULL);
INSERT INTO step VALUES (5, 2, 1790000010, 0, NULL);
INSERT INTO step VALUES (6, 2, 1790000011, 2, NULL);
INSERT INTO step VALUES (7, 2, 1790000012, 3, NULL);
INSERT INTO step VALUES (8, 2, 1790000013, 6, NULL);
INSERT INTO step VALUES (9, 3, 1790000010, 0, NULL);
INSERT INTO step VALUES (10, 3, 1790000011, 2, NULL);
INSERT INTO step VALUES (11, 3, 1790000012, 3, NULL);
INSERT INTO step VALUES (12, 3, 1790000013, 6, 'MTurk shows it as Approved already');
INSERT INTO step VALUES (13, 4, 1790000010, 0, NULL);
INSERT INTO step VALUES (14, 4, 1790000011, 1, 'the answer was lost, and MTurk''s list does not show it: a person must
  decide');
INSERT INTO step VALUES (15, 5, 1790000010, 0, NULL);
INSERT INTO step VALUES (16, 5, 1790000011, 1, 'the file says worker A1NGMT0000003X, MTurk says worker A1NGMT0000009X;
  no money moved');
INSERT INTO step VALUES (17, 6, 1790000010, 0, NULL);
INSERT INTO step VALUES (18, 6, 1790000011, 2, NULL);
INSERT INTO step VALUES (19, 6, 1790000012, 3, NULL);
INSERT INTO step VALUES (20, 6, 1790000013, 5, 'the answer was lost; whether MTurk acted is being found out');
INSERT INTO step VALUES (21, 7, 1790000010, 0, NULL);
INSERT INTO step VALUES (22, 7, 1790000011, 2, NULL);
INSERT INTO step VALUES (23, 7, 1790000012, 3, NULL);
INSERT INTO step VALUES (24, 7, 1790000013, 7, 'MTurk refused it; no money moved');
INSERT INTO step VALUES (25, 8, 1790000010, 0, NULL);
INSERT INTO step VALUES (26, 8, 1790000011, 2, NULL);
INSERT INTO step VALUES (27, 8, 1790000012, 3, NULL);
INSERT INTO step VALUES (28, 8, 1790000013, 6, NULL);
INSERT INTO step VALUES (29, 9, 1790000010, 0, NULL);
INSERT INTO step VALUES (30, 10, 1790000010, 0, NULL);
INSERT INTO step VALUES (31, 10, 1790000011, 8, 'taken back');
PRAGMA user_version = 1;
COMMIT;
