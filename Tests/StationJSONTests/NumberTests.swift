// SPDX-License-Identifier: Apache-2.0

import StationJSON
import Testing

@Suite struct NumberTests {
    private func number(_ text: String) throws -> JSONValue { try JSONDocument(text).root }

    @Test(arguments: [
        ("0", 0), ("-0", 0), ("1", 1), ("-1", -1), ("1.0", 1), ("1.000", 1), ("1e2", 100), ("1.5e1", 15), ("10e-1", 1),
        ("0e99999999999999999999", 0), ("0.0", 0), ("120", 120), ("1000000", 1_000_000), ("0.0012e4", 12),
        ("9007199254740991", 9_007_199_254_740_991), ("9007199254740992", 9_007_199_254_740_992),
        ("9007199254740993", 9_007_199_254_740_993), ("-9007199254740993", -9_007_199_254_740_993),
        ("9223372036854775807", .max), ("-9223372036854775808", .min), ("9223372036854775807.000", .max),
        ("922337203685477580.7e1", .max), ("1000000000000000000", 1_000_000_000_000_000_000), ("1e18", 1_000_000_000_000_000_000),
    ] as [(String, Int64)])
    func `a whole number is read exactly`(_ text: String, _ value: Int64) throws {
        #expect(try number(text).int64 == value)
    }

    @Test(arguments: [
        "0.5", "1.5", "-1.25", "1e-1", "9223372036854775808", "-9223372036854775809", "1e19", "1e300",
        "92233720368547758070", "9223372036854775807.5", "1e-400", "12345678901234567890123", "0.00001e4",
    ])
    func `what is no integer of 64 bits answers nil`(_ text: String) throws {
        #expect(try number(text).int64 == nil)
        #expect(failure { () throws(JSONError) in try JSONDocument(text).root.requireInt64() }?.reason == "must be an integer")
    }

    @Test(arguments: [
        "0", "-0", "0.1", "-0.1", "1e22", "1e23", "123456789.123456789", "5e-324", "2.2250738585072011e-308",
        "1.7976931348623157e308", "4503599627370497.5", "9007199254740993", "1.00000000000000011102230246251565404",
        "0.1e1", "100e-2", "7.038531e-26", "8.589934592e9", "3.518437208883201171875e13", "1e-22", "1e-23", "17.25e-3",
    ])
    func `a double is the nearest one`(_ text: String) throws {
        let value = try #require(try number(text).double)
        #expect(value.bitPattern == Double(text)?.bitPattern)
    }

    @Test func `random doubles are the nearest ones`() throws {
        var random = SeededRandom(seed: 2026)
        for _ in 0..<20_000 {
            let digits = String(random.next() >> UInt64.random(in: 0...60, using: &random))
            let point = Int.random(in: 0...digits.count, using: &random)
            let text = (point == 0 ? "0" : String(digits.prefix(point))) + "." + digits.dropFirst(point) + "0"
                + "e\(Int.random(in: -40...40, using: &random))"
            #expect(try number(text).double?.bitPattern == Double(text)?.bitPattern, "\(text)")
        }
    }

    @Test(arguments: ["1E400", "-1e309", "1.7976931348623159e308", "1e99999999999999999999", "[1,1e400]"])
    func `a number that no double can hold is refused`(_ text: String) {
        #expect(refusal(text)?.reason == "number too large")
    }

    @Test func `long digit strings are finite up to the range and refused beyond`() {
        #expect(refusal("1" + String(repeating: "0", count: 308)) == nil)
        #expect(refusal("1" + String(repeating: "0", count: 309))?.reason == "number too large")
        #expect(refusal("-" + String(repeating: "9", count: 400))?.reason == "number too large")
        #expect(refusal("0." + String(repeating: "9", count: 2000)) == nil)
    }

    @Test(arguments: ["1e-400", "0e400", "-0e400", "1e-99999999999999999999"])
    func `a number too small for a double is zero`(_ text: String) throws {
        #expect(try number(text).double == 0)
    }

    @Test func `minus zero keeps its sign as a double`() throws {
        let zero = try number("-0")
        #expect(zero.double?.sign == .minus)
        #expect(zero.json.text == "-0.0")
    }

    @Test func `ranges are checked before conversion`() throws {
        let value = try number("11")
        #expect(failure { () throws(JSONError) in try value.requireInt64(in: 0...10) }?.reason == "must be an integer from 0 to 10")
        #expect(failure { () throws(JSONError) in try value.requireDouble(in: 0...10) } != nil)
        #expect(try value.requireInt64(in: 0...11) == 11)
        #expect(try value.requireDouble(in: 0...11) == 11)
    }
}
