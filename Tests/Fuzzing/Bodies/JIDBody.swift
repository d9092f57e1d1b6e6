// SPDX-License-Identifier: Apache-2.0

import XMPPCore

enum JIDBody {
    static func run(_ bytes: [UInt8]) -> String? {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            return bytes.withUnsafeBufferPointer { (try? JID(utf8: $0)) == nil } ? nil : "bytes that are no UTF-8 are an address"
        }
        let fromBytes = bytes.withUnsafeBufferPointer { try? JID(utf8: $0) }
        guard let address = try? JID(text) else { return fromBytes == nil ? nil : "the bytes are an address, the text is none" }
        guard fromBytes == address else { return "the bytes are another address than the text" }
        guard let again = try? JID(address.description), again == address, again.description == address.description else {
            return "\(address) does not prepare to itself"
        }
        guard address.hashValue == again.hashValue, address.bare.isBare, address.hasSameBare(as: address.bare) else {
            return "\(address) is not its own equal"
        }
        let parts = try? JID(localpart: address.localpart, domain: address.domain, resource: address.resource)
        return parts == address ? nil : "the parts of \(address) make \(parts?.description ?? "nothing")"
    }

    static let seeds: [[UInt8]] = [
        "juliet@example.com/balcony", "WX-7@Stations.Example.Org", "a@b\u{FC}cher.example", "a@xn--bcher-kva.example", "a@[2001:DB8::1]/r",
        "\u{FF2A}uliet@example.com.", "e\u{301}@b", "\u{5D0}\u{5D1}1@b", "col\u{B7}la@b", "a@127.0.0.1//x", "\u{915}\u{94D}\u{200D}@b", "b/ a ",
    ].map { Array($0.utf8) }
}
