// SPDX-License-Identifier: Apache-2.0

/// Steps through the JSON of an inference request; each error says where, and quotes nothing.
struct InferenceReader {
    private var json: JSONReader
    /// Elements of a tensor that are read at most.
    private let mostElements: Int
    /// Inputs or outputs of a request: more than any model has.
    private static let longestList = 64

    init(_ bytes: [UInt8], mostElements: Int) {
        json = JSONReader(bytes)
        self.mostElements = mostElements
    }

    /// Reads an object; `body` must read the value of each field, but of those in `optional` that are null.
    mutating func eachField(
        _ path: String?, optional: [String], _ body: (String, inout InferenceReader) throws(APIError) -> Void
    ) throws(APIError) {
        try at(path) { (json) throws(JSONError) in try json.beginObject() }
        while let name = try at(path, { (json) throws(JSONError) in try json.nextName() }) {
            let place = path.map { "\($0).\(name)" } ?? name
            if optional.contains(name), try at(place, { (json) throws(JSONError) in try json.skipNull() }) { continue }
            try body(name, &self)
        }
    }

    /// Reads an array; `body` must read one element.
    mutating func list<Element>(
        _ path: String, most: Int = InferenceReader.longestList,
        _ body: (inout InferenceReader, String) throws(APIError) -> Element
    ) throws(APIError) -> [Element] {
        var list: [Element] = []
        try at(path) { (json) throws(JSONError) in try json.beginArray() }
        while try at(path, { (json) throws(JSONError) in try json.nextElement() }) {
            guard list.count < most else {
                throw APIError(.invalidRequest, "\(path) has more than \(most) entries.", param: path)
            }
            list.append(try body(&self, "\(path)[\(list.count)]"))
        }
        return list
    }

    /// Reads a tensor's elements, in however many arrays within each other they stand.
    mutating func elements(_ path: String) throws(APIError) -> InferenceRequest.Elements {
        var (texts, numbers): ([JSONText], [Float]) = ([], [])
        try readElements(path, &texts, &numbers)
        guard texts.isEmpty || numbers.isEmpty else {
            throw APIError(.invalidTensor, "\(path) has strings and numbers.", param: path)
        }
        return numbers.isEmpty ? .texts(texts) : .numbers(numbers)
    }

    private mutating func readElements(
        _ path: String, _ texts: inout [JSONText], _ numbers: inout [Float]
    ) throws(APIError) {
        try at(path) { (json) throws(JSONError) in try json.beginArray() }
        while try at(path, { (json) throws(JSONError) in try json.nextElement() }) {
            guard texts.count + numbers.count < mostElements else {
                throw APIError(
                    .tooManyImages, "\(path) has more elements than the images of one request have.", param: path)
            }
            switch try at(path, { (json) throws(JSONError) in try json.kind() }) {
            case .array: try readElements(path, &texts, &numbers)
            case .string: texts.append(try at(path) { (json) throws(JSONError) in try json.text() })
            default: numbers.append(Float(try at(path) { (json) throws(JSONError) in try json.number() }))
            }
        }
    }

    mutating func string(_ path: String) throws(APIError) -> String {
        try at(path) { (json) throws(JSONError) in try json.string() }
    }

    mutating func truth(_ path: String) throws(APIError) -> Bool {
        try at(path) { (json) throws(JSONError) in try json.truth() }
    }

    mutating func integer(_ path: String) throws(APIError) -> Int {
        try at(path) { (json) throws(JSONError) in try json.integer() }
    }

    mutating func end() throws(APIError) {
        try at(nil) { (json) throws(JSONError) in try json.end() }
    }

    private mutating func at<Value>(
        _ path: String?, _ read: (inout JSONReader) throws(JSONError) -> Value
    ) throws(APIError) -> Value {
        do throws(JSONError) {
            return try read(&json)
        } catch {
            throw APIError(error, path)
        }
    }
}
