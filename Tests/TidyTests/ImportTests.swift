// SPDX-License-Identifier: Apache-2.0
import Testing

@Suite struct ImportTests {
    private static let ours = Set(ImportTable.rows.map(\.target))

    /// The modules that the files of a target import.
    private static func imports(of target: String) -> Set<String> {
        var modules: Set<String> = []
        for file in Project.sources where file.target == target {
            for line in file.lines {
                if let module = module(imported: line) { modules.insert(module) }
            }
        }
        return modules.subtracting(ImportTable.everywhere)
    }

    /// `@testable public import struct A.B` imports `A`.
    static func module(imported line: String) -> String? {
        var words = line.split(separator: " ").map(String.init)[...]
        let before: Set<String> = ["public", "package", "internal", "fileprivate", "private"]
        while let word = words.first, word.hasPrefix("@") || before.contains(word) { words = words.dropFirst() }
        guard words.first == "import" else { return nil }
        words = words.dropFirst()
        let kinds: Set<String> = ["struct", "class", "enum", "protocol", "typealias", "func", "let", "var"]
        if let word = words.first, kinds.contains(word) { words = words.dropFirst() }
        return words.first?.split(separator: ".").first.map(String.init)
    }

    @Test(
        arguments: [
            ("import Logging", "Logging"), ("internal import CStationExpat", "CStationExpat"),
            ("@preconcurrency import struct Foundation.Data", "Foundation"), ("important", nil), ("// import X", nil),
        ] as [(String, String?)])
    func `An import line is read`(_ line: String, _ module: String?) {
        #expect(Self.module(imported: line) == module)
    }

    @Test(arguments: ImportTable.rows)
    func `A target imports what the table says, and no less`(_ row: ImportRow) {
        let found = Self.imports(of: row.target)
        #expect(found.subtracting(row.ours).subtracting(row.others).sorted() == [], "not in the table")
        #expect(row.ours.union(row.others).subtracting(found).sorted() == [], "in the table, but not imported")
        #expect(row.ours.isSubset(of: Self.ours))
    }

    @Test func `Every target has a row`() {
        let folders = Set(Project.sources.map(\.target))
        #expect(folders.subtracting(Self.ours).sorted() == [])
        for row in ImportTable.rows { #expect(Project.exists("Sources/" + row.target), "\(row.target)") }
    }

    @Test func `Imports run one way`() {
        var above: Set<String> = []
        for row in ImportTable.rows {
            #expect(row.ours.subtracting(above).sorted() == [], "\(row.target) stands too high")
            above.insert(row.target)
        }
    }

    @Test(arguments: ImportTable.owners)
    func `A foreign library has its place`(_ library: String, _ targets: Set<String>) {
        let users = ImportTable.rows.filter { $0.ours.contains(library) || $0.others.contains(library) }
        #expect(Set(users.map(\.target)) == targets)
    }

    /// What a target imports, directly or through others.
    private static func reach(_ target: String) -> Set<String> {
        var reached: Set<String> = []
        var next = [target]
        while let name = next.popLast() {
            for module in ImportTable.rows.first(where: { $0.target == name })?.ours ?? []
            where reached.insert(module).inserted { next.append(module) }
        }
        return reached
    }

    @Test func `The two domains do not know each other, nor the store`() {
        #expect(Self.reach("DeviceManagement").isDisjoint(with: ["InformationServices", "StationStore"]))
        #expect(Self.reach("InformationServices").isDisjoint(with: ["DeviceManagement", "StationStore"]))
        #expect(Self.reach("StationCore").isDisjoint(with: ["DeviceManagement", "InformationServices", "StationStore"]))
    }
}
