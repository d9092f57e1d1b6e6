// SPDX-License-Identifier: Apache-2.0
// The loop of a micro benchmark: a tenth of the time to warm up, then the time; the same line of JSON as the Swift side.
#ifndef STOPWATCH_H
#define STOPWATCH_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static inline uint64_t stopwatch_ns(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

// `work` says how much it has done.
static inline void stopwatch(double seconds, long (*work)(void *), void *context) {
    for (int round = 0; round < 2; round++) {
        uint64_t start = stopwatch_ns(CLOCK_MONOTONIC), thread = stopwatch_ns(CLOCK_THREAD_CPUTIME_ID), now;
        uint64_t length = (uint64_t)(seconds * (round == 0 ? 1e8 : 1e9));
        long operations = 0;
        do operations += work(context);
        while ((now = stopwatch_ns(CLOCK_MONOTONIC)) - start < length);
        thread = stopwatch_ns(CLOCK_THREAD_CPUTIME_ID) - thread;
        if (round == 1)
            printf("{\"operations\":%ld,\"perSecond\":%.1f,\"threadNanoseconds\":%.2f}\n", operations,
                   (double)operations * 1e9 / (double)(now - start), (double)thread / (double)operations);
    }
}

// A whole file, with `padding` zero bytes behind it.
static inline char *file_text(const char *path, size_t padding, size_t *length) {
    FILE *file = fopen(path, "rb");
    if (!file) exit(1);
    fseek(file, 0, SEEK_END);
    *length = (size_t)ftell(file);
    rewind(file);
    char *text = (char *)calloc(1, *length + padding + 1);
    if (!text || fread(text, 1, *length, file) != *length) exit(1);
    fclose(file);
    return text;
}

#endif
