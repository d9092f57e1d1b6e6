// SPDX-License-Identifier: Apache-2.0
// The parts of the harness: options and link (harness.c), what comes back (harness-scan.c), the load (harness-load.c).
#ifndef HARNESS_H
#define HARNESS_H

#include "wire.h"

typedef struct {
    const char *domain, *secret, *hold, *pid_file;
    // A file with two 64-bit numbers, see count-allocations.c; what is added to them during the load is printed.
    const char *counter;
    int port, patience, settle;
    long stations, subscribers, window, reports, warmup, online;
    double rate;
    uint64_t seed;
    // How many reports each station has sent before.
    uint32_t reported;
} Options;

typedef struct {
    int descriptor;
    Buffer in, out;
    uint64_t handshake_at;
    // Counted by scan().
    uint64_t stanzas, acknowledged, messages, errors, barriers;
    uint64_t bytes_in, bytes_out;
    // Where the search for the end of the stanza at in.start goes on.
    size_t searched;
} Link;

extern Options options;
extern Link wire;

// Writes and reads what can be written and read, waiting at most `milliseconds` for it.
void turn(int milliseconds);
// Counts the stanzas that have come; tells `acknowledged` of each result.
void scan(void);
// An acknowledgement of the report with this number has come.
void acknowledged(uint64_t number);
// While this is set, messages are also counted by subscriber.
extern uint64_t *by_subscriber;
// Warms up, measures, prints.
void measure(void);

#endif
