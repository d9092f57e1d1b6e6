// SPDX-License-Identifier: Apache-2.0

internal import CStationExpat

/// Sets an expat parser up for one run: at the start and after each reset, which takes all of this away.
///
/// - Reparse deferral is off, since it leaves complete stanzas undelivered until more bytes come.
/// - Names come as triplets, so that names that differ in their prefix only are told apart by the name budget.
func prepareExpat(_ parser: OpaquePointer, _ state: UnsafeMutablePointer<ParserState>) {
    station_expat_no_reparse_deferral(parser)
    XML_SetReturnNSTriplet(parser, 1)
    XML_SetUserData(parser, state)
    XML_SetElementHandler(
        parser,
        { data, name, attributes in
            guard let data, let name, let attributes else { return }
            data.assumingMemoryBound(to: ParserState.self).pointee.start(name, attributes)
        },
        { data, _ in data?.assumingMemoryBound(to: ParserState.self).pointee.end() })
    XML_SetCharacterDataHandler(parser) { data, characters, length in
        guard let data, let characters else { return }
        data.assumingMemoryBound(to: ParserState.self).pointee.text(characters, Int(length))
    }
    XML_SetStartNamespaceDeclHandler(parser) { data, prefix, uri in
        data?.assumingMemoryBound(to: ParserState.self).pointee.declareNamespace(prefix, uri)
    }
    XML_SetXmlDeclHandler(parser) { data, version, encoding, _ in
        data?.assumingMemoryBound(to: ParserState.self).pointee.declareXML(version: version, encoding: encoding)
    }
    XML_SetStartDoctypeDeclHandler(parser) { data, _, _, _, _ in
        data?.assumingMemoryBound(to: ParserState.self).pointee.restricted(.documentType)
    }
    XML_SetProcessingInstructionHandler(parser) { data, _, _ in
        data?.assumingMemoryBound(to: ParserState.self).pointee.restricted(.processingInstruction)
    }
    XML_SetCommentHandler(parser) { data, _ in
        data?.assumingMemoryBound(to: ParserState.self).pointee.restricted(.comment)
    }
}

/// Why expat refused, when it was not one of our callbacks that stopped it.
func expatError(_ parser: OpaquePointer) -> XMLStreamError {
    let code = XML_GetErrorCode(parser)
    switch code {
    case XML_ERROR_UNDEFINED_ENTITY: return .restricted(.entityReference)
    case XML_ERROR_NO_MEMORY: return .outOfMemory
    default:
        // Without the place: expat counts from its last reset, which depends on how the stream was cut.
        return .notWellFormed(XML_ErrorString(code).map { String(cString: $0) } ?? "error \(code.rawValue)")
    }
}
