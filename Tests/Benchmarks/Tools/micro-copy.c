// SPDX-License-Identifier: Apache-2.0
// The limit of fan-out: a prepared head and a shared tail, copied for each subscriber into chunks of 128 KiB.
// usage: micro-copy SUBSCRIBERS SECONDS
#include "stopwatch.h"
#include <string.h>

enum { chunk = 128 * 1024 };
static char out[chunk + 4096], tail[4096];
static struct {
    char text[128];
    size_t length;
} *heads;
static long subscribers;
static size_t used, tail_length;
static volatile char seen;

static long copy(void *context) {
    (void)context;
    for (long number = 0; number < subscribers; number++) {
        memcpy(out + used, heads[number].text, heads[number].length);
        used += heads[number].length;
        memcpy(out + used, tail, tail_length);
        used += tail_length;
        if (used < chunk) continue;
        seen = out[used - 1];
        used = 0;
    }
    return subscribers;
}

int main(int words, char **word) {
    if (words < 3) return 1;
    subscribers = atol(word[1]);
    heads = calloc((size_t)subscribers, sizeof *heads);
    if (!heads) return 1;
    for (long number = 0; number < subscribers; number++)
        heads[number].length = (size_t)snprintf(
            heads[number].text, sizeof heads[number].text,
            "<message from='devices.localhost' to='sub%ld@localhost' type='headline'>", number);
    strcpy(tail, "<event xmlns='http://jabber.org/protocol/pubsub#event'><items node='stations/ws1234'>"
                 "<item id='1-123456' publisher='ws1234@localhost'><report xmlns='urn:stationmaster:1'>"
                 "<json xmlns='urn:xmpp:json:0'>");
    for (int index = 0; index < 20; index++) strcat(tail, "{\"n\":\"x\"}");
    strcat(tail, "</json></report></item></items></event></message>");
    tail_length = strlen(tail);
    stopwatch(atof(word[2]), copy, NULL);
    return 0;
}
