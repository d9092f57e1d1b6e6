// SPDX-License-Identifier: Apache-2.0

import StationDigest
import StationJSON
import StationModel
import XMPPCore

/// Reading the words of the model out of JSON. The shape has been checked; what it cannot tell is told here.
extension JSONValue {
    func serial(_ key: String) throws(JSONError) -> Serial {
        let value = try require(key)
        let text = try value.requireString()
        do throws(SerialError) { return try Serial(text) } catch { throw value.error(error.description) }
    }

    func bareJID(_ key: String) throws(JSONError) -> JID {
        let value = try require(key)
        let text = try value.requireString()
        let jid: JID
        do throws(JIDError) { jid = try JID(text) } catch { throw value.error("must be a bare JID") }
        guard jid.isBare else { throw value.error("must be a bare JID") }
        return jid
    }

    func text(_ key: String) throws(JSONError) -> String { try require(key).requireString() }

    func bytes(_ key: String) throws(JSONError) -> [UInt8] { try require(key).bytes() }

    func bytes() throws(JSONError) -> [UInt8] {
        guard let bytes = Base64URL.decode(try requireString()) else { throw error("must be base64url without padding") }
        return bytes
    }

    func listOfBytes(_ key: String) throws(JSONError) -> [[UInt8]] {
        var list: [[UInt8]] = []
        try require(key).forEachItem { (item) throws(JSONError) in list.append(try item.bytes()) }
        return list
    }

    func texts(_ key: String) throws(JSONError) -> [String] {
        var list: [String] = []
        try require(key).forEachItem { (item) throws(JSONError) in list.append(try item.requireString()) }
        return list
    }

    func integer(_ key: String) throws(JSONError) -> Int64 { try require(key).requireInt64() }

    func number(_ key: String) throws(JSONError) -> Double { try require(key).requireDouble() }
}

extension JSON {
    static func bytes(_ bytes: [UInt8]) -> JSON { .string(Base64URL.encode(bytes)) }
    static func listOfBytes(_ list: [[UInt8]]) -> JSON { .array(list.map { .bytes($0) }) }
    static func texts(_ list: [String]) -> JSON { .array(list.map { .string($0) }) }
}
