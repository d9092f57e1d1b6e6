// SPDX-License-Identifier: Apache-2.0
import StationModel

/// The current weather in words, from the records of one report: `21.5 °C, 54 %RH, 1013 hPa, wind 3.2 m/s`.
enum WeatherText {
    private struct Quantity {
        /// The unit into which a value is turned; values of other units are passed over.
        let unit: String
        /// The plain name; another name of the unit counts only when this one is missing.
        let name: String
        /// Part of the name that must be there, empty for none.
        let part: String
        let decimals: Int
        let before: String
        let after: String
    }

    private static let quantities = [
        Quantity(unit: "Cel", name: "temperature", part: "", decimals: 1, before: "", after: " °C"),
        Quantity(unit: "%RH", name: "humidity", part: "", decimals: 0, before: "", after: " %RH"),
        Quantity(unit: "hPa", name: "pressure", part: "", decimals: 0, before: "", after: " hPa"),
        Quantity(unit: "m/s", name: "wind", part: "wind", decimals: 1, before: "wind ", after: " m/s"),
    ]

    /// Empty if no record is of these quantities.
    static func text(_ measurements: [SenMLMeasurement]) -> String {
        quantities.compactMap { text(of: $0, measurements) }.joined(separator: ", ")
    }

    private static func text(of quantity: Quantity, _ measurements: [SenMLMeasurement]) -> String? {
        var chosen: (value: Double, isPlain: Bool, time: Double)?
        for measurement in measurements {
            guard measurement.name.isEmpty == false, quantity.part.isEmpty || measurement.name.contains(quantity.part),
                !measurement.name.contains("gust"), let value = value(of: measurement, in: quantity.unit)
            else { continue }
            let isPlain = measurement.name == quantity.name || measurement.name == quantity.name + "_speed"
            if let chosen, (chosen.isPlain ? 1 : 0, chosen.time) > (isPlain ? 1 : 0, measurement.time) { continue }
            chosen = (value, isPlain, measurement.time)
        }
        guard let chosen, abs(chosen.value) < 1e9 else { return nil }
        return quantity.before + rounded(chosen.value, quantity.decimals) + quantity.after
    }

    private static func value(of measurement: SenMLMeasurement, in unit: String) -> Double? {
        guard case .number(let value)? = measurement.value, let own = measurement.unit else { return nil }
        if own == unit { return value }
        switch (own, unit) {
        case ("K", "Cel"): return value - 273.15
        case ("Pa", "hPa"): return value / 100
        case ("km/h", "m/s"): return value / 3.6
        case ("/", "%RH") where measurement.name.contains("humidity"): return value * 100
        default: return nil
        }
    }

    /// A number with so many decimals, 0 or 1; `-0` never.
    private static func rounded(_ value: Double, _ decimals: Int) -> String {
        let scale = decimals == 0 ? 1.0 : 10.0
        guard let scaled = Int64(exactly: (value * scale).rounded()) else { return "?" }
        if decimals == 0 { return String(scaled) }
        let sign = scaled < 0 ? "-" : ""
        return "\(sign)\(scaled.magnitude / 10).\(scaled.magnitude % 10)"
    }
}
