// SPDX-License-Identifier: Apache-2.0

import StationJSON

enum JSONBody {
    static func run(_ bytes: [UInt8]) -> String? {
        let document: JSONDocument
        do throws(JSONError) {
            document = try JSONDocument(bytes)
        } catch {
            let isInside = error.offset.map { (0...bytes.count).contains($0) } ?? true
            return isInside ? nil : "the error is outside of the text: \(error)"
        }
        walk(document.root)
        let value = document.root.json
        guard let again = try? JSONDocument(value.text) else { return "what was written is not taken: \(value.text)" }
        guard again.root.json == value else { return "\(value.text) is read back as \(again.root.json.text)" }
        guard let pretty = try? JSONDocument(value.prettyPrinted()), pretty.root.json == value else { return "the pretty form differs" }
        var reader = JSONReader()
        _ = try? reader.read(Array("[1,{\"a\":[]}]".utf8))
        guard let reused = try? reader.read(bytes), reused.root.json == value else { return "a reader that is used again differs" }
        for cut in bytes.indices where cut % 7 == 3 { _ = try? JSONDocument(Array(bytes[..<cut])) }
        return nil
    }

    /// Asks everything of every value.
    private static func walk(_ value: JSONValue) {
        _ = value.int64
        _ = value.double
        _ = value.string
        _ = value.pointer
        for item in value.items { walk(item) }
        for member in value.members {
            _ = value[member.key]
            walk(member.value)
        }
    }

    static let seeds: [[UInt8]] = [
        #"{"seq":4711,"records":[{"n":"temperature","u":"Cel","v":21.5,"t":1795413600}]}"#, "[1,-0.0,1e5,12345678901234567890,0.1]",
        #"{"a":{"b":[true,false,null]},"\u0061b":"\ud83d\ude00\n"}"#, "\"\u{E9}\u{20AC}\u{1F600}\"", "[[[[]]]]", #"{"a":1,"\u0061":2}"#, " 1 ",
    ].map { Array($0.utf8) }
}
