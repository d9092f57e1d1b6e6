// SPDX-License-Identifier: Apache-2.0
// The same load on an MQTT 3.1.1 broker on 127.0.0.1: stations publish, consumers receive all, both with QoS 1 and
// sessions that the broker keeps.
#include "report.h"
#include <sys/epoll.h>

enum { most = 2200 };
typedef struct {
    int descriptor;
    Buffer in, out;
} Client;

static Client clients[most];
static int port, stations = 10, subscribers = 10, queue;
static long reports = 1000, warmup = -1, window = 100;
static uint64_t done, messages;
static uint64_t *sent_at;
static uint32_t *latency, sequences[most], greeted;
static uint64_t outstanding[65536];  // by packet identifier: the number of the report

static void put_byte(Buffer *out, unsigned byte) { put(out, (char[]){(char)byte}, 1); }
static void put_short(Buffer *out, unsigned value) { put_byte(out, value >> 8), put_byte(out, value & 255); }
static void put_string(Buffer *out, const char *text) { put_short(out, (unsigned)strlen(text)), put_text(out, text); }

// MQTT 3.1.1 §2.2: type and flags, remaining length, the rest.
static void put_packet(Buffer *out, unsigned type, const Buffer *rest) {
    size_t length = waiting(rest);
    put_byte(out, type);
    do put_byte(out, (unsigned)(length % 128 | (length >= 128 ? 128 : 0)));
    while ((length /= 128) > 0);
    put(out, rest->data + rest->start, waiting(rest));
}

static Buffer packet;

static void begin(void) { packet.start = packet.end = 0; }

static void connect_client(Client *client, const char *name) {
    client->descriptor = connect_to(port);
    tune(client->descriptor);
    begin();
    put_string(&packet, "MQTT");
    put_byte(&packet, 4);
    put_byte(&packet, 0);  // the session is kept
    put_short(&packet, 600);
    put_string(&packet, name);
    put_packet(&client->out, 0x10, &packet);
}

static void subscribe(Client *client) {
    begin();
    put_short(&packet, 1);
    put_string(&packet, "stations/#");
    put_byte(&packet, 1);
    put_packet(&client->out, 0x82, &packet);
}

static void publish(uint64_t number) {
    int station = (int)(number % (uint64_t)stations);
    char topic[32];
    unsigned identifier = 1 + (unsigned)(number % 65000);
    outstanding[identifier] = number;
    snprintf(topic, sizeof topic, "stations/ws%d", station);
    begin();
    put_string(&packet, topic);
    put_short(&packet, identifier);
    put_report_json(&packet, ++sequences[station], "\"");
    put_packet(&clients[station].out, 0x32, &packet);
}

static void received(Client *client, const unsigned char *body, size_t length, unsigned type) {
    if (type >> 4 == 2 || type >> 4 == 9) greeted++;
    else if (type >> 4 == 4 && length >= 2) {
        uint64_t number = outstanding[body[0] << 8 | body[1]];
        uint64_t tenths = (wall_ns() - sent_at[number]) / 100;
        latency[done++] = tenths > UINT32_MAX ? UINT32_MAX : (uint32_t)tenths;
    } else if (type >> 4 == 3 && length >= 2) {
        size_t topic = (size_t)(body[0] << 8 | body[1]) + 2;
        messages++;
        if (type & 6 && topic + 2 <= length) {
            begin();
            put(&packet, (const char *)body + topic, 2);
            put_packet(&client->out, 0x40, &packet);
        }
    }
}

static void scan(Client *client) {
    while (waiting(&client->in) >= 2) {
        const unsigned char *bytes = (unsigned char *)client->in.data + client->in.start;
        size_t length = 0, at = 1, limit = waiting(&client->in);
        for (int shift = 0; at < limit; shift += 7) {
            length |= (size_t)(bytes[at] & 127) << shift;
            if (!(bytes[at++] & 128)) break;
            if (at == limit) return;
        }
        if (at + length > limit) return;
        received(client, bytes + at, length, bytes[0]);
        client->in.start += at + length;
    }
}

static void turn(void) {
    struct epoll_event events[256];
    for (int index = 0; index < stations + subscribers; index++)
        if (waiting(&clients[index].out) > 0) flush_to(clients[index].descriptor, &clients[index].out);
    int number = epoll_wait(queue, events, 256, 5);
    for (int index = 0; index < number; index++) {
        Client *client = &clients[events[index].data.u32];
        if (fill_from(client->descriptor, &client->in, 65536) < 0) fail("the broker hung up");
        scan(client);
    }
}

static uint64_t run(uint64_t number, long total) {
    done = messages = 0;
    uint64_t start = wall_ns();
    long sent = 0;
    while (done < (uint64_t)total || messages < (uint64_t)(total * subscribers)) {
        long behind = sent - (long)done, undelivered = subscribers ? sent - (long)(messages / (uint64_t)subscribers) : 0;
        long can = window - (behind > undelivered ? behind : undelivered);
        if (can > total - sent) can = total - sent;
        for (; can > 0; can--, sent++) {
            sent_at[number + (uint64_t)sent] = wall_ns();
            publish(number + (uint64_t)sent);
        }
        turn();
        if (wall_ns() - start > 120000000000u) fail("no progress");
    }
    return wall_ns() - start;
}

static int ascending(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

int main(int number, char **words) {
    for (int index = 1; index + 1 < number; index += 2) {
        const char *name = words[index], *value = words[index + 1];
        if (!strcmp(name, "--port")) port = atoi(value);
        else if (!strcmp(name, "--stations")) stations = atoi(value);
        else if (!strcmp(name, "--subscribers")) subscribers = atoi(value);
        else if (!strcmp(name, "--reports")) reports = atol(value);
        else if (!strcmp(name, "--window")) window = atol(value);
        else fail("unknown option");
    }
    if (stations < 1 || subscribers < 0 || stations + subscribers > most) fail("a number is out of range");
    warmup = reports / 10;
    sent_at = calloc((size_t)(reports + warmup + 2), sizeof *sent_at);
    latency = calloc((size_t)(reports + warmup + 2), sizeof *latency);
    queue = epoll_create1(EPOLL_CLOEXEC);
    for (int index = 0; index < stations + subscribers; index++) {
        char name[32];
        snprintf(name, sizeof name, index < stations ? "ws%d" : "sub%d", index < stations ? index : index - stations);
        connect_client(&clients[index], name);
        if (index >= stations) subscribe(&clients[index]);
        struct epoll_event event = {.events = EPOLLIN, .data.u32 = (uint32_t)index};
        epoll_ctl(queue, EPOLL_CTL_ADD, clients[index].descriptor, &event);
    }
    while (greeted < (uint32_t)(stations + 2 * subscribers)) turn();
    if (warmup > 0) run(1, warmup);
    uint64_t ns = run(1 + (uint64_t)warmup, reports);
    qsort(latency, done, sizeof *latency, ascending);
    printf("{\"reports\":%lu,\"messages\":%lu,\"seconds\":%.4f,\"messagesPerSecond\":%.1f,\"p50\":%.3f,\"p99\":%.3f}\n",
           (unsigned long)done, (unsigned long)messages, (double)ns / 1e9, (double)messages * 1e9 / (double)ns,
           latency[done / 2] / 1e4, latency[done * 99 / 100] / 1e4);
    return 0;
}
