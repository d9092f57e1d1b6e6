// SPDX-License-Identifier: Apache-2.0
// Where a stanza ends. Those that are measured hold no other one of their own name, and character data holds no bare
// `<`, so the end tag of the name is the end.
#ifndef STANZAS_H
#define STANZAS_H

#include "wire.h"

// The value of ` name=` in the tag, up to `limit`; nil if it is not there.
static inline const char *value_of(const char *tag, const char *limit, const char *name) {
    const char *found = memmem(tag, (size_t)(limit - tag), name, strlen(name));
    return found ? found + strlen(name) + 1 : NULL;
}

// One past the `>` of the start tag; nil if it has not come yet.
static inline const char *end_of_tag(const char *tag, const char *limit) {
    char quote = 0;
    for (const char *at = tag; at < limit; at++) {
        if (quote) {
            if (*at == quote) quote = 0;
        } else if (*at == '>') return at + 1;
        else if (*at == '\'' || *at == '"') quote = *at;
    }
    return NULL;
}

// One past the stanza that begins at `stanza`; nil if it has not come yet. `searched`: where the search goes on then.
static inline const char *end_of(const char *stanza, const char *limit, const char *closing, size_t *searched) {
    const char *tag_end = end_of_tag(stanza, limit);
    if (!tag_end || tag_end[-2] == '/') return tag_end;
    const char *from = stanza + (*searched > (size_t)(tag_end - stanza) ? *searched : (size_t)(tag_end - stanza));
    const char *found = memmem(from, (size_t)(limit - from), closing, strlen(closing));
    if (found) return found + strlen(closing);
    size_t seen = (size_t)(limit - stanza), overlap = strlen(closing);
    *searched = seen > overlap ? seen - overlap : 0;
    return NULL;
}

#endif
