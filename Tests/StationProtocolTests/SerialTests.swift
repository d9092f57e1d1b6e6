// SPDX-License-Identifier: Apache-2.0

import StationModel
import Testing

@Suite struct SerialTests {
    @Test func `serials compare folded and keep their spelling`() throws {
        let serial = try Serial("WX-0042")
        #expect(try serial == Serial("wx-0042"))
        #expect(try Set([serial]).contains(Serial("Wx-0042")))
        #expect(serial.description == "WX-0042")
        #expect(serial.folded == "wx-0042")
        #expect(try Serial("a") < Serial("B"))
    }

    @Test func `1 to 64 characters are taken`() throws {
        _ = try Serial(String(repeating: "z", count: 64))
        #expect(throws: SerialError.length(65)) { try Serial(String(repeating: "z", count: 65)) }
        #expect(throws: SerialError.length(0)) { try Serial("") }
    }

    @Test(arguments: ["a b", "a/b", "a@b", "é", "a\n", "\u{212A}", "a:b", "a\0"])
    func `other characters are refused`(_ text: String) {
        #expect(throws: SerialError.character) { try Serial(text) }
    }

    @Test func `owners have plain names`() {
        #expect(OwnerName("National Weather Service")?.description == "National Weather Service")
        #expect(OwnerName(String(repeating: "é", count: 64)) != nil)
        for text in ["", " a", "a ", "a\tb", "a\u{0}", String(repeating: "é", count: 65)] { #expect(OwnerName(text) == nil) }
    }
}
