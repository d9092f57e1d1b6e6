// SPDX-License-Identifier: Apache-2.0
import StationCore

/// The condition of a refused command, to be compared.
struct CommandErrorBox: Error, Equatable {
    let condition: String
    init(_ condition: String) { self.condition = condition }
}

func boxed<T>(_ body: () throws -> T) throws {
    do { _ = try body() } catch let error as CommandError { throw CommandErrorBox(error.condition) }
}
