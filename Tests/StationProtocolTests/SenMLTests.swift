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

    @Test func `RFC 8428 §5.1.4, resolved data`() throws {
        let resolved = try resolve(
            """
            [{"bn":"urn:dev:ow:10e2073a0108006:","bt":1.276020076001e+09,"bu":"A","bver":5,"n":"voltage","u":"V","v":120.1},
             {"n":"current","t":-5,"v":1.2},{"n":"current","t":-4,"v":1.3},{"n":"current","v":1.7}]
            """)
        #expect(resolved.map(\.time) == [1_276_020_076.001, 1_276_020_071.001, 1_276_020_072.001, 1_276_020_076.001])
        #expect(resolved.map(\.unit) == ["V", "A", "A", "A"])
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
        (#"[{"n":"a"}]"#, "/0", .noValue), (#"[{"bn":"a:"},{"n":"b","v":1}]"#, "/0", .noValue), (#"[{"bn":""},{"n":"b","v":1}]"#, "/0", .name),
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
