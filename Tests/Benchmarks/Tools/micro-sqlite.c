// SPDX-License-Identifier: Apache-2.0
// The limit of storing: SQLite through its C API, synchronous=FULL, one table without any index, so many rows a
// transaction. usage: micro-sqlite FOLDER SECONDS ROWS
#include "stopwatch.h"
#include <sqlite3.h>
#include <string.h>

static sqlite3 *database;
static sqlite3_stmt *insert;
static long rows;
static uint64_t state = 88172645463325252u;
static sqlite3_int64 sequences[10000];
static char body[190];

static void run(const char *sql) {
    if (sqlite3_exec(database, sql, NULL, NULL, NULL) != SQLITE_OK) exit(1);
}

static long append(void *context) {
    (void)context;
    run("BEGIN IMMEDIATE");
    for (long row = 0; row < rows; row++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        size_t station = state % 10000;
        sqlite3_bind_int64(insert, 1, (sqlite3_int64)station + 1);
        sqlite3_bind_int64(insert, 2, ++sequences[station]);
        sqlite3_bind_int64(insert, 3, 1795413600000);
        sqlite3_bind_blob(insert, 4, body, sizeof body, SQLITE_STATIC);
        if (sqlite3_step(insert) != SQLITE_DONE) exit(1);
        sqlite3_reset(insert);
    }
    run("COMMIT");
    return rows;
}

int main(int words, char **word) {
    char path[1024];
    if (words < 4) return 1;
    rows = atol(word[3]);
    memset(body, 'x', sizeof body);
    snprintf(path, sizeof path, "%s/limit.sqlite", word[1]);
    remove(path);
    if (sqlite3_open(path, &database) != SQLITE_OK) return 1;
    run("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=4000; PRAGMA cache_size=-65536;"
        "CREATE TABLE log (position INTEGER PRIMARY KEY, station INTEGER NOT NULL, sequence INTEGER NOT NULL,"
        " received_ms INTEGER NOT NULL, body BLOB NOT NULL) STRICT");
    if (sqlite3_prepare_v2(database, "INSERT INTO log (station, sequence, received_ms, body) VALUES (?, ?, ?, ?)", -1,
                           &insert, NULL) != SQLITE_OK)
        return 1;
    stopwatch(atof(word[2]), append, NULL);
    sqlite3_finalize(insert);
    sqlite3_close(database);
    return 0;
}
