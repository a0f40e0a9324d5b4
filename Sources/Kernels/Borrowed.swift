// SPDX-License-Identifier: Apache-2.0

/// Pointers lent to the threads of one ``ComputePool`` loop.
///
/// `@unchecked Sendable`: the loop ends before the lender's scope does, and its items write disjoint parts.
struct Borrowed<Value>: @unchecked Sendable {
    let value: Value

    init(_ value: Value) { self.value = value }
}
