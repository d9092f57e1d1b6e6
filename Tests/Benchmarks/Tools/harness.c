// SPDX-License-Identifier: Apache-2.0
// Plays the XMPP server for one component and measures it: stations report in random order with a bounded number of
// reports unanswered; acknowledgements and fan-out are counted. Knows nothing of the component that it measures.
//
// It prints `listening` once the component may come, and at the end one line of JSON.
#include "harness.h"

Options options = {.domain = "devices.localhost", .secret = "secret", .port = 5347, .stations = 10, .window = 100,
                   .reports = 10000, .warmup = -1, .seed = 1, .patience = 20, .settle = 200};
Link wire;

static void read_options(int count, char **words) {
    for (int index = 1; index + 1 < count; index += 2) {
        const char *name = words[index], *value = words[index + 1];
        if (!strcmp(name, "--port")) options.port = atoi(value);
        else if (!strcmp(name, "--domain")) options.domain = value;
        else if (!strcmp(name, "--secret")) options.secret = value;
        else if (!strcmp(name, "--stations")) options.stations = atol(value);
        else if (!strcmp(name, "--subscribers")) options.subscribers = atol(value);
        else if (!strcmp(name, "--window")) options.window = atol(value);
        else if (!strcmp(name, "--reports")) options.reports = atol(value);
        else if (!strcmp(name, "--warmup")) options.warmup = atol(value);
        else if (!strcmp(name, "--rate")) options.rate = atof(value);
        else if (!strcmp(name, "--seed")) options.seed = strtoull(value, NULL, 10);
        else if (!strcmp(name, "--online")) options.online = atol(value);
        else if (!strcmp(name, "--reported")) options.reported = (uint32_t)atol(value);
        else if (!strcmp(name, "--counter")) options.counter = value;
        else if (!strcmp(name, "--settle")) options.settle = atoi(value);
        else if (!strcmp(name, "--hold")) options.hold = value;
        else if (!strcmp(name, "--pid-file")) options.pid_file = value;
        else fail("unknown option");
    }
    if (count % 2 == 0) fail("an option without a value");
    if (options.stations < 1 || options.window < 1 || options.reports < 0) fail("a number is out of range");
    if (options.warmup < 0) options.warmup = options.reports / 10;
}

static void await_component(void) {
    struct sockaddr_in address = loopback(options.port);
    int one = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 4) != 0) fail("listen");
    puts("listening");
    fflush(stdout);
    struct pollfd event = {.fd = listener, .events = POLLIN};
    if (poll(&event, 1, 120000) <= 0) fail("no component came");
    wire.descriptor = accept(listener, NULL, NULL);
    if (wire.descriptor < 0) fail("accept");
    close(listener);
    tune(wire.descriptor);
}

// Header, handshake, and the proof that the secret is right.
static void shake_hands(void) {
    const char identifier[] = "benchmark-stream-1";
    char expected[41];
    handshake_token(identifier, options.secret, expected);
    while (!memmem(wire.in.data + wire.in.start, waiting(&wire.in), "<stream:stream", 14)) turn(1000);
    wire.in.start = wire.in.end;
    put_text(&wire.out, "<?xml version='1.0'?><stream:stream xmlns:stream='http://etherx.jabber.org/streams'"
                        " xmlns='jabber:component:accept' from='");
    put_text(&wire.out, options.domain);
    put_text(&wire.out, "' id='");
    put_text(&wire.out, identifier);
    put_text(&wire.out, "'>");
    char *end;
    while (!(end = memmem(wire.in.data + wire.in.start, waiting(&wire.in), "</handshake>", 12))) turn(1000);
    wire.handshake_at = wall_ns();
    if (end - wire.in.data < 40 || strncasecmp(end - 40, expected, 40) != 0) fail("the handshake is wrong");
    wire.in.start = (size_t)(end + 12 - wire.in.data);
    put_text(&wire.out, "<handshake/>");
    turn(0);
}

// Until the component has said nothing for `quiet` milliseconds: probes and the like go by.
static void settle(int quiet) {
    uint64_t last = wall_ns(), seen = wire.stanzas;
    while (wall_ns() - last < (uint64_t)quiet * 1000000u) {
        turn(20);
        scan();
        if (wire.stanzas != seen) {
            seen = wire.stanzas;
            last = wall_ns();
        }
    }
}

// An answer to this has passed the component's queue behind all that was sent before it.
static void barrier(void) {
    uint64_t before = wire.barriers;
    put_text(&wire.out, "<iq type='get' id='barrier' from='nobody@localhost/b' to='");
    put_text(&wire.out, options.domain);
    put_text(&wire.out, "'><pubsub xmlns='http://jabber.org/protocol/pubsub'><subscriptions/></pubsub></iq>");
    uint64_t start = wall_ns();
    while (wire.barriers == before) {
        turn(100);
        scan();
        if (wall_ns() - start > (uint64_t)options.patience * 1000000000u) fail("no answer to the barrier");
    }
}

static void come_online(void) {
    for (long station = 0; station < options.online; station++) {
        put_text(&wire.out, "<presence from='ws");
        put_number(&wire.out, (uint64_t)station);
        put_text(&wire.out, "@localhost/st' to='");
        put_text(&wire.out, options.domain);
        put_text(&wire.out, "'/>");
        if (station % 5000 == 4999) barrier();
    }
    if (options.online > 0) barrier();
}

// Waits, still reading, until the file is taken away.
static void hold(void) {
    printf("holding\n");
    fflush(stdout);
    while (access(options.hold, F_OK) == 0) {
        turn(50);
        scan();
    }
}

int main(int count, char **words) {
    read_options(count, words);
    await_component();
    shake_hands();
    settle(options.settle);
    come_online();
    if (options.hold) hold();
    if (options.reports > 0) measure();
    else printf("{\"handshakeAt\":%lu}\n", (unsigned long)wire.handshake_at);
    put_text(&wire.out, "</stream:stream>");
    flush_to(wire.descriptor, &wire.out);
    return 0;
}
