// SPDX-License-Identifier: Apache-2.0

import StationJSON
import StationModel

enum SenMLBody {
    private static let now = Timestamp(milliseconds: 1_795_413_600_000)
    private static let validator = JSONValidator(.array(SenMLRecord.shape, count: 1...99))

    static func run(_ bytes: [UInt8]) -> String? {
        guard let root = try? JSONDocument(bytes).root, (try? validator.validate(root)) != nil else { return nil }
        var records: [SenMLRecord] = []
        for item in root.items {
            guard let record = try? SenMLRecord(json: item) else { return "a record that fits the shape cannot be read" }
            guard let written = try? JSONDocument(record.json.text), (try? SenMLRecord(json: written.root)) == record else {
                return "a record changes when it is written: \(record.json.text)"
            }
            records.append(record)
        }
        guard let resolved = try? SenMLPack(records).resolve(now: now) else { return nil }
        let places = Set(resolved.map(\.record))
        guard places.count == resolved.count, resolved.map(\.record) == places.sorted() else { return "records are out of order" }
        for (place, record) in records.enumerated() where !places.contains(place) {
            let isEmpty = record.name == nil && record.value == nil && record.sum == nil && record.baseValue == nil && record.baseSum == nil
            if !isEmpty { return "record \(place) is lost" }
        }
        for var measurement in resolved {
            guard measurement.time.isFinite, (1...255).contains(measurement.name.utf8.count) else { return "unresolved: \(measurement)" }
            if case .number(let number)? = measurement.value, !number.isFinite { return "no number: \(measurement)" }
            // Before 1978 a time counts from now.
            guard measurement.time >= 268_435_456 else { continue }
            measurement.record = 0
            let record = SenMLRecord(
                name: measurement.name, unit: measurement.unit, value: measurement.value, sum: measurement.sum, time: measurement.time,
                updateTime: measurement.updateTime)
            guard (try? SenMLPack([record]).resolve(now: now)) == [measurement] else { return "resolves to something else: \(measurement)" }
        }
        return nil
    }

    static let seeds: [[UInt8]] = [
        #"[{"bn":"urn:dev:ow:1:","bt":1.276020076001e+09,"bu":"A","bver":5,"n":"voltage","u":"V","v":120.1},{"n":"current","t":-5,"v":1.2}]"#,
        #"[{"n":"a","vs":"x"},{"n":"b","vb":true},{"n":"c","vd":"aGkgCg"},{"n":"d","s":1,"bs":2,"bv":3,"ut":4}]"#,
    ].map { Array($0.utf8) }
}
