// SPDX-License-Identifier: Apache-2.0
import Foundation

/// A folder that is made for a measurement, and may be taken away for the next one.
enum FixtureFolder {
    private static let mark = ".benchmark-fixture"

    /// Makes the folder, or empties it if it was made here. Somebody's store is never touched.
    static func empty(_ path: String) throws {
        let files = FileManager.default
        if files.fileExists(atPath: "\(path)/\(mark)") {
            try files.removeItem(atPath: path)
        } else if let name = try? files.contentsOfDirectory(atPath: path).first(where: { $0.contains(".sqlite") }) {
            throw FixtureError(description: "\(path)/\(name) was not made by a benchmark; name another folder with --dir")
        }
        try files.createDirectory(atPath: path, withIntermediateDirectories: true)
        try Data().write(to: URL(fileURLWithPath: "\(path)/\(mark)"))
    }
}
