// SPDX-License-Identifier: Apache-2.0
import Foundation

/// The project's files as the tidy tests see them.
enum Project {
    /// The folder that holds `Package.swift`.
    static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// One file with its lines.
    struct File: Sendable, CustomStringConvertible {
        /// Relative to the root, for example `Sources/XMPPCore/Stanzas/Stanza.swift`.
        let path: String
        let lines: [String]

        /// The second part of the path: the target's folder.
        var target: String { path.split(separator: "/").dropFirst().first.map(String.init) ?? "" }
        var description: String { path }
    }

    /// All Swift files below `Sources`, in the order of their paths.
    static let sources = files(below: "Sources", endings: [".swift"])

    /// All Swift files below `Tests`; the suites are other people's.
    static let tests = files(below: "Tests", endings: [".swift"])

    /// The text of a file; empty if it is not there.
    static func text(_ path: String) -> String {
        FileManager.default.contents(atPath: root.appendingPathComponent(path).path)
            .map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    static func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: root.appendingPathComponent(path).path)
    }

    static func write(_ text: String, to path: String) throws {
        let file = root.appendingPathComponent(path)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
    }

    /// Files with one of these endings below a folder, without other people's suites and what Python leaves behind.
    static func files(below folder: String, endings: [String]) -> [File] {
        paths(folder).sorted()
            .filter { path in endings.contains { path.hasSuffix($0) } }
            .map { File(path: $0, lines: lines(of: text($0))) }
    }

    static func lines(of text: String) -> [String] {
        text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    private static func paths(_ folder: String) -> [String] {
        // Each folder is resolved, so that one which is a link counts like any other.
        let place = root.appendingPathComponent(folder).resolvingSymlinksInPath().path
        let names = (try? FileManager.default.contentsOfDirectory(atPath: place)) ?? []
        return names.flatMap { name -> [String] in
            guard !["Suites", "__pycache__", ".DS_Store"].contains(name) else { return [] }
            var isFolder: ObjCBool = false
            let path = folder + "/" + name
            let full = root.appendingPathComponent(path).resolvingSymlinksInPath().path
            guard FileManager.default.fileExists(atPath: full, isDirectory: &isFolder) else { return [] }
            return isFolder.boolValue ? paths(path) : [path]
        }
    }
}
