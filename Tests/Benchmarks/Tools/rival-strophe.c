// SPDX-License-Identifier: Apache-2.0
// The same component as a user of libstrophe would write it: acknowledge, then hand to S subscribers; nothing stored.
// The socket is left as the library makes it: it sends each stanza by itself, and is faster with Nagle's algorithm.
//
// usage: rival-strophe PORT DOMAIN SECRET SUBSCRIBERS
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strophe.h>

static const char *domain;
static long subscribers;
static unsigned long items;

static xmpp_stanza_t *child(xmpp_ctx_t *context, xmpp_stanza_t *parent, const char *name, const char *namespace) {
    xmpp_stanza_t *stanza = xmpp_stanza_new(context);
    xmpp_stanza_set_name(stanza, name);
    if (namespace) xmpp_stanza_set_ns(stanza, namespace);
    if (parent) {
        xmpp_stanza_add_child(parent, stanza);
        xmpp_stanza_release(stanza);
    }
    return stanza;
}

// The <event/> with the report as it came: made once, shared by all messages.
static xmpp_stanza_t *event_with(xmpp_ctx_t *context, const char *publisher, xmpp_stanza_t *report) {
    char text[512];
    xmpp_stanza_t *event = child(context, NULL, "event", "http://jabber.org/protocol/pubsub#event");
    xmpp_stanza_t *list = child(context, event, "items", NULL);
    snprintf(text, sizeof text, "stations/%.*s", (int)strcspn(publisher, "@"), publisher);
    xmpp_stanza_set_attribute(list, "node", text);
    xmpp_stanza_t *item = child(context, list, "item", NULL);
    snprintf(text, sizeof text, "1-%lu", ++items);
    xmpp_stanza_set_id(item, text);
    xmpp_stanza_set_attribute(item, "publisher", publisher);
    xmpp_stanza_t *own = xmpp_stanza_copy(report);  // a stanza has one place in one tree
    xmpp_stanza_add_child(item, own);
    xmpp_stanza_release(own);
    return event;
}

static int received(xmpp_conn_t *connection, xmpp_stanza_t *iq, void *context) {
    const char *from = xmpp_stanza_get_from(iq);
    xmpp_stanza_t *report = xmpp_stanza_get_child_by_name(iq, "report");
    if (!from || !report) return 1;
    xmpp_stanza_t *reply = xmpp_stanza_reply(iq);
    xmpp_stanza_set_type(reply, "result");
    xmpp_stanza_set_from(reply, domain);
    xmpp_send(connection, reply);
    xmpp_stanza_release(reply);
    char *publisher = xmpp_jid_bare(context, from);
    xmpp_stanza_t *event = subscribers > 0 ? event_with(context, publisher, report) : NULL;
    for (long number = 0; number < subscribers; number++) {
        char to[64];
        snprintf(to, sizeof to, "sub%ld@localhost", number);
        xmpp_stanza_t *message = xmpp_message_new(context, "headline", to, NULL);
        xmpp_stanza_set_from(message, domain);
        xmpp_stanza_add_child(message, event);
        xmpp_send(connection, message);
        xmpp_stanza_release(message);
    }
    if (event) xmpp_stanza_release(event);
    xmpp_free(context, publisher);
    return 1;
}

static void changed(xmpp_conn_t *connection, xmpp_conn_event_t event, int error, xmpp_stream_error_t *why, void *context) {
    (void)error;
    (void)why;
    if (event == XMPP_CONN_CONNECT) xmpp_handler_add(connection, received, NULL, "iq", "set", context);
    else xmpp_stop(context);
}

int main(int count, char **words) {
    if (count < 5) return 1;
    domain = words[2];
    subscribers = atol(words[4]);
    xmpp_initialize();
    xmpp_ctx_t *context = xmpp_ctx_new(NULL, NULL);
    xmpp_conn_t *connection = xmpp_conn_new(context);
    xmpp_conn_set_jid(connection, domain);
    xmpp_conn_set_pass(connection, words[3]);
    // Debian's 0.12.2 looks into the state of XEP-0198 for every stanza, and a component has none: so it gets one,
    // larger than the library's own and all zero but for the context that stands first.
    xmpp_ctx_t **state = calloc(1, 4096);
    if (!state) return 1;
    *state = context;
    xmpp_conn_set_sm_state(connection, (xmpp_sm_state_t *)state);
    if (xmpp_connect_component(connection, "127.0.0.1", (unsigned short)atoi(words[1]), changed, context) != XMPP_EOK)
        return 1;
    xmpp_run(context);
    return 0;
}
