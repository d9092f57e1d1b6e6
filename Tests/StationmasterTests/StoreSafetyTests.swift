// SPDX-License-Identifier: Apache-2.0
import Foundation
import StationModel
import StationStore
import Testing

@Suite("A store that must not be opened")
struct StoreSafetyTests {
    @Test("While a restore is half done the store is not opened, not even as a new one, and says what to do")
    func halfRestored() throws {
        let place = try StoreBackupTests.Place()
        let path = place.path("store.sqlite")
        try Data().write(to: URL(fileURLWithPath: path + ".restoring"))
        do {
            _ = try StoreBackupTests.open(path)
            Issue.record("it was opened")
        } catch let error as StoreError {
            #expect(error.code == .unusable && error.description.contains("run it again"))
        }
        #expect(!FileManager.default.fileExists(atPath: path))
        try FileManager.default.removeItem(atPath: path + ".restoring")
        _ = try StoreBackupTests.open(path)
    }

    @Test("A station's number that a flipped bit has made huge is found, before memory is reserved for it")
    func hugeNumber() throws {
        let place = try StoreBackupTests.Place()
        let path = place.path("store.sqlite")
        do { try StoreBackupTests.stations(StoreBackupTests.open(path)) }
        let program = """
            import sqlite3, sys
            store = sqlite3.connect(sys.argv[1])
            store.execute("UPDATE publisher SET number = number + (1 << 31) WHERE number = 3")
            store.commit()
            """
        #expect(try StoreCareTests.python(program, path) == 0)
        let store = try StoreBackupTests.open(path)
        do {
            try store.transaction { _ = try store.information.lastPublisher() }
            Issue.record("nothing was found")
        } catch let error as StoreError { #expect(error.code == .damaged) }
    }
}
