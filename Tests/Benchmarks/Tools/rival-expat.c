// SPDX-License-Identifier: Apache-2.0
// The limit: a component in C over expat that acknowledges each report and hands it to S subscribers, with the very
// stanzas that Stationmaster sends, and checks, stores and remembers nothing. One thread, one write for each read.
//
// usage: rival-expat PORT DOMAIN SECRET SUBSCRIBERS
#include "wire.h"
#include <expat.h>

static int descriptor, depth;
static const char *domain;
static long subscribers;
static uint64_t items;
static Buffer out, body;
static char from[1024], identifier[256], stream[256];
static bool is_set, is_in_json;

static void copy(char *to, size_t size, const char *text) { snprintf(to, size, "%s", text); }

static void XMLCALL started(void *context, const char *name, const char **attributes) {
    (void)context;
    depth++;
    if (depth == 1) {
        for (; *attributes; attributes += 2)
            if (!strcmp(*attributes, "id")) copy(stream, sizeof stream, attributes[1]);
    } else if (depth == 2) {
        from[0] = identifier[0] = 0;
        is_set = false;
        body.start = body.end = 0;
        for (; *attributes; attributes += 2) {
            if (!strcmp(*attributes, "from")) copy(from, sizeof from, attributes[1]);
            else if (!strcmp(*attributes, "id")) copy(identifier, sizeof identifier, attributes[1]);
            else if (!strcmp(*attributes, "type")) is_set = !strcmp(attributes[1], "set");
        }
    } else if (depth == 4 && !strcmp(name, "json")) {
        is_in_json = true;
    }
}

static void XMLCALL text(void *context, const char *bytes, int count) {
    (void)context;
    if (is_in_json) put(&body, bytes, (size_t)count);
}

static void put_escaped(const Buffer *from_buffer) {
    const char *run = from_buffer->data + from_buffer->start, *limit = from_buffer->data + from_buffer->end;
    for (const char *at = run; at < limit; at++) {
        const char *escape = *at == '<' ? "&lt;" : *at == '&' ? "&amp;" : *at == '>' ? "&gt;" : NULL;
        if (!escape) continue;
        put(&out, run, (size_t)(at - run));
        put_text(&out, escape);
        run = at + 1;
    }
    put(&out, run, (size_t)(limit - run));
}

static void deliver(void) {
    char head[1280], item[4096], bare[1024];
    copy(bare, sizeof bare, from);
    char *slash = strchr(bare, '/');
    if (slash) *slash = 0;
    int item_length = snprintf(
        item, sizeof item,
        "<event xmlns='http://jabber.org/protocol/pubsub#event'><items node='stations/%.*s'>"
        "<item id='1-%lu' publisher='%s'><report xmlns='urn:stationmaster:1'><json xmlns='urn:xmpp:json:0'>",
        (int)strcspn(bare, "@"), bare, (unsigned long)++items, bare);
    for (long number = 0; number < subscribers; number++) {
        int length = snprintf(
            head, sizeof head, "<message from='%s' to='sub%ld@localhost' type='headline'>", domain, number);
        put(&out, head, (size_t)length);
        put(&out, item, (size_t)item_length);
        put_escaped(&body);
        put_text(&out, "</json></report></item></items></event></message>");
    }
}

static void XMLCALL ended(void *context, const char *name) {
    (void)context;
    if (is_in_json && !strcmp(name, "json")) is_in_json = false;
    if (--depth != 1 || !is_set) return;
    char reply[2048];
    int count = snprintf(
        reply, sizeof reply, "<iq type='result' id='%s' from='%s' to='%s'/>", identifier, domain, from);
    put(&out, reply, (size_t)count);
    if (waiting(&body) > 0) deliver();
}

static void write_all(void) {
    while (waiting(&out) > 0) {
        ssize_t written = write(descriptor, out.data + out.start, waiting(&out));
        if (written < 0) exit(0);
        out.start += (size_t)written;
    }
}

int main(int count, char **words) {
    if (count < 5) fail("usage: rival-expat PORT DOMAIN SECRET SUBSCRIBERS");
    domain = words[2];
    subscribers = atol(words[4]);
    descriptor = connect_to(atoi(words[1]));
    int one = 1;
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    put_text(&out, "<?xml version='1.0'?><stream:stream xmlns='jabber:component:accept'"
                   " xmlns:stream='http://etherx.jabber.org/streams' to='");
    put_text(&out, domain);
    put_text(&out, "'>");
    write_all();
    XML_Parser parser = XML_ParserCreate(NULL);
    XML_SetElementHandler(parser, started, ended);
    XML_SetCharacterDataHandler(parser, text);
    static char bytes[65536];
    bool is_greeted = false;
    ssize_t got;
    while ((got = read(descriptor, bytes, sizeof bytes)) > 0) {
        if (XML_Parse(parser, bytes, (int)got, 0) != XML_STATUS_OK) fail("not well-formed");
        if (!is_greeted && stream[0]) {
            char token[41];
            handshake_token(stream, words[3], token);
            put_text(&out, "<handshake>");
            put_text(&out, token);
            put_text(&out, "</handshake>");
            is_greeted = true;
        }
        write_all();
    }
    return 0;
}
