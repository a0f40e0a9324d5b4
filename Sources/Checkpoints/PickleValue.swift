// SPDX-License-Identifier: Apache-2.0

/// What a pickle builds, as inert data.
///
/// Containers are indices into the machine's own arrays, so a hostile file can nest them as deep as it likes without
/// anything recursing, and objects shared through the memo stay shared.
enum PickleValue: Sendable {
    case none
    case bool(Bool)
    case int(Int)
    case double(Double)
    case text(String)
    case list(Int)
    case tuple(Int)
    case dict(Int)
    /// A class or function of the few that mean something here; never looked up, never called.
    case known(PickledGlobal)
    case storage(Int)
    case tensor(Int)
    /// Anything else: any other class, and the result of a call that is not made.
    case opaque
}

/// The names a pickle may import that are understood; all others are ``PickleValue/opaque``.
enum PickledGlobal: Sendable {
    case dictionary
    case rebuildTensor
    /// Calls another rebuild function, for tensors with a class or attributes of their own.
    case rebuildFromType
    /// Functions that return their first argument.
    case firstArgument
    case storage(ElementType)
    /// A storage whose elements are of a type that is not read, quantised for one; nil bytes when not even known.
    case otherStorage(elementBytes: Int?)

    /// What `module.name` means; nil when it means nothing here.
    init?(module: String, name: String) {
        switch (module, name) {
        case ("collections", "OrderedDict"), ("collections", "defaultdict"): self = .dictionary
        case ("torch._utils", "_rebuild_tensor_v2"), ("torch._utils", "_rebuild_tensor"):
            self = .rebuildTensor
        case ("torch._tensor", "_rebuild_from_type_v2"): self = .rebuildFromType
        case ("torch._utils", "_rebuild_parameter"), ("torch._utils", "_rebuild_parameter_with_state"),
            ("torch", "Size"):
            self = .firstArgument
        case ("torch", _), ("torch.storage", _), ("torch.cuda", _):
            guard name.hasSuffix("Storage") else { return nil }
            let kind = String(name.dropLast(7))
            self = Self.elementTypes[kind].map { .storage($0) } ?? .otherStorage(elementBytes: Self.otherTypes[kind])
        default: return nil
        }
    }

    private static let elementTypes: [String: ElementType] = [
        "Float": .float32, "Double": .float64, "Half": .float16, "BFloat16": .bfloat16, "Long": .int64,
        "Int": .int32,
        "Short": .int16, "Char": .int8, "Byte": .uint8, "Untyped": .uint8, "Bool": .bool,
        "ComplexFloat": .complex64,
    ]

    private static let otherTypes = [
        "ComplexDouble": 16, "QInt8": 1, "QUInt8": 1, "QInt32": 4, "QUInt4x2": 1, "QUInt2x4": 1,
    ]
}

/// Raw storage that a pickle refers to by key.
struct PickledStorage: Sendable {
    /// nil for a type that is not read, such as those of quantised tensors.
    let type: ElementType?
    let elementBytes: Int?
    let key: String
    /// The first element, for a view of another storage (in the legacy container alone).
    let start: Int
}

/// A view of a storage; offset and strides count elements.
struct PickledTensor: Sendable {
    let storage: Int
    let offset: Int
    let size: [Int]
    let stride: [Int]
}
