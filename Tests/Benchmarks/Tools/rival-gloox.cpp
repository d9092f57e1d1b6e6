// SPDX-License-Identifier: Apache-2.0
// The same component as a user of gloox would write it: acknowledge, then hand to S subscribers; nothing stored.
//
// usage: rival-gloox PORT DOMAIN SECRET SUBSCRIBERS
#include <cstdlib>
#include <gloox/component.h>
#include <gloox/iq.h>
#include <gloox/iqhandler.h>
#include <gloox/stanzaextension.h>
#include <gloox/tag.h>
#include <memory>
#include <string>

using namespace gloox;

static const int reportExtension = ExtUser + 1;

class Report : public StanzaExtension {
public:
    explicit Report(const Tag *tag) : StanzaExtension(reportExtension), content(tag ? tag->clone() : nullptr) {}
    const std::string &filterString() const override {
        static const std::string filter = "/iq/report[@xmlns='urn:stationmaster:1']";
        return filter;
    }
    StanzaExtension *newInstance(const Tag *tag) const override { return new Report(tag); }
    Tag *tag() const override { return content ? content->clone() : nullptr; }
    StanzaExtension *clone() const override { return new Report(content.get()); }

private:
    std::unique_ptr<Tag> content;
};

class Service : public IqHandler {
public:
    Service(const std::string &domain, const std::string &secret, int port, long subscribers)
        : component(XMLNS_COMPONENT_ACCEPT, "127.0.0.1", domain, secret, port), domain(domain), subscribers(subscribers) {
        component.registerStanzaExtension(new Report(nullptr));
        component.registerIqHandler(this, reportExtension);
    }
    void run() { component.connect(true); }

    bool handleIq(const IQ &iq) override {
        const auto *report = iq.findExtension<Report>(reportExtension);
        if (!report) return false;
        IQ reply(IQ::Result, iq.from(), iq.id());
        reply.setFrom(JID(domain));
        component.send(reply);
        items++;
        for (long number = 0; number < subscribers; number++) deliver(number, iq.from(), *report);
        return true;
    }
    void handleIqID(const IQ &, int) override {}

private:
    void deliver(long number, const JID &from, const Report &report) {
        auto *message = new Tag("message");
        message->addAttribute("from", domain);
        message->addAttribute("to", "sub" + std::to_string(number) + "@localhost");
        message->addAttribute("type", "headline");
        auto *event = new Tag(message, "event");
        event->setXmlns("http://jabber.org/protocol/pubsub#event");
        auto *list = new Tag(event, "items", "node", "stations/" + from.username());
        auto *item = new Tag(list, "item", "id", "1-" + std::to_string(items));
        item->addAttribute("publisher", from.bare());
        item->addChild(report.tag());
        component.send(message);
    }

    Component component;
    std::string domain;
    long subscribers;
    unsigned long items = 0;
};

int main(int count, char **words) {
    if (count < 5) return 1;
    Service(words[2], words[3], std::atoi(words[1]), std::atol(words[4])).run();
    return 0;
}
