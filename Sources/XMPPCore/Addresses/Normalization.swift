// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Unicode normalisation (UAX #15). The one place that needs Foundation: the standard library
/// compares by canonical equivalence but does not hand out the normalised text.
enum Normalization {
    /// Form C.
    static func composed(_ text: String) -> String { text.precomposedStringWithCanonicalMapping }

    /// Form KC, used to find and to undo compatibility characters.
    static func compatible(_ text: String) -> String { text.precomposedStringWithCompatibilityMapping }
}
