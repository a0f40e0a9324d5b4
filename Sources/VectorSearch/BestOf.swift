// SPDX-License-Identifier: Apache-2.0

/// The best `limit` of the elements offered: a heap with the worst of them on top.
struct BestOf<Element> {
    let limit: Int
    private(set) var elements: [Element] = []
    private let isBetter: (Element, Element) -> Bool

    init(_ limit: Int, isBetter: @escaping (Element, Element) -> Bool) {
        self.limit = limit
        self.isBetter = isBetter
    }

    /// The worst of the best; nil while there are fewer than `limit`.
    var worst: Element? { elements.count < limit ? nil : elements.first }

    mutating func offer(_ element: Element) {
        if elements.count < limit {
            elements.append(element)
            rise()
        } else if let top = elements.first, isBetter(element, top) {
            elements[0] = element
            sink()
        }
    }

    private mutating func rise() {
        var child = elements.count - 1
        while child > 0, isBetter(elements[(child - 1) / 2], elements[child]) {
            elements.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    private mutating func sink() {
        var parent = 0
        while parent * 2 + 1 < elements.count {
            var child = parent * 2 + 1
            if child + 1 < elements.count, isBetter(elements[child], elements[child + 1]) { child += 1 }
            guard isBetter(elements[parent], elements[child]) else { return }
            elements.swapAt(child, parent)
            parent = child
        }
    }
}
