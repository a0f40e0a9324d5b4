// SPDX-License-Identifier: Apache-2.0

/// A request in the shape of the Open Inference Protocol, version 2: what its JSON says, not yet held against a model.
///
/// Fields and parameters that are not known are refused, so that a misspelt one is not silently without effect.
struct InferenceRequest: Sendable {
    /// A tensor of the request.
    struct Input: Sendable {
        var name = ""
        var shape: [Int] = []
        var datatype = ""
        /// What stands in the JSON; nil when the tensor is binary.
        var data: Elements?
        /// Bytes of the tensor behind the JSON; nil when it stands in the JSON.
        var binaryBytes: Int?
    }

    /// The elements of a tensor, flattened in row-major order.
    enum Elements: Sendable {
        case texts([JSONText])
        case numbers([Float])
    }

    /// A space that is asked for.
    struct Output: Sendable {
        var name = ""
        /// Whether it comes behind the JSON; nil when the request as a whole decides.
        var isBinary: Bool?
    }

    private(set) var id: String?
    private(set) var inputs: [Input] = []
    private(set) var outputs: [Output] = []
    /// Whether outputs that say nothing come behind the JSON.
    private(set) var isBinary = false
    private(set) var normalise = false

    /// Characters of an id, which comes back with the answer.
    static let longestID = 256

    /// Reads the JSON, in time linear in its length.
    ///
    /// - Parameter mostElements: a tensor with more is refused as soon as they are counted.
    init(parsing json: [UInt8], mostElements: Int) throws(APIError) {
        var reader = InferenceReader(json, mostElements: mostElements)
        try reader.eachField(nil, optional: ["id", "outputs", "parameters"]) { (name, reader) throws(APIError) in
            switch name {
            case "id": id = try reader.string("id")
            case "inputs":
                inputs = try reader.list("inputs") { (reader, path) throws(APIError) in
                    try Input(&reader, path)
                }
            case "outputs":
                outputs = try reader.list("outputs") { (reader, path) throws(APIError) in
                    try Output(&reader, path)
                }
            case "parameters": try readParameters(&reader)
            default:
                throw APIError(.unknownField, "A field is not known; known: id, inputs, outputs, parameters.")
            }
        }
        try reader.end()
        guard (id?.count ?? 0) <= Self.longestID else {
            throw APIError(.invalidRequest, "id has more than \(Self.longestID) characters.", param: "id")
        }
    }

    private mutating func readParameters(_ reader: inout InferenceReader) throws(APIError) {
        let known = ["binary_data_output", "normalize"]
        try reader.eachField("parameters", optional: known) { (name, reader) throws(APIError) in
            switch name {
            case "binary_data_output": isBinary = try reader.truth("parameters.binary_data_output")
            case "normalize": normalise = try reader.truth("parameters.normalize")
            default:
                throw APIError(
                    .unknownParameter, "A parameter is not known; known: binary_data_output, normalize.",
                    param: "parameters")
            }
        }
    }
}

extension InferenceRequest.Input {
    fileprivate init(_ reader: inout InferenceReader, _ path: String) throws(APIError) {
        try reader.eachField(path, optional: ["data", "parameters"]) { (name, reader) throws(APIError) in
            switch name {
            case "name": self.name = try reader.string("\(path).name")
            case "datatype": datatype = try reader.string("\(path).datatype")
            case "shape":
                shape = try reader.list("\(path).shape", most: 8) { (reader, path) throws(APIError) in
                    try reader.integer(path)
                }
            case "data": data = try reader.elements("\(path).data")
            case "parameters": try readParameters(&reader, "\(path).parameters")
            default:
                throw APIError(
                    .unknownField,
                    "An input has a field that is not known; known: name, shape, datatype, data, "
                        + "parameters.", param: path)
            }
        }
        guard (data == nil) != (binaryBytes == nil) else {
            throw APIError(
                .invalidTensor, "An input has either 'data' or the parameter 'binary_data_size'.", param: path)
        }
    }

    private mutating func readParameters(_ reader: inout InferenceReader, _ path: String) throws(APIError) {
        try reader.eachField(path, optional: ["binary_data_size"]) { (name, reader) throws(APIError) in
            guard name == "binary_data_size" else {
                throw APIError(
                    .unknownParameter, "An input's parameter is not known; known: binary_data_size.", param: path)
            }
            binaryBytes = try reader.integer("\(path).binary_data_size")
        }
    }
}

extension InferenceRequest.Output {
    fileprivate init(_ reader: inout InferenceReader, _ path: String) throws(APIError) {
        try reader.eachField(path, optional: ["parameters"]) { (name, reader) throws(APIError) in
            switch name {
            case "name": self.name = try reader.string("\(path).name")
            case "parameters":
                try reader.eachField("\(path).parameters", optional: ["binary_data"]) {
                    (name, reader) throws(APIError) in
                    guard name == "binary_data" else {
                        throw APIError(
                            .unknownParameter, "An output's parameter is not known; known: binary_data.",
                            param: "\(path).parameters")
                    }
                    isBinary = try reader.truth("\(path).parameters.binary_data")
                }
            default:
                throw APIError(
                    .unknownField, "An output has a field that is not known; known: name, parameters.", param: path)
            }
        }
    }
}
