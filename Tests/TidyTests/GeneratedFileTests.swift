// SPDX-License-Identifier: Apache-2.0
import Foundation
import StationSettings
import StationStore
import Testing

@testable import Stationmaster

/// A file, or the table in one, that is made from the code.
struct GeneratedFile: Sendable, CustomStringConvertible {
    /// Relative to the project's root.
    let path: String
    /// The whole text that should stand there.
    let make: @Sendable () throws -> String

    var description: String { path }

    static let documentation = "Sources/Stationmaster/Stationmaster.docc/"

    static let all: [GeneratedFile] = [
        GeneratedFile(path: "Config/stationmaster.yaml") { StationmasterOptions.all.annotated() },
        GeneratedFile(path: documentation + "Configuration.md") {
            try table(StationmasterOptions.all.table, in: documentation + "Configuration.md")
        },
        GeneratedFile(path: documentation + "Architecture.md") {
            try table(ImportTable.markdown, in: documentation + "Architecture.md")
        },
        GeneratedFile(path: "Schemas/doap.xml") { try Features.doap() },
        GeneratedFile(path: "Schemas/sql/schema.sql") {
            let folder = FileManager.default.temporaryDirectory.appendingPathComponent("schema-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(at: folder) }
            return try StationStore(path: folder.appendingPathComponent("store.sqlite").path).schema()
        },
    ]

    struct NoTable: Error, CustomStringConvertible {
        let description: String
    }

    /// The document with the table of the same heading replaced by this one.
    private static func table(_ table: String, in path: String) throws -> String {
        let heading = table.prefix { $0 != "\n" }
        let lines = Project.lines(of: Project.text(path))
        guard let start = lines.firstIndex(of: String(heading)) else {
            throw NoTable(description: "\(path) has no table that begins with \(heading)")
        }
        let end = lines[start...].firstIndex { !$0.hasPrefix("|") } ?? lines.endIndex
        let rows = Project.lines(of: table).filter { !$0.isEmpty }
        return (lines[..<start] + rows + lines[end...]).joined(separator: "\n")
    }
}

@Suite struct GeneratedFileTests {
    /// With `STATIONMASTER_REGENERATE=1` the files are written instead of compared.
    private static let writes = ProcessInfo.processInfo.environment["STATIONMASTER_REGENERATE"] == "1"

    @Test(arguments: GeneratedFile.all)
    func `A generated file is up to date`(_ file: GeneratedFile) throws {
        let text = try file.make()
        #expect(!text.isEmpty)
        if Self.writes {
            try Project.write(text, to: file.path)
        } else {
            let isSame = Project.text(file.path) == text
            #expect(isSame, "run: STATIONMASTER_REGENERATE=1 swift test --filter GeneratedFileTests")
        }
    }
}
