// SPDX-License-Identifier: Apache-2.0

import Testing
import XMPPCore

@Suite struct DateTimeTests {
    @Test("Times are written and read as in XEP-0082", arguments: [
        (0, "1970-01-01T00:00:00Z"),
        (-14_159_025_000, "1969-07-21T02:56:15Z"),
        (951_782_400_000, "2000-02-29T00:00:00Z"),
        (4_107_542_399_999, "2100-02-28T23:59:59.999Z"),
        (1, "1970-01-01T00:00:00.001Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
        (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
        (-62_167_219_200_000, "0000-01-01T00:00:00Z"),
    ] as [(Int64, String)])
    func roundTrip(_ milliseconds: Int64, _ text: String) {
        #expect(DateTime.text(milliseconds: milliseconds) == text)
        #expect(DateTime.milliseconds(text) == milliseconds)
    }

    @Test("Zones, fractions and leap seconds are read", arguments: [
        ("1969-07-20T21:56:15-05:00", -14_159_025_000),
        ("1970-01-01T05:30:00+05:30", 0),
        ("1970-01-01T00:00:00.1234567Z", 123),
        ("1970-01-01T00:00:00.5Z", 500),
        ("2016-12-31T23:59:60Z", 1_483_228_799_000),
    ] as [(String, Int64)])
    func read(_ text: String, _ milliseconds: Int64) {
        #expect(DateTime.milliseconds(text) == milliseconds)
    }

    @Test("What is no time is refused", arguments: [
        "", "1970-01-01", "1970-01-01T00:00:00", "1970-02-29T00:00:00Z", "1900-02-29T00:00:00Z",
        "1970-13-01T00:00:00Z", "1970-01-01T24:00:00Z", "1970-01-01T00:60:00Z", "1970-01-01T00:00:61Z",
        "1970-01-01T00:00:00.Z", "1970-01-01T00:00:00Zx", "1970-01-01 00:00:00Z", "+970-01-01T00:00:00Z",
        "1970-01-01T00:00:00+5:00", "20020910T23:08:25",
    ])
    func refused(_ text: String) {
        #expect(DateTime.milliseconds(text) == nil)
    }

    @Test("Times beyond four-digit years are brought to the end")
    func ends() {
        #expect(DateTime.text(milliseconds: .max) == "9999-12-31T23:59:59.999Z")
        #expect(DateTime.text(milliseconds: .min) == "0000-01-01T00:00:00Z")
    }

    @Test("Days of eight hundred years are written and read back")
    func manyDays() {
        for day in stride(from: Int64(-146_097), to: 146_097, by: 7) {
            let time = day * 86_400_000 + 12_345_678
            guard DateTime.milliseconds(DateTime.text(milliseconds: time)) == time else {
                Issue.record("\(time)")
                return
            }
        }
    }
}
