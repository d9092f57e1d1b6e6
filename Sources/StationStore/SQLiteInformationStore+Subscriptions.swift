// SPDX-License-Identifier: Apache-2.0
import GRDB
import InformationServices
import StationModel
import XMPPCore

extension SQLiteInformationStore {
    func subscriptions() throws -> [SubscriptionRecord] {
        try rows("SELECT * FROM subscription ORDER BY created_ms, subid").map { row in
            let spelling: String = try row.value("node_spelling")
            guard let node = PubSubNode(spelling), let mode = DeliveryMode(rawValue: try row.value("mode")) else {
                throw StoreError(.damaged, "the store holds a subscription to '\(spelling)', which is no node")
            }
            let taker: String? = try row.value("taker")
            return SubscriptionRecord(
                subid: try row.value("subid"), node: node, jid: try Self.jid(try row.value("jid")),
                options: SubscriptionOptions(delivers: try row.value("delivers"), mode: mode, window: try row.value("feed_window")),
                cursor: try row.value("cursor"), taker: try taker.map { try Self.jid($0) },
                created: Timestamp(milliseconds: try row.value("created_ms")))
        }
    }

    func insert(_ subscription: SubscriptionRecord) throws {
        try change(
            "INSERT INTO subscription VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                subscription.subid, Self.key(subscription.node), subscription.node.description,
                subscription.jid.description, subscription.options.delivers, subscription.options.mode.rawValue,
                subscription.options.window, subscription.cursor, subscription.taker?.description,
                subscription.created.milliseconds,
            ])
    }

    func update(_ subscription: SubscriptionRecord) throws {
        try change(
            """
            UPDATE subscription SET delivers = ?, mode = ?, feed_window = ?, cursor = ?, taker = ? WHERE subid = ?
            """,
            [
                subscription.options.delivers, subscription.options.mode.rawValue, subscription.options.window,
                subscription.cursor, subscription.taker?.description, subscription.subid,
            ])
    }

    func setCursor(_ subid: String, _ position: Int64) throws {
        try change("UPDATE subscription SET cursor = ? WHERE subid = ?", [position, subid])
    }

    func removeSubscription(_ subid: String) throws {
        try change("DELETE FROM subscription WHERE subid = ?", [subid])
    }

    /// What is unique: two spellings of a serial are one node.
    private static func key(_ node: PubSubNode) -> String {
        switch node {
        case .all: "all"
        case .station(let serial): "stations/" + serial.folded
        }
    }

    // MARK: - Quarantine

    func quarantine() throws -> [QuarantineRecord] {
        try rows("SELECT position, at_ms, losses FROM quarantine ORDER BY position").map {
            QuarantineRecord(
                position: try $0.value(0), at: Timestamp(milliseconds: try $0.value(1)), losses: try $0.value(2))
        }
    }

    func insert(_ quarantined: QuarantineRecord) throws {
        try change(
            "INSERT INTO quarantine VALUES (?, ?, ?)",
            [quarantined.position, quarantined.at.milliseconds, quarantined.losses])
    }

    func removeQuarantine(_ position: Int64) throws {
        try change("DELETE FROM quarantine WHERE position = ?", [position])
    }

    // MARK: - Contacts

    func contacts() throws -> [ContactRecord] {
        try rows("SELECT publisher, consumer FROM contact ORDER BY publisher, consumer").map {
            ContactRecord(publisher: try $0.value(0), consumer: try Self.jid(try $0.value(1)))
        }
    }

    func insert(_ contact: ContactRecord) throws {
        try change("INSERT INTO contact VALUES (?, ?)", [contact.publisher, contact.consumer.description])
    }

    func remove(_ contact: ContactRecord) throws {
        try change(
            "DELETE FROM contact WHERE publisher = ? AND consumer = ?",
            [contact.publisher, contact.consumer.description])
    }
}
