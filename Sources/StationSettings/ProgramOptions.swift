// SPDX-License-Identifier: Apache-2.0
import Foundation
import Yams

/// All options of a program, and how they are read: a YAML file, strict, overridden by the environment.
public struct ProgramOptions: Sendable {
    /// Begins each environment variable, for example `STATIONMASTER`.
    public let prefix: String
    /// The first lines of the annotated file.
    public let heading: String
    /// All options, in the order of the file; those of a section stand together.
    public let options: [Option]

    public init(prefix: String, heading: String, options: [Option]) {
        self.prefix = prefix
        self.heading = heading
        self.options = options
    }

    /// Reads the file at `path` and the environment. An unknown key, a bad value or a missing one is an error
    /// that names the key, the file and the line.
    public func read(path: String, environment: [String: String]) throws(ConfigurationError) -> Settings {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw ConfigurationError(key: "", place: path, reason: "cannot be read")
        }
        return try read(yaml: String(decoding: data, as: UTF8.self), path: path, environment: environment)
    }

    /// As ``read(path:environment:)``, from a text; `path` is what errors call it.
    public func read(
        yaml: String, path: String, environment: [String: String]
    ) throws(ConfigurationError) -> Settings {
        var settings = Settings()
        for option in options {
            guard let standard = option.standard else { continue }
            let texts = option.kind == .list ? Self.words(standard) : [standard]
            settings.values[option.key] = Settings.Value(texts: texts, place: "\(path) (by default)")
        }
        try take(yaml, path, into: &settings)
        try take(environment, into: &settings)
        for option in options where settings.values[option.key] == nil {
            throw ConfigurationError(
                key: option.key, place: path,
                reason: "is missing; set it here or as \(option.environmentVariable(prefix: prefix)) (\(option.sentence))")
        }
        return settings
    }

    // MARK: - The file

    private func take(_ yaml: String, _ path: String, into settings: inout Settings) throws(ConfigurationError) {
        let root: Node?
        do { root = try Yams.compose(yaml: yaml) } catch {
            throw ConfigurationError(key: "", place: path, reason: "is no YAML: \(error)")
        }
        guard let root else { return }
        if root.scalar?.string.isEmpty == true { return }
        guard let mapping = root.mapping else {
            throw ConfigurationError(key: "", place: place(path, root), reason: "sections are expected here")
        }
        var seen: Set<String> = []
        for (name, value) in mapping {
            let section = name.string ?? ""
            guard options.contains(where: { $0.key == section || $0.key.hasPrefix(section + ".") }) else {
                throw unknown(section, place(path, name))
            }
            guard let members = value.mapping else {
                // A section in which nothing is set, or whose keys are all commented out.
                if isEmpty(value), !options.contains(where: { $0.key == section }) { continue }
                try take(section, value, path, into: &settings, &seen)
                continue
            }
            for (member, value) in members {
                let key = section + "." + (member.string ?? "")
                guard options.contains(where: { $0.key == key }) else { throw unknown(key, place(path, member)) }
                try take(key, value, path, into: &settings, &seen)
            }
        }
    }

    private func take(
        _ key: String, _ value: Node, _ path: String, into settings: inout Settings, _ seen: inout Set<String>
    ) throws(ConfigurationError) {
        let place = place(path, value)
        guard let option = options.first(where: { $0.key == key }) else { throw unknown(key, place) }
        guard seen.insert(key).inserted else {
            throw ConfigurationError(key: key, place: place, reason: "stands here a second time")
        }
        var texts: [String] = []
        if option.kind == .list, let items = value.sequence {
            for item in items {
                guard let text = item.scalar?.string else {
                    throw ConfigurationError(key: key, place: self.place(path, item), reason: "a text is expected here")
                }
                texts.append(text)
            }
        } else if let text = value.scalar?.string {
            texts = option.kind == .list ? Self.words(text) : [text]
        } else {
            throw ConfigurationError(key: key, place: place, reason: "\(option.type) is expected here")
        }
        if let flaw = texts.lazy.compactMap(option.flaw).first {
            throw ConfigurationError(key: key, place: place, reason: flaw)
        }
        settings.values[key] = Settings.Value(texts: texts, place: place)
    }

    private func isEmpty(_ node: Node) -> Bool {
        guard let scalar = node.scalar, [.plain, .any].contains(scalar.style) else { return false }
        return ["", "~", "null"].contains(scalar.string)
    }

    private func unknown(_ key: String, _ place: String) -> ConfigurationError {
        let near = options.map(\.key).min { distance($0, key) < distance($1, key) } ?? ""
        return ConfigurationError(key: key, place: place, reason: "there is no such option; is \(near) meant?")
    }

    private func place(_ path: String, _ node: Node) -> String {
        node.mark.map { "\(path):\($0.line)" } ?? path
    }

    // MARK: - The environment

    private func take(_ environment: [String: String], into settings: inout Settings) throws(ConfigurationError) {
        for option in options {
            let name = option.environmentVariable(prefix: prefix)
            guard let text = environment[name] else { continue }
            let place = "environment variable \(name)"
            let texts = option.kind == .list ? Self.words(text) : [text]
            if let flaw = texts.lazy.compactMap(option.flaw).first {
                throw ConfigurationError(key: option.key, place: place, reason: flaw)
            }
            settings.values[option.key] = Settings.Value(texts: texts, place: place)
        }
    }

    /// A list in one text: words parted by commas.
    static func words(_ text: String) -> [String] {
        text.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    }

    /// How many letters two keys have not in common, roughly: enough to guess what was meant.
    private func distance(_ one: String, _ other: String) -> Int {
        Set(one).symmetricDifference(Set(other)).count + abs(one.count - other.count)
    }
}
