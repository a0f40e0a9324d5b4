// SPDX-License-Identifier: Apache-2.0

extension Preprocessing: Codable {
    private enum CodingKeys: String, CodingKey {
        case size, resize, mean, std
    }

    /// Reads `{"size":224,"resize":"crop","mean":[...],"std":[...]}` and validates it.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let size = try container.decode(Int.self, forKey: .size)
        let resize = try container.decode(Resize.self, forKey: .resize)
        let mean = try container.decode([Float].self, forKey: .mean)
        let std = try container.decode([Float].self, forKey: .std)
        do {
            try self.init(size: size, resize: resize, mean: mean, std: std)
        } catch {
            throw DecodingError.dataCorrupted(
                .init(codingPath: container.codingPath, debugDescription: error.description, underlyingError: error))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(size, forKey: .size)
        try container.encode(resize, forKey: .resize)
        try container.encode(mean, forKey: .mean)
        try container.encode(std, forKey: .std)
    }
}
