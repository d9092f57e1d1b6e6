// SPDX-License-Identifier: Apache-2.0
// Splits what the component sends into stanzas. A stanza of the kinds that are measured holds no other one of its own
// name, and character data holds no bare `<`, so its end tag is its end.
#include "harness.h"

uint64_t *by_subscriber;

void turn(int milliseconds) {
    struct pollfd event = {.fd = wire.descriptor, .events = POLLIN};
    size_t before = waiting(&wire.out);
    if (!flush_to(wire.descriptor, &wire.out)) fail("the component has gone");
    wire.bytes_out += before - waiting(&wire.out);
    if (waiting(&wire.out) > 0) event.events |= POLLOUT;
    if (poll(&event, 1, milliseconds) <= 0) return;
    for (int round = 0; round < 8; round++) {
        ssize_t got = fill_from(wire.descriptor, &wire.in, 1 << 18);
        if (got < 0) fail("the component has gone");
        if (got == 0) break;
        wire.bytes_in += (uint64_t)got;
        if (got < 1 << 18) break;
    }
}

// The value of ` name='` in the start tag, up to `limit`; nil if it is not there.
static const char *value_of(const char *tag, const char *limit, const char *name) {
    const char *found = memmem(tag, (size_t)(limit - tag), name, strlen(name));
    return found ? found + strlen(name) + 1 : NULL;
}

// One past the `>` of the start tag; nil if it has not come yet.
static const char *end_of_tag(const char *tag, const char *limit) {
    char quote = 0;
    for (const char *at = tag; at < limit; at++) {
        if (quote) {
            if (*at == quote) quote = 0;
        } else if (*at == '>') return at + 1;
        else if (*at == '\'' || *at == '"') quote = *at;
    }
    return NULL;
}

static void counted_message(const char *stanza, const char *end) {
    wire.messages++;
    if (!by_subscriber) return;
    const char *to = value_of(stanza, end, " to=");
    if (!to || strncmp(to, "sub", 3) != 0) return;
    long number = strtol(to + 3, NULL, 10);
    if (number >= 0 && number < options.subscribers) by_subscriber[number]++;
}

static void counted_iq(const char *stanza, const char *tag_end) {
    const char *identifier = value_of(stanza, tag_end, " id="), *type = value_of(stanza, tag_end, " type=");
    if (!identifier || !type) return;
    if (*type == 'g' || *type == 's') {
        // The component asks the server something; only keep-alive pings are to be expected.
        const char *end = memchr(identifier, identifier[-1], (size_t)(tag_end - identifier));
        if (!end) return;
        put_text(&wire.out, "<iq type='result' to='");
        put_text(&wire.out, options.domain);
        put_text(&wire.out, "' from='");
        put_text(&wire.out, options.domain);
        put_text(&wire.out, "' id='");
        put(&wire.out, identifier, (size_t)(end - identifier));
        put_text(&wire.out, "'/>");
        return;
    }
    if (*identifier == 'b') {
        wire.barriers++;
    } else if (*identifier == 'r') {
        if (*type == 'e') wire.errors++;
        acknowledged(strtoull(identifier + 1, NULL, 10));
    }
}

// The end of the stanza that begins at `stanza`; nil if it has not come yet.
static const char *end_of(const char *stanza, const char *limit, const char *closing) {
    const char *tag_end = end_of_tag(stanza, limit);
    if (!tag_end || tag_end[-2] == '/') return tag_end;
    const char *from = stanza + (wire.searched > (size_t)(tag_end - stanza) ? wire.searched : (size_t)(tag_end - stanza));
    const char *found = memmem(from, (size_t)(limit - from), closing, strlen(closing));
    if (found) return found + strlen(closing);
    size_t seen = (size_t)(limit - stanza), overlap = strlen(closing);
    wire.searched = seen > overlap ? seen - overlap : 0;
    return NULL;
}

void scan(void) {
    while (waiting(&wire.in) >= 9) {
        const char *stanza = wire.in.data + wire.in.start, *limit = wire.in.data + wire.in.end, *end;
        if (*stanza != '<') {
            wire.in.start++;
            continue;
        }
        if (!memcmp(stanza, "<message", 8)) {
            if (!(end = end_of(stanza, limit, "</message>"))) return;
            counted_message(stanza, end);
        } else if (!memcmp(stanza, "<iq", 3)) {
            if (!(end = end_of(stanza, limit, "</iq>"))) return;
            counted_iq(stanza, end_of_tag(stanza, limit));
        } else if (!memcmp(stanza, "<presence", 9)) {
            if (!(end = end_of(stanza, limit, "</presence>"))) return;
        } else {
            fprintf(stderr, "unexpected: %.*s\n", (int)(limit - stanza < 200 ? limit - stanza : 200), stanza);
            exit(1);
        }
        wire.searched = 0;
        wire.stanzas++;
        wire.in.start += (size_t)(end - stanza);
    }
}
