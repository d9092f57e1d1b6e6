/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CSTATIONMEMORY_SHIM_H
#define CSTATIONMEMORY_SHIM_H
#include <malloc.h>

/* Buffers of up to 32 MiB come from the heap and go back to it: fresh pages for each would cost more than filling them.
   Two arenas, since two threads do nearly all the work. Memory goes back to the system from 64 MiB of unused top on. */
static inline void station_memory_policy(void) {
#ifdef __GLIBC__
    mallopt(M_MMAP_THRESHOLD, 32 << 20);
    mallopt(M_TRIM_THRESHOLD, 64 << 20);
    mallopt(M_TOP_PAD, 4 << 20);
    mallopt(M_ARENA_MAX, 2);
#endif
}

/* Gives unused memory back, after work that needed much more than usual. */
static inline void station_memory_trim(void) {
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}
#endif
