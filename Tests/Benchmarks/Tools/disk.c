// SPDX-License-Identifier: Apache-2.0
// What one appending fdatasync costs on the disk that holds the folder: the floor of one report at a time.
//
// usage: disk FOLDER TIMES   prints one line of JSON, in milliseconds
#include "wire.h"

static int ascending(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

int main(int count, char **words) {
    if (count < 3) fail("usage: disk FOLDER TIMES");
    long times = atol(words[2]);
    char path[1024], block[600];
    snprintf(path, sizeof path, "%s/disk-probe", words[1]);
    memset(block, 'x', sizeof block);
    int file = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
    uint64_t *taken = calloc((size_t)times, sizeof *taken);
    if (file < 0 || !taken || times < 1) fail("open");
    for (long index = 0; index < times; index++) {
        uint64_t start = wall_ns();
        if (write(file, block, sizeof block) != sizeof block || fdatasync(file) != 0) fail("write");
        taken[index] = wall_ns() - start;
    }
    unlink(path);
    qsort(taken, (size_t)times, sizeof *taken, ascending);
    printf("{\"p50\":%.4f,\"p99\":%.4f}\n", (double)taken[times / 2] / 1e6, (double)taken[times * 99 / 100] / 1e6);
    return 0;
}
