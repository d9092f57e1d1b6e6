// SPDX-License-Identifier: Apache-2.0

import StationJSON
import StationModel

/// Observations of a station: SenML records under the station's own count.
///
/// The text is stored and passed on as it came; this value is for reading it. Members of records that are not known here
/// are dropped from the value.
public struct Report: PayloadKind {
    public static let name = "report"
    public static let summary = "Observations of a station as SenML records (RFC 8428)."
    public static let direction = PayloadDirection.stationToComponent
    public static let travels: PayloadTravel = [.request, .item]
    public static let shape = JSONShape.object(
        [
            .init("seq", WireShapes.reportSequence, "The station's own count; grows by one."),
            .init("records", .array(SenMLRecord.shape, count: 1...256), "SenML records; names are the station's own."),
            .init("gap", .boolean, required: false, "True: the reports missing before this one are lost."),
        ], additional: false)
    public static let validator = JSONValidator(shape)

    /// The station's own count, from 1.
    public var seq: Int64
    /// The records, base values not applied.
    public var records: [SenMLRecord]
    /// The reports missing before this one are lost.
    public var gap: Bool

    /// Makes a report.
    public init(seq: Int64, records: [SenMLRecord], gap: Bool = false) {
        self.seq = seq
        self.records = records
        self.gap = gap
    }

    public init(json: JSONValue) throws(JSONError) {
        seq = try json.integer("seq")
        gap = try json["gap"]?.requireBool() ?? false
        var list: [SenMLRecord] = []
        try json.require("records").forEachItem { (item) throws(JSONError) in list.append(try SenMLRecord(json: item)) }
        records = list
    }

    public var json: JSON {
        .object([
            "seq": .integer(seq), "records": .array(records.map(\.json)), "gap": gap ? .boolean(true) : nil,
        ])
    }
}
