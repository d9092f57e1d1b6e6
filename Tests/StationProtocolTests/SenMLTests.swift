// SPDX-License-Identifier: Apache-2.0

import StationJSON
import StationModel
import Testing

@Suite struct SenMLTests {
    private static let now = Timestamp(milliseconds: 1_795_413_600_000)

    private func pack(_ text: String) throws -> SenMLPack {
        let root = try JSONDocument(text).root
        try JSONShape.array(SenMLRecord.shape, count: 1...99).validate(root)
        return SenMLPack(try root.items.map { try SenMLRecord(json: $0) })
    }

    private func resolve(_ text: String) throws -> [SenMLMeasurement] { try pack(text).resolve(now: Self.now) }

    @Test func `RFC 8428 §5.1.2, several data points`() throws {
        let resolved = try resolve(
            """
            [{"bn":"urn:dev:ow:10e2073a01080063:","n":"voltage","u":"V","v":120.1},
             {"n":"current","u":"A","v":1.2}]
            """)
        #expect(resolved.map(\.name) == ["urn:dev:ow:10e2073a01080063:voltage", "urn:dev:ow:10e2073a01080063:current"])
        #expect(resolved.map(\.value) == [.number(120.1), .number(1.2)])
        #expect(resolved.map(\.time) == [Self.now.seconds, Self.now.seconds])
    }

    @Test func `RFC 8428 §5.1.2, a current at each second of the last five`() throws {
        let resolved = try resolve(
            """
            [{"bn":"urn:dev:ow:10e2073a0108006:","bt":1.276020076001e+09,"bu":"A","bver":5,"n":"voltage","u":"V","v":120.1},
             {"n":"current","t":-5,"v":1.2},{"n":"current","t":-4,"v":1.3},{"n":"current","t":-3,"v":1.4},
             {"n":"current","t":-2,"v":1.5},{"n":"current","t":-1,"v":1.6},{"n":"current","v":1.7}]
            """)
        #expect(resolved.map(\.time) == [0, -5, -4, -3, -2, -1, 0].map { 1_276_020_076.001 + $0 })
        #expect(resolved.map(\.unit) == ["V", "A", "A", "A", "A", "A", "A"])
        #expect(resolved.map(\.value) == [120.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7].map { .number($0) })
    }

    @Test func `RFC 8428 §5.1.2, a stream of humidity`() throws {
        let values = [21.2, 21.3, 21.4, 21.4, 21.5, 21.5, 21.5, 21.6, 21.7]
        let later = values.enumerated().dropFirst().map { #",{"t":\#($0 * 10),"v":\#($1)}"# }.joined()
        let resolved = try resolve(#"[{"bn":"urn:dev:ow:10e2073a01080063","bt":1.320067464e+09,"bu":"%RH","v":21.2}\#(later)]"#)
        #expect(resolved.map(\.value) == values.map { .number($0) })
        #expect(resolved.map(\.time) == values.indices.map { 1_320_067_464 + Double($0 * 10) })
        #expect(resolved.allSatisfy { $0.name == "urn:dev:ow:10e2073a01080063" && $0.unit == "%RH" })
    }

    @Test func `RFC 8428 §5.1.7, a thermostat, of which the first record names the device alone`() throws {
        let resolved = try resolve(
            """
            [{"bn":"urn:dev:ow:10e2073a01080063:"},{"n":"temp","u":"Cel","v":23.1},{"n":"heat","u":"/","v":1},{"n":"fan","u":"/","v":0}]
            """)
        #expect(resolved.map(\.name) == ["temp", "heat", "fan"].map { "urn:dev:ow:10e2073a01080063:" + $0 })
        #expect(resolved.map(\.value) == [.number(23.1), .number(1), .number(0)])
        #expect(resolved.map(\.unit) == ["Cel", "/", "/"])
    }

    @Test func `RFC 8428 §5.1.7, lights that go on together, and dim before they go off together`() throws {
        let on = try resolve(#"[{"bt":1.320078429e+09,"bu":"/","n":"2001:db8::3","v":1},{"n":"2001:db8::4","v":1}]"#)
        #expect(on.map(\.name) == ["2001:db8::3", "2001:db8::4"] && on.map(\.time) == [1_320_078_429, 1_320_078_429])
        let off = try resolve(
            """
            [{"bt":1.320078429e+09,"bu":"/","n":"2001:db8::3","v":0.5},{"n":"2001:db8::4","v":0.5},
             {"n":"2001:db8::3","t":0.1,"v":0},{"n":"2001:db8::4","t":0.1,"v":0}]
            """)
        #expect(off.map(\.time) == [0, 0, 0.1, 0.1].map { 1_320_078_429 + $0 })
        #expect(off.map(\.value) == [0.5, 0.5, 0, 0].map { .number($0) })
        #expect(off.allSatisfy { $0.unit == "/" })
    }

    @Test func `RFC 8428 §5.1.1, a single data point`() throws {
        let resolved = try resolve(#"[{"n":"urn:dev:ow:10e2073a01080063","u":"Cel","v":23.1}]"#)
        #expect(resolved.map(\.name) == ["urn:dev:ow:10e2073a01080063"])
        #expect(resolved.map(\.unit) == ["Cel"] && resolved.map(\.value) == [.number(23.1)])
    }

    @Test func `RFC 8428 §5.1.3 and §5.1.4, multiple measurements and the same resolved`() throws {
        let resolved = try resolve(
            """
            [{"bn":"urn:dev:ow:10e2073a01080063","bt":1.320067464e+09,"bu":"%RH","v":20},
             {"u":"lon","v":24.30621},{"u":"lat","v":60.07965},
             {"t":60,"v":20.3},{"u":"lon","t":60,"v":24.30622},{"u":"lat","t":60,"v":60.07965},
             {"t":120,"v":20.7},{"u":"lon","t":120,"v":24.30623},{"u":"lat","t":120,"v":60.07966},
             {"u":"%EL","t":150,"v":98},
             {"t":180,"v":21.2},{"u":"lon","t":180,"v":24.30628},{"u":"lat","t":180,"v":60.07967}]
            """)
        #expect(resolved.allSatisfy { $0.name == "urn:dev:ow:10e2073a01080063" })
        #expect(resolved.map(\.unit) == ["%RH", "lon", "lat", "%RH", "lon", "lat", "%RH", "lon", "lat", "%EL", "%RH", "lon", "lat"])
        let times = [0, 0, 0, 60, 60, 60, 120, 120, 120, 150, 180, 180, 180]
        #expect(resolved.map(\.time) == times.map { 1_320_067_464 + Double($0) })
        #expect(try resolve(Self.resolvedData) == resolved, "the same as the RFC resolves it (§5.1.4)")
        let again = try SenMLPack(
            resolved.map { SenMLRecord(name: $0.name, unit: $0.unit, value: $0.value, sum: $0.sum, time: $0.time) }
        ).resolve(now: Self.now)
        #expect(again == resolved, "what is resolved resolves to itself (RFC 8428 §4.6)")
    }

    /// RFC 8428 §5.1.4, put together from its rows: name and time are the same in each, as seconds after 1.320067464e+09.
    private static var resolvedData: String {
        let rows: [(unit: String, after: Int, value: Double)] = [
            ("%RH", 0, 20), ("lon", 0, 24.30621), ("lat", 0, 60.07965), ("%RH", 60, 20.3), ("lon", 60, 24.30622), ("lat", 60, 60.07965),
            ("%RH", 120, 20.7), ("lon", 120, 24.30623), ("lat", 120, 60.07966), ("%EL", 150, 98), ("%RH", 180, 21.2),
            ("lon", 180, 24.30628), ("lat", 180, 60.07967),
        ]
        let records = rows.map {
            #"{"n":"urn:dev:ow:10e2073a01080063","u":"\#($0.unit)","t":1.320067\#(464 + $0.after)e+09,"v":\#($0.value)}"#
        }
        return "[" + records.joined(separator: ",") + "]"
    }

    @Test func `RFC 8428 §5.1.5, multiple data types`() throws {
        let resolved = try resolve(
            """
            [{"bn":"urn:dev:ow:10e2073a01080063:","n":"temp","u":"Cel","v":23.1},{"n":"label","vs":"Machine Room"},
             {"n":"open","vb":false},{"n":"nfc-reader","vd":"aGkgCg"}]
            """)
        #expect(resolved.map(\.value) == [.number(23.1), .string("Machine Room"), .boolean(false), .data("aGkgCg")])
    }

    @Test func `RFC 8428 §5.1.6, a collection of resources`() throws {
        let resolved = try resolve(
            """
            [{"bn":"2001:db8::2/","bt":1.320078429e+09,"n":"temperature","u":"Cel","v":25.2},{"n":"humidity","u":"%RH","v":30},
             {"bn":"2001:db8::1/","n":"temperature","u":"Cel","v":12.3},{"n":"humidity","u":"%RH","v":67}]
            """)
        #expect(
            resolved.map(\.name) == [
                "2001:db8::2/temperature", "2001:db8::2/humidity", "2001:db8::1/temperature", "2001:db8::1/humidity",
            ])
        #expect(resolved.allSatisfy { $0.time == 1_320_078_429 })
    }

    /// Each rule of RFC 8428 §4 that a text can break.
    @Test(arguments: [
        ("§4.4: an unknown label that ends in _ must be understood", #"[{"n":"a","v":1,"x_":1}]"#),
        ("§4.2: one value at most", #"[{"n":"a","v":1,"vs":"x"}]"#), ("§4.2: one value at most", #"[{"n":"a","vb":true,"vd":""}]"#),
        ("§4.3: a number", #"[{"n":"a","v":"1"}]"#), ("§4.3: a text", #"[{"n":"a","vs":1}]"#), ("§4.3: a boolean", #"[{"n":"a","vb":1}]"#),
        ("§4.3: base64url", #"[{"n":"a","vd":"a+b="}]"#), ("§4.3: a number", #"[{"n":"a","v":null}]"#),
        ("§4.3: a version is an integer", #"[{"n":"a","v":1,"bver":9.5}]"#), ("§4.4: version 10 at most", #"[{"n":"a","v":1,"bver":11}]"#),
        ("§4.5.1: letters, digits and - : . / _", #"[{"n":"a b","v":1}]"#), ("§4.5.1: letters, digits and - : . / _", #"[{"n":"é","v":1}]"#),
        ("§4.5.1: letters, digits and - : . / _", #"[{"bn":"a#","v":1}]"#), ("§4.5.1: it begins with a letter or digit", #"[{"n":"_a","v":1}]"#),
        ("§5: an array of objects", #"{"n":"a","v":1}"#), ("§5: an array of objects", "[[]]"), ("§4: at least one record", "[]"),
        ("§5: no label twice", #"[{"n":"a","v":1,"v":2}]"#), ("§4.5.3: a time is a number", #"[{"n":"a","v":1,"t":"0"}]"#),
    ])
    func `what breaks a rule of RFC 8428 is refused`(_ rule: String, _ text: String) {
        #expect(throws: (any Error).self, "\(rule)") { try resolve(text) }
    }

    /// Each rule of RFC 8428 §4 that allows what a reader might not expect.
    @Test(arguments: [
        ("§4.4: other unknown labels are ignored", #"[{"n":"a","v":1,"x":{"y":[]}}]"#), ("§4.5.2: any unit", #"[{"n":"a","v":1,"u":"furlong"}]"#),
        ("§4.2: a sum without a value", #"[{"n":"a","s":1}]"#), ("§4.2: a value and a sum", #"[{"n":"a","v":1,"s":2}]"#),
        ("§4.5.4: a base value alone counts", #"[{"n":"a","bv":3}]"#), ("§4.3: an empty text", #"[{"n":"a","vs":""}]"#),
        ("§4.3: no bytes", #"[{"n":"a","vd":""}]"#), ("§4.5.3: now", #"[{"n":"a","v":1,"t":0}]"#),
        ("§4.5.3: the past and the future", #"[{"n":"a","v":1,"t":-1},{"n":"a","v":1,"t":1}]"#),
        ("§4.4: an older version in the first record", #"[{"n":"a","v":1,"bver":5},{"n":"b","v":1,"bver":5}]"#),
        ("§4.5.1: the base name alone", #"[{"bn":"a","v":1}]"#), ("§4.3: an update time", #"[{"n":"a","v":1,"ut":60}]"#),
        ("§4.1: base fields alone", #"[{"bt":5},{"bn":"a:"},{"bu":"V","bver":10},{"n":"b","v":1}]"#),
        // Against §5, which wants a small e: a measurement is not thrown away for a letter.
        ("§5: an exponent in upper case is taken", #"[{"n":"a","v":1E5,"t":-1E1}]"#),
        // §4.6 wants resolved records by time. What we pass on is as the station wrote it, and nobody is sent a resolved pack.
        ("§4.6: the order of the text stays", #"[{"n":"a","v":1,"t":2},{"n":"a","v":1,"t":1}]"#),
    ])
    func `what RFC 8428 allows is taken`(_ rule: String, _ text: String) throws {
        #expect(try !resolve(text).isEmpty, "\(rule)")
    }

    @Test func `base values change from the record on where they stand`() throws {
        let resolved = try resolve(
            """
            [{"bn":"a:","bv":10,"bs":100,"n":"x","v":1},{"n":"y","s":5,"vs":"text"},{"bn":"b:","bv":-1,"n":"z"},{"n":"w","vb":true}]
            """)
        #expect(resolved.map(\.name) == ["a:x", "a:y", "b:z", "b:w"])
        #expect(resolved.map(\.value) == [.number(11), .string("text"), .number(-1), .boolean(true)])
        #expect(resolved.map(\.sum) == [100, 105, 100, 100])
    }

    @Test func `times below 2^28 count from now`() throws {
        let resolved = try resolve(
            #"[{"n":"a","v":1,"t":-60},{"n":"b","v":1,"t":268435455},{"n":"c","v":1,"t":268435456},{"n":"d","v":1,"bt":100,"t":-1}]"#)
        #expect(resolved.map(\.time) == [1_795_413_540, 2_063_849_055, 268_435_456, 1_795_413_699])
    }

    @Test(arguments: [
        (#"[{"v":1}]"#, "/0", SenMLPack.Flaw.name), (#"[{"n":"a","v":1},{"n":":b","v":1}]"#, "/1", .name),
        (#"[{"n":"a"}]"#, "/0", .noValue), (#"[{"bn":"a:","u":"V"},{"n":"b","v":1}]"#, "/0", .noValue), (#"[{"bn":"a"}]"#, "/0", .noValue),
        (#"[{"bn":"a:","bt":1},{"bver":5},{"t":2}]"#, "/1", .version), (#"[{"bn":"a:"},{"n":":b"}]"#, "/1", .noValue),
        (#"[{"n":"a","v":1},{"n":"b","v":1,"bver":5}]"#, "/1", .version),
        (#"[{"n":"a","v":1.7e308,"bv":1.7e308}]"#, "/0", .range), (#"[{"n":"a","v":1,"t":1.7e308,"bt":1.7e308}]"#, "/0", .range),
        (#"[{"n":"a","s":1.7e308,"bs":1.7e308}]"#, "/0", .range),
    ])
    func `a pack that cannot be resolved says where`(_ text: String, _ place: String, _ flaw: SenMLPack.Flaw) throws {
        let pack = try pack(text)
        let error = #expect(throws: SenMLPack.ResolutionError.self) { try pack.resolve(now: Self.now) }
        #expect(error?.flaw == flaw)
        #expect(error?.description.hasSuffix(place) == true)
    }

    @Test func `a name has at most 255 characters`() throws {
        let half = String(repeating: "a", count: 128)
        #expect(try resolve(#"[{"bn":"\#(half)","n":"\#(half.dropLast())","v":1}]"#).first?.name.count == 255)
        let pack = try pack(#"[{"bn":"\#(half)","n":"\#(half)","v":1}]"#)
        #expect(throws: SenMLPack.ResolutionError.self) { try pack.resolve(now: Self.now) }
    }

    @Test func `an empty pack has no measurements`() throws {
        #expect(try SenMLPack([]).resolve(now: Self.now).isEmpty)
    }

    @Test func `units are known by their symbols and converted`() throws {
        #expect(SenMLUnit("Cel")?.isPrimary == true)
        #expect(SenMLUnit("cel") == nil && SenMLUnit("") == nil)
        #expect(SenMLUnit("hPa")?.primaryValue(1013.25) == 101_325)
        #expect(SenMLUnit("dBm")?.primaryValue(30) == 0)
        #expect(SenMLUnit("km/h")?.primaryValue(36).rounded() == 10)
        #expect(SenMLUnit("min")?.primary == "s")
        #expect(Set(SenMLUnit.all.map(\.symbol)).count == SenMLUnit.all.count)
        for unit in SenMLUnit.all { #expect(SenMLUnit(unit.primary)?.isPrimary == true, "\(unit.symbol)") }
    }
}
