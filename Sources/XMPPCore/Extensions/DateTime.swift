// SPDX-License-Identifier: Apache-2.0

/// XEP-0082: XMPP Date and Time Profiles, the DateTime profile, for times of the protocol itself.
public enum DateTime {
    /// The years that have four digits, in milliseconds since 1970.
    private static let range: ClosedRange<Int64> = -62_167_219_200_000...253_402_300_799_999

    /// `1969-07-21T02:56:15Z`, with milliseconds where there are any. Times outside of the years
    /// 0000 to 9999 are brought to the nearest end.
    ///
    /// - Parameter milliseconds: since 1970-01-01T00:00:00Z.
    public static func text(milliseconds: Int64) -> String {
        let time = min(max(milliseconds, range.lowerBound), range.upperBound)
        let day = floored(time, 86_400_000)
        let rest = time - day * 86_400_000
        let (year, month, dayOfMonth) = civil(day)
        let seconds = rest / 1000
        var text = "\(padded(year, 4))-\(padded(month, 2))-\(padded(dayOfMonth, 2))T"
        text += "\(padded(seconds / 3600, 2)):\(padded(seconds / 60 % 60, 2)):\(padded(seconds % 60, 2))"
        if rest % 1000 != 0 { text += "." + padded(rest % 1000, 3) }
        return text + "Z"
    }

    /// Milliseconds since 1970 of a DateTime (XEP-0082 §3.2); nil when it is none. Digits of the
    /// second beyond the third are dropped; a leap second counts as the one before it.
    public static func milliseconds(_ text: String) -> Int64? {
        var reader = DigitReader(text)
        guard let year = reader.digits(4), reader.skip("-"),
            let month = reader.digits(2), (1...12).contains(month), reader.skip("-"),
            let day = reader.digits(2), (1...daysOf(month, year)).contains(day), reader.skip("T"),
            let hour = reader.digits(2), hour < 24, reader.skip(":"),
            let minute = reader.digits(2), minute < 60, reader.skip(":"),
            let second = reader.digits(2), second <= 60,
            let fraction = reader.fraction(), let zone = reader.zone(), reader.isAtEnd
        else { return nil }
        let seconds = hour * 3600 + minute * 60 + min(second, 59) - zone * 60
        return (days(year, month, day) * 86_400 + seconds) * 1000 + fraction
    }

    /// Days since 1970 of a date of the Gregorian calendar.
    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let year = month <= 2 ? year - 1 : year
        let era = floored(year, 400)
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    /// The date of a day since 1970.
    private static func civil(_ day: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = day + 719_468
        let era = floored(shifted, 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    }

    private static func daysOf(_ month: Int64, _ year: Int64) -> Int64 {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    private static func floored(_ value: Int64, _ divisor: Int64) -> Int64 {
        let quotient = value / divisor
        return value % divisor < 0 ? quotient - 1 : quotient
    }

    private static func padded(_ value: Int64, _ width: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}

/// Reads fixed runs of digits from a text.
private struct DigitReader {
    private let bytes: [UInt8]
    private var index = 0

    init(_ text: String) { bytes = Array(text.utf8.prefix(64)) }

    var isAtEnd: Bool { index == bytes.count }

    mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard index < bytes.count, UInt32(bytes[index]) == character.value else { return false }
        index += 1
        return true
    }

    mutating func digits(_ count: Int) -> Int64? {
        guard index + count <= bytes.count else { return nil }
        var value: Int64 = 0
        for byte in bytes[index..<(index + count)] {
            guard (0x30...0x39).contains(byte) else { return nil }
            value = value * 10 + Int64(byte) - 0x30
        }
        index += count
        return value
    }

    /// Milliseconds behind the point; 0 without a point, nil for a point without digits.
    mutating func fraction() -> Int64? {
        guard skip(".") else { return 0 }
        guard var value = digits(1) else { return nil }
        var places = 1
        while let digit = digits(1) {
            if places < 3 { value = value * 10 + digit }
            places += 1
        }
        while places < 3 {
            value *= 10
            places += 1
        }
        return value
    }

    /// Minutes east of UTC.
    mutating func zone() -> Int64? {
        if skip("Z") { return 0 }
        let sign: Int64 = skip("+") ? 1 : -1
        guard sign == 1 || skip("-"), let hours = digits(2), hours < 24, skip(":"),
            let minutes = digits(2), minutes < 60
        else { return nil }
        return sign * (hours * 60 + minutes)
    }
}
