// SPDX-License-Identifier: Apache-2.0

import StationJSON

extension SenMLRecord {
    /// The shape of a record on the wire: members that are not known are taken, unless their name ends in `_`
    /// (RFC 8428 §4.4); at most one value stands in it.
    public static let shape: JSONShape = .exclusive(
        .object(
            [
                .init("bn", .string(.pattern(.senMLName)), required: false, "Base name, put before names."),
                .init("bt", anyNumber, required: false, "Base time, added to times, in seconds."),
                .init("bu", unitShape, required: false, "Base unit, for records without one."),
                .init("bv", anyNumber, required: false, "Base value, added to values."),
                .init("bs", anyNumber, required: false, "Base sum, added to sums."),
                .init("bver", .integer(1...10), required: false, "Version of SenML: 10."),
                .init("n", .string(.pattern(.senMLName)), required: false, "Name of the quantity."),
                .init("u", unitShape, required: false, "Unit of the IANA SenML registries, such as Cel or %RH."),
                .init("v", anyNumber, required: false, "Numeric value."),
                .init("vs", .string(.length(0...1024)), required: false, "Text value."),
                .init("vb", .boolean, required: false, "Boolean value."),
                .init("vd", .string(.pattern(.base64url(bytes: 0...3072))), required: false, "Bytes in base64url."),
                .init("s", anyNumber, required: false, "Integrated sum over time."),
                .init("t", anyNumber, required: false, "Time in UTC seconds; below 2^28 relative to now."),
                .init("ut", anyNumber, required: false, "Longest time to the next update, in seconds."),
            ], additional: .allowedUnlessMandatory),
        ["v", "vs", "vb", "vd"])

    private static let anyNumber = JSONShape.number(-.greatestFiniteMagnitude ... .greatestFiniteMagnitude)
    private static let unitShape = JSONShape.string(.length(1...32))

    /// Reads a record that fits ``shape``. Unknown members are dropped.
    ///
    /// - Throws: `JSONError` where a member is of another kind.
    public init(json: JSONValue) throws(JSONError) {
        self.init()
        try json.requireObject()
        try json.forEachMember { (name, value) throws(JSONError) in try take(name.text, value) }
    }

    private mutating func take(_ label: String, _ value: JSONValue) throws(JSONError) {
        switch label {
        case "bn": baseName = try value.requireString()
        case "bt": baseTime = try value.requireDouble()
        case "bu": baseUnit = try value.requireString()
        case "bv": baseValue = try value.requireDouble()
        case "bs": baseSum = try value.requireDouble()
        case "bver": baseVersion = try value.requireInt64()
        case "n": name = try value.requireString()
        case "u": unit = try value.requireString()
        case "v": self.value = .number(try value.requireDouble())
        case "vs": self.value = .string(try value.requireString())
        case "vb": self.value = .boolean(try value.requireBool())
        case "vd": self.value = .data(try value.requireString())
        case "s": sum = try value.requireDouble()
        case "t": time = try value.requireDouble()
        case "ut": updateTime = try value.requireDouble()
        default: return
        }
    }

    /// The JSON form, in the order of RFC 8428 Table 1.
    public var json: JSON {
        var members: [JSON.Member] = []
        func add(_ label: String, _ value: JSON?) {
            if let value { members.append(.init(label, value)) }
        }
        add("bn", baseName.map { .string($0) })
        add("bt", baseTime.map { .number($0) })
        add("bu", baseUnit.map { .string($0) })
        add("bv", baseValue.map { .number($0) })
        add("bs", baseSum.map { .number($0) })
        add("bver", baseVersion.map { .integer($0) })
        add("n", name.map { .string($0) })
        add("u", unit.map { .string($0) })
        switch value {
        case .number(let number): add("v", .number(number))
        case .string(let text): add("vs", .string(text))
        case .boolean(let flag): add("vb", .boolean(flag))
        case .data(let text): add("vd", .string(text))
        case nil: break
        }
        add("s", sum.map { .number($0) })
        add("t", time.map { .number($0) })
        add("ut", updateTime.map { .number($0) })
        return .object(members)
    }
}
