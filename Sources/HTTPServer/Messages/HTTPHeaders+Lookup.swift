// SPDX-License-Identifier: Apache-2.0

extension HTTPHeaders {
    /// The value of the first field of that name, without surrounding white space; bytes that are not UTF-8 become U+FFFD.
    package func first(_ name: String) -> String? {
        var name = name
        return name.withUTF8 { wanted in
            fields.first { matches($0, wanted) }.map(value)
        }
    }

    /// The values of every field of that name, in order.
    package func all(_ name: String) -> [String] {
        var name = name
        return name.withUTF8 { wanted in
            fields.filter { matches($0, wanted) }.map(value)
        }
    }

    /// Every field as it was given, in order.
    package var pairs: [(name: String, value: String)] {
        fields.map { (String(decoding: bytes[$0.name], as: UTF8.self), value($0)) }
    }

    /// The fields of a name known when this was compiled.
    func matching(_ name: StaticString) -> some Sequence<Field> {
        let wanted = UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
        return fields.lazy.filter { matches($0, wanted) }
    }

    func value(_ field: Field) -> String {
        String(decoding: bytes[field.value], as: UTF8.self)
    }

    /// Whether the field's value is `word`, given in lower case, whatever its own case.
    func value(_ field: Field, is word: StaticString) -> Bool {
        equals(field.value, UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount))
    }

    /// Whether the field's comma-separated value has `word` among its elements.
    func value(_ field: Field, lists word: StaticString) -> Bool {
        let wanted = UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount)
        var start = field.value.lowerBound
        while true {
            let end = bytes[start..<field.value.upperBound].firstIndex(of: ASCII.comma) ?? field.value.upperBound
            if equals(ASCII.trimming(bytes, start..<end), wanted) { return true }
            if end == field.value.upperBound { return false }
            start = end + 1
        }
    }

    func matches(_ field: Field, _ name: some Collection<UInt8>) -> Bool {
        equals(field.name, name)
    }

    private func equals(_ range: Range<Int>, _ word: some Collection<UInt8>) -> Bool {
        guard range.count == word.count else { return false }
        var index = range.lowerBound
        for byte in word {
            guard ASCII.lowercased(bytes[index]) == ASCII.lowercased(byte) else { return false }
            index += 1
        }
        return true
    }
}

extension HTTPHeaders: Equatable {
    /// Whether both hold the same fields in the same order, names compared without regard to case.
    package static func == (left: HTTPHeaders, right: HTTPHeaders) -> Bool {
        left.fields.count == right.fields.count
            && zip(left.fields, right.fields).allSatisfy { mine, other in
                left.equals(mine.name, right.bytes[other.name]) && left.bytes[mine.value] == right.bytes[other.value]
            }
    }
}
