-- All times are seconds on the machine's boot-time clock, which is the same for every process.
CREATE TABLE IF NOT EXISTS slot (
    ident TEXT PRIMARY KEY,
    server TEXT NOT NULL,
    due REAL NOT NULL,       -- when it is free; while a request holds it: when its lease ends
    out INTEGER NOT NULL     -- whether a request holds it
) WITHOUT ROWID;

-- One that waits says when it will ask again, for a slot beside so many spare ones.
CREATE TABLE IF NOT EXISTS server (
    ident TEXT PRIMARY KEY,
    seen REAL NOT NULL,
    again REAL,
    spare INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;

-- One row. The gate is shut until a moment, or open where that is null; a probe is out until it must have ended.
CREATE TABLE IF NOT EXISTS book (
    latest REAL NOT NULL,
    turns INTEGER NOT NULL,
    shut REAL,
    probe TEXT,
    probing REAL NOT NULL DEFAULT 0
);
INSERT INTO book (latest, turns) SELECT 0, 0 WHERE NOT EXISTS (SELECT * FROM book);

CREATE TABLE IF NOT EXISTS change (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    server TEXT NOT NULL,
    tags TEXT NOT NULL,      -- a JSON array
    settle REAL NOT NULL
);
