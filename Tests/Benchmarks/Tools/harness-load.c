// SPDX-License-Identifier: Apache-2.0
// The load and its figures.
#include "harness.h"
#include "report.h"
#include <dirent.h>

static uint64_t *sent_at;       // by the number of the report within its phase
static uint32_t *latency;       // of each acknowledgement, in tenths of a microsecond
static uint32_t *sequence;      // the last one of each station
static uint64_t random_state, first, done, last_ack, longest_pause;
static uint64_t quarter_at[4];
static int quarter;
static long phase_count;

static uint64_t next_random(void) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

void acknowledged(uint64_t number) {
    if (number < first || number - first >= (uint64_t)phase_count) return;
    uint64_t now = wall_ns(), tenths = (now - sent_at[number - first]) / 100;
    if (last_ack && now - last_ack > longest_pause) longest_pause = now - last_ack;
    last_ack = now;
    latency[done++] = tenths > UINT32_MAX ? UINT32_MAX : (uint32_t)tenths;
    while (quarter < 4 && done * 4 >= (uint64_t)phase_count * (uint64_t)(quarter + 1)) quarter_at[quarter++] = now;
    wire.acknowledged++;
}

// As both servers write it: every `"` of the JSON as `&quot;`.
static void put_report(uint64_t number) {
    uint64_t station = next_random() % (uint64_t)options.stations;
    uint32_t seq = ++sequence[station] + options.reported;
    Buffer *out = &wire.out;
    put_text(out, "<iq type='set' id='r");
    put_number(out, number);
    put_text(out, "' from='ws");
    put_number(out, station);
    put_text(out, "@localhost/st' to='");
    put_text(out, options.domain);
    put_text(out, "' xml:lang='en'><report xmlns='urn:stationmaster:1'><json xmlns='urn:xmpp:json:0'>");
    put_report_json(out, seq, "&quot;");
    put_text(out, "</json></report></iq>");
}

// One phase; returns its length in nanoseconds.
static uint64_t run(uint64_t number, long count) {
    first = number;
    phase_count = count;
    done = last_ack = longest_pause = 0;
    quarter = 0;
    wire.messages = wire.acknowledged = wire.errors = 0;
    uint64_t wanted = (uint64_t)count * (uint64_t)options.subscribers, start = wall_ns(), moved = start, mark = 0;
    long sent = 0;
    while (done < (uint64_t)count || wire.messages < wanted) {
        uint64_t now = wall_ns();
        long can = options.window - (sent - (long)done);
        if (options.rate > 0) {
            long due = (long)((double)(now - start) / 1e9 * options.rate) + 1 - sent;
            if (due < can) can = due;
        }
        if (can > count - sent) can = count - sent;
        for (; can > 0 && waiting(&wire.out) < 1 << 20; can--) {
            put_report(number + (uint64_t)sent);
            sent_at[sent++] = now;
        }
        turn(options.rate > 0 && sent < count ? 1 : 100);
        scan();
        uint64_t progress = (uint64_t)sent + done + wire.messages;
        if (progress != mark) {
            mark = progress;
            moved = now;
        } else if (now - moved > (uint64_t)options.patience * 1000000000u) {
            fprintf(stderr, "no progress: sent %ld, acknowledged %lu, messages %lu of %lu\n", sent, (unsigned long)done,
                    (unsigned long)wire.messages, (unsigned long)wanted);
            exit(1);
        }
    }
    return wall_ns() - start;
}

// Nanoseconds on a processor: all threads of the process, and its busiest one since `before`.
typedef struct {
    int count;
    long identifier[256];
    uint64_t ns[256], total;
} Threads;

static long component_pid(void) {
    FILE *file = options.pid_file ? fopen(options.pid_file, "r") : NULL;
    long pid = 0;
    if (file && fscanf(file, "%ld", &pid) != 1) pid = 0;
    if (file) fclose(file);
    return pid;
}

static Threads threads(long pid) {
    Threads all = {0};
    char path[512];
    snprintf(path, sizeof path, "/proc/%ld/task", pid);
    DIR *folder = pid > 0 ? opendir(path) : NULL;
    struct dirent *entry;
    while (folder && (entry = readdir(folder)) && all.count < 256) {
        if (entry->d_name[0] == '.') continue;
        snprintf(path, sizeof path, "/proc/%ld/task/%s/schedstat", pid, entry->d_name);
        FILE *file = fopen(path, "r");
        unsigned long ns = 0;
        if (file && fscanf(file, "%lu", &ns) == 1) {
            all.identifier[all.count] = atol(entry->d_name);
            all.ns[all.count++] = ns;
            all.total += ns;
        }
        if (file) fclose(file);
    }
    if (folder) closedir(folder);
    return all;
}

static uint64_t busiest(const Threads *before, const Threads *after) {
    uint64_t most = 0;
    for (int index = 0; index < after->count; index++) {
        uint64_t used = after->ns[index];
        for (int old = 0; old < before->count; old++)
            if (before->identifier[old] == after->identifier[index]) used -= before->ns[old];
        if (used > most) most = used;
    }
    return most;
}

static long status_kilobytes(long pid, const char *field) {
    char path[64], line[256];
    long value = -1;
    snprintf(path, sizeof path, "/proc/%ld/status", pid);
    FILE *file = pid > 0 ? fopen(path, "r") : NULL;
    while (file && fgets(line, sizeof line, file))
        if (!strncmp(line, field, strlen(field))) value = atol(line + strlen(field) + 1);
    if (file) fclose(file);
    return value;
}

typedef struct {
    uint64_t pieces, bytes;
} Heap;

static Heap heap(void) {
    Heap now = {0, 0};
    int file = options.counter ? open(options.counter, O_RDONLY | O_CLOEXEC) : -1;
    if (file >= 0 && read(file, &now, sizeof now) != sizeof now) now.pieces = now.bytes = 0;
    if (file >= 0) close(file);
    return now;
}

static int ascending(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static double percentile(double share) { return latency[(size_t)((double)(done - 1) * share)] / 10000.0; }

// Each subscriber must have got every report of the warm-up.
static void warm_up(void) {
    if (options.warmup == 0) return;
    by_subscriber = calloc((size_t)options.subscribers + 1, sizeof *by_subscriber);
    run(1, options.warmup);
    for (long number = 0; number < options.subscribers; number++) {
        if (by_subscriber[number] == (uint64_t)options.warmup) continue;
        fprintf(stderr, "sub%ld got %lu of %ld\n", number, (unsigned long)by_subscriber[number], options.warmup);
        exit(1);
    }
    free(by_subscriber);
    by_subscriber = NULL;
    if (wire.errors) fail("reports of the warm-up were refused");
}

static void print(uint64_t ns, uint64_t start, uint64_t own, const Threads *before, const Threads *after, long pid) {
    qsort(latency, done, sizeof *latency, ascending);
    double seconds = (double)ns / 1e9;
    uint64_t from = start;
    printf("\"reports\":%lu,\"seconds\":%.6f,\"messages\":%lu,\"errors\":%lu,\"reportsPerSecond\":%.1f,"
           "\"stanzasPerSecond\":%.1f,\"p50\":%.4f,\"p90\":%.4f,\"p99\":%.4f,\"max\":%.4f,\"pause\":%.3f,",
           (unsigned long)done, seconds, (unsigned long)wire.messages, (unsigned long)wire.errors,
           (double)done / seconds, (double)(done + wire.messages) / seconds, percentile(.5), percentile(.9),
           percentile(.99), percentile(1), (double)longest_pause / 1e6);
    printf("\"quarters\":[");
    for (int quarter = 0; quarter < 4; quarter++) {
        double length = (double)(quarter_at[quarter] - from) / 1e9;
        printf("%s%.1f", quarter ? "," : "", length > 0 ? (double)done / 4 / length : 0);
        from = quarter_at[quarter];
    }
    printf("],\"componentSeconds\":%.6f,\"busiestThreadSeconds\":%.6f,\"harnessSeconds\":%.6f,\"rssKilobytes\":%ld,"
           "\"peakKilobytes\":%ld,\"handshakeAt\":%lu}\n",
           (double)(after->total - before->total) / 1e9, (double)busiest(before, after) / 1e9, (double)own / 1e9,
           status_kilobytes(pid, "VmRSS"), status_kilobytes(pid, "VmHWM"), (unsigned long)wire.handshake_at);
}

void measure(void) {
    long most = options.reports > options.warmup ? options.reports : options.warmup;
    sent_at = calloc((size_t)most, sizeof *sent_at);
    latency = calloc((size_t)most, sizeof *latency);
    sequence = calloc((size_t)options.stations, sizeof *sequence);
    if (!sent_at || !latency || !sequence) fail("no memory");
    random_state = options.seed * 0x9E3779B97F4A7C15u | 1;
    warm_up();
    // Touched here, so that no page fault of the harness falls into the measurement.
    memset(latency, 1, (size_t)most * sizeof *latency);
    memset(sent_at, 1, (size_t)most * sizeof *sent_at);
    long pid = component_pid();
    Threads before = threads(pid);
    Heap heap_before = heap();
    uint64_t own = clock_ns(CLOCK_PROCESS_CPUTIME_ID), start = wall_ns();
    uint64_t ns = run(1 + (uint64_t)options.warmup, options.reports);
    own = clock_ns(CLOCK_PROCESS_CPUTIME_ID) - own;
    Threads after = threads(pid);
    Heap heap_after = heap();
    printf("{\"allocations\":%lu,\"allocatedBytes\":%lu,", (unsigned long)(heap_after.pieces - heap_before.pieces),
           (unsigned long)(heap_after.bytes - heap_before.bytes));
    print(ns, start, own, &before, &after, pid);
}
