// SPDX-License-Identifier: Apache-2.0
// Stations and consumers as clients of a real XMPP server on 127.0.0.1: ws0… report, sub0… receive. In clear text, since
// the server's TLS is not what is measured.
//
// --to component: reports go to devices.localhost; who receives them is Stationmaster's business.
// --to pubsub: each station publishes to a node of its own on pubsub.localhost, to which each consumer subscribes.
#include "report.h"
#include "stanzas.h"
#include <sys/epoll.h>

enum { most = 2200 };
typedef struct {
    int descriptor;
    Buffer in, out;
    size_t searched;
} Client;

static Client clients[most];
static int port, stations = 10, subscribers = 10, count, queue;
static long reports = 1000, warmup = -1, window = 100;
static bool to_pubsub;
static uint64_t *sent_at, done, messages, errors, first;
static uint32_t *latency, sequences[most];
static long phase_count;

// Waits until the text has come, and drops all up to it; false if `otherwise` came first.
static bool expect(Client *client, const char *text, const char *otherwise) {
    uint64_t start = wall_ns();
    while (wall_ns() - start < 20000000000u) {
        const char *data = client->in.data + client->in.start;
        const char *found = memmem(data, waiting(&client->in), text, strlen(text));
        const char *other = otherwise ? memmem(data, waiting(&client->in), otherwise, strlen(otherwise)) : NULL;
        const char *hit = found ? found : other;
        const char *end = hit ? memchr(hit, '>', (size_t)(client->in.data + client->in.end - hit)) : NULL;
        if (end) {
            client->in.start = (size_t)(end + 1 - client->in.data);
            return found != NULL;
        }
        flush_to(client->descriptor, &client->out);
        struct pollfd event = {.fd = client->descriptor, .events = POLLIN};
        poll(&event, 1, 100);
        if (fill_from(client->descriptor, &client->in, 65536) < 0) break;
    }
    fprintf(stderr, "waited for %s, got: %.*s\n", text, (int)waiting(&client->in), client->in.data + client->in.start);
    exit(1);
}

static void open_stream(Client *client) {
    client->in.start = client->in.end;
    put_text(&client->out, "<?xml version='1.0'?><stream:stream xmlns='jabber:client' to='localhost' version='1.0'"
                           " xmlns:stream='http://etherx.jabber.org/streams'>");
    expect(client, "</stream:features>", NULL);
}

static void put_base64(Buffer *out, const unsigned char *bytes, size_t length) {
    unsigned char text[512];
    int size = EVP_EncodeBlock(text, bytes, (int)length);
    put(out, (char *)text, (size_t)size);
}

// RFC 6120 §6–7 with SASL PLAIN; the account is registered in band (XEP-0077) if it is not there.
static void log_in(Client *client, const char *name, const char *resource) {
    char text[512];
    for (int attempt = 0;; attempt++) {
        client->descriptor = connect_to(port);
        tune(client->descriptor);
        open_stream(client);
        if (attempt > 0) {
            snprintf(text, sizeof text, "<iq type='set' id='reg'><query xmlns='jabber:iq:register'><username>%s</username>"
                                        "<password>pass</password></query></iq>", name);
            put_text(&client->out, text);
            expect(client, "</iq>", "<iq");
        }
        int length = snprintf(text, sizeof text, "%c%s%cpass", 0, name, 0);
        put_text(&client->out, "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>");
        put_base64(&client->out, (unsigned char *)text, (size_t)length);
        put_text(&client->out, "</auth>");
        if (expect(client, "<success", "<failure")) break;
        if (attempt > 0) fail("cannot log in");
        close(client->descriptor);
    }
    open_stream(client);
    snprintf(text, sizeof text, "<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>%s"
                                "</resource></bind></iq>", resource);
    put_text(&client->out, text);
    expect(client, "</jid>", NULL);
    expect(client, "</iq>", NULL);
}

static void ask(Client *client, const char *request) {
    put_text(&client->out, request);
    if (!expect(client, "result", "error")) fail("the server refused a request");
}

// One node for each station, with the server's own defaults; every consumer subscribes to all.
static void prepare_pubsub(void) {
    char text[512];
    for (int station = 0; station < stations; station++) {
        snprintf(text, sizeof text, "<iq type='set' id='create' to='pubsub.localhost'>"
                                    "<pubsub xmlns='http://jabber.org/protocol/pubsub'><create node='ws%d'/></pubsub></iq>",
                 station);
        ask(&clients[station], text);
    }
    for (int number = 0; number < subscribers; number++)
        for (int station = 0; station < stations; station++) {
            snprintf(text, sizeof text,
                     "<iq type='set' id='subscribe' to='pubsub.localhost'><pubsub xmlns='http://jabber.org/protocol/pubsub'>"
                     "<subscribe node='ws%d' jid='sub%d@localhost'/></pubsub></iq>", station, number);
            ask(&clients[stations + number], text);
        }
}

static void put_report(uint64_t number) {
    int station = (int)(number % (uint64_t)stations);
    Buffer *out = &clients[station].out;
    put_text(out, "<iq type='set' id='r");
    put_number(out, number);
    if (to_pubsub) {
        put_text(out, "' to='pubsub.localhost'><pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='ws");
        put_number(out, (uint64_t)station);
        put_text(out, "'><item id='i");
        put_number(out, number);
        put_text(out, "'>");
    } else put_text(out, "' to='devices.localhost'>");
    put_text(out, "<report xmlns='urn:stationmaster:1'><json xmlns='urn:xmpp:json:0'>");
    put_report_json(out, ++sequences[station], "\"");
    put_text(out, "</json></report>");
    put_text(out, to_pubsub ? "</item></publish></pubsub></iq>" : "</iq>");
}

static void counted_iq(const char *stanza, const char *end) {
    const char *identifier = value_of(stanza, end, " id="), *type = value_of(stanza, end, " type=");
    if (!identifier || !type || *identifier != 'r') return;
    uint64_t number = strtoull(identifier + 1, NULL, 10);
    if (number < first || number - first >= (uint64_t)phase_count) return;
    if (*type == 'e' && errors++ == 0) fprintf(stderr, "%.*s\n", 400, stanza);
    uint64_t tenths = (wall_ns() - sent_at[number - first]) / 100;
    latency[done++] = tenths > UINT32_MAX ? UINT32_MAX : (uint32_t)tenths;
}

static void scan(Client *client) {
    while (waiting(&client->in) >= 9) {
        const char *stanza = client->in.data + client->in.start, *limit = client->in.data + client->in.end, *end;
        bool is_message = !memcmp(stanza, "<message", 8), is_iq = !memcmp(stanza, "<iq", 3);
        if (*stanza != '<') {
            client->in.start++;
            continue;
        }
        if (!memcmp(stanza, "</stream", 8)) fail("the server closed a stream");
        end = end_of(stanza, limit, is_message ? "</message>" : is_iq ? "</iq>" : "</presence>", &client->searched);
        if (!end) return;
        client->searched = 0;
        if (is_iq) counted_iq(stanza, end_of_tag(stanza, limit));
        if (is_message && memmem(stanza, (size_t)(end - stanza), "urn:stationmaster:1", 19)) messages++;
        client->in.start += (size_t)(end - stanza);
    }
}

static void turn(void) {
    struct epoll_event events[256];
    for (int index = 0; index < stations; index++)
        if (waiting(&clients[index].out) > 0) flush_to(clients[index].descriptor, &clients[index].out);
    int number = epoll_wait(queue, events, 256, 20);
    for (int index = 0; index < number; index++) {
        Client *client = &clients[events[index].data.u32];
        if (fill_from(client->descriptor, &client->in, 65536) < 0) fail("the server hung up");
        scan(client);
    }
}

// The window bounds both: reports that are not acknowledged, and reports that have not reached everybody.
static uint64_t run(uint64_t number, long total) {
    first = number;
    phase_count = total;
    done = messages = 0;
    uint64_t start = wall_ns(), moved = start, mark = 0;
    long sent = 0;
    while (done < (uint64_t)total || messages < (uint64_t)(total * subscribers)) {
        long behind = sent - (long)done, undelivered = subscribers ? sent - (long)(messages / (uint64_t)subscribers) : 0;
        long can = window - (behind > undelivered ? behind : undelivered);
        if (can > total - sent) can = total - sent;
        for (; can > 0; can--) {
            put_report(number + (uint64_t)sent);
            sent_at[sent++] = wall_ns();
        }
        turn();
        if (errors) fail("a report was refused");
        uint64_t progress = (uint64_t)sent + done + messages, now = wall_ns();
        if (progress != mark) mark = progress, moved = now;
        else if (now - moved > 20000000000u) {
            fprintf(stderr, "no progress: sent %ld, acknowledged %lu, delivered %lu of %ld\n", sent, (unsigned long)done,
                    (unsigned long)messages, total * subscribers);
            exit(1);
        }
    }
    return wall_ns() - start;
}

// What the servers still have to say after the preparation is read and dropped.
static void settle(void) {
    usleep(300000);
    for (int index = 0; index < count; index++) {
        Client *client = &clients[index];
        while (fill_from(client->descriptor, &client->in, 65536) > 0) client->in.start = client->in.end;
        client->in.start = client->in.end;
    }
}

static int ascending(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static void read_options(int number, char **words) {
    for (int index = 1; index + 1 < number; index += 2) {
        const char *name = words[index], *value = words[index + 1];
        if (!strcmp(name, "--port")) port = atoi(value);
        else if (!strcmp(name, "--stations")) stations = atoi(value);
        else if (!strcmp(name, "--subscribers")) subscribers = atoi(value);
        else if (!strcmp(name, "--reports")) reports = atol(value);
        else if (!strcmp(name, "--warmup")) warmup = atol(value);
        else if (!strcmp(name, "--window")) window = atol(value);
        else if (!strcmp(name, "--to")) to_pubsub = !strcmp(value, "pubsub");
        else fail("unknown option");
    }
    if (warmup < 0) warmup = reports / 10;
    if (stations < 1 || subscribers < 0 || stations + subscribers > most) fail("a number is out of range");
}

int main(int number, char **words) {
    read_options(number, words);
    long largest = reports > warmup ? reports : warmup;
    sent_at = calloc((size_t)largest + 1, sizeof *sent_at);
    latency = calloc((size_t)largest + 1, sizeof *latency);
    queue = epoll_create1(EPOLL_CLOEXEC);
    count = stations + subscribers;
    for (int index = 0; index < count; index++) {
        char name[32];
        bool is_station = index < stations;
        snprintf(name, sizeof name, is_station ? "ws%d" : "sub%d", is_station ? index : index - stations);
        log_in(&clients[index], name, is_station ? "st" : "r");
        if (!is_station) put_text(&clients[index].out, "<presence/>");
        flush_to(clients[index].descriptor, &clients[index].out);
    }
    if (to_pubsub) prepare_pubsub();
    for (int index = 0; index < count; index++) {
        struct epoll_event event = {.events = EPOLLIN, .data.u32 = (uint32_t)index};
        epoll_ctl(queue, EPOLL_CTL_ADD, clients[index].descriptor, &event);
    }
    settle();
    if (warmup > 0) run(1, warmup);
    uint64_t ns = run(1 + (uint64_t)warmup, reports);
    qsort(latency, done, sizeof *latency, ascending);
    printf("{\"reports\":%lu,\"messages\":%lu,\"seconds\":%.4f,\"reportsPerSecond\":%.1f,\"messagesPerSecond\":%.1f,"
           "\"p50\":%.3f,\"p99\":%.3f}\n",
           (unsigned long)done, (unsigned long)messages, (double)ns / 1e9, (double)done * 1e9 / (double)ns,
           (double)messages * 1e9 / (double)ns, latency[done / 2] / 1e4, latency[done * 99 / 100] / 1e4);
    return 0;
}
