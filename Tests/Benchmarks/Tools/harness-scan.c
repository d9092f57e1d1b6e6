// SPDX-License-Identifier: Apache-2.0
// Splits what the component sends into stanzas and counts them.
#include "harness.h"
#include "stanzas.h"

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

void scan(void) {
    while (waiting(&wire.in) >= 9) {
        const char *stanza = wire.in.data + wire.in.start, *limit = wire.in.data + wire.in.end, *end;
        if (*stanza != '<') {
            wire.in.start++;
            continue;
        }
        if (!memcmp(stanza, "<message", 8)) {
            if (!(end = end_of(stanza, limit, "</message>", &wire.searched))) return;
            counted_message(stanza, end);
        } else if (!memcmp(stanza, "<iq", 3)) {
            if (!(end = end_of(stanza, limit, "</iq>", &wire.searched))) return;
            counted_iq(stanza, end_of_tag(stanza, limit));
        } else if (!memcmp(stanza, "<presence", 9)) {
            if (!(end = end_of(stanza, limit, "</presence>", &wire.searched))) return;
        } else {
            fprintf(stderr, "unexpected: %.*s\n", (int)(limit - stanza < 200 ? limit - stanza : 200), stanza);
            exit(1);
        }
        wire.searched = 0;
        wire.stanzas++;
        wire.in.start += (size_t)(end - stanza);
    }
}
