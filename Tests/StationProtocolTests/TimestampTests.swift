// SPDX-License-Identifier: Apache-2.0

import StationModel
import Testing

@Suite struct TimestampTests {
    @Test(arguments: [
        (0, "1970-01-01T00:00:00Z"), (1_795_413_600_000, "2026-11-23T06:00:00Z"), (951_782_399_999, "2000-02-28T23:59:59.999Z"),
        (951_782_400_000, "2000-02-29T00:00:00Z"), (-1, "1969-12-31T23:59:59.999Z"), (-62_135_596_800_000, "0001-01-01T00:00:00Z"),
        (253_402_300_799_999, "9999-12-31T23:59:59.999Z"), (4_107_542_400_000, "2100-03-01T00:00:00Z"), (1001, "1970-01-01T00:00:01.001Z"),
    ] as [(Int64, String)])
    func `moments are written and read as in XEP-0082`(_ milliseconds: Int64, _ text: String) {
        #expect(Timestamp(milliseconds: milliseconds).description == text)
        #expect(Timestamp(text)?.milliseconds == milliseconds)
    }

    @Test(arguments: [
        ("1969-07-21T02:56:15Z", -14_159_025_000), ("1969-07-20T21:56:15-05:00", -14_159_025_000),
        ("2026-01-01T00:30:00+01:00", 1_767_223_800_000), ("1970-01-01T00:00:00.1Z", 100), ("1970-01-01T00:00:00.123456789Z", 123),
    ] as [(String, Int64)])
    func `offsets and fractions are read`(_ text: String, _ milliseconds: Int64) {
        #expect(Timestamp(text)?.milliseconds == milliseconds)
    }

    @Test(arguments: [
        "", "1970-01-01", "1970-01-01T00:00:00", "1970-13-01T00:00:00Z", "1970-00-01T00:00:00Z", "1970-02-29T00:00:00Z",
        "2100-02-29T00:00:00Z", "1970-04-31T00:00:00Z", "1970-01-01T24:00:00Z", "1970-01-01T00:60:00Z", "1970-01-01T00:00:60Z",
        "1970-01-01T00:00:00.Z", "1970-01-01t00:00:00Z", "1970-01-01T00:00:00z", "1970-01-01T00:00:00+24:00", "1970-01-01T00:00:00Z ",
        "+1970-01-01T00:00:00Z", "1970-01-01T00:00:00ZZ", "19700101T00:00:00Z", "1970-01-0éT00:00:00Z",
    ])
    func `anything else is no moment`(_ text: String) {
        #expect(Timestamp(text) == nil)
    }

    @Test func `text after print is the identity`() {
        var random = VariationRandom(state: 82)
        for _ in 0..<20_000 {
            let moment = Timestamp(milliseconds: Int64.random(in: -62_167_219_200_000...253_402_300_799_999, using: &random))
            #expect(Timestamp(moment.description) == moment)
        }
    }

    @Test func `arithmetic stops at the ends`() {
        #expect(Timestamp(milliseconds: .max).adding(milliseconds: 1).milliseconds == .max)
        #expect(Timestamp(milliseconds: .min).adding(milliseconds: -1).milliseconds == .min)
        #expect(Timestamp(milliseconds: 5).adding(.seconds(Int64.max)).milliseconds == .max)
        #expect(Timestamp(milliseconds: 5).adding(.seconds(Int64.min)).milliseconds == .min + 5)
        #expect(Timestamp(milliseconds: 5).adding(.milliseconds(1500)).milliseconds == 1505)
        #expect(Timestamp(milliseconds: .min).milliseconds(since: Timestamp(milliseconds: .max)) == .min)
        #expect(Timestamp(milliseconds: 7).milliseconds(since: Timestamp(milliseconds: 10)) == -3)
        #expect(Timestamp(milliseconds: .min).description.hasPrefix("-"))
        #expect(Timestamp(seconds: 1.0005)?.milliseconds == 1001)
        #expect(Timestamp(seconds: .infinity) == nil && Timestamp(seconds: .nan) == nil && Timestamp(seconds: 1e300) == nil)
        #expect(Timestamp(milliseconds: 1500).seconds == 1.5)
    }
}
