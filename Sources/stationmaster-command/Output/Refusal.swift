// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Foundation
import StationCore
import StationJSON
import StationSettings
import StationStore
import Stationmaster
import XMPPComponent

/// How a command ends that did not do what it was asked: a sentence on standard error, or JSON where that was asked for, and an
/// exit status of sysexits.h.
struct Refusal: Error {
    /// A word to switch on.
    let condition: String
    let sentence: String
    let status: Int32

    init(_ condition: String, _ sentence: String, status: Int32 = 1) {
        self.condition = condition
        self.sentence = sentence
        self.status = status
    }

    /// Nil for what is no refusal, such as `--help`, or has been told already.
    init?(_ error: any Error) {
        switch error {
        case let refusal as Refusal: self = refusal
        case let error as ConfigurationError:
            self.init("configuration", error.description, status: ConfigurationError.exitStatus)
        case let error as ComponentError where error.code == .configuration || error.code == .plaintextRefused:
            self.init("configuration", error.sentence, status: ConfigurationError.exitStatus)
        case let error as CommandError: self.init(error.condition, error.text, status: error.condition == "not-running" ? 69 : 1)
        case let error as JSONError: self.init("bad-request", "\(error)")
        case let error as StoreError:
            self.init(error.code == .locked ? "locked" : "store", "\(error)", status: error.code == .locked ? 75 : 1)
        case let error as StoreDamage: self.init("store", error.description)
        case let error as SetupError: self.init("cannot-create", error.description, status: 73)
        case let error as SecretFileError: self.init("secret", error.description, status: 1)
        case is ExitCode: return nil
        default:
            let status = StationmasterCommand.exitCode(for: error)
            guard status != .success else { return nil }
            self.init(
                status == .validationFailure ? "usage" : "failed", StationmasterCommand.message(for: error),
                status: status.rawValue)
        }
    }

    /// What stands on standard error, with its line end.
    func text(isJSON: Bool) -> String {
        if isJSON {
            let error: JSON = ["error": ["condition": .string(condition), "text": .string(sentence)]]
            return TerminalText.json(error.text, isTerminal: isatty(STDERR_FILENO) == 1) + "\n"
        }
        // Line by line: what is wrong with a YAML file is told in several.
        return "stationmaster: "
            + sentence.split(separator: "\n").map { TerminalText.safe(String($0)) }.joined(separator: "\n") + "\n"
    }
}
