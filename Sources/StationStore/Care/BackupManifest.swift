// SPDX-License-Identifier: Apache-2.0
import Foundation
import StationJSON
import StationModel

/// What a backup holds: `backup.json`, written last, so that a backup without it is not complete.
package struct BackupManifest: Sendable {
    /// One file of the backup.
    struct File: Sendable {
        /// Relative to the backup's folder.
        let name: String
        let bytes: Int
        /// CRC-32C.
        let checksum: UInt32
    }

    static let name = "backup.json"
    static let database = "store.sqlite"
    static let format: Int64 = 1
    /// The most bytes that all files of a backup may have, a pebibyte: sums and percentages of them stay numbers.
    static let mostBytes: Int64 = 1 << 50

    /// When it was begun.
    package let made: Timestamp
    /// The last report that it holds.
    package let position: Int64
    let files: [File]
    /// Of all files.
    var bytes: Int64 { files.reduce(0) { $0 + Int64($1.bytes) } }

    init(made: Timestamp, position: Int64, files: [File]) {
        self.made = made
        self.position = position
        self.files = files
    }

    var json: JSON {
        .object([
            "format": .integer(Self.format), "made": .number(made.seconds), "position": .integer(position),
            "files": .array(
                files.map {
                    .object([
                        "name": .string($0.name), "bytes": .integer(Int64($0.bytes)), "crc32c": .integer(Int64($0.checksum)),
                    ])
                }),
        ])
    }

    /// Reads the manifest of a backup.
    init(folder: String) throws {
        let path = "\(folder)/\(Self.name)"
        guard let data = FileManager.default.contents(atPath: path) else {
            throw StoreError(.unusable, "\(folder) is no complete backup: it has no \(Self.name); take another one")
        }
        do {
            var limits = JSONLimits()
            limits.bytes = 64 << 20
            let root = try JSONDocument([UInt8](data), limits: limits).root
            guard try root.require("format").requireInt64() == Self.format else {
                throw StoreError(.newer, "\(folder) was written by a newer version of Stationmaster; install that version")
            }
            guard let made = Timestamp(seconds: try root.require("made").requireDouble()) else {
                throw root.error("no time")
            }
            self.made = made
            position = try root.require("position").requireInt64(in: 0...Int64.max)
            files = try root.require("files").requireArray().map { file in
                File(
                    name: try file.require("name").requireString(),
                    bytes: Int(try file.require("bytes").requireInt64(in: 0...Int64.max)),
                    checksum: UInt32(try file.require("crc32c").requireInt64(in: 0...Int64(UInt32.max))))
            }
        } catch let error as JSONError {
            throw StoreError(.damaged, "\(path) is damaged (\(error)); use another backup")
        }
        var bytes: Int64 = 0
        for file in files {
            let (sum, isTooLarge) = bytes.addingReportingOverflow(Int64(file.bytes))
            guard !isTooLarge, sum <= Self.mostBytes else {
                throw StoreError(.damaged, "\(path) names more bytes than a backup can have; use another backup")
            }
            bytes = sum
        }
        guard files.first?.name == Self.database, files.allSatisfy({ Self.isOurs($0.name) }) else {
            throw StoreError(.damaged, "\(path) names files that no backup has; use another backup")
        }
    }

    /// Names never become paths beyond the folder.
    static func isOurs(_ name: String) -> Bool {
        if name == database { return true }
        let prefix = database + ".reports/"
        guard name.hasPrefix(prefix) else { return false }
        let parts = name.dropFirst(prefix.count).split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 2 && !parts[0].isEmpty && parts[0].allSatisfy { $0.isASCII && $0.isNumber }
            && ["segment", "index"].contains(parts[1])
    }
}
